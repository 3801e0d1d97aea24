#!/bin/sh
# Local names: every one is there in each domain of mydestination. A running
# Postfix, which delivers nothing, says who gets what.
. "${0%/*}/lib.sh"
need jq
. "$top/t/postfix.sh"
mkdir "$pf"

cat >"$pf/virtual" <<'END'
sales@two.test bob
bill@one.test w@ext.test
carl@one.test x@ext.test
eve@two.test eve@two.test, y@ext.test
all@two.test bob
@three.test any@ext.test
info bob
boss@two.test root
END
cat >"$pf/aliases" <<'END'
post root
root ann
carl ann
ann \ann, copy@ext.test
only \only
all ann
END
printf '%s\n' 'ann:{PLAIN}a1:1:1::/h/ann::' 'bob:{PLAIN}b1:2:2::/h/bob::' \
    'eve:{PLAIN}e1:3:3::/h/eve::' 'bill:{PLAIN}b2:4:4::/h/bill::' >users
cat >saved <<END
# 2.3.19.1 (9b53102964): /etc/dovecot/dovecot.conf
auth_username_format = %Ln
mail_location = maildir:~/Maildir
passdb {
  args = $tmp/users
  driver = passwd-file
}
userdb {
  args = $tmp/users
  driver = passwd-file
}
END
postfix_services() {
	echo 'mine unix - n n - - local'
}
postfix_start 'mydestination = one.test two.test three.test four.test localhost' \
    'myorigin = one.test' "virtual_alias_maps = texthash:$pf/virtual" \
    "alias_maps = texthash:$pf/aliases"

# gets ADDRESS: who gets its mail by the records, whose accounts are in one.test.
gets() {
	jq -rs --arg to "$1" '
	    (map(select(.type == "domain" and .aliases != null) |
	        .domain as $d | .aliases[] | { key: ., value: $d }) |
	        from_entries) as $other |
	    (map(select(.type == "alias") | { key: .address, value: .targets }) +
	        map(select(.type == "account") | { key: .address, value:
	        (if .forward == null then [.address]
	        elif .keep then .forward + [.address] else .forward end) }) |
	        from_entries) as $of |
	    def at: split("@") | .[0] + "@" + ($other[.[1]] // .[1]);
	    def go: . as $a | ($of[$a] // $of["@" + ($a | split("@")[1])] //
	        [if $a | test("@ext.test$") then $a else "nobody:" + $a end])[] |
	        if . == $a or startswith("nobody:") then . else at | go end;
	    [$to | at | go] | unique | join(" ")' out
}

# alike ADDRESS...: Postfix says the same.
alike() {
	for address; do
		echo "$address"
		delivered "$address" | sed 's/@\(two\|four\)\.test/@one.test/g' |
		    tr ' ' '\n' | sort -u | paste -sd ' ' - >want
		gets "$address" >got
		same want got
	done
}

run 0 dirdump-dovecot -v -c saved --postfix "$pf" -d one.test >out 2>err

ok 'a local alias that is hidden in the first domain alone is there in all others' '
	hasnt out "\"aliases\":[\"four.test\"]"
	alike carl@four.test carl@two.test carl@one.test ann@one.test bob@four.test \
	    root@four.test info@one.test ann@four.test'
ok 'accounts have their addresses in one that has addresses of its own, too' '
	alike ann@two.test bob@two.test sales@two.test'
ok 'aliases of local names, and keys of virtual aliases without a domain' '
	alike root@two.test info@two.test'
ok 'what is hidden in the first domain is none in the others' '
	alike carl@one.test carl@two.test
	alike bill@one.test
	[ "$(delivered bill@two.test)" = bill@two.test ]
	[ "$(gets bill@two.test)" = w@ext.test ]
	has err "bill@two.test: mail for a name in another domain of mydestination follows the forward that a virtual alias makes of it in the first"'
ok 'an address of its own comes before a local name, or goes on to it' '
	alike all@two.test all@one.test eve@two.test eve@one.test'
ok 'a catch-all has all of them' '
	alike ann@three.test nobody@three.test
	[ -z "$(jq -r "select(.type == \"alias\" and .address == \"ann@three.test\")" out)" ]'
ok 'where the accounts are known no note is made' '
	hasnt out "each user of the system"'

ok 'users of another domain: a name that is a local alias is still that' '
	run 0 dirdump-dovecot -c saved --postfix "$pf" -d away.test >other
	jq -r "select(.type == \"alias\") | .address + \" \" + (.targets | sort | join(\",\"))" \
	    other | grep "^\(post\|root\|ann\|all\)@one\|^boss" | sort >got
	printf "%s\n" "all@one.test ann@one.test" "ann@one.test ann@away.test,copy@ext.test" \
	    "boss@two.test root@one.test" "post@one.test root@one.test" "root@one.test ann@one.test" >want
	same want got'

cp "$pf/virtual" virtual
sed '/^carl@/d' virtual >"$pf/virtual"
run 0 dirdump-dovecot -v -c saved --postfix "$pf" -d one.test >out 2>err
ok 'a domain of the same addresses is another name' '
	has out "\"domain\":\"one.test\",\"active\":true,\"aliases\":[\"four.test\"]"
	alike ann@one.test bob@four.test root@four.test info@one.test carl@four.test
	[ "$(delivered bill@four.test)" = bill@four.test ]
	has err "bill@one.test: mail for a name in another domain of mydestination follows the forward"'
cp virtual "$pf/virtual"

# A Dovecot whose names have domains: some have mailboxes in two of mydestination.
printf '%s\n' 'ann@one.test:{PLAIN}a1:1:1::/h/a1::' 'ann@four.test:{PLAIN}a2:2:2::/h/a2::' \
    'bob@one.test:{PLAIN}b1:3:3::/h/b1::' 'eve@four.test:{PLAIN}e1:4:4::/h/e1::' \
    'only@four.test:{PLAIN}o1:4:4::/h/o1::' >full
sed "s,auth_username_format.*,," saved | sed "s,$tmp/users,$tmp/full," >saved.full
run 0 dirdump-dovecot -v -c saved.full --postfix "$pf" >out 2>err
ok 'a domain with mailboxes of its own has the aliases of local names, and no others' '
	hasnt out "\"aliases\""
	has out "\"domain\":\"four.test\",\"active\":true"
	for address in ann@one.test ann@four.test info@four.test post@four.test \
	    root@four.test carl@four.test all@four.test; do
		echo "$address"
		delivered "$address" | tr " " "\n" | sort -u | paste -sd " " - >want
		gets "$address" >got
		same want got
	done
	[ "$(gets bob@four.test)" = nobody:bob@four.test ]
	[ "$(gets eve@four.test)" = eve@four.test ]'

run 0 dirdump-postfix -v -c "$pf" >out 2>err

ok 'without the accounts it stays one, and what differs is named' '
	has out "\"aliases\":[\"four.test\"]"
	has err "carl: a local alias that a virtual one hides in the first domain of mydestination, and not in the others"'

ok 'without the accounts a note names the domain, and aliases are there' '
	has out "\"type\":\"note\",\"what\":\"two.test\",\"text\":\"in mydestination: each user of the system has an address in it"
	hasnt out "\"what\":\"three.test\""
	has out "\"address\":\"root@two.test\",\"targets\":[\"root@one.test\"]"'
ok 'an alias that keeps a copy for a user of the system keeps it' '
	has out "\"address\":\"ann@one.test\",\"targets\":[\"ann@one.test\",\"copy@ext.test\"]"
	hasnt out "\"address\":\"only@one.test\""
	has err "only@one.test: an alias that points to itself, without an account"
	printf "%s\n" "ann:{PLAIN}a1:1001:1001::/h/ann:" >passwd
	dirdump-shadow -q -d one.test passwd | cat - out |
	    mkaccounts -q --partial --settings settings -o plan
	has settings "\"forward\":[\"copy@ext.test\"],\"keep\":true"'

# goes_to TRANSPORT RECIPIENT: mail for post@two.test, from now on.
goes_to() {
	postconf -c "$pf" -e "local_transport = $1"
	postfix -c "$pf" reload
	tries=0
	until [ "$(delivered post@two.test)" = "$2" ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || { delivered post@two.test; return 1; }
		sleep 0.1
	done
	run 0 dirdump-dovecot -v -c saved --postfix "$pf" -d one.test >out 2>err
}
ok 'local aliases are those of local(8), whatever the service is called' '
	goes_to discard: post@two.test
	hasnt out "\"address\":\"post@"
	hasnt out "\"address\":\"root@"
	has out "\"what\":\"local_transport\",\"text\":\"discard:: mail for the domains of mydestination goes this way, and not to local(8)"
	alike info@two.test sales@two.test bob@four.test
	goes_to mine:x "ann@one.test copy@ext.test"
	hasnt out "\"what\":\"local_transport\""
	alike post@two.test root@four.test
	for other in lmtp:unix:private/dovecot-lmtp "error:5.1.1 no mail here"; do
		postconf -c "$pf" -e "local_transport = $other"
		run 0 dirdump-postfix -v -c "$pf" >out 2>err
		hasnt out "\"address\":\"post@"
		hasnt out "\"address\":\"root@"
		has out "\"what\":\"local_transport\",\"text\":\"$other: mail for the domains"
	done'

done_testing
