#!/bin/sh
# The lists that local aliases include: dirdump postfix reads those that a running
# Postfix reads, with the rights that it has for them, on the host and from a tar;
# and dirdump-collect gathers no other.
. "${0%/*}/lib.sh"
need jq
need busybox
. "$top/t/postfix.sh"
umask 022
mkdir "$pf" lists lists/closed

# list NAME OWNER MODE LINE...
list() {
	list_name=lists/$1 list_owner=$2 list_mode=$3
	shift 3
	printf '%s\n' "$@" | sed "s|@L@|$tmp/lists|g" >"$list_name"
	chown "$list_owner" "$list_name"
	chmod "$list_mode" "$list_name"
}
list root root:root 600 root@ext.test
list open root:root 644 open@ext.test
list theirs daemon:daemon 600 theirs@ext.test
list group root:daemon 640 group@ext.test
list other-group root:adm 640 other-group@ext.test
list shut daemon:daemon 0 shut@ext.test
list world root:root 646 world@ext.test
list nobodys 54321:54321 644 nobodys@ext.test
list closed/far daemon:daemon 644 far@ext.test
list 'two words' root:root 644 words@ext.test
list comment root:root 644 '# :include:@L@/left' comment@ext.test
list indented root:root 644 '#, :include:@L@/left' ' #, :include:@L@/odd' indented@ext.test
list odd root:root 644 odd@ext.test
list left root:root 644 left@ext.test
list of-root root:root 644 ':include:@L@/root' ':include:@L@/theirs, a@ext.test'
list of-daemon daemon:daemon 644 b@ext.test ':include:@L@/root' ':include:@L@/open' \
    ':include:@L@/theirs' ':include:@L@/group' ':include:@L@/other-group' \
    ':include:@L@/shadow' ':include:@L@/closed/far' ':include:@L@/of-root'
printf 'canary@ext.test\n' >lists/shadow
chmod 600 lists/shadow
chmod 700 lists/closed
ln -s ../lists/theirs lists/link
ln -s theirs/ lists/slash
ln -s closed/far lists/through
ln -s around lists/around
mkfifo lists/pipe
# Lists that name each other, and themselves: 8 of 8.
many=$(seq 8 | sed "s|.*|:include:$tmp/lists/many&|")
for i in $(seq 8); do
	list "many$i" root:root 644 "many$i@ext.test" "$many"
done
aliases=
for name in root open theirs group other-group shut world closed/far \
    comment indented of-root of-daemon link through around pipe nowhere; do
	alias=$(echo "$name" | tr -d -- -/)
	aliases="$aliases $alias"
	printf '%s: :include:%s, also@ext.test\n' "$alias" "$tmp/lists/$name"
done >"$pf/aliases"
cat >>"$pf/aliases" <<END
words: ":include:$tmp/lists/two words", also@ext.test
letters: :Include:$tmp/lists/open, also@ext.test
relative: :include:lists/open, also@ext.test
nobodys: :include:$tmp/lists/nobodys, also@ext.test
END
printf 'many: :include:%s/lists/many1, :include:%s/lists/many2\n' "$tmp" "$tmp" >>"$pf/aliases"
aliases="$aliases words letters relative many"
# A table of a user.
for name in root open theirs group; do
	printf 'user%s: :include:%s, also@ext.test\n' $name "$tmp/lists/$name"
	aliases="$aliases user$name"
done >"$pf/user"
# It bounces, so that what it refuses keeps no other target from the mail.
postfix_services() {
	sed -i '/^[bdt][a-z]* .* 0 *discard$/s/discard$/bounce/' "$pf/master.cf"
}
postfix_start 'mydestination = local.test, localhost' 'myorigin = local.test' \
    "alias_maps = hash:$pf/aliases hash:$pf/user" "transport_maps = inline:{ ext.test=discard: }"
postalias -c "$pf" "hash:$pf/aliases" "hash:$pf/user"
chown daemon:daemon "$pf/user.db"

# who FILE ADDRESS: its targets in these records.
who() {
	jq -r --arg a "$2" 'select(.address == $a) | .targets | sort | join(" ")' "$1"
}
# asked ADDRESS: whom Postfix delivers to; without a sender, so that no bounce is
# mail of its own.
asked() {
	delivered "$1" '' 400 &&
	    not grep -q status=deferred "$pf/lines"
}
run_dump() {
	code=0
	"$@" || code=$?
	[ "$code" -eq 1 ]
}

ok 'the members are those whom Postfix delivers to' '
	run_dump dirdump postfix -v -c "$pf" >here.out 2>here.err
	for alias in $aliases; do
		asked "$alias@local.test" >want
		who here.out "$alias@local.test" >got
		same want got || { echo "$alias"; exit 1; }
	done
	has here.out root@ext.test
	for name in canary shut world nobodys far left; do
		hasnt here.out $name@ext.test
	done
	[ "$(who here.out ofdaemon@local.test)" = \
	    "also@ext.test b@ext.test group@ext.test open@ext.test theirs@ext.test" ] ||
	    [ "$(who here.out ofdaemon@local.test)" = \
	    "a@ext.test also@ext.test b@ext.test group@ext.test open@ext.test theirs@ext.test" ]'
ok 'each list that is left out is named' '
	for alias in shut world nobodys closedfar through around pipe \
	    nowhere relative userroot; do
		has here.err "$alias@local.test: the list that :include: names"
	done
	for alias in root open theirs comment link words letters useropen many; do
		hasnt here.err " $alias@local.test: the list that"
	done'
for shell in dash bash 'busybox sh'; do
	ok "$shell gathers no other list, and the records are the same" '
		run 0 $shell "$top/scripts/dirdump-collect" -P "$pf" >all.tar 2>err
		tar tf all.tar | sed -n "s|^${tmp#/}/lists/||p" | sort >gathered
		printf "%s\n" $(seq -f many%g 8) comment group indented link odd of-daemon of-root open \
		    other-group root theirs "two words" | sort >want
		same want gathered
		run_dump dirdump postfix -v -c "$pf" --root all.tar >out 2>err
		same here.out out
		same here.err err
		# In the tar for another reason, a list is no more its owner has.
		run 0 $shell "$top/scripts/dirdump-collect" -P "$pf" lists/shadow \
		    lists/left lists/closed >more.tar 2>err
		tar tf more.tar | has /dev/stdin lists/shadow
		run_dump dirdump postfix -v -c "$pf" --root more.tar >out 2>err
		same here.out out'
done

done_testing
