#!/bin/sh
# Servers that answer without end, with too much, by halves or in another protocol:
# each client ends soon, with little memory and a line that says why, and keeps the
# password to itself. What comes by drops is in tests/unit/http.c.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3

echo hidden-Zx >pw
printf 'a@one.test\thidden-Zx\n' >owners
printf '%s\n' '{"v":1,"type":"account","address":"a@one.test"}' \
    '{"v":1,"type":"end","count":1}' >in
echo '{"@type":"create","object":"Domain","value":{"d":{"name":"one.test"}}}' >plan
mkdir -p tree/calendars/c
printf '%s\r\n' BEGIN:VCALENDAR VERSION:2.0 PRODID:x BEGIN:VEVENT UID:u \
    DTSTAMP:20260101T000000Z DTSTART:20260101T000000Z END:VEVENT END:VCALENDAR \
    >tree/calendars/c/a.ics

cat >clients <<'END'
http stalwart-apply --url http://SERVER --user a --password-file pw plan
http mailroute --url http://SERVER --user a --password-file pw set a@one.test
http davmerge --user a --password-file pw http://SERVER tree
http remap --url http://SERVER --token-file pw set stalwart a@one.test
http acctcheck --source http://SERVER --source-user a --source-password-file pw --target http://SERVER --target-user a --target-password-file pw in
http dirdump-stalwart --user a --password-file pw http://SERVER
http dirdump-mailcow-api --token-file pw http://SERVER
stream acctcheck --source imap://SERVER --target imap://SERVER --passwords owners in
stream acctcheck --with scripts --source imap://SERVER --source-sieve sieve://SERVER --target imap://SERVER --target-sieve sieve://SERVER --passwords owners in
END
# The server, the status that its clients end with, and what they say (of a long
# head libcurl before 8.6 "Too large response headers", later that it has no end).
cat >servers <<'END'
http bomb 2 an answer of more than 67108864 bytes
http chunks 2 an answer of more than 67108864 bytes
http switch 2 the server changes to another protocol (101)
http loop 2 the server redirects to http://
http loops 2 the server redirects to http://
http cut 75 998 bytes
http head 75 the head of the answer has no end
http heads 75 head
http interim 75 head
stream line 75 old server:
stream literal 75 the server's answer is not IMAP, or is cut off
stream literals 1 the server sends more than 33554432 bytes
stream lines 1 the server sends more than 33554432 bytes
END

# meet SERVER COMMAND...: what the command says of that server.
meet() {
	name=$1
	shift
	: >port
	/usr/bin/python3 "$top/tests/helper/hostile-wire" "$name" >port &
	wire=$!
	trap 'kill $wire 2>/dev/null || :' EXIT
	tries=0
	until [ -s port ] || [ "$tries" -gt 1200 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
	while read -r kind client; do
		[ "$kind" = "$protocol" ] || continue
		client=$(echo "$client" | sed "s/SERVER/127.0.0.1:$(cat port)/g")
		# shellcheck disable=SC2086
		run "$status" "$top/tests/helper/bounded" 30 400 $client >out 2>err || {
			cat err
			exit 1
		}
		cat out err >said
		has said "$text"
		hasnt said hidden-Zx
	done <clients
	kill "$wire"
}
while read -r protocol name status text; do
	ok "$protocol: $name" 'meet "$name"'
done <servers

done_testing
