#!/bin/sh
# remap over the proxy's management API: what it calls, what is there then, and
# what it says.
. "${0%/*}/lib.sh"
. "$top/t/remap.sh"

# fresh [OPTION...]: a proxy with an empty mapping file.
fresh() {
	: >store
	serve "$@"
}
remap_() {
	remap --token-file token "$@"
}
account() {	# account ADDRESS [LOGIN...]
	address=$1
	shift
	jq -nc --arg a "$address" '{v:1, type:"account", address:$a,
	    logins:$ARGS.positional} | if .logins == [] then del(.logins) else . end' --args "$@"
}

fresh --sessions alice@one.test=2 --sessions alice=1
ok 'set: address and logins, read back, sessions ended' '
	{ account alice@one.test alice; echo "{\"v\":1,\"type\":\"end\",\"count\":1}"; } >in
	run 0 remap_ set stalwart <in >out 2>err
	not [ -s err ]
	[ "$(goes alice%40one.test)" = stalwart ]
	[ "$(goes alice)" = stalwart ]
	calls >got
	cat >want <<-\END
	PUT /mappings?identifier=alice%40one.test&destination=stalwart
	PUT /mappings?identifier=alice&destination=stalwart
	POST /connections/kick?identifier=alice%40one.test
	POST /connections/kick?identifier=alice
	END
	same want got
	echo "{\"v\":1,\"type\":\"result\",\"object\":\"Route\",\"address\":\"alice@one.test\",\"logins\":[\"alice\"],\"status\":\"set\",\"destination\":\"stalwart\",\"was\":\"legacy\",\"kicked\":3}" >want
	same want out'
ok 'get: where they go, in order' '
	run 0 remap_ get bob@one.test alice@one.test >out
	cat >want <<-\END
	{"v":1,"type":"route","identifier":"bob@one.test","destination":"legacy","default":true}
	{"v":1,"type":"route","identifier":"alice@one.test","destination":"stalwart","default":false}
	END
	same want out'
ok 'names on standard input; --no-kick and --delay; each reserved byte encoded' '
	: >requests
	printf "a+b&c=d@one.test\n\n%%41@one.test\nü@one.test\n" >names
	run 0 remap_ set stalwart --no-kick --delay 7 -j 1 <names >out
	calls >got
	cat >want <<-\END
	POST /connections/delay?identifier=a%2Bb%26c%3Dd%40one.test&seconds=7
	PUT /mappings?identifier=a%2Bb%26c%3Dd%40one.test&destination=stalwart
	POST /connections/delay?identifier=%2541%40one.test&seconds=7
	PUT /mappings?identifier=%2541%40one.test&destination=stalwart
	POST /connections/delay?identifier=%C3%BC%40one.test&seconds=7
	PUT /mappings?identifier=%C3%BC%40one.test&destination=stalwart
	END
	same want got
	[ "$(goes a%2Bb%26c%3Dd%40one.test)" = stalwart ]'
ok 'records that end too early, and an input without logins, fail' '
	account="{\"v\":1,\"type\":\"account\",\"address\":\"cut@one.test\"}"
	echo "$account" | run 1 remap_ set -n stalwart >out 2>err
	has err "no end record: the dump was cut off"
	not [ -s out ]
	{ echo "$account"; echo "{\"v\":1,\"type\":\"end\",\"count\":1}"; } |
	    run 0 remap_ set -n stalwart >out 2>err
	hasnt err "end"
	run 1 remap_ set -n stalwart </dev/null >out 2>err
	has err "no records: the reader of the directory may have failed"
	not [ -s out ]'
ok 'a dry run changes nothing' '
	: >requests
	run 0 remap_ -n set stalwart carol@one.test >out
	calls >got
	not [ -s got ]
	has out "\"status\":\"planned\""
	has out "\"was\":\"legacy\""'
ok 'the default destination is a mapping as well' '
	run 0 remap_ set legacy dora@one.test >out
	grep -q "^dora@one.test.legacy$" store'
ok 'unset takes the mapping away' '
	run 0 remap_ unset dora@one.test alice@one.test >out
	not grep dora store
	[ "$(goes alice%40one.test)" = legacy ]'
fresh --sessions bob@one.test=4
ok 'kick ends sessions only' '
	run 0 remap_ kick bob@one.test >out
	has out "\"status\":\"kicked\",\"kicked\":4"
	not [ -s store ]'
ok 'hundreds, over several connections: every one, in the order of the input' '
	seq -f "u%g@one.test" 300 >names
	run 0 remap_ set stalwart --no-kick <names >out
	jq -r .address out >got
	same names got
	[ "$(grep -c "stalwart$" store)" = 300 ]'

fresh
# refused INPUT MESSAGE: nothing is called for it, others are done.
refused() {
	: >requests
	printf "%s\n" "$1" >in
	account good@one.test >>in
	run 1 remap_ set stalwart -E rejects --partial <in >out 2>err
	has err "$2"
	calls | grep -v good%40one.test >got || :
	not [ -s got ]
	has out "\"address\":\"good@one.test\",\"status\":\"set\""
}
ok 'what the mapping file cannot hold is refused before any call' '
	refused "a b@one.test" "white space"
	refused "#hash@one.test" "leading #"
	refused "$(printf "a\tb@one.test")" "control characters"
	refused "a$(printf "\302\240")b@one.test" "white space"
	refused "$(account x@one.test "x y")" "white space"
	refused "$(account y@one.test "#y")" "leading #"
	run 1 remap_ set stalwart "" good@one.test >out 2>err
	has err "a login or destination must not be empty"
	run 0 curl -K curl.rc -X POST "$url/mappings/reload" -o out
	has out reloaded'
ok 'what was refused is kept as it was read' '
	grep "^{" rejects | jq -r "select(.address == \"y@one.test\") | .logins[0], .error.kind" >got
	printf "#y\ndata\n" >want
	same want got'
ok 'a login that two accounts share is refused for both' '
	: >requests
	{ account ann@one.test ann; account bea@one.test bea; account ann@two.test ann; } >in
	run 1 remap_ set stalwart --partial <in >out 2>err
	has err "the login ann is that of ann@two.test too"
	has err "the login ann is that of ann@one.test too"
	calls | grep ann >got || :
	not [ -s got ]
	[ "$(goes bea)" = stalwart ]
	run 0 remap_ --no-logins set stalwart --partial <in >out
	[ "$(goes ann%40two.test)" = stalwart ]
	[ "$(goes ann)" = legacy ]'
fresh --fail-upsert fay2 --destinations legacy,stalwart,third
ok 'together or not at all: the second fails, the first is put back' '
	run 0 remap_ --no-kick set third fay@one.test >out
	: >requests
	account fay@one.test fay1 fay2 fay3 >in
	run 75 remap_ set stalwart --partial <in >out 2>err
	has err "upsert failed"
	[ "$(goes fay%40one.test)" = third ]
	[ "$(goes fay1)" = legacy ]
	[ "$(goes fay3)" = legacy ]
	calls | grep -c kick >got || :
	[ "$(cat got)" = 0 ]
	has out "\"status\":\"failed\""'

# --- the proxy says no ---

fresh
ok 'a wrong token: one call, and the address is not locked out' '
	echo bad >bad.token
	run 2 remap --token-file bad.token set stalwart a@one.test b@one.test c@one.test d@one.test e@one.test f@one.test g@one.test >out 2>err
	has err "the proxy does not accept the token; stopped, because more "
	[ "$(wc -l <requests)" = 1 ]
	hasnt err bad
	not [ -s out ]
	run 0 remap_ get a@one.test >out'
ok 'locked out: 75, and what to wait for' '
	for i in 1 2 3 4 5; do
		curl -s -H "Authorization: Bearer no" "$url/stats"
	done
	: >requests
	run 75 remap_ set stalwart a@one.test b@one.test 2>err
	has err "locked this address out"
	[ "$(wc -l <requests)" = 1 ]'
fresh
ok 'a destination that the proxy does not have' '
	run 2 remap_ set nowhere a@one.test 2>err
	has err "no destination nowhere; it has: stalwart, legacy"
	calls >got
	not [ -s got ]'
fresh --withdrawn stalwart
ok 'a destination that the proxy gives up meanwhile (400)' '
	run 2 remap_ set stalwart a@one.test b@one.test >out 2>err
	has err "the server refuses the request (400): unknown destination"
	[ "$(goes a%40one.test)" = legacy ]'
fresh --lose-upsert b@one.test
ok 'each write is read back: one that the proxy lost is no success' '
	account a@one.test b@one.test >in
	run 75 remap_ set stalwart --no-kick --partial <in >out 2>err
	has err "read back, b@one.test still goes to legacy"
	[ "$(goes a%40one.test)" = legacy ]
	has out "\"status\":\"failed\""'
fresh
ok 'the default destination is not taken for no mapping' '
	run 0 remap_ set --no-kick legacy a@one.test >out
	run 0 remap_ get a@one.test b@one.test >out
	[ "$(jq -r .default out | sort -u)" = true ]
	run 0 remap_ set --no-kick legacy b@one.test >out
	[ "$(grep -c "@one.test.legacy$" store)" = 2 ]'
fresh --read-only
ok 'a store that is read-only' '
	run 2 remap_ set stalwart a@one.test b@one.test >out 2>err
	has err "the proxy'"'"'s mapping store is read-only: "
	has err "upsert and delete queries"'
ok 'not the management API' '
	run 2 remap_ --url "$url/api" set stalwart a@one.test 2>err
	has err "the server has no such path; check the URL (404)"'
fresh --normalize-none
ok 'normalize = none is noticed, and said once' '
	run 0 remap_ set stalwart a@one.test b@one.test >out 2>err
	[ "$(grep -c "normalize = none" err)" = 1 ]'
fresh
ok 'and not where it is lowercase' '
	run 0 remap_ set stalwart a@one.test >out 2>err
	not [ -s err ]'
kill "$standin_pid"
ok 'nobody there: 75' '
	while curl -s -o /dev/null "$url/healthz"; do :; done
	run 75 remap_ set stalwart a@one.test 2>err
	has err "remap: $url: "'
fresh --fault 3:reset-after --fault 5:reset-before
ok 'a connection that breaks is no failure' '
	run 0 remap_ set stalwart a@one.test >out 2>err
	[ "$(goes a%40one.test)" = stalwart ]'
fresh --fault 1:badjson
ok 'an answer that is none is a failure' '
	run 2 remap_ set stalwart a@one.test >out 2>err
	has err "not the JSON it should be"'

for call in 3 4 5; do
	fresh --fault $call:202
	ok "a success that cannot be one is a failure (call $call), and is put back" '
		run 2 remap_ set stalwart a@one.test >out 2>err
		has err "a@one.test: an answer that this request does not have (202)"
		[ "$(jq -r .status out)" = failed ]
		[ "$(goes a%40one.test)" = legacy ]'
done

# --- the command line ---

fresh
ok 'credentials and wrong calls' '
	run 2 remap set stalwart a@one.test 2>err
	has err "no token"
	run 2 env -u PROXY_ADMIN_URL remap --token-file token get a 2>err
	has err "no proxy"
	run 0 env PROXY_ADMIN_TOKEN=good remap get a >out
	run 0 remap --token-command "echo good" get a >out
	chmod 644 token
	run 2 remap_ get a 2>err
	has err "others can use it"
	chmod 600 token
	run 2 remap_ 2>err
	run 2 remap_ frob 2>err
	run 2 remap_ set 2>err
	run 2 remap_ set "a b" x 2>err
	run 2 remap_ -j 0 get a 2>err
	run 2 remap_ -j 65 get a 2>err
	run 2 remap_ --delay -1 set stalwart a 2>err
	run 2 remap_ export a 2>err
	has err "export needs --format"
	run 2 remap_ -n get a 2>err
	run 2 remap --url http://192.0.2.1 --token-file token get a 2>err
	has err "in clear"'
ok 'a file is no login, and is given on standard input' '
	printf "al@one.test\n" >wave1
	mkdir al
	for command in "set stalwart" unset get kick; do
		for file in wave1 ./wave1; do
			rm -f requests
			# shellcheck disable=SC2086 # words
			run 2 remap_ $command a@one.test $file 2>err
			has err "$file: is a file, and a login is wanted"
			not grep PUT requests
		done
	done
	run 0 remap_ get al al@one.test >out
	run 0 remap_ set stalwart <wave1 >out'
ok 'nothing to do is an error, unless it may be; output that is lost is one' '
	run 1 remap_ set stalwart </dev/null >out
	not [ -s out ]
	run 0 remap_ set --partial stalwart </dev/null >out
	not [ -s out ]
	run 2 remap_ get a@one.test >/dev/full 2>err'

# --- pick ---

fresh
ok 'pick: the accounts that go there; everything else untouched' '
	run 0 remap_ set --no-kick stalwart moved@one.test >out
	{
		echo "{\"v\":1,\"type\":\"domain\",\"domain\":\"one.test\",\"x\":[1, 2]}"
		account moved@one.test
		account stays@one.test stays
		echo "{\"v\":1,\"type\":\"news\",\"thing\": 1}"
		echo "{\"v\":1,\"type\":\"alias\",\"address\":\"info@one.test\",\"targets\":[\"stays@one.test\"]}"
		echo "{\"v\":1,\"type\":\"alias\",\"address\":\"sales@one.test\",\"targets\":[\"moved@one.test\"]}"
		echo "{\"v\":1,\"type\":\"alias\",\"address\":\"all@one.test\",\"targets\":[\"moved@one.test\",\"stays@one.test\"]}"
		echo "{\"v\":1,\"type\":\"end\",\"count\":7}"
	} >in
	run 0 remap_ pick legacy in >out 2>err
	sed -e 2d -e 6d -e "s/\"count\":7/\"count\":5,\"part\":\"remap pick legacy\"/" in >want
	same want out
	run 0 remap_ pick stalwart <in >out
	{
		sed -n 1,2p in
		sed -n "4p; 6,7p" in
		echo "{\"v\":1,\"type\":\"end\",\"count\":5,\"part\":\"remap pick stalwart\"}"
	} >want
	same want out'
ok 'pick: a dump of which everything passes stays complete' '
	sed 2d in >legacy.in
	run 0 remap_ pick legacy <legacy.in >out
	same legacy.in out'
ok 'pick: an account in between is named and held back' '
	account half@one.test moved@one.test >in
	run 1 remap_ pick legacy -E half.rejects --partial <in >out 2>err
	not [ -s out ]
	has err "half@one.test: goes to legacy, and its login moved@one.test to stalwart"
	has half.rejects "\"error\""
	run 0 remap_ --no-logins pick legacy --partial <in >out
	same in out'
ok 'pick: who failed is missing in the dump, and its end says so' '
	{ account half@one.test moved@one.test; echo "{\"v\":1,\"type\":\"end\",\"count\":1}"; } >in
	run 1 remap_ pick legacy <in >out 2>err
	echo "{\"v\":1,\"type\":\"end\",\"count\":0,\"part\":\"remap pick legacy\"}" >want
	same want out'
fresh --fault 4:503 --fault 5:503 --fault 6:503 --fault 7:503 --fault 8:503 --fault 9:503
ok 'pick: no end where the proxy gave up' '
	{
		seq -f "{\"v\":1,\"type\":\"account\",\"address\":\"u%g@one.test\"}" 40
		echo "{\"v\":1,\"type\":\"end\",\"count\":40}"
	} >in
	run 75 remap_ -j 1 pick legacy <in >out 2>err
	[ "$(cat out)" = "{\"v\":1,\"type\":\"account\",\"address\":\"u1@one.test\"}" ]
	has err "(503)"'
fresh
ok 'pick: hundreds, and a bad record in the middle' '
	{
		seq -f "{\"v\":1,\"type\":\"account\",\"address\":\"u%g@one.test\"}" 300
		echo "{\"v\":1"
		seq -f "{\"v\":1,\"type\":\"account\",\"address\":\"w%g@one.test\"}" 300
	} >in
	run 1 remap_ pick legacy <in >out 2>err
	sed 301d in >want
	same want out'

ok 'a list that was saved on Windows: its first name is one' '
	printf "\357\273\277alice@one.test\r\nbob@one.test\r\n" >names
	run 0 remap_ set --no-kick stalwart <names >out
	jq -r .address out >got
	printf "alice@one.test\nbob@one.test\n" >want
	same want got
	printf "\357\273\277{\"v\":1,\"type\":\"account\",\"address\":\"alice@one.test\"}\n" >names
	run 0 remap_ set --partial --no-kick legacy <names >out
	[ "$(goes alice%40one.test)" = legacy ]'

# --- export ---

fresh
ok 'export: the tables of other programs' '
	run 0 remap_ set --no-kick stalwart alice@one.test "o'"'"'neil\\x\"@one.test" >out
	export_() {
		run "$1" remap_ export --format="$2" --host stalwart=new.test:993 \
		    --host legacy="[::1]" alice@one.test bob@one.test >out 2>err
	}
	export_ 0 tsv
	printf "alice@one.test\tstalwart\nbob@one.test\tlegacy\n" >want
	same want out
	export_ 0 dovecot-proxy
	printf "%s\n" "alice@one.test:::::::proxy=y nopassword=y host=new.test port=993" \
	    "bob@one.test:::::::proxy=y nopassword=y host=::1" >want
	same want out
	export_ 0 postfix-transport
	printf "alice@one.test\tsmtp:[new.test]:993\nbob@one.test\tsmtp:[::1]\n" >want
	same want out
	export_ 0 redis
	printf "%s\n" "SET \"alice@one.test\" \"stalwart\"" "SET \"bob@one.test\" \"legacy\"" >want
	same want out
	run 0 remap export --to stalwart --format=redis --prefix "p:" "a\"b\\c" >out
	printf "%s\n" "SET \"p:a\\\"b\\\\c\" \"stalwart\"" >want
	same want out'
ok 'export: a name with capitals is where the proxy looks for it' '
	echo "{\"v\":1,\"type\":\"account\",\"address\":\"x@one.test\",\"logins\":[\"Xavier\",\"X@one.test\"]}" >in
	run 0 remap export --partial --format=redis --to stalwart <in >out
	printf "SET \"%s\" \"stalwart\"\n" x@one.test Xavier xavier X@one.test >want
	same want out
	run 0 remap_ set --partial --no-kick stalwart <in >out
	run 0 remap_ export --partial --format=redis <in >out
	printf "SET \"%s\" \"stalwart\"\n" x@one.test xavier >want
	same want out'
ok 'export: what a format cannot hold is named' '
	run 1 remap export --to s --host s=h --format=postfix-transport bare x@one.test >out 2>err
	has err "bare: a transport table is by address"
	[ "$(cat out)" = "$(printf "x@one.test\tsmtp:[h]")" ]
	run 2 remap export --to s --format=postfix-transport x@one.test 2>err
	has err "the host of s is not known"
	run 1 remap export --to s --host s=h --format=dovecot-proxy "a:b" >out 2>err
	run 2 remap export --to s --format=sql --table "x;drop" a 2>err'
if command -v sqlite3 >/dev/null; then
	ok 'export: SQL that a database takes, twice' '
		run 0 remap export --to stalwart --format=sql --table routes alice@one.test "o'"'"'neil@one.test" >out
		echo "CREATE TABLE routes (identifier TEXT PRIMARY KEY, destination TEXT);" >make.sql
		cat make.sql out out | sqlite3 :memory: -cmd ".bail on" >got
		{ cat make.sql out out; echo "SELECT * FROM routes ORDER BY 1;"; } | sqlite3 :memory: >got
		printf "alice@one.test|stalwart\no'"'"'neil@one.test|stalwart\n" >want
		same want got'
fi
if command -v postmap >/dev/null; then
	ok 'export: a transport table that Postfix reads' '
		run 0 remap export --to s --host s=new.test:25 --format=postfix-transport alice@one.test >transport
		[ "$(postmap -q alice@one.test "texthash:$tmp/transport" 2>err)" = "smtp:[new.test]:25" ]'
	ok 'export: a transport table has no line that Postfix leaves out' '
		printf "%s@one.test\n" "a\"b" "a\\\"b" "a\"b\"c" "a\"b\\\"c" "a\\\\\"b" "a\"" x >names
		run 1 remap export --to s --host s=h --format=postfix-transport <names >transport 2>err
		cut -f 1 transport >got
		printf "%s@one.test\n" "a\\\"b" "a\"b\"c" x >want
		same want got
		[ "$(grep -c "that a transport table cannot have as key" err)" = 4 ]
		postmap "hash:$tmp/transport" 2>err
		not [ -s err ]
		[ "$(postmap -q - "hash:$tmp/transport" <got | wc -l)" = 3 ]'
fi

done_testing
