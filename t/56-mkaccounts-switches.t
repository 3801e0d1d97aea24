#!/bin/sh
# mkaccounts: protocols, networks, rights to send as others, languages; each only
# where its option asks for it.
. "${0%/*}/lib.sh"
. "$top/t/mkaccounts.sh"
need jq
need /usr/bin/python3 python3

{
	account alice@one.test '"disabled":["imap","pop3","ftp"],"allow_nets":["10.0.0.0/8","192.0.2.1","2001:db8::/32","local","10.0.0.0/33"],"send_as":["Bob@one.test","al@one.test","@Two.Test","x@elsewhere.test","not an address"],"aliases":["al@one.test"],"locale":"de-DE","time_zone":"Europe/Berlin","admin":"domain"'
	account bob@one.test '"active":false,"disabled":["smtp","sieve"],"send_as":["@one.test"]'
	record account carol@one.test '"allow_nets":["10.0.0.0/8"]'
	account "d*@one.test" '"send_as":["@one.test","alice@one.test"]'
	account eve@one.test '"allow_nets":["local"]'
	account plain@one.test
	echo '{"v":1,"type":"settings","address":"plain@one.test","locale":"fr","send_as":["al@one.test"],"origin":"t:s"}'
	end
} | counted >in

ok 'without options nothing of it is in the plan, and all of it in the report' '
	plan 0 --no-secret=empty in
	plan_has "[.[] | select(.object == \"Account\").value[] | select(.name != \"bob\") | .permissions[\"@type\"] != \"Inherit\" or has(\"locale\") or has(\"timeZone\") or .credentials[\"0\"].allowedIps != null] | any | not"
	plan_has "map(.object) | index(\"MemoryLookupKey\") == null"
	for reason in "protocols are switched off (--protocols carries it)" \
	    "logins from some networks only (--networks carries it)" \
	    "the right to send as others (--send-as carries it)" \
	    "the owner'\''s language (--locale carries it)" \
	    "the owner'\''s time zone (--locale carries it)" \
	    "an administrator'\''s rights (domain): give them by hand on the new server"; do
		jq -se --arg r "$reason" "any(.address == \"alice@one.test\" and .reason == \$r)" report
	done'
ok 'protocols become permissions, beside those of an account that is off' '
	plan 0 --no-secret=empty --protocols in
	plan_has ".[1].value[\"u-alice_40one_2etest\"].permissions == {\"@type\": \"Merge\", disabledPermissions: {imapAuthenticate: true, pop3Authenticate: true}}"
	plan_has ".[1].value[\"u-bob_40one_2etest\"].permissions.disabledPermissions == {authenticate: true, emailSend: true, sieveAuthenticate: true}"
	has report "ftp is switched off, for which the server has no permission"'
ok 'networks belong to the password; what is none is named' '
	plan 0 --no-secret=empty --networks in
	plan_has ".[1].value[\"u-alice_40one_2etest\"].credentials[\"0\"].allowedIps == {\"10.0.0.0/8\": true, \"192.0.2.1\": true, \"2001:db8::/32\": true}"
	plan_has ".[1].value[\"u-eve_40one_2etest\"].credentials[\"0\"] | has(\"allowedIps\") | not"
	has report "logins from local: not an address or network"
	has report "logins from 10.0.0.0/33: not an address"
	jq -se "any(.address == \"carol@one.test\" and (.reason | test(\"the account has no password\")))" report
	jq -se "any(.address == \"eve@one.test\" and (.reason | test(\"logins are open to all\")))" report'
ok 'rights to send as others: a key each, a pattern for a domain' '
	plan 0 --no-secret=empty --send-as in
	jq -c "select(.object == \"MemoryLookupKey\") | .matchOn, (.value[] | [.namespace, .key, .isGlobPattern])" plan >got
	cat >want <<-EOF
	["namespace","key"]
	["send-as","alice@one.test bob@one.test",false]
	["send-as","alice@one.test *@two.test",true]
	["send-as","alice@one.test x@elsewhere.test",false]
	["send-as","bob@one.test *@one.test",true]
	["send-as","d*@one.test alice@one.test",false]
	["send-as","plain@one.test al@one.test",false]
	EOF
	same want got
	has report "the right to send as not an address: "
	has report "the right to send as anybody of one.test: the account"
	has err "6 rights to send as others"'
ok 'language and time zone' '
	plan 0 --no-secret=empty --locale in
	plan_has ".[1].value[\"u-alice_40one_2etest\"] | .locale == \"de-DE\" and .timeZone == \"Europe/Berlin\""
	plan_has ".[1].value[\"u-plain_40one_2etest\"].locale == \"fr\""'
ok 'all of it is in the schema, but for the form of the language' '
	plan 0 --no-secret=empty --protocols --networks --send-as --locale in
	sed "s/\"locale\":\"de-DE\"/\"locale\":\"de_DE\"/; s/\"locale\":\"fr\"/\"locale\":\"fr_FR\"/" plan >changed
	run 0 /usr/bin/python3 "$top/tests/helper/check-plan" \
	    "$fixtures/real/stalwart-schema.json.gz" changed
	sed "s/pop3Authenticate/popAuthenticate/" changed >wrong
	run 1 /usr/bin/python3 "$top/tests/helper/check-plan" \
	    "$fixtures/real/stalwart-schema.json.gz" wrong'
ok 'what is carried is in the report by owner, and in the summary by kind' '
	echo "{\"v\":1,\"type\":\"settings\",\"address\":\"bob@one.test\",\"vacation\":{\"text\":\"away\"},\"identities\":[{\"address\":\"bob@one.test\"}],\"scripts\":[{\"name\":\"s\",\"text\":\"keep;\"}],\"app_passwords\":[{\"name\":\"Phone\"}],\"shares\":[{\"folder\":\"Work\",\"with\":\"alice@one.test\",\"rights\":\"lr\"}]}" |
	    cat - in | sed "s/\"count\":7}/\"count\":8}/" >more
	plan 0 --no-secret=empty --settings settings --protocols --networks --send-as --locale more
	jq -r "select(.status == \"carried\") | \"\(.address) \(.reason)\"" report | sort >got
	cat >want <<-EOF
	alice@one.test logins from some networks only
	alice@one.test protocols are switched off
	alice@one.test the owner'"'"'s language
	alice@one.test the owner'"'"'s time zone
	alice@one.test the right to send as others
	bob@one.test Sieve scripts
	bob@one.test a vacation message
	bob@one.test identities and signatures
	bob@one.test names of app passwords
	bob@one.test protocols are switched off
	bob@one.test shared folders
	bob@one.test the right to send as others
	d*@one.test the right to send as others
	plain@one.test the owner'"'"'s language
	plain@one.test the right to send as others
	EOF
	sort want >sorted
	same sorted got
	has err "carried: 4 times, such as alice@one.test: the right to send as others"
	has err "carried: bob@one.test: a vacation message"'
done_testing
