#!/bin/sh
# dirdump dovecot: under which addresses a mailbox gets mail and is opened, where
# the databases do not say the whole address. A running Dovecot 2.3 is the judge.
. "${0%/*}/lib.sh"
. "$top/t/dovecot.sh"
need jq
need postconf postfix

# serve NAME <DATABASES: a Dovecot with them.
serve() {
	start_dovecot "at.$1"
	mkdir -p "$1.pf"
	: >"$1.pf/master.cf"
}
# dump STATUS NAME ARGS...: what is dumped of it and of a Postfix in NAME.pf.
dump() {
	want_status=$1 of=$2
	shift 2
	run "$want_status" dirdump-dovecot -v "$@" --postfix "$of.pf" \
	    -c "$tmp/at.$of/dovecot.conf" >out 2>err || {
		cat err
		return 1
	}
	jq -r 'select(.address) | [.type, .address, .home // empty, .targets[]?,
	    (.forward[]? | "forward=" + .)] | join(" ")' out | sort >got
}
# home_of ADDRESS: where a delivery to it goes.
home_of() {
	doveadm -c "$conf" user -x service=lmtp -f home "$1"
}

cat >users <<END
alice:{PLAIN}a:$ids::/h/alice::
bob:{PLAIN}b:$ids::/h/bob::
END
chmod a+r users
cat >both <<END
passdb {
  driver = passwd-file
  args = $tmp/users
}
userdb {
  driver = passwd-file
  args = $tmp/users
}
END

{
	cat both
	echo 'auth_username_format = %n'
} >settings
serve short <settings
cat >short.pf/main.cf <<END
compatibility_level = 3.6
myorigin = host.test
mydestination =
virtual_mailbox_domains = one.test two.test
virtual_mailbox_maps = texthash:$tmp/short.pf/boxes
virtual_alias_maps = texthash:$tmp/short.pf/virtual
END
printf '%s x\n' alice@one.test bob@two.test alice@two.test nobody@two.test \
    bob@one.test >short.pf/boxes
echo 'bob@one.test alice@one.test' >short.pf/virtual
ok 'a name that loses its domain: each of its addresses at Postfix' '
	for address in alice@one.test alice@two.test; do
		[ "$(home_of $address)" = /h/alice ]
	done
	[ "$(home_of bob@two.test)" = /h/bob ]
	not home_of nobody@two.test
	# What Postfix rewrites does not come to the mailbox.
	cat >want <<-END
	account alice@one.test /h/alice
	account bob@two.test /h/bob
	alias alice@two.test alice@one.test
	alias bob@one.test alice@one.test
	END
	dump 0 short --domain one.test
	same want got
	dump 0 short
	same want got
	jq -r "select(.logins).logins[]" out | sort >logins
	printf "%s\n" alice bob >want
	same want logins'
ok 'an alias that leaves the mail of such an address, and adds to it' '
	echo "alice@two.test alice@two.test ext@example.com" >>short.pf/virtual
	dump 0 short
	has got "alias alice@two.test alice@one.test ext@example.com"
	not grep -c "account alice@two.test" got'
ok 'the address in the domain that was given, and one who cannot log in' '
	sed -i "s/^alice:{PLAIN}a/alice:{PLAIN}/" users
	: >short.pf/virtual
	dump 0 short --domain two.test
	has got "account alice@two.test /h/alice"
	has got "alias alice@one.test alice@two.test"
	has got "account bob@two.test /h/bob"
	has got "alias bob@one.test bob@two.test"
	sed -i "s/^alice:{PLAIN}/alice:{PLAIN}a/" users'
ok 'a whole domain in the table, and no table at all' '
	printf "%s x\n" alice@one.test bob@one.test @two.test >short.pf/boxes
	dump 0 short
	cat >want <<-END
	account alice@one.test /h/alice
	account bob@one.test /h/bob
	alias alice@two.test alice@one.test
	alias bob@two.test bob@one.test
	END
	same want got
	sed -i "/^virtual_mailbox_maps/d" short.pf/main.cf
	dump 0 short
	same want got'
stop_dovecot "${conf%/*}"

for order in 'ann ann@two.test' 'ann@two.test ann'; do
	line=dead${order%% *}
	printf '%s:{PLAIN}x:%s::/h/%s::\n' "${order% *}" "$ids" "${order% *}" "${order#* }" "$ids" \
	    "${order#* }" >"$line.users"
	chmod a+r "$line.users"
	{
		sed "s,args = .*,args = $tmp/$line.users," both
		echo 'auth_username_format = %n'
	} >settings
	serve "$line" <settings
	ok "a line that the server never looks up takes no address: $order" '
		[ "$(home_of ann@two.test)" = /h/ann ]
		run 0 dirdump-dovecot -c "$conf" -d one.test >out 2>err
		jq -r "select(.address) | [.address, .home // empty, .targets[]?] | join(\" \")" out >got
		printf "%s\n" "ann@one.test /h/ann" "ann@two.test ann@one.test" >want
		same want got'
	stop_dovecot "${conf%/*}"
done

# A database that looks for the name alone, and a home that needs the domain.
sed 's/::.*/::/' users >names
chmod a+r names
cat >settings <<END
passdb {
  driver = passwd-file
  args = username_format=%n $tmp/names
}
userdb {
  driver = static
  args = uid=1000 gid=1000 home=/h/%d/%n
}
END
serve names <settings
sed "s,$tmp/short,$tmp/names," short.pf/main.cf >names.pf/main.cf
echo "virtual_mailbox_maps = texthash:$tmp/names.pf/boxes" >>names.pf/main.cf
: >names.pf/virtual
printf '%s x\n' alice@two.test bob@one.test stranger@one.test >names.pf/boxes
ok 'username_format: an address has its own home' '
	for address in alice@one.test alice@two.test bob@one.test; do
		may_login $address "$(echo $address | cut -c1)"
		[ "$(home_of $address)" = /h/${address#*@}/${address%@*} ]
	done
	not home_of stranger@one.test
	dump 0 names --domain one.test
	cat >want <<-END
	account alice@one.test /h/one.test/alice
	account alice@two.test /h/two.test/alice
	account bob@one.test /h/one.test/bob
	END
	same want got
	[ "$(member alice@two.test active)" = true ]
	[ "$(member alice@two.test secret)" = "{PLAIN}a" ]
	sed -i /alice@one/d want
	dump 0 names
	same want got'
stop_dovecot "${conf%/*}"

printf '%s:{PLAIN}a:%s::/h/x::\n' ann@one.test "$ids" >pass
chmod a+r pass
for all in no yes; do
	{
		printf 'passdb {\n  driver = passwd-file\n  args = %s\n}\n' "$tmp/pass"
		printf 'userdb {\n  driver = static\n'
		printf '  args = allow_all_users=%s uid=%s gid=%s home=/s/%%n\n}\n' $all "${ids%:*}" \
		    "${ids#*:}"
	} >settings
	serve "all-$all" <settings
	cat >"all-$all.pf/main.cf" <<-END
	compatibility_level = 3.6
	myorigin = host.test
	mydestination =
	virtual_mailbox_domains = one.test
	virtual_mailbox_maps = texthash:$tmp/all.boxes
	END
done
printf '%s x\n' ann@one.test boss@one.test >all.boxes
ok 'a mailbox that takes mail, and that no passdb has, with allow_all_users' '
	conf=$tmp/at.all-yes/dovecot.conf
	dump 0 all-yes
	[ "$(home_of boss@one.test)" = /s/boss ]
	printf "account %s@one.test /s/%s\n" ann ann boss boss >want
	same want got
	[ "$(jq -r "select(.type == \"account\") | .active" out | sort | paste -sd " " -)" = \
	    "false true" ]'
ok 'and none without that' '
	conf=$tmp/at.all-no/dovecot.conf
	dump 0 all-no
	not home_of boss@one.test
	echo "account ann@one.test /s/ann" >want
	same want got'

# No table of mailboxes: the domain has every name.
cat >all.virtual <<END
info@one.test carl@one.test, team@one.test, x@ext.test
team@one.test ann@one.test, dora@one.test
kept@one.test kept@one.test, y@ext.test
END
for all in no yes; do
	sed -i 's/^virtual_mailbox_maps.*/virtual_mailbox_maps =/' "all-$all.pf/main.cf"
	echo "virtual_alias_maps = texthash:$tmp/all.virtual" >>"all-$all.pf/main.cf"
done
leads_to() {
	jq -r 'select(.type == "alias") | .address + " " + (.targets | join(" "))' out
}
ok 'without a table of mailboxes: those that an alias leads to' '
	conf=$tmp/at.all-yes/dovecot.conf
	dump 0 all-yes
	grep "^account" got | sed "s/ forward=.*//" >accounts
	for name in ann carl dora kept; do
		[ "$(home_of $name@one.test)" = /s/$name ]
		echo "account $name@one.test /s/$name"
	done >want
	same want accounts
	jq -r "select(.address == \"kept@one.test\") | .forward[], .keep" out >forward
	printf "%s\n" y@ext.test true >want
	same want forward
	printf "%s\n" "info@one.test carl@one.test team@one.test x@ext.test" \
	    "team@one.test ann@one.test dora@one.test" >want
	leads_to >aliases
	same want aliases'
ok 'and whom a passdb has that nobody can list' '
	sed -i "s/driver = passwd-file/driver = lua/" at.all-no/dovecot.conf
	dump 1 all-no
	[ "$(jq -r "select(.type == \"account\") | .address" out | paste -sd " " -)" = \
	    "carl@one.test ann@one.test dora@one.test kept@one.test" ]
	[ "$(jq -r "select(.type == \"account\") | .active, .receive" out | uniq)" = true ]'

stop_dovecot "$tmp/at.all-yes"
stop_dovecot "$tmp/at.all-no"

printf '%s:{PLAIN}%s:%s::/h/%s::%s\n' ann@one.test a "$ids" ann '' Eve@One.Test e "$ids" eve '' \
    bob@two.test b "$ids" bob '' old.ann@one.test o "$ids" ann user=ann@one.test \
    off@one.test '' "$ids" off '' >full
chmod a+r full
{
	echo 'auth_default_realm = one.test'
	sed "s,args = .*,args = $tmp/full," both
} >settings
serve realm <settings
echo 'mydestination =' >realm.pf/main.cf
ok 'auth_default_realm: the name without a domain is a login of its account' '
	for login in ann a bob b old.ann o eve e off x; do
		[ -n "${name-}" ] || { name=$login; continue; }
		may_login "$name" "$login" && echo "$name"
		name=
	done >allowed
	printf "%s\n" ann old.ann >want
	same want allowed
	dump 1 realm
	jq -r "select(.logins) | [.address, .logins[]] | join(\" \")" out | sort >logins
	echo "ann@one.test ann" >want
	same want logins
	has err "ann@one.test: left out: another login name of an account, which is not carried"'
stop_dovecot "${conf%/*}"

done_testing
