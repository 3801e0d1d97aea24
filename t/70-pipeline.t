#!/bin/sh
# The whole way: hashes of many programs through mkaccounts and stalwart-apply
# onto the stand-in, and logins with the old passwords; and the demo.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3
need curl

start_standin standin-stalwart --admin admin:secret
STALWART_URL=$url STALWART_USER=admin STALWART_PASSWORD=secret
export STALWART_URL STALWART_USER STALWART_PASSWORD
/usr/bin/python3 "$top/tests/helper/secret-records" \
    "$fixtures/secrets.ndjson" "$tmp"

ok 'accounts with hashes of every scheme are planned and created' '
	run 0 mkaccounts --no-secret=skip --report report records >plan 2>err
	run 0 stalwart-apply --canary plan >result 2>>err
	[ "$(grep -c "\"status\":\"created\"" result)" = $(($(wc -l <logins) + 1)) ]
	hasnt err "failed: "'
while IFS="$(printf '\t')" read -r address password; do
	ok "$address logs in with the old password" '
		printf "user = \"%s:%s\"\n" "$address" "$password" >login
		[ "$(curl -s -o /dev/null -w "%{http_code}" -K login "$url/jmap/session")" = 200 ]'
done <logins
ok 'who was left out is in the report, with a reason' '
	[ "$(grep -c "\"status\":\"not-carried\"" report)" = \
	    $(($(wc -l <records) - 1 - $(wc -l <logins))) ]'
ok 'the same input gives the same plan' '
	run 0 mkaccounts -q --no-secret=skip records >again
	same plan again'
ok 'no hash is shown anywhere' '
	run 0 mkaccounts --no-secret=skip -v records 2>messages >again
	run 0 stalwart-apply -vv plan >>messages 2>&1
	cat report result err >>messages
	# Pieces of the fixture hashes, long enough to be nothing else.
	grep -o "\"secret\": \"[^\"]*" "$fixtures/secrets.ndjson" |
	    sed "s/.*\(.\{12\}\)\$/\1/" | grep -v "orse 7!" | sort -u >pieces
	[ "$(wc -l <pieces)" -gt 100 ]
	not grep -F -f pieces messages'
unset STALWART_URL STALWART_USER STALWART_PASSWORD
ok 'the demo comes to its end' '
	BUILD=$build run 0 "$top/tests/demo" >out 2>&1
	has out "Done: 18 owners kept their passwords"
	not grep -q REFUSED out'

done_testing
