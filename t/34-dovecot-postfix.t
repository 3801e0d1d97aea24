#!/bin/sh
# dirdump dovecot and the tables of a Postfix, which its own programs list.
. "${0%/*}/lib.sh"
need postconf postfix
need postmap postfix

mkdir pf
# Where the types of tables are that packages of their own hold.
cp /etc/postfix/dynamicmaps.cf pf 2>/dev/null || :
: >pf/master.cf
cat >pf/main.cf <<END
compatibility_level = 3.6
myorigin = one.test
virtual_alias_maps = hash:$tmp/pf/virtual, proxy:texthash:$tmp/pf/text
 lmdb:$tmp/pf/more
virtual_alias_domains = alias.test, three.test
virtual_mailbox_domains = $tmp/pf/domains texthash:$tmp/pf/two
END
cat >pf/virtual <<END
info@one.test ann@one.test, ext@example.com
@alias.test @one.test
bob@one.test bob@one.test x@example.com
END
printf '@three.test\tann\n' >pf/text
echo 'list@one.test ann@one.test bob@one.test' >pf/more
echo one.test >pf/domains
echo 'two.test anything' >pf/two
for table in hash:pf/virtual lmdb:pf/more; do
	postmap -c pf "$table" || skip_all "postmap cannot make a table $table (Debian: postfix-lmdb)"
done
cat >users <<END
ann@one.test:{PLAIN}a:5000:5000::/h/ann
bob@one.test:{PLAIN}b:5000:5000::/h/bob
END
cat >saved <<END
# 2.3.21 (47349e2482): /etc/dovecot/dovecot.conf
passdb {
  args = $tmp/users
  driver = passwd-file
}
userdb {
  args = $tmp/users
  driver = passwd-file
}
END

ok 'domains, other names of them, aliases, forwards, catch-alls' '
	run 0 dirdump-dovecot -c saved --postfix pf >out 2>err
	sed -n "s/,\"origin\".*//; /\"type\":\"alias\"/p; /\"type\":\"domain\"/p" out | sort >got
	cat >want <<-END
	{"v":1,"type":"alias","address":"@three.test","targets":["ann@one.test"],"active":true
	{"v":1,"type":"alias","address":"info@one.test","targets":["ann@one.test","ext@example.com"],"active":true
	{"v":1,"type":"alias","address":"list@one.test","targets":["ann@one.test","bob@one.test"],"active":true
	{"v":1,"type":"domain","domain":"one.test","active":true,"aliases":["alias.test"]
	{"v":1,"type":"domain","domain":"three.test","active":true
	{"v":1,"type":"domain","domain":"two.test","active":true
	END
	same want got
	grep "bob@one.test\"" out | has /dev/stdin "\"forward\":[\"x@example.com\"],\"keep\":true"
	sed -n "s/.*\"type\":\"\([a-z]*\)\".*/\1/p" out | uniq >order
	printf "%s\n" domain account alias end >want
	same want order'
ok 'a user in a domain that Postfix does not serve logs in, and receives nothing' '
	cp users kept
	echo "old@moved.test:{PLAIN}o:5000:5000::/h/old" >>users
	echo "al@three.test:{PLAIN}o:5000:5000::/h/al" >>users
	run 0 dirdump-dovecot -v -c saved --postfix pf >out 2>err
	has out "\"domain\":\"moved.test\",\"active\":false,\"elsewhere\":true"
	jq -r "select(.type == \"account\") | \"\(.address) \(.active) \(.receive)\"" out | sort >got
	printf "%s\n" "al@three.test true false" "ann@one.test true true" \
	    "bob@one.test true true" "old@moved.test true false" | same - got
	has err "old@moved.test: a mailbox in a domain that this server takes no mail for"
	has err "al@three.test: a mailbox that gets no mail, because its domain is one of aliases alone"
	mkaccounts <out >plan 2>err && false
	has err "old@moved.test: refused: the old server takes no mail for moved.test"
	hasnt plan "\"name\":\"moved.test\""
	# A Postfix with no mailboxes at all is not the one before this Dovecot.
	cp -r pf odd
	sed -i "/^virtual_mailbox_domains/d" odd/main.cf
	run 0 dirdump-dovecot -v -c saved --postfix odd >out 2>err
	jq -r "select(.type == \"account\" and .receive) | .address" out | sort | tr "\n" " " >got
	echo "al@three.test ann@one.test bob@one.test old@moved.test " | tr -d "\n" | same - got
	hasnt out "\"elsewhere\""
	has err "old@moved.test: the Postfix here takes no mail for its domain, nor for any with mailboxes"
	rm -r odd
	mv kept users'
ok 'a table that cannot be listed is named' '
	for type in regexp pcre socketmap tcp unionmap; do
		sed "s,lmdb:.*,$type:$tmp/pf/rules," pf/main.cf >main.new
		cp -r pf odd
		mv main.new odd/main.cf
		run 1 dirdump-dovecot -c saved --postfix odd >out 2>err
		has err "virtual_alias_maps: a table of the type \"$type\" cannot be listed"
		jq -r "select(.type == \"note\") | .what" out | has /dev/stdin virtual_alias_maps
		has out "info@one.test"
		has out "\"end\""
		rm -r odd
	done'
ok 'a table that is not there' '
	rm pf/more.lmdb
	run 2 dirdump-dovecot -c saved --postfix pf >out 2>err
	has err "lmdb:$tmp/pf/more: postmap failed"
	hasnt out "\"end\""'
ok 'without Postfix in the call a saved configuration has no aliases' '
	run 0 dirdump-dovecot -c saved >out 2>err
	hasnt out "\"alias\"" '

done_testing
