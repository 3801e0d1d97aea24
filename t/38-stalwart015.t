#!/bin/sh
# dirdump stalwart on a stand-in that answers as the recorded 0.15 did.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3
. "$top/t/source.sh"
tool=dirdump-stalwart
options='--user admin --password-file password'
secrets='abcdefgh JBSWY3DPEHPK3PXP'
replay=$top/tests/helper/replay-stalwart015
recorded=$fixtures/real/stalwart015-exchanges.ndjson

echo secret >password
echo wrong >wrong
start_standin standin-stalwart015 --admin admin:secret --log requests
ok 'the stand-in answers as recorded' '
	$replay "$url" "$recorded" >tap || { grep -A1 "^not" tap; exit 1; }
	[ "$(grep -c "^ok" tap)" -eq 49 ]'
ok 'the directory' '
	: >requests
	dump 1 -v "$url"
	sed "s/,\"origin\":\"[^\"]*\"//" out | grep -v "\"u[0-2][0-9]@one" >got
	hash=\$6\$abcdefgh\$/XCiCfTM0UGraA4Ts4u/apdyzqmUv7c1jaAAFEpP3KKxX443sXPtnGOhYnJBtSpsD7pZiT9YCOKyFUTXdEMuB1
	sed "s|HASH|$hash|" >want <<-\END
	{"v":1,"type":"domain","domain":"xn--bcher-kva.test","active":true}
	{"v":1,"type":"domain","domain":"one.test","active":true}
	{"v":1,"type":"domain","domain":"two.test","active":true}
	{"v":1,"type":"group","address":"sales@one.test","name":"Sales","aliases":["verkauf@one.test"]}
	{"v":1,"type":"account","address":"alice@one.test","logins":["alice"],"name":"Alice Ä","secret":"HASH","default_scheme":"CRYPT","active":true,"receive":true,"quota":1073741824,"aliases":["a@one.test","alice@two.test"],"groups":["sales@one.test"]}
	{"v":1,"type":"note","what":"bob@one.test","text":"an app password is not carried"}
	{"v":1,"type":"note","what":"bob@one.test","text":"a role is not carried: admin"}
	{"v":1,"type":"account","address":"bob@one.test","secret":"HASH","default_scheme":"CRYPT","otp":"otpauth://totp/x?secret=JBSWY3DPEHPK3PXP","active":true,"receive":true}
	{"v":1,"type":"account","address":"carol@one.test","logins":["carol"],"secret":"correct horse 7!","default_scheme":"PLAIN","active":false,"receive":true}
	{"v":1,"type":"account","address":"erin@one.test","logins":["erin"],"secret":"HASH","default_scheme":"CRYPT","active":true,"receive":true}
	{"v":1,"type":"account","address":"frank@one.test","logins":["frank"],"active":true,"receive":true}
	{"v":1,"type":"account","address":"gina@one.test","logins":["gina/x y"],"secret":"{SHA512-CRYPT}HASH","active":true,"receive":true}
	{"v":1,"type":"account","address":"hans@one.test","logins":["hans"],"secret":"HASH","default_scheme":"CRYPT","active":true,"receive":true}
	{"v":1,"type":"alias","address":"@two.test","targets":["erin@one.test"],"active":true}
	{"v":1,"type":"alias","address":"team@one.test","targets":["alice@one.test","bob@one.test","ext@other.test"],"active":true}
	{"v":1,"type":"end","count":40,"failed":1,"source":"stalwart"}
	END
	same want got
	has err "dave: it has no mail address"
	has err "bob@one.test: an app password is not carried"
	has err "bob@one.test: a role is not carried: admin"'
ok 'pages only: four requests for four kinds' '
	[ "$(grep -c GET requests)" -eq 4 ]'
ok 'through mkaccounts onto the new server: nothing fails' '
	$tool --user admin --password-file password "$url" >records 2>err || :
	run 0 mkaccounts -q --partial --no-secret=empty -o plan records
	start_standin standin-stalwart --admin admin:secret
	stalwart-apply -q --url "$url" --user admin --password-file password plan >result
	hasnt result "\"failed\""
	[ "$(grep -c "\"created\"" result)" -ge 35 ]'
ok 'a wrong password, and no server' '
	got=0
	$tool --user admin --password-file wrong "$url" >out 2>err || got=$?
	[ "$got" -eq 2 ]
	has err "wrong user or password, or token (401)"
	not [ -s out ]
	dump 75 http://127.0.0.1:1
	not [ -s out ]'
ok 'a server that breaks off is no whole dump' '
	# A request is sent four times, and libcurl asks once more where a kept
	# connection breaks.
	for fault in reset-before cut badjson; do
		start_standin standin-stalwart015 --admin admin:secret \
		    $(seq -f "--fault %g:$fault" 2 9)
		dump 2 "$url"
		hasnt out "\"type\":\"end\""
	done'
start_standin standin-stalwart015 --admin admin:secret
$replay "$url" "$recorded" >tap
start_server "$top/tests/helper/growing" "$url"
ok 'a server that counts on and gives the same page again is left alone' '
	dump 2 -q "$url"
	has err "counts 2000000 principals of the type domain and gives 3: run it again"
	hasnt out "\"type\":\"end\""
	[ "$(grep -c "\"domain\":\"one.test" out)" -eq 1 ]'

done_testing
