#!/bin/sh
# remap --mapping-file: many at once, in the proxy's own file.
. "${0%/*}/lib.sh"
. "$top/t/remap.sh"

remap_() {
	remap --token-file token --mapping-file store "$@"
}
cat >store <<-\END
	# the first ones
	alice@one.test legacy

	bob@one.test  stalwart
	alice@one.test stalwart
	carol@one.test	legacy
	END
cp store first
chmod 640 store
serve --sessions dora@one.test=2
ok 'set: comments, order and other lines stay; one reload' '
	[ "$(goes bob%40one.test)" = stalwart ]
	: >requests
	printf "bob@one.test\ndora@one.test\ndora\n" >names
	run 0 remap_ set legacy --no-kick <names >out 2>err
	not [ -s err ]
	cat >want <<-END
	# the first ones
	alice@one.test	legacy

	bob@one.test	legacy
	alice@one.test	stalwart
	carol@one.test	legacy
	dora@one.test	legacy
	dora	legacy
	END
	same want store
	calls >got
	printf "POST /mappings/reload\nPOST /cache/invalidate\n" >want
	same want got
	jq -r .status out >got
	printf "set\nset\nset\n" >want
	same want got'
ok 'what was cached before goes the new way' '
	[ "$(goes bob%40one.test)" = legacy ]
	[ "$(goes alice%40one.test)" = stalwart ]'
ok 'the file keeps its mode; nothing else is left beside it' '
	[ "$(stat -c %a store)" = 640 ]
	ls -A | grep store >got
	echo store >want
	same want got'
ok 'set, then kick' '
	run 0 remap_ set stalwart dora@one.test >out
	has out "\"status\":\"set\",\"destination\":\"stalwart\",\"kicked\":2"'
ok 'an identifier with several lines has one afterwards, or none' '
	run 0 remap_ set --no-kick legacy alice@one.test >out
	grep alice store >got
	printf "alice@one.test\tlegacy\n" >want
	same want got
	cp first store
	run 0 remap_ unset --no-kick alice@one.test >out
	not grep alice store
	[ "$(goes alice%40one.test)" = legacy ]'
ok 'a dry run leaves the file and the proxy alone' '
	cp first store
	: >requests
	run 0 remap_ -n set stalwart carol@one.test >out
	same first store
	has out planned
	calls >got
	not [ -s got ]'
ok 'a symbolic link stays one' '
	cp first elsewhere
	ln -s elsewhere link
	run 2 remap --token-file token --mapping-file link set --no-kick stalwart zoe@one.test 2>err
	has err "is this the proxy"
	[ -h link ]
	same first elsewhere'

# The proxy lowers identifiers as it loads its file, and the last line counts.
cat >store <<-\END
	bob@one.test	legacy
	Bob@One.test	stalwart
	END
serve
ok 'the proxy as it is: of two forms of a name the last line counts' '
	[ "$(goes bob%40one.test)" = stalwart ]
	[ "$(goes BOB%40one.test)" = stalwart ]'
ok 'set by the address takes in a line with capitals' '
	run 0 remap_ set --no-kick legacy bob@one.test >out
	[ "$(goes bob%40one.test)" = legacy ]
	[ "$(wc -l <store)" -eq 1 ]
	run 0 remap_ unset --no-kick BOB@one.test >out
	not [ -s store ]'
ok 'a login with capitals is written as the proxy looks for it' '
	echo "{\"v\":1,\"type\":\"account\",\"address\":\"bob@one.test\",\"logins\":[\"Bob@One.test\",\"Böb\",\"BÖB\"]}" |
	    run 0 remap_ set --partial --no-kick stalwart >out
	printf "bob@one.test\tstalwart\nböb\tstalwart\n" >want
	same want store
	run 0 remap_ set --no-kick legacy bob@one.test BÖB >out
	[ "$(goes bob%40one.test)$(goes b%C3%B6b)" = legacylegacy ]'
ok 'a login that another account has in other capitals is refused for both' '
	cp store before
	cat >in <<-END
	{"v":1,"type":"account","address":"ann@one.test","logins":["Info"]}
	{"v":1,"type":"account","address":"dan@two.test","logins":["info"]}
	END
	run 1 remap_ set --partial --no-kick stalwart <in >out 2>err
	[ "$(grep -c "\"status\":\"failed\"" out)" -eq 2 ]
	has err "is that of ann@one.test too"
	same before store
	run 1 remap --token-file token set --partial --no-kick stalwart <in >out 2>err
	same before store'
ok 'export of a file that says two things of one name is refused' '
	printf "Bob stalwart\nbob legacy\nann legacy\n" >both
	run 1 remap export --mapping-file both --format=redis >out 2>err
	has err "both: Bob is there in other capitals, too, and to another destination"
	not [ -s out ]
	printf "Bob stalwart\nbob stalwart\nAnn legacy\n" >both
	run 0 remap export --mapping-file both --format=redis >out
	printf "SET \"%s\" \"%s\"\n" Bob stalwart bob stalwart Ann legacy ann legacy >want
	same want out'
rm store
echo "Bob stalwart" >store
serve --normalize-none
ok 'a proxy that keeps capitals: each form of a name is one of its own' '
	run 0 remap_ -q set --no-kick legacy bob >out
	[ "$(goes Bob)" = stalwart ]
	[ "$(goes bob)" = legacy ]
	[ "$(wc -l <store)" -eq 2 ]'
cp first store
serve --sessions dora@one.test=2

# broken LINE MESSAGE: a file that the proxy could not load is left as it is.
broken() {
	{ cat first; printf '%s\n' "$1"; } >store
	cp store before
	run 2 remap_ set stalwart eve@one.test >out 2>err
	has err "store: the proxy could not load this file: line 7: $2"
	same before store
	cp first store
}
ok 'a file that the proxy could not load is not touched' '
	broken "one" "one word"
	broken "a b@one.test stalwart" "more than"
	broken " stalwart" "one word"
	printf "\377 legacy\n" >store
	run 2 remap_ set stalwart eve@one.test 2>err
	has err "not UTF-8"
	rm store
	run 2 remap_ set stalwart eve@one.test 2>err
	has err "No such file"
	cp first store'
ok 'identifiers that would break it are refused, others are set' '
	printf "#x\na b\nok@one.test\n" >names
	run 1 remap_ set --no-kick stalwart <names >out 2>err
	has err "leading #"
	has err "white space"
	grep ok@one.test store
	not grep "^#x" store
	run 0 curl -K curl.rc -X POST "$url/mappings/reload" -o out
	has out reloaded'
ok 'a wrong token or destination: the file is not touched' '
	cp store before
	: >requests
	echo bad >bad.token
	run 2 remap --token-file bad.token --mapping-file store set stalwart eve@one.test 2>err
	run 2 remap_ set nowhere eve@one.test 2>err
	same before store
	[ "$(wc -l <requests)" = 2 ]'

cp first store
cp first store
serve --fault 3:slow:30000
ok 'a reload that hangs can be left: the change is undone' '
	echo alice@one.test >names
	remap --token-file token --mapping-file store set stalwart <names >out 2>err &
	pid=$!
	n=0
	while cmp -s store first; do
		n=$((n + 1))
		[ $n -lt 1200 ]
		sleep 0.05
	done
	sleep 0.5
	kill -TERM $pid
	got=0
	wait $pid || got=$?
	echo "exit $got"
	cat err
	[ "$got" -eq 2 ]
	same first store
	has err "the old mapping file is in its place again"
	[ ! -s out ]'

serve --fail-reload 1
ok 'a reload that fails: the old file is in its place again, and loaded' '
	run 75 remap_ set --no-kick stalwart eve@one.test >out 2>err
	has err "reload failed"
	has err "the old mapping file is in its place again"
	same first store
	not [ -s out ]
	calls >got
	printf "POST /mappings/reload\nPOST /mappings/reload\n" >want
	same want got
	run 0 remap_ set --no-kick stalwart eve@one.test >out'

cp first store
serve
ok 'a write that fails leaves the old file (--mapping-file on a full disk)' '
	cat >names <<-END
	$(seq -f "u%g@one.test" 2000)
	END
	(ulimit -f 4; trap "" XFSZ; run 2 remap_ set --no-kick stalwart <names >/dev/null 2>err)
	same first store
	has err "File too large"
	ls -A | grep -c "store" >got
	[ "$(cat got)" = 1 ]'
ok 'two at once lose nothing' '
	for n in 1 2 3 4 5 6; do
		seq -f "w$n-%g@one.test" 50 >names.$n
		run 0 remap_ set --no-kick stalwart <names.$n >out.$n 2>err.$n &
		pids="${pids:-} $!"
	done
	for pid in $pids; do
		wait "$pid"
	done
	[ "$(grep -c "^w" store)" = 300 ]
	has store "# the first ones"'
ok 'export of the whole file asks no proxy' '
	cp first store
	run 0 env -u PROXY_ADMIN_URL remap export --format=tsv --mapping-file store >out
	printf "bob@one.test\tstalwart\nalice@one.test\tstalwart\ncarol@one.test\tlegacy\n" >want
	sort want >want.sorted
	sort out >got
	same want.sorted got'

done_testing
