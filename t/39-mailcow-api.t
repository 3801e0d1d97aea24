#!/bin/sh
# dirdump mailcow-api on a stand-in of mailcow's API.
. "${0%/*}/lib.sh"
need jq
need /usr/bin/python3 python3
tool=dirdump-mailcow-api
unset MAILCOW_API_KEY
tables=$fixtures/mailcow-api/tables.json

: >servers
at_exit='kill $(cat "$tmp/servers") 2>/dev/null'

# serve TABLES: starts it, sets $url.
serve() {
	rm -f served
	mkfifo served
	/usr/bin/python3 "$top/tests/helper/standin-mailcow" \
	    "$1" >served &
	# In a file, because a server that a test starts is one of a subshell.
	echo $! >>"$tmp/servers"
	read -r url <served
}

# dump STATUS ARGS...: the records in out, the messages in err.
dump() {
	want=$1
	shift
	got=0
	$tool --token-file key "$@" >out 2>err || got=$?
	[ "$got" -eq "$want" ] || {
		echo "exit $got, wanted $want"
		cat out err
		return 1
	}
	for secret in SECRETSECRET ABCDEF-123456; do
		hasnt out "$secret"
		hasnt err "$secret"
	done
}

echo ABCDEF-123456-ABCDEF-123456-ABCDEF >key
echo wrong >wrong
LOG=$tmp/requests
export LOG
serve "$tables"
ok 'the directory, with each trap' '
	dump 0 -v "$url"
	sed "s/,\"origin\":\"[^\"]*\"//" out | grep -v "\"note\"" >got
	cat >want <<-\END
	{"v":1,"type":"domain","domain":"one.test","active":true,"aliases":["uno.test"]}
	{"v":1,"type":"domain","domain":"xn--bcher-kva.test","active":true}
	{"v":1,"type":"domain","domain":"off.test","active":false}
	{"v":1,"type":"domain","domain":"half.test","active":true}
	{"v":1,"type":"domain","domain":"empty.test","active":true}
	{"v":1,"type":"account","address":"alice@one.test","name":"Alice \"A\" Ä","active":true,"receive":true,"quota":3221225472,"disabled":["pop3"]}
	{"v":1,"type":"account","address":"bob@one.test","active":false,"receive":true,"forward":["b@away.test"],"keep":true}
	{"v":1,"type":"account","address":"carol@one.test","name":"Carol","active":false,"receive":false,"quota":1048576}
	{"v":1,"type":"account","address":"erin@xn--bcher-kva.test","name":"Erin","active":true,"receive":true}
	{"v":1,"type":"account","address":"dave@off.test","name":"Dave","active":false,"receive":false}
	{"v":1,"type":"account","address":"o'\''neil+x/y@half.test","name":"O'\''Neil","active":true,"receive":true}
	{"v":1,"type":"settings","address":"alice@one.test","app_passwords":[{"name":"phone"}]}
	{"v":1,"type":"settings","address":"o'\''neil+x/y@half.test","app_passwords":[{"name":"tablet"}]}
	{"v":1,"type":"alias","address":"info@one.test","targets":["alice@one.test","team@one.test","x@away.test"],"active":true}
	{"v":1,"type":"alias","address":"team@one.test","targets":["alice@one.test","bob@one.test"],"active":true}
	{"v":1,"type":"alias","address":"@one.test","targets":["alice@one.test"],"active":true}
	{"v":1,"type":"alias","address":"learn@one.test","targets":["alice@one.test"],"active":true}
	{"v":1,"type":"alias","address":"tmp1@one.test","targets":["alice@one.test"],"active":true}
	{"v":1,"type":"alias","address":"tmp2@one.test","targets":["alice@one.test"],"active":true}
	{"v":1,"type":"alias","address":"old@one.test","targets":["alice@one.test"],"active":false}
	{"v":1,"type":"alias","address":"x@off.test","targets":["alice@one.test"],"active":false}
	{"v":1,"type":"end","count":30,"source":"mailcow-api"}
	END
	same want got'
ok 'what is left out and not carried is named' '
	for text in \
	    "room@one.test: left out: a resource of the calendar" \
	    "relay.test: left out: a domain that is only relayed" \
	    "r2.test: left out: a domain that is only relayed" \
	    "r@relay.test: left out: an address in a domain that is only" \
	    "y@relay.test: left out: an address in a domain that is only" \
	    "half.test: mail for unknown addresses of a domain is relayed" \
	    "eins.test: an alias domain that is switched off is not carried" \
	    "gone@one.test: mail that is thrown away without a word" \
	    "learn@one.test: mail that teaches the spam filter" \
	    "team@one.test: an alias for senders of the server itself" \
	    "tmp1@one.test: an alias for some time becomes one for good" \
	    "alice@one.test: a BCC rule is not carried" \
	    "bob@one.test: the owner must set a new password" \
	    "bob@one.test: the password is not mailcow'\''s own, but of another service: ldap"; do
		has err "$text"
	done
	hasnt err tmp2@
	jq -r "select(.type == \"note\") | \"\\(.what): \\(.text)\"" out | sort >notes
	cat >want <<-\END
	alice@one.test: a BCC rule is not carried
	bob@one.test: the owner must set a new password: not carried
	bob@one.test: the password is not mailcow'\''s own, but of another service: ldap
	eins.test: an alias domain that is switched off is not carried
	gone@one.test: mail that is thrown away without a word: not carried
	half.test: mail for unknown addresses of a domain is relayed: not carried
	learn@one.test: mail that teaches the spam filter: not carried
	team@one.test: an alias for senders of the server itself is open to all
	tmp1@one.test: an alias for some time becomes one for good
	END
	same want notes
	dump 0 "$url"
	has err "the owner must set a new password: not carried: 1 line"'
ok 'one request a domain, and one a mailbox only for app passwords' '
	: >requests
	dump 0 --no-app-passwords "$url"
	[ "$(grep -c get/mailbox/all/ requests)" -eq 6 ]
	[ "$(grep -c time_limited requests)" -eq 1 ]
	hasnt requests app-passwd
	[ "$(grep -c . requests)" -eq 12 ]'
ok 'through mkaccounts onto the new server: nothing fails' '
	$tool -q --token-file key "$url" >records
	mkaccounts -q --no-secret=empty --report report -o plan records
	start_standin standin-stalwart --admin admin:secret
	echo secret >password
	stalwart-apply -q --url "$url" --user admin --password-file password plan >result
	hasnt result "\"failed\""
	[ "$(grep -c "\"created\"" result)" -ge 11 ]
	has report off.test'
ok 'the key from the environment, a wrong one, none, and one that is no key' '
	run 0 env MAILCOW_API_KEY="$(cat key)" $tool -q "$url" >out
	has out "\"end\""
	run 2 $tool --token-file wrong "$url" >out 2>err
	has err "does not accept this API key, or not from this address"
	not [ -s out ]
	run 2 $tool "$url" 2>err
	has err "no API key"
	printf "a\tb\n" >odd
	run 2 $tool --token-file odd "$url" 2>err
	has err "no key has"
	run 75 $tool --token-file key http://127.0.0.1:1 2>err >out'
ok 'another program, an empty mailcow, a busy one, and one that breaks off' '
	echo "{\"key\":\"$(cat key)\",\"domain\":[],\"alias_domain\":[],\"mailbox\":[],\"alias\":[],\"spamalias\":[],\"app_passwd\":[],\"bcc_maps\":[]}" >none
	serve none
	dump 0 "$url"
	[ "$(grep -c . out)" -eq 1 ]
	dump 2 "$url/other"
	has err "no such path"
	FAULT=3:503
	export FAULT
	serve "$tables"
	dump 0 "$url"
	FAULT=5+:cut
	serve "$tables"
	dump 2 "$url"
	hasnt out "\"end\""'
ok 'an object that holds no rows is no empty list: the request is named' '
	unset FAULT
	for lie in "mailbox/all/one.test {\"message\":\"rate limit exceeded\"}" \
	    "domain/all {\"type\":\"danger\",\"msg\":\"access denied\"}" \
	    "alias/all {\"error\":{\"code\":5}}"; do
		LIE=/api/v1/get/$lie
		export LIE
		serve "$tables"
		dump 2 -q "$url"
		has err "$url${LIE%% *}: not the answer of such a server: an object that holds no rows"
		hasnt out "\"end\""
	done'

done_testing
