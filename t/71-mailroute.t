#!/bin/sh
# mailroute: split delivery on the new server.
. "${0%/*}/lib.sh"
. "$top/t/apply.sh"
need jq
need curl

STALWART_PASSWORD=secret
export STALWART_PASSWORD

# new [ARGS]: a server with two domains, one of them with an alias, two accounts,
# a group and a list.
new() {
	serve --schema "$fixtures/real/stalwart-schema.json.gz" "$@"
	stalwart-apply -q >/dev/null <<-'END'
	{"@type":"upsert","object":"Domain","matchOn":["name"],"value":{"d":{"name":"one.test","aliases":{"uno.test":true}},"e":{"name":"two.test"}}}
	{"@type":"upsert","object":"Account","matchOn":["name","domainId"],"value":{"g":{"@type":"Group","name":"sales","domainId":"#d"}}}
	{"@type":"upsert","object":"Account","matchOn":["name","domainId"],"value":{"a":{"@type":"User","name":"alice","domainId":"#d","aliases":{"0":{"name":"al","domainId":"#d"},"1":{"name":"a.l","domainId":"#e"},"2":{"name":"off","domainId":"#d","enabled":false}}},"b":{"@type":"User","name":"bob","domainId":"#d"}}}
	{"@type":"upsert","object":"MailingList","matchOn":["name","domainId"],"value":{"l":{"name":"team","domainId":"#d","aliases":{"0":{"name":"all","domainId":"#d"}},"recipients":{"alice@one.test":true}}}}
	END
}
# route: the route expression; keys: the addresses that have moved.
route() {
	jmap x:MtaOutboundStrategy/get '{"ids":["singleton"]}' |
	    jq -cS '.methodResponses[0][1].list[0].route'
}
keys() {
	jmap x:MemoryLookupKey/get '{}' |
	    jq -r '.methodResponses[0][1].list[] | select(.namespace == "moved").key' |
	    sort | tr '\n' ' '
}
relaying() {
	jmap x:Domain/get '{"properties":["name","allowRelaying"]}' |
	    jq -c '.methodResponses[0][1].list | map({(.name): .allowRelaying}) | add'
}
# calls NAME: how many requests had a call of this method.
calls() {
	grep -cF "\"$1\\" requests || :
}
status() {
	jq -r '"\(.address) \(.status)"' "$1"
}
alice='a.l@two.test al@one.test al@uno.test alice@one.test alice@uno.test '
bob='bob@one.test bob@uno.test '

new --resolves
ok 'set without the rules is refused, and changes nothing' '
	run 2 mailroute set alice@one.test >out 2>err
	has err "run \"mailroute setup\" first"
	[ "$(keys)" = "" ]
	not [ -s out ]'
ok 'without the rules the server keeps all mail: get and check say so' '
	run 0 mailroute get alice@one.test >out 2>err
	[ "$(jq -r .mail out)" = new ]
	has err "keeps everybody"
	run 1 mailroute -q check alice@one.test >out 2>err
	[ "$(jq -r "select(.type == \"delivery\") | .mail" out)" = new ]'
ok 'unset without the rules passes no mail on, and says so' '
	run 1 mailroute unset alice@one.test >out 2>err
	[ "$(jq -r .status out)" = absent ]
	has err "keeps everybody"'
ok 'setup -n changes nothing' '
	before=$(route)
	run 0 mailroute setup -n --old 192.0.2.1 >out
	[ "$(jq -r .status out | uniq)" = planned ]
	[ "$(route)" = "$before" ]
	[ "$(relaying)" = "{\"one.test\":false,\"two.test\":false}" ]'
ok 'setup without the old server says so' '
	run 2 mailroute setup 2>err
	has err "name it with --old"'
ok 'setup puts route, rules and relaying in, and keeps what was there' '
	route >before
	run 0 mailroute setup --old old.example.org:2525 >out
	[ "$(jq -r "\"\(.object) \(.name) \(.status)\"" out | sort | tr "\n" ",")" = \
	    "Action ReloadSettings updated,Domain one.test updated,Domain two.test updated,MtaOutboundStrategy null updated,MtaRoute mailferry-old created," ]
	route | jq -e "(.match | length) == 3 and .else == \"'"'mx'"'\" and
	    .match[\"0\"].if == \"key_exists('"'moved'"', to_lowercase(rcpt))\" and
	    .match[\"1\"].then == \"'"'mailferry-old'"'\""
	route | jq -cS ".match[\"2\"]" >kept
	jq -cS ".match[\"0\"]" before >wanted
	same wanted kept
	[ "$(relaying)" = "{\"one.test\":true,\"two.test\":true}" ]
	jmap x:MtaRoute/get "{}" | jq -e ".methodResponses[0][1].list[0] |
	    .address == \"old.example.org\" and .port == 2525 and .\"@type\" == \"Relay\""'
ok 'setup again finds everything as it should be, and asks for no reload' '
	: >requests
	run 0 mailroute setup --old old.example.org:2525 >out
	[ "$(jq -r .status out | sort -u)" = exists ]
	hasnt requests ReloadSettings'
ok 'setup without --old serves a domain that is new' '
	jmap x:Domain/set "{\"create\":{\"n\":{\"name\":\"new.test\"}}}" >/dev/null
	run 0 mailroute setup >out
	[ "$(jq -r "select(.status == \"updated\").name" out)" = new.test ]'
ok 'another old server is taken over' '
	run 0 mailroute setup --old "[2001:db8::1]" >out
	jmap x:MtaRoute/get "{}" | jq -e ".methodResponses[0][1].list |
	    length == 1 and .[0].address == \"2001:db8::1\" and .[0].port == 25"'
ok 'an old server on loopback is refused' '
	for host in 127.0.0.1 localhost "[::1]:25"; do
		run 2 mailroute setup --old "$host" 2>err
		has err "never relays to itself"
	done
	run 2 mailroute setup --old host:0 2>err
	run 2 mailroute setup --old "a b" 2>err'

ok 'set makes a key for each address in each name of its domain' '
	: >requests
	run 0 mailroute set AL@uno.test >out
	[ "$(keys)" = "$alice" ]
	jq -e ".status == \"set\" and .address == \"al@uno.test\" and
	    .addresses[0] == \"alice@one.test\" and (.addresses | length) == 5" out
	[ "$(grep -c ReloadLookupStores requests)" -eq 1 ]'
ok 'set again makes nothing, and has the keys loaded all the same' '
	: >requests
	run 0 mailroute set alice@one.test >out
	[ "$(jq -r .status out)" = exists ]
	[ "$(grep -c ReloadLookupStores requests)" -eq 1 ]
	[ "$(keys)" = "$alice" ]'
ok 'several accounts go in a request, a group and a list too; one not there fails' '
	: >requests
	run 1 mailroute set bob@one.test sales@uno.test all@one.test \
	    nobody@one.test x@nowhere.test BOB@one.test off@one.test >out 2>err
	status out >got
	printf "%s\n" "bob@one.test set" "sales@uno.test set" "all@one.test set" \
	    "nobody@one.test failed" "x@nowhere.test failed" "bob@one.test set" \
	    "off@one.test failed" >want
	same want got
	has err "does not have the domain nowhere.test"
	[ "$(calls x:MemoryLookupKey/set)" -eq 1 ]
	run 0 mailroute list >out
	[ "$(jq -r .address out | wc -l)" -eq 13 ]
	jq -r .address out >list
	sort list >sorted
	same sorted list'
ok 'get says where the mail goes' '
	run 0 mailroute get al@one.test >out
	[ "$(jq -r .mail out)" = new ]
	id=$(jmap x:MemoryLookupKey/get "{}" | jq -r ".methodResponses[0][1].list[] |
	    select(.key == \"al@uno.test\").id")
	jmap x:MemoryLookupKey/set "{\"destroy\":[\"$id\"]}" >/dev/null
	run 0 mailroute get al@one.test >out
	jq -e ".mail == \"partly\" and .without == [\"al@uno.test\"]" out
	run 0 mailroute set al@one.test >out
	[ "$(jq -r .status out)" = set ]'
ok 'unset takes all of them away, and once more finds none' '
	run 0 mailroute unset -n alice@one.test >out
	[ "$(jq -r .status out)" = planned ]
	run 0 mailroute unset al@one.test sales@one.test team@one.test >out
	[ "$(jq -r .status out | uniq)" = unset ]
	[ "$(keys)" = "$bob" ]
	run 0 mailroute unset al@one.test >out
	[ "$(jq -r .status out)" = absent ]
	run 0 mailroute get alice@one.test >out
	[ "$(jq -r .mail out)" = old ]'
ok 'records: their address counts, and an alias that is not there is named' '
	cat >records <<-END
	{"v":1,"type":"domain","domain":"one.test"}
	{"v":1,"type":"account","address":"alice@one.test","aliases":["al@one.test","gone@one.test"]}
	{"v":1,"type":"alias","address":"info@one.test","targets":["bob@one.test"]}
	{"v":1,"type":"account","address":"carol@one.test"}
	{"v":1,"type":"end","count":4}
	END
	run 1 mailroute set -E rejects <records >out 2>err
	has err "its alias gone@one.test is not on the new server"
	hasnt err "end\" record"
	status out >got
	printf "%s\n" "alice@one.test set" "carol@one.test failed" >want
	same want got
	[ "$(jq -r .address rejects)" = carol@one.test ]
	[ "$(keys)" = "$alice$bob" ]'
ok 'unset of somebody whom the server has no more goes by the record' '
	id=$(jmap x:Account/query "{\"filter\":{\"name\":\"alice\"}}" |
	    jq -r ".methodResponses[0][1].ids[0]")
	jmap x:MailingList/get "{}" | jq -r ".methodResponses[0][1].list[].id" >list
	jmap x:MailingList/set "{\"destroy\":[\"$(cat list)\"]}" >/dev/null
	jmap x:Account/set "{\"destroy\":[\"$id\"]}" >/dev/null
	run 1 mailroute check 2>err >out
	has err "al@uno.test has a key, and the new server has nobody"
	run 0 mailroute unset <records >out
	[ "$(keys)" = "al@uno.test alice@uno.test a.l@two.test $bob" ] ||
	    [ "$(keys)" = "a.l@two.test al@uno.test alice@uno.test $bob" ]
	run 0 mailroute unset al@uno.test alice@uno.test a.l@two.test >out
	[ "$(keys)" = "$bob" ]'
ok 'nothing on standard input, and a cut dump, fail' '
	run 1 mailroute set </dev/null 2>err
	has err "no records: the reader of the directory may have failed"
	head -n 4 records | grep -v carol | run 1 mailroute unset 2>err >out
	has err "no end record"
	not [ -s out ]'

new --resolves
mailroute setup --old 192.0.2.1 >setup.out
ok 'check: all is well' '
	run 0 mailroute check >out 2>err
	[ "$(jq -r "select(.type == \"check\").status" out | sort -u)" = ok ]
	not [ -s err ]
	[ "$(jq -r "select(.type == \"delivery\").mail" out | sort -u)" = old ]'
ok 'check: a rule of somebody else first, a catch-all, no relaying, no route' '
	mailroute set bob@one.test >/dev/null
	cp requests before.requests
	jmap x:MtaOutboundStrategy/get "{\"ids\":[\"singleton\"]}" |
	    jq -c ".methodResponses[0][1].list[0].route |
		{\"route\": {\"match\": ({\"0\": {\"if\": \"sender == '"'x@y'"'\", \"then\": \"'"'mx'"'\"}} +
		(.match | with_entries(.key = ((.key | tonumber) + 1 | tostring)))), \"else\": .else}}" >patch
	jmap x:MtaOutboundStrategy/set "{\"update\":{\"singleton\":$(cat patch)}}" >/dev/null
	jmap x:Domain/get "{\"properties\":[\"name\"]}" |
	    jq -r ".methodResponses[0][1].list[] | \"\(.name) \(.id)\"" >ids
	one=$(sed -n "s/^one.test //p" ids) two=$(sed -n "s/^two.test //p" ids)
	jmap x:Domain/set "{\"update\":{\"$one\":{\"catchAllAddress\":\"bob@one.test\"},\"$two\":{\"allowRelaying\":false}}}" >/dev/null
	run 1 mailroute check >out 2>err
	has err "another rule comes before"
	has err "one.test has a catch-all (bob@one.test)"
	has err "two.test refuses mail for those"
	run 2 mailroute set alice@one.test 2>err
	has err "others before them"
	[ "$(jq -r "select(.type == \"delivery\") | .mail + .status" out | sort -u)" = unknownunknown ]
	run 1 mailroute get bob@one.test alice@one.test >out 2>err
	[ "$(jq -r .mail out | uniq)" = unknown ]
	has err "not the first in force"
	run 1 mailroute setup 2>err >out
	has err "it has a catch-all on the new server (bob@one.test)"
	[ "$(relaying)" = "{\"one.test\":true,\"two.test\":false}" ]
	jmap x:Domain/set "{\"update\":{\"$one\":{\"catchAllAddress\":null}}}" >/dev/null
	run 0 mailroute setup >out
	run 0 mailroute check >out 2>err
	route | jq -e ".match[\"2\"].if == \"sender == '"'x@y'"'\""'
ok 'teardown waits for those who have not moved' '
	run 1 mailroute teardown 2>err
	has err "2 accounts not moved yet"
	run 0 mailroute check >/dev/null
	mailroute set alice@one.test sales@one.test >/dev/null
	run 0 mailroute teardown -n >out
	[ "$(jq -r .status out | sort -u | tr "\n" " ")" = "planned " ]
	run 0 mailroute check >/dev/null'
ok 'and for those who are at work on an account, or were killed at it' '
	mailroute --as "host:/state=1" hold bob@one.test >/dev/null
	for dry in "" -n; do
		run 1 mailroute teardown $dry 2>err
		has err "a run is at work on an account, or was killed at it (1; one is bob@one.test, that of host:/state=1)"
		has err "\"mailroute release bob@one.test\""
	done
	run 0 mailroute check >/dev/null
	mailroute release bob@one.test >/dev/null'
ok 'teardown takes out what is ours, and leaves the rest' '
	run 0 mailroute teardown >out
	route | jq -e "(.match | length) == 2 and .match[\"0\"].if == \"sender == '"'x@y'"'\"
	    and .match[\"1\"].then == \"'"'local'"'\""
	[ "$(keys)" = "" ]
	jmap x:MemoryLookupKey/get "{}" | jq -e ".methodResponses[0][1].list == []"
	jmap x:MtaRoute/get "{}" | jq -e ".methodResponses[0][1].list == []"
	[ "$(relaying)" = "{\"one.test\":false,\"two.test\":false}" ]
	run 0 mailroute teardown >out
	[ "$(jq -r .status out | sort -u)" = absent ]'
ok 'a domain that relayed before goes on to' '
	jmap x:Domain/set "{\"update\":{\"b\":{\"allowRelaying\":true}}}" >/dev/null
	relaying >before
	mailroute setup --old 192.0.2.1 >/dev/null
	mailroute --as host:/state hold bob@one.test >/dev/null
	mailroute teardown --force >/dev/null
	jmap x:MemoryLookupKey/get "{}" | jq -e ".methodResponses[0][1].list == []"
	relaying >after
	same before after
	has after "true"
	has after "false"'

new
ok 'settings that do not load: said in words, and nothing goes on from there' '
	run 1 mailroute setup --old 192.0.2.1 >out 2>err
	has err "SpamPyzor"
	has err "Name or service not known"
	has err "mailroute setup --restarted"
	[ "$(relaying)" = "{\"one.test\":false,\"two.test\":false}" ]
	run 2 mailroute set bob@one.test 2>err
	has err "has not loaded the rules"
	run 1 mailroute check 2>err >out
	has err "the server has not loaded them"
	[ "$(jq -r "select(.type == \"delivery\") | .mail" out | sort -u)" = unknown ]
	run 1 mailroute setup 2>err >out
	has err "SpamPyzor"'
ok 'after a restart it goes on' '
	run 0 mailroute setup --restarted >out
	[ "$(relaying)" = "{\"one.test\":true,\"two.test\":true}" ]
	run 0 mailroute set bob@one.test >out
	run 0 mailroute check >out'
ok 'teardown likewise' '
	run 1 mailroute teardown --force >out 2>err
	has err "SpamPyzor"
	[ "$(keys)" = "$bob" ]
	run 0 mailroute teardown --force --restarted >out
	[ "$(keys)" = "" ]'


new --resolves
mailroute setup --old 192.0.2.1 >setup.out
ok 'an account whose key is refused keeps none of them' '
	long=$(printf "%0244d" 0)
	jmap x:Domain/set "{\"create\":{\"l\":{\"name\":\"long.test\",\"aliases\":{\"much-longer.test\":true}}}}" |
	    jq -r ".methodResponses[0][1].created.l.id" >id
	jmap x:Account/set "{\"create\":{\"u\":{\"@type\":\"User\",\"name\":\"$long\",\"domainId\":\"$(cat id)\"}}}" >created
	mailroute setup >/dev/null
	run 1 mailroute set "$long@long.test" bob@one.test >out 2>err
	[ "$(jq -r .status out | tr "\n" " ")" = "failed set " ]
	has err "key: MaxLength"
	[ "$(keys)" = "$bob" ]'

# others N: so many addresses more have moved, of whom nobody knows.
others() {
	seq -f 'o%g@one.test' "$1" |
	    jq -cRn '[inputs | {(.): {namespace: "moved", key: ., isGlobPattern: false}}] | add' >create
	jmap x:MemoryLookupKey/set "{\"create\":$(cat create)}" | jq -e '.methodResponses[0][1].created | length == '"$1" >/dev/null
}
# asks CALL...: how many requests it takes, and how long they are.
asks() {
	: >requests
	mailroute "$@" >out
	wc -lc <requests | tr -s ' '
}
new --resolves
mailroute setup --old 192.0.2.1 >setup.out
mailroute set alice@one.test bob@one.test >set.out
ok 'with --keys only the keys of those who are named are read, however many there are' '
	get=$(asks get --keys set.out al@one.test)
	all=$(asks get al@one.test)
	others 400
	[ "$(asks get --keys set.out al@one.test)" = "$get" ]
	[ "$(jq -r .mail out)" = new ]
	[ "$(asks get al@one.test)" != "$all" ]
	unset=$(asks unset --keys set.out alice@one.test)
	[ "$(jq -r .status out)" = unset ]
	not grep "filter[^a-z]*namespace[^a-z]*moved" requests
	[ "$(mailroute list | wc -l)" = 402 ]
	[ "$(asks unset alice@one.test)" != "$unset" ]
	grep "filter[^a-z]*namespace[^a-z]*moved" requests'
ok 'keys that are others by now, or that no file has, are found all the same' '
	run 0 mailroute get --keys set.out alice@one.test >out
	[ "$(jq -r .mail out)" = old ]
	run 0 mailroute unset -n --keys set.out alice@one.test bob@one.test >out
	status out >got
	printf "%s\n" "alice@one.test absent" "bob@one.test planned" >want
	same want got
	run 0 mailroute set alice@one.test >again.out
	jq -e ".keys | length == 5" again.out
	run 0 mailroute unset --keys set.out alice@one.test bob@one.test >out
	[ "$(jq -r .status out | sort -u)" = unset ]
	[ "$(keys | tr " " "\n" | grep -c "^[^o]")" = 0 ]
	printf "{\"keys\":[\"no id\",1,{" >cut
	cat set.out cut >two
	run 0 mailroute get --keys two alice@one.test bob@one.test >out
	[ "$(jq -r .mail out | sort -u)" = old ]
	run 2 mailroute get --keys none alice@one.test 2>err
	has err "none: cannot be opened"
	run 2 mailroute list --keys set.out 2>err
	has err "--keys is for get, set and unset"'

# The proxy's routes beside the keys.
new --resolves
mailroute setup --old 192.0.2.1 >setup.out
mailroute set alice@one.test sales@one.test >set.out
stalwart=$url
(umask 077; echo good >token; echo wrong-token >bad.token)
printf 'alice@one.test\tstalwart\nbob@one.test\tstalwart\n' >store
start_standin standin-proxy --token good --store "$tmp/store" --log "$tmp/proxied"
proxy=$url url=$stalwart
check_() {
	mailroute check --proxy-url "$proxy" --proxy-token-file token "$@"
}
ok 'check: who is between the servers, with the mail here and the login there' '
	run 1 check_ >out 2>err
	jq -r "select(.type == \"delivery\") | \"\(.address) \(.mail) \(.login) \(.status)\"" out |
	    sort >got
	cat >want <<-END
	alice@one.test new new ok
	bob@one.test old new between
	sales@one.test new null ok
	team@one.test old null ok
	END
	same want got
	has err "bob@one.test: between the servers: mail old, login new"
	run 0 check_ AL@one.test >out
	jq -e "select(.type == \"delivery\") | .mail == \"new\" and .login == \"new\"" out'
ok 'check: a wrong token is one failed login' '
	: >proxied
	run 2 mailroute check --proxy-url "$proxy" --proxy-token-file bad.token >out 2>err
	[ "$(wc -l <proxied)" -eq 1 ]
	hasnt err wrong-token'
ok 'check: a destination that the proxy does not have is said' '
	run 2 check_ --destination nowhere >out 2>err
	has err "no destination nowhere"'

# Which POST request of a set of two accounts is the first with a method, and how
# many there are before.
new --resolves
mailroute setup --old 192.0.2.1 >setup.out
before=$(grep -c '"method":"POST"' requests)
: >requests
mailroute set alice@one.test bob@one.test >set.out
grep '"method":"POST"' requests >posts
# faulty METHOD WHAT: a server that is set up, and fails at this request.
faulty() {
	nth=$(grep -nF "$1" posts | head -n 1 | cut -d: -f1)
	new --resolves --fault "$((before + nth)):$2"
	mailroute setup --old 192.0.2.1 >setup.out
}
for method in x:Domain/query x:Domain/get x:Account/query x:MemoryLookupKey/get; do
	faulty "$method" no-list
	ok "$method without its list is no empty one" '
		run 75 mailroute set alice@one.test bob@one.test >out 2>err
		has err "an answer without its list"
		[ "$(keys)" = "" ]
		run 0 mailroute set alice@one.test bob@one.test >out
		[ "$(keys)" = "$alice$bob" ]'
done
for fault in reset-after mid-set cut badjson 503:0; do
	faulty x:MemoryLookupKey/set "$fault"
	ok "keys that meet $fault end as one whole" '
		got=0
		mailroute set alice@one.test bob@one.test >out 2>err || got=$?
		[ "$got" -eq 0 ] || [ "$got" -eq 75 ]
		case "$(status out | cut -d" " -f2 | tr "\n" " ")$(keys)" in
		"set set $alice$bob") ;;
		"failed set $bob" | "set failed $alice" | "failed failed ") ;;
		*)
			cat out err
			keys
			false
			;;
		esac
		run 0 mailroute set alice@one.test bob@one.test >out
		[ "$(keys)" = "$alice$bob" ]'
done
faulty ReloadLookupStores method-error:forbidden
ok 'keys that the server did not load fail, and a rerun loads them' '
	run 2 mailroute set alice@one.test bob@one.test >out 2>err
	has err "the server does not load them"
	run 0 mailroute set bob@one.test >out
	[ "$(jq -r .status out)" = exists ]'
new --resolves --max-objects-in-set 3
mailroute setup --old 192.0.2.1 >setup.out
ok 'what is too much for a request is parted' '
	run 0 mailroute set alice@one.test bob@one.test >out
	[ "$(keys)" = "$alice$bob" ]
	run 0 mailroute unset alice@one.test bob@one.test >out
	[ "$(keys)" = "" ]'
faulty x:MemoryLookupKey/set method-error:requestTooLarge
ok 'what the server finds too much is halved' '
	run 0 mailroute set alice@one.test bob@one.test >out
	[ "$(keys)" = "$alice$bob" ]'
ok 'a wrong password ends the run, after one try, and is not shown' '
	: >requests
	STALWART_PASSWORD=wrong-word run 2 mailroute list 2>err
	[ "$(wc -l <requests)" -eq 1 ]
	hasnt err wrong-word'
# notes: who is at work, on the server.
notes() {
	jmap x:MemoryLookupKey/get '{}' |
	    jq -r '.methodResponses[0][1].list[] | select(.namespace == "mailferry-hold").key' |
	    sort | tr '\n' ' '
}
ok 'two at work on one account: the second is told of the first' '
	run 0 mailroute --as host:/one hold alice@one.test new@one.test >out
	[ "$(jq -r .status out | tr "\n" " ")" = "held held " ]
	run 0 mailroute --as host:/one hold alice@one.test >out
	[ "$(jq -r .status out)" = exists ]
	run 75 mailroute --as host:/two hold alice@one.test bob@one.test >out 2>err
	jq -c "[.address, .status, .by]" out >got
	printf "%s\n" "[\"alice@one.test\",\"failed\",\"host:/one\"]" "[\"bob@one.test\",\"held\",null]" | same - got
	has err "another run is at work on it: host:/one (where that is no more: mailroute release alice@one.test)"
	[ "$(notes)" = "alice@one.test=host:/one bob@one.test=host:/two new@one.test=host:/one " ]
	run 0 mailroute --as host:/two release alice@one.test >out
	[ "$(jq -r .status out)" = absent ]
	run 0 mailroute --as host:/one release alice@one.test >out
	[ "$(jq -r .status out)" = released ]
	run 0 mailroute --as host:/two hold alice@one.test >out
	printf "%s\n" alice@one.test bob@one.test new@one.test | run 0 mailroute release >out
	[ "$(notes)" = "" ]
	run 2 mailroute hold alice@one.test 2>err
	has err "no name of the one at work: --as WHO"
	run 2 mailroute --as x list 2>err
	has err "--as is for hold and release"'
ok 'a server that is not there is a failure that may pass' '
	run 75 mailroute --url http://127.0.0.1:1 list 2>err'
ok 'wrong calls' '
	run 2 mailroute 2>err
	run 2 mailroute move alice@one.test 2>err
	has err "not a command: move"
	run 2 mailroute list alice@one.test 2>err
	run 2 mailroute get -n alice@one.test 2>err
	run 2 mailroute set --old x alice@one.test 2>err
	run 1 mailroute set not-an-address 2>err >out'
ok 'output that is lost is a failure' '
	for call in list "set bob@one.test" check; do
		got=0
		mailroute $call >/dev/full 2>err || got=$?
		[ "$got" -eq 2 ]
	done'

done_testing
