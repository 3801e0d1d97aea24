#!/bin/sh
# The field maps of systems whose LDAP servers cannot be installed here, on
# entries as those servers show them.
. "${0%/*}/lib.sh"
MAILFERRY_SHARE=$top/share
export MAILFERRY_SHARE
need jq

# maps NAME: the entries of NAME.ldif become the records of NAME.want.
maps() {
	cp "$fixtures/ldap/$1.ldif" people
	run 0 dirdump-ldif -v -m "$1" people >out 2>err
	notes=$(grep -c '"type":"note"' out) || :
	grep -v '"type":"note"' out | sed 's/,"origin":"[^"]*"//' |
	    jq -c --argjson n "$notes" 'if .type == "end" then .count -= $n else . end' >got
	same "$fixtures/ldap/$1.want" got
}

ok 'Active Directory: disabled, expired, proxyAddresses, groups' '
	maps activedirectory
	has err "team@one.test: left out: a member of a group who has no mail address"
	has err "left out: a user without a mail address"
	has err "no account has a readable password"
	jq -c "select(.address == \"bob@one.test\") | [.active, .receive]" out | has /dev/stdin "[false,true]"
	jq -c "select(.address == \"ann@one.test\") | .aliases" out | has /dev/stdin "[\"a.angel@one.test\"]"'
ok 'Active Directory: times and flags that are none' '
	sed "s/^accountExpires: 132.*/accountExpires: 253402300800000000/;
	    s/^userAccountControl: 514/userAccountControl: none/" \
	    "$fixtures/ldap/activedirectory.ldif" >people
	run 1 dirdump-ldif -q -m activedirectory people >out 2>err
	has err "bob@one.test: active is neither yes nor no but \"none\""
	jq -c "select(.address == \"old@one.test\") | .active" out | has /dev/stdin true'
ok 'Univention: the mailbox is mailPrimaryAddress, not mail' '
	maps univention
	hasnt out home.test
	has err "left out: a user without a mailbox"
	has err "shared@one.test: a shared folder that gets mail is not carried"'
ok 'Zimbra: status, forwards, lists, other names' '
	maps zimbra
	has err "a forward that the owner does not see is not carried: 1 line"
	has err "bob@one.test: mail that another server gets: not carried"
	has err "mail that another server gets: not carried: 1 line"
	has err "another name of a domain is not carried"
	hasnt out spam.x@'
ok 'GOsa: modes of delivery, groups, redirections' '
	maps gosa
	has err "bob@one.test: a vacation message is not carried"
	has err "team@one.test: a forward of a group is not carried"
	has err "ann@one.test: the account may write to and hear from its own domain alone"'
ok 'FreeIPA: locked, expired, deleted' '
	maps freeipa
	has err "gone@one.test: left out: a user who is not one yet, or no more"
	has err "left out: a user without a mail address"'
ok 'the map for anybody names the map that knows more' '
	for map in activedirectory univention zimbra gosa freeipa inetlocal; do
		sed "s/^objectClass: zimbraAccount/objectClass: person/;
		    s/^objectClass: univentionMail/objectClass: person/;
		    s/^objectClass: user/objectClass: person/" \
		    "$fixtures/ldap/$map.ldif" >people
		dirdump-ldif -m inetorgperson people >out 2>err || :
		has err "--map $map knows"
	done'
ok 'onto the new server: what mkaccounts makes of them' '
	for map in activedirectory univention zimbra gosa freeipa; do
		cp "$fixtures/ldap/$map.ldif" people
		dirdump-ldif -q -m "$map" people >records 2>err
		run 0 mkaccounts --no-secret=empty records >plan 2>err
		has plan "ann"
	done'

done_testing
