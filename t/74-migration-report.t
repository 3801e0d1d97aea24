#!/bin/sh
# migration-report: its numbers are those of the state, as text and as a page.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3
PATH=$top/scripts:$PATH

mkdir state
# step ADDRESS WAY STEP TIME STATUS [TEXT]
step() {
	mkdir -p "state/$1"
	printf '{"v":1,"type":"step","way":"%s","step":"%s","started":"2026-11-%sZ","ended":"2026-11-%sZ","status":%d,"text":"%s"}\n' \
	    "$2" "$3" "$4" "$4" "$5" "${6:-}" >>"state/$1/steps.ndjson"
}
moves() {
	for s in record create copy check mail again login after; do
		step "$1" migrate $s "$2" 0
		[ "$s" != "${3:-}" ] || return 0
	done
}
n=10
for user in ann ben cat dan; do
	n=$((n + 1))
	moves "$user@one.test" "$n"T10:00:00
done
for s in login mail read extract merge dav sieve check; do
	step dan@one.test rollback $s 16T12:30:00 0
done
moves eve@one.test 16T13:00:00 check
moves fay@one.test 17T10:00:00 copy
step fay@one.test migrate check 17T10:05:00 1 '<b>Sent</b> \"x\": 39 of 40 & more'
moves gus@one.test 17T11:00:00 mail
step gus@one.test migrate again 17T11:01:00 75 'imaps://old: no answer'
step gus@one.test migrate mail-back 17T11:02:00 0
{
	for user in ann ben cat dan eve fay gus hal; do
		printf '{"v":1,"type":"account","address":"%s@one.test","secret":"{SMD5}Zx8MHkYXDQYNyZTCfjQfOKdB8ZMzQ="}\n' $user
	done
	echo '{"v":1,"type":"end","count":8}'
} >state/records.ndjson
echo '{"v":1,"type":"note","status":"not-carried","address":"ann@one.test","reason":"the quota is <odd>"}' >state/ann@one.test/report.ndjson
echo '{"v":1,"type":"note","status":"not-carried","address":"ben@one.test","reason":"the quota is <odd>"}' >state/ben@one.test/report.ndjson

ok 'the text' '
	run 0 migration-report --html page.html state >out 2>err
	not [ -s err ]
	sed -n "3,9p" out >got
	cat >want <<-END
	       3  moved
	       1  back on the old server
	       1  prepared
	       1  to run again
	       1  for a person to look at
	       1  not begun
	       8  in all
	END
	same want got
	has out "fay@one.test: check: <b>Sent</b> \"x\": 39 of 40 & more"
	has out "      migrate-account fay@one.test"
	has out "++++...."
	grep -q "^  +++x....  failed .*fay@one.test" out
	grep -q "^  ++++\.x\.\.  again .*gus@one.test" out
	grep -q "^ *8  unusable *SMD5" out
	has out "       2  not-carried: the quota is <odd> (ann@one.test, ...)"
	hasnt out Zx'
ok 'the page says the same numbers' '
	tr -d "\n" <page.html | sed "s/<li>/\n/g" | sed -n "s/.*<b>\([0-9]*\)<\/b> \([a-z ]*\)<.*/\1 \2/p" | sed "\$a\\" >got
	sed -n "3,9s/^ *\([0-9]*\)  /\1 /p" out >want
	same want got
	[ "$(grep -c "class=\"steps\"" page.html)" = 7 ]
	has page.html "3 at the end"'
ok 'and stands alone: no script, nothing from elsewhere, tags that close' '
	hasnt page.html "<script"
	hasnt page.html "<b>Sent"
	hasnt page.html "http"
	hasnt page.html "src="
	has page.html "&lt;b&gt;Sent&lt;/b&gt; &quot;x&quot;"
	has page.html "the quota is &lt;odd&gt;"
	run 0 /usr/bin/python3 -c "
import html.parser, sys
open_tags = []
class P(html.parser.HTMLParser):
    def handle_starttag(self, tag, attrs):
        if tag not in (\"meta\", \"rect\", \"line\", \"polyline\", \"wbr\"):
            open_tags.append(tag)
    def handle_startendtag(self, tag, attrs):
        pass
    def handle_endtag(self, tag):
        assert open_tags.pop() == tag, tag
P().feed(open(\"page.html\").read())
assert open_tags == [], open_tags"
	[ "$(stat -c %a page.html)" = 644 ]'
ok 'an empty state, a cut line, a state that is not there' '
	mkdir empty
	run 0 migration-report empty >out
	has out "       0  in all"
	printf "{\"v\":1,\"type\":\"step\",\"way\":\"mig" >>state/ann@one.test/steps.ndjson
	run 0 migration-report state >out
	has out "       3  moved"
	run 2 migration-report none 2>err
	has err "none: not a folder that can be read"'
ok 'ten thousand accounts' '
	/usr/bin/python3 -c "
import os
for i in range(10000):
    d = \"many/u%05d@one.test\" % i
    os.makedirs(d)
    with open(d + \"/steps.ndjson\", \"w\") as f:
        for s in \"record create copy check mail again login after\".split():
            t = \"2026-11-%02dT%02d:%02d:00Z\" % (1 + i // 1440, i // 60 % 24, i % 60)
            f.write(\"{\\\"v\\\":1,\\\"type\\\":\\\"step\\\",\\\"way\\\":\\\"migrate\\\",\\\"step\\\":\\\"%s\\\",\\\"started\\\":\\\"%s\\\",\\\"ended\\\":\\\"%s\\\",\\\"status\\\":0,\\\"text\\\":\\\"\\\"}\\n\" % (s, t, t))
"
	run 0 migration-report --html many.html many >out
	has out "   10000  moved"
	[ "$(grep polyline many.html | wc -c)" -lt 20000 ]'
done_testing
