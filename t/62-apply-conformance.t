#!/bin/sh
# Each rule of stalwart-cli apply as a plan: the requests that it causes, as the
# stand-in records them, and what the server holds then. The schema is the real
# server's; the names of its lists, which the recording lacks, are added.
. "${0%/*}/lib.sh"
need curl
need jq

echo secret >admin.secret
gzip -dc "$fixtures/real/stalwart-schema.json.gz" |
    jq -c '.lists = {"x:Domain":{"labelProperty":"name"},"x:Tenant":{"labelProperty":"name"},
	"x:Role":{"labelProperty":"description"},"x:MailingList":{"labelProperty":"emailAddress"},
	"x:Account":{}}' >schema.json

serve() {
	[ -z "${standin_pid:-}" ] || end_process "$standin_pid" "$standin_born"
	rm -f requests
	start_standin standin-stalwart --admin admin:secret --log "$tmp/requests" \
	    --schema "$tmp/schema.json" "$@"
	STALWART_URL=$url STALWART_USER=admin
	export STALWART_URL STALWART_USER
}
apply() {
	: >requests
	stalwart-apply --destroy --no-invalidate --password-file admin.secret "$@"
}
# jmap METHOD ARGUMENTS: prints the arguments of the answer.
jmap() {
	printf '{"using":["urn:stalwart:jmap"],"methodCalls":[["%s",%s,"0"]]}' "$1" "$2" >jmap.json
	curl -s -u admin:secret --data-binary @jmap.json -H 'Content-Type: application/json' \
	    "$STALWART_URL/jmap/" | jq -c '.methodResponses[0][1]'
}
# state TYPE FILTER: what the server holds, by jq, an object a line.
state() {
	jmap "x:$1/get" '{"ids":null}' | jq -c ".list[]|$2"
}
# set_all METHOD ARGUMENTS: something is there before.
set_all() {
	jmap "$1" "$2" >/dev/null
}
# The method calls of the last run, in order.
calls() {
	jq -rc 'select(.method == "POST") | .body | fromjson | .methodCalls[] |
	    "\(.[0]) \(.[1] | tojson)"' requests
}
# did FILTER LINE...: the calls that FILTER (a pattern) picks are exactly these.
did() {
	calls | grep -E "$1" >got.calls || :
	shift
	printf '%s\n' "$@" | sed '/^$/d' >want.calls
	same want.calls got.calls
}
# holds TYPE FILTER LINE...
holds() {
	state "$1" "$2" | sort >got.state
	shift 2
	printf '%s\n' "$@" | sort >want.state
	same want.state got.state
}
results() {
	jq -rc '[.object, .status, (.address // .ref // .id)] | join(" ")' out
}
plan() {
	cat >plan
}
# refused MESSAGE: the plan changes nothing, and says why.
refused() {
	run 2 apply plan >out 2>err
	has err "$1"
	not [ -s out ]
	[ "$(calls | wc -l)" = 0 ]
}
D='{"@type":"upsert","object":"Domain","matchOn":["name"],"value":{"d":{"name":"one.test"}}}'

# --- passes ---
serve
# No signing keys of its own, which would have to go first.
set_all x:Domain/set '{"create":{"a":{"name":"one.test","dkimManagement":{"@type":"Manual"}}}}'
set_all x:Account/set '{"create":{"a":{"@type":"User","name":"old","domainId":"b"},"g":{"@type":"Group","name":"grp","domainId":"b"}}}'
ok 'destroys come first, the last of the plan first; then the rest in order' '
	plan <<-X
	{"@type":"create","object":"Domain","value":{"d":{"name":"new.test"}}}
	{"@type":"destroy","object":"Domain","value":{"name":"one.test"}}
	{"@type":"destroy","object":"Account","value":{"domainId":"b"}}
	{"@type":"update","object":"Domain","id":"#d","value":{"description":"x"}}
	X
	run 0 apply plan >out 2>err
	did "set" "x:Account/set {\"destroy\":[\"c\",\"b\"]}" \
	    "x:Domain/set {\"destroy\":[\"b\"]}" \
	    "x:Domain/set {\"create\":{\"d\":{\"name\":\"new.test\"}}}" \
	    "x:Domain/set {\"update\":{\"c\":{\"description\":\"x\"}}}"
	results >got
	printf "%s\n" "Account destroyed grp@one.test" "Account destroyed old@one.test" \
	    "Domain destroyed one.test" "Domain created new.test" "Domain updated new.test" >want
	same want got
	holds Domain .name "\"new.test\""'

serve
set_all x:Domain/set '{"create":{"a":{"name":"one.test"}}}'
set_all x:Account/set '{"create":{"a":{"@type":"Group","name":"grp","domainId":"b"}}}'
set_all x:Account/set '{"create":{"a":{"@type":"User","name":"u","domainId":"b","memberGroupIds":{"b":true}}}}'
ok 'a filter takes away what it fits, and no value everything' '
	plan <<-X
	{"@type":"destroy","object":"Account","value":{"@type":"User"}}
	X
	run 0 apply plan >out 2>err
	did query "x:Account/query {\"position\":0,\"limit\":500,\"calculateTotal\":true,\"filter\":{\"@type\":\"User\"}}" \
	    "x:Domain/query {\"position\":0,\"limit\":500,\"calculateTotal\":true}" \
	    "x:MemoryLookupKey/query {\"position\":0,\"limit\":500,\"calculateTotal\":true,\"filter\":{\"namespace\":\"send-as\"}}"
	# Those were for catch-alls and for rights to send as others, once.
	holds Account .name "\"grp\""
	echo "{\"@type\":\"destroy\",\"object\":\"x:account\"}" >plan
	run 0 apply plan >out 2>err
	[ "$(state Account .name | wc -l)" = 0 ]'
ok 'what is linked is reported, the rest goes, and what frees it is tried first' '
	set_all x:Account/set "{\"create\":{\"a\":{\"@type\":\"User\",\"name\":\"stays\",\"domainId\":\"b\"}}}"
	plan <<-X
	{"@type":"destroy","object":"Account","value":{"name":"nobody"}}
	{"@type":"destroy","object":"Domain"}
	X
	run 1 apply plan >out 2>err
	has err "one.test: other objects refer to it (objectIsLinked)"
	echo "{\"@type\":\"destroy\",\"object\":\"Domain\",\"value\":{\"frob\":\"x\"}}" >plan
	run 1 apply plan >out 2>err
	has err "the server refuses the call (unsupportedFilter)"'
ok 'a dry run destroys nothing, and names what would go' '
	echo "{\"@type\":\"destroy\",\"object\":\"Account\"}" >plan
	run 0 apply -n plan >out 2>err
	[ "$(results)" = "Account planned stays@one.test" ]
	did set ""
	holds Account .name "\"stays\""'

serve --max-objects-in-get 3 --max-objects-in-set 4
set_all x:Domain/set '{"create":{"a":{"name":"one.test"}}}'
for i in 1 2 3 4 5 6 7 8 9 10; do
	set_all x:Account/set "{\"create\":{\"a\":{\"@type\":\"User\",\"name\":\"u$i\",\"domainId\":\"b\"}}}"
done
ok 'all pages of a query are found, in batches of the limit' '
	echo "{\"@type\":\"destroy\",\"object\":\"Account\"}" >plan
	run 0 apply plan >out 2>err
	[ "$(wc -l <out)" = 10 ]
	[ "$(calls | grep -c Account/query)" = 4 ]
	[ "$(calls | grep -c Domain/query)" = 1 ]
	[ "$(calls | grep -c destroy)" = 3 ]
	[ "$(state Account .name | wc -l)" = 0 ]'

# --- matching ---
serve
ok 'matchOn: all members equal, the type as well; a reference is resolved' '
	{ echo "$D"; cat <<-X; } >plan
	{"@type":"upsert","object":"Account","matchOn":["name","domainId"],"value":{"u":{"@type":"User","name":"a","domainId":"#d"}}}
	X
	run 0 apply plan >out 2>err
	did . "x:Domain/set {\"create\":{\"d\":{\"name\":\"one.test\"}}}" \
	    "x:Account/set {\"create\":{\"u\":{\"@type\":\"User\",\"name\":\"a\",\"domainId\":\"b\"}}}"
	run 0 apply plan >out 2>err
	[ "$(results | cut -d" " -f2 | sort -u)" = exists ]
	sed "s/\"User\"/\"Group\"/" plan >group
	run 1 apply group >out 2>err
	has err "a@one.test: a name or address of it is taken by the Account a@one.test (id b)"'
ok 'matchOn by another member: the type is read, once, in pages' '
	plan <<-X
	{"@type":"upsert","object":"Account","matchOn":["name"],"value":{"u":{"@type":"User","name":"a","domainId":"b"},"v":{"@type":"User","name":"b","domainId":"b"}}}
	{"@type":"upsert","object":"Account","matchOn":["name"],"value":{"w":{"@type":"User","name":"b","domainId":"b"}}}
	X
	run 0 apply plan >out 2>err
	did . "x:Account/query {\"position\":0,\"limit\":500,\"calculateTotal\":true}" \
	    "x:Account/get {\"ids\":[\"b\"],\"properties\":[\"@type\",\"name\"]}" \
	    "x:Domain/get {\"ids\":[\"b\"],\"properties\":[\"name\"]}" \
	    "x:Account/set {\"create\":{\"v\":{\"@type\":\"User\",\"name\":\"b\",\"domainId\":\"b\"}}}"
	results | cut -d" " -f2 | sort >got
	printf "%s\n" created exists exists >want
	same want got'
ok 'more than one that fits is an error; so is a member that is missing' '
	set_all x:Domain/set "{\"create\":{\"a\":{\"name\":\"two.test\"}}}"
	set_all x:Account/set "{\"create\":{\"a\":{\"@type\":\"User\",\"name\":\"a\",\"domainId\":\"c\"}}}"
	plan <<-X
	{"@type":"upsert","object":"Account","matchOn":["name"],"value":{"u":{"@type":"User","name":"a","domainId":"b"},"v":{"@type":"User","domainId":"b"},"w":{"name":"x","domainId":"b"}}}
	X
	run 1 apply plan >out 2>err
	has err "a@one.test: more than one object on the server is like it"
	has err "v: name, by which it would be found, is missing"
	has err "x@one.test: @type is missing"
	did set ""'
ok 'two objects of an operation with the same key: the second is refused' '
	plan <<-X
	{"@type":"upsert","object":"Tenant","value":{"t":{"name":"T"},"u":{"name":"T"}}}
	X
	run 1 apply plan >out 2>err
	has err "T: matchOn does not distinguish it from t in the same operation"
	holds Tenant .name "\"T\""'
ok 'no matchOn: the label of the type' '
	run 1 apply plan >out 2>err
	results >got
	printf "%s\n" "Tenant exists T" "Tenant failed T" >want
	sort got >got.sorted
	same want got.sorted
	did get "x:Tenant/get {\"ids\":[\"b\"],\"properties\":[\"@type\",\"name\"]}"'
ok 'a label that the server sets cannot be matched without a matchOn' '
	plan <<-X
	{"@type":"upsert","object":"MailingList","value":{"l":{"name":"l","domainId":"b"}}}
	X
	run 1 apply plan >out 2>err
	has err "emailAddress, by which it would be found, is missing"'
ok 'no label: by value, with a warning; "*" asks for that; null is absent' '
	plan <<-X
	{"@type":"upsert","object":"AllowedIp","value":{"i":{"address":"192.0.2.1","reason":"x"}}}
	X
	run 0 apply plan >out 2>err
	has err "AllowedIp: nothing names such an object"
	run 0 apply plan >out 2>err
	[ "$(results)" = "AllowedIp exists i" ]
	plan <<-X
	{"@type":"upsert","object":"AllowedIp","matchOn":"*","value":{"i":{"address":"192.0.2.1","reason":"x","expiresAt":null},"j":{"address":"192.0.2.1"}}}
	X
	run 0 apply plan >out 2>err
	hasnt err "nothing names"
	results | cut -d" " -f2 >got
	printf "%s\n" exists created >want
	same want got'
ok '-u changes what differs, and neither what is immutable nor what the server sets' '
	plan <<-X
	{"@type":"upsert","object":"AllowedIp","matchOn":["address","reason"],"value":{"i":{"address":"192.0.2.1","reason":"x","expiresAt":"2027-01-01T00:00:00Z","createdAt":"2027-01-01T00:00:00Z"}}}
	{"@type":"upsert","object":"Tenant","value":{"t":{"name":"T","logo":"l","usedDiskQuota":5}}}
	X
	run 0 apply plan >out 2>err
	did set ""
	run 0 apply -u plan >out 2>err
	did set "x:AllowedIp/set {\"update\":{\"b\":{\"expiresAt\":\"2027-01-01T00:00:00Z\"}}}" \
	    "x:Tenant/set {\"update\":{\"b\":{\"logo\":\"l\"}}}"
	run 0 apply -u plan >out 2>err
	did set ""'

# --- scope ---
serve
set_all x:Tenant/set '{"create":{"a":{"name":"A"},"b":{"name":"B"}}}'
set_all x:Role/set '{"create":{"a":{"description":"r","memberTenantId":"b"},"b":{"description":"r","memberTenantId":"c"}}}'
ok 'scope narrows the match, and is put into the objects' '
	plan <<-X
	{"@type":"upsert","object":"Tenant","value":{"t":{"name":"B"}}}
	{"@type":"upsert","object":"Role","matchOn":["description"],"scope":{"memberTenantId":"#t"},"value":{"r":{"description":"r"},"s":{"description":"s"}}}
	X
	run 0 apply plan >out 2>err
	did set "x:Role/set {\"create\":{\"s\":{\"description\":\"s\",\"memberTenantId\":\"c\"}}}"
	results | sort >got
	printf "%s\n" "Role created s" "Role exists r" "Tenant exists B" >want
	same want got'
ok 'an object outside its own scope, a null, a member that is none, are refused' '
	plan <<-X
	{"@type":"upsert","object":"Role","matchOn":["description"],"scope":{"memberTenantId":"b"},"value":{"r":{"description":"r","memberTenantId":"c"}}}
	X
	refused "plan:1: an object is outside of its own scope"
	echo "{\"@type\":\"upsert\",\"object\":\"Role\",\"scope\":{\"memberTenantId\":null},\"value\":{\"r\":{\"description\":\"r\"}}}" >plan
	refused "scope: a member is null"
	echo "{\"@type\":\"upsert\",\"object\":\"Role\",\"scope\":{\"frob\":\"x\"},\"value\":{\"r\":{\"description\":\"r\"}}}" >plan
	refused "plan:1: frob: scope: not a member of the type"
	echo "{\"@type\":\"upsert\",\"object\":\"Tenant\",\"scope\":{\"usedDiskQuota\":1},\"value\":{\"r\":{\"name\":\"r\"}}}" >plan
	refused "usedDiskQuota: scope: the server sets it"
	echo "{\"@type\":\"upsert\",\"object\":\"Tenant\",\"scope\":{\"@type\":\"x\"},\"value\":{\"r\":{\"name\":\"r\"}}}" >plan
	refused "the type has no variants"
	echo "{\"@type\":\"upsert\",\"object\":\"Account\",\"scope\":{\"@type\":\"x\"},\"value\":{\"r\":{\"name\":\"r\"}}}" >plan
	refused "@type: not a variant of the type"
	echo "{\"@type\":\"create\",\"object\":\"Tenant\",\"scope\":{\"name\":\"x\"},\"value\":{\"r\":{\"name\":\"r\"}}}" >plan
	refused "scope: only for upsert and reconcile"
	echo "{\"@type\":\"upsert\",\"object\":\"Tenant\",\"scope\":[],\"value\":{\"r\":{\"name\":\"r\"}}}" >plan
	refused "scope: not a JSON object"'

# --- reconcile ---
serve
set_all x:Domain/set '{"create":{"a":{"name":"one.test"},"b":{"name":"two.test"}}}'
set_all x:Account/set '{"create":{"a":{"@type":"User","name":"keep","domainId":"b"},"b":{"@type":"User","name":"gone","domainId":"b"},"c":{"@type":"User","name":"other","domainId":"c"}}}'
{ echo "$D"; cat <<-X; } >reconcile.plan
	{"@type":"reconcile","object":"Account","matchOn":["name","domainId"],"scope":{"domainId":"#d"},"value":{"k":{"@type":"User","name":"keep","domainId":"#d"},"n":{"@type":"User","name":"new","domainId":"#d"}}}
	X
ok 'reconcile destroys the rest of its scope, last' '
	run 0 apply -n reconcile.plan >out 2>err
	results | grep Account | sort >got
	printf "%s\n" "Account exists keep@one.test" "Account planned gone@one.test" \
	    "Account planned new@one.test" >want
	same want got
	[ "$(state Account .name | wc -l)" = 3 ]
	run 0 apply reconcile.plan >out 2>err
	did "Account/set" "x:Account/set {\"create\":{\"n\":{\"@type\":\"User\",\"name\":\"new\",\"domainId\":\"b\"}}}" \
	    "x:Account/set {\"destroy\":[\"c\"]}"
	holds Account .name "\"keep\"" "\"new\"" "\"other\""
	run 0 apply reconcile.plan >out 2>err
	did "/set" "x:Domain/set {\"create\":{\"d\":{\"name\":\"one.test\"}}}"'
ok 'what any operation of the plan wrote stays' '
	set_all x:Account/set "{\"create\":{\"a\":{\"@type\":\"User\",\"name\":\"saved\",\"domainId\":\"b\"}}}"
	{ cat reconcile.plan; cat <<-X; } >plan
	{"@type":"upsert","object":"Account","matchOn":["name","domainId"],"value":{"s":{"@type":"User","name":"saved","domainId":"#d"},"t":{"@type":"User","name":"third","domainId":"#d"}}}
	X
	run 0 apply plan >out 2>err
	holds Account .name "\"keep\"" "\"new\"" "\"other\"" "\"saved\"" "\"third\""
	run 0 apply reconcile.plan >out 2>err
	holds Account .name "\"keep\"" "\"new\"" "\"other\""'
ok 'leftovers go in reverse order of the operations' '
	set_all x:Tenant/set "{\"create\":{\"a\":{\"name\":\"T\"}}}"
	set_all x:Role/set "{\"create\":{\"a\":{\"description\":\"r\",\"memberTenantId\":\"b\"}}}"
	plan <<-X
	{"@type":"reconcile","object":"Tenant","value":{}}
	{"@type":"reconcile","object":"Role","value":{"u":{"description":"User"}}}
	X
	run 0 apply plan >out 2>err
	did destroy "x:Role/set {\"destroy\":[\"c\"]}" "x:Tenant/set {\"destroy\":[\"b\"]}"'
ok 'after a failure nothing is destroyed for that reconcile' '
	sed "s/\"name\":\"new\"/\"name\":\".bad\"/" reconcile.plan >plan
	run 1 apply plan >out 2>err
	has err "nothing is destroyed for it"
	did destroy ""'
ok 'reconcile needs something to match by; "*" is enough' '
	echo "{\"@type\":\"reconcile\",\"object\":\"AllowedIp\",\"value\":{}}" >plan
	refused "matchOn is missing"
	echo "{\"@type\":\"reconcile\",\"object\":\"AllowedIp\",\"matchOn\":\"*\",\"value\":{}}" >plan
	run 0 apply plan >out 2>err'

# --- references ---
serve
ok 'references: in values, in keys, in ids; in later operations and in the same one' '
	{ echo "$D"; cat <<-X; } >plan
	{"@type":"create","object":"Account","value":{"#g":{"@type":"Group","name":"g","domainId":"#d"}}}
	{"@type":"create","object":"Account","value":{"u":{"@type":"User","name":"u","domainId":"#d","memberGroupIds":{"#g":true},"aliases":{"0":{"name":"al","domainId":"#d"}},"description":"#d"}}}
	{"@type":"update","object":"SystemSettings","value":{"defaultDomainId":"#d"}}
	{"@type":"update","object":"Domain","id":"#d","value":{"catchAllAddress":"u@one.test"}}
	{"@type":"create","object":"Role","value":{"r1":{"description":"one"},"r2":{"description":"two","roleIds":{"#r1":true}}}}
	X
	run 0 apply plan >out 2>err
	holds Account "[.name, .memberGroupIds, .aliases[\"0\"].domainId, .description]" \
	    "[\"g\",null,null,null]" "[\"u\",{\"b\":true},\"b\",\"#d\"]"
	holds SystemSettings .defaultDomainId "\"b\""
	holds Domain .catchAllAddress "\"u@one.test\""
	state Role "select(.description == \"two\") | .roleIds" >got
	echo "{\"c\":true}" >want
	same want got'
ok 'a reference to nothing, or to what comes later, is refused' '
	{ echo "$D"; cat <<-X; } >plan
	{"@type":"create","object":"Account","value":{"u":{"@type":"User","name":"u","domainId":"#e"}}}
	{"@type":"create","object":"Domain","value":{"e":{"name":"two.test"}}}
	X
	refused "plan:2: #e comes later in the plan, in line 3"
	{ echo "$D"; cat <<-X; } >plan
	{"@type":"upsert","object":"Role","scope":{"memberTenantId":"#no"},"value":{"u":{"description":"u"}}}
	X
	refused "plan:2: #no refers to nothing"
	{ echo "$D"; cat <<-X; } >plan
	{"@type":"update","object":"Domain","id":"#no","value":{}}
	X
	refused "plan:2: #no refers to nothing"'
ok 'the same client id in two operations: later references mean the later object' '
	{ echo "$D"; cat <<-X; } >plan
	{"@type":"create","object":"Tenant","value":{"d":{"name":"T"}}}
	{"@type":"update","object":"Tenant","id":"#d","value":{"logo":"x"}}
	X
	run 0 apply plan >out 2>err
	holds Tenant "[.name, .logo]" "[\"T\",\"x\"]"'

# --- checks before the first request of work ---
ok 'what a plan must not say' '
	echo "{\"@type\":\"upsert\",\"object\":\"Frob\",\"value\":{\"a\":{}}}" >plan
	refused "plan:1: Frob: the server has no such type of objects"
	echo "{\"@type\":\"upsert\",\"object\":\"Account/User\",\"value\":{\"a\":{}}}" >plan
	refused "no such type of objects"
	echo "{\"@type\":\"upsert\",\"object\":\"SystemSettings\",\"value\":{\"a\":{}}}" >plan
	refused "there is one of its kind"
	echo "{\"@type\":\"destroy\",\"object\":\"SystemSettings\"}" >plan
	refused "there is one of its kind"
	echo "{\"@type\":\"update\",\"object\":\"SystemSettings\",\"id\":\"b\",\"value\":{}}" >plan
	refused "there is one of its kind: it has no id"
	echo "{\"@type\":\"update\",\"object\":\"Domain\",\"value\":{}}" >plan
	refused "update: the id is missing"
	echo "{\"@type\":\"upsert\",\"object\":\"Domain\",\"value\":{}}" >plan
	refused "value: not an object, or empty"
	echo "{\"@type\":\"upsert\",\"object\":\"Domain\",\"matchOn\":[],\"value\":{\"a\":{\"name\":\"x\"}}}" >plan
	refused "matchOn: neither a list of members"
	echo "{\"@type\":\"upsert\",\"object\":\"Domain\",\"matchOn\":\"name\",\"value\":{\"a\":{\"name\":\"x\"}}}" >plan
	refused "matchOn: neither a list of members"
	echo "{\"@type\":\"create\",\"object\":\"Domain\",\"matchOn\":[\"name\"],\"value\":{\"a\":{\"name\":\"x\"}}}" >plan
	refused "a member that the operation does not have"
	echo "{\"@type\":\"upsert\",\"object\":\"Domain\",\"value\":{\"a\":{\"name\":\"x\"},\"#a\":{\"name\":\"y\"}}}" >plan
	refused "a client id is there twice"
	echo "{\"@type\":\"upsert\",\"object\":\"Domain\",\"value\":{\"a\":{\"name\":\"x\",\"name\":\"y\"}}}" >plan
	refused "a member is there twice"
	echo "{\"@type\":\"upsert\",\"object\":\"Domain\",\"value\":{\"a\":[]}}" >plan
	refused "value: not a map of client ids to objects"
	echo "[{\"@type\":\"destroy\",\"object\":\"Domain\"}]" >plan
	refused "not a JSON object"'
ok 'case and prefix of a type, blank lines, a missing id of a singleton' '
	printf "\n{\"@type\":\"update\",\"object\":\"x:systemsettings\",\"id\":null,\"value\":{\"defaultHostname\":\"h\"}}\n  \n" >plan
	run 0 apply plan >out 2>err
	did set "x:SystemSettings/set {\"update\":{\"singleton\":{\"defaultHostname\":\"h\"}}}"
	printf "{\"@type\":\"update\",\"object\":\"SystemSettings\",\"id\":\"singleton\",\"value\":{\"defaultHostname\":\"g\"}}\n" >plan
	run 0 apply plan >out 2>err
	has err "left alone (-u changes it)"
	run 0 apply -u plan >out 2>err
	holds SystemSettings .defaultHostname "\"g\""'

serve
ok 'a null is a member that is absent; an update of nothing' '
	plan <<-X
	{"@type":"upsert","object":"Domain","matchOn":null,"scope":null,"value":{"d":{"name":"one.test"}}}
	{"@type":"reconcile","object":"Role","matchOn":null,"value":{"u":{"description":"User"}}}
	{"@type":"update","object":"Domain","id":"#d"}
	{"@type":"update","object":"SystemSettings","id":null,"value":null}
	X
	run 0 apply plan >out 2>err
	did "/set" "x:Domain/set {\"create\":{\"d\":{\"name\":\"one.test\"}}}" "x:Domain/set {\"update\":{\"b\":{}}}"
	echo "{\"@type\":\"create\",\"object\":\"Domain\",\"matchOn\":null,\"value\":{\"a\":{\"name\":\"x\"}}}" >plan
	refused "a member that the operation does not have"
	for type in Domain SystemSettings; do
		echo "{\"@type\":\"update\",\"object\":\"$type\",\"id\":\"\",\"value\":{}}" >plan
		refused "plan:1: id: is empty"
	done
	echo "{\"@type\":\"update\",\"object\":\"SystemSettings\",\"value\":5}" >plan
	refused "plan:1: value: not an object"'
serve
ok 'numbers of any form: the server gets whole ones as such, and they match' '
	echo "$D" >plan
	i=0
	for n in 1e3 1000 1000.0 10.00E+2 1000000e-3; do
		i=$((i + 1))
		echo "{\"@type\":\"upsert\",\"object\":\"Account\",\"matchOn\":[\"name\",\"domainId\"],\"value\":{\"u$i\":{\"@type\":\"User\",\"name\":\"u$i\",\"domainId\":\"#d\",\"quotas\":{\"maxEmails\":$n}}}}"
	done >>plan
	run 0 apply plan >out 2>err
	state Account .quotas.maxEmails | sort -u >got
	echo 1000 >want
	same want got
	run 0 apply -u plan >out 2>err
	[ "$(results | cut -d" " -f2 | sort -u)" = exists ]
	did "update" ""
	# In an update, a scope and a match too; and long ones.
	plan <<-X
	{"@type":"upsert","object":"Account","matchOn":["name","quotas"],"scope":{"domainId":"b"},"value":{"u":{"@type":"User","name":"u2","domainId":"b","quotas":{"maxEmails":1.0e3}}}}
	{"@type":"update","object":"Account","id":"b","value":{"quotas":{"maxDiskQuota":1e9,"maxFiles":100000000000000000000e-18}}}
	X
	run 0 apply -u plan >out 2>err
	results | cut -d" " -f2 >got
	printf "%s\n" exists updated >want
	same want got
	did "Account/set" "x:Account/set {\"update\":{\"b\":{\"quotas\":{\"maxDiskQuota\":1000000000,\"maxFiles\":100}}}}"
	for n in 0.30000000000000004 1000000000000000000 9223372036854775807 -9223372036854775808; do
		echo "{\"@type\":\"create\",\"object\":\"Tenant\",\"value\":{\"t\":{\"name\":\"T\",\"quotas\":{\"maxAccounts\":$n}}}}" >plan
		run 0 apply -n plan >out 2>err
	done
	for n in 9223372036854775808 1e999 -1E+400; do
		for op in "\"create\",\"object\":\"Tenant\",\"value\":{\"t\":{\"quotas\":{\"maxAccounts\":$n}}}" \
		    "\"update\",\"object\":\"Tenant\",\"id\":\"b\",\"value\":{\"quotas\":{\"maxAccounts\":$n}}"; do
			echo "{\"@type\":$op}" >plan
			refused "a number is out of range"
		done
	done'
for seed in 1 2 3 4; do
	serve
	ok "numbers of any form, several objects in a line: each comes as it is (seed $seed)" '
		"$top/tests/helper/random-numbers" plan "$seed" >plan
		apply plan >out 2>err || [ $? = 1 ]
		"$top/tests/helper/random-numbers" judge plan requests'
done

# --- the habits of stalwart-cli ---
serve
ok 'its options: --file, --stdin, --dry-run, --quiet, --json, --continue-on-error' '
	plan <<-X
	{"@type":"create","object":"Account","value":{"a":{"@type":"User","name":".x","domainId":"b"}}}
	{"@type":"create","object":"Domain","value":{"d":{"name":"one.test"}}}
	X
	cp plan "$tmp/same plan"
	run 0 apply --file "$tmp/same plan" --dry-run --json --quiet >want 2>err
	hasnt err "objects a second"
	for how in "plan" "--file plan" "--file=plan --continue-on-error" "--stdin" "-"; do
		run 0 apply -qn $how <plan >got 2>err
		same want got
	done
	run 1 apply -x --continue-on-error --file plan >out 2>err
	[ "$(results | tail -n 1)" = "Domain created one.test" ]
	run 1 apply --continue-on-error -x --stdin <plan >out 2>err
	[ "$(wc -l <out)" = 1 ]
	for how in "plan --file plan" "--stdin plan" "--file plan --stdin"; do
		run 2 apply $how <plan >out 2>err
		has err "one of plans, --file and --stdin"
		not [ -s out ]
	done
	run 2 apply --file missing >out 2>err
	has err "missing: "'

# --- batches, and what a snapshot is like ---
serve --max-objects-in-set 3
ok 'creates go in batches, whatever the line holds' '
	{ echo "$D"
	  jq -nc "{\"@type\":\"create\",object:\"Account\",value:([range(8)|{key:\"u\(.)\",value:{\"@type\":\"User\",name:\"u\(.)\",domainId:\"#d\"}}]|from_entries)}"
	} >plan
	run 0 apply plan >out 2>err
	calls | grep "Account/set" | jq -Rc "sub(\"^[^ ]* \";\"\") | fromjson | .create | length" | sort >got
	printf "%s\n" 2 3 3 >want
	same want got'
ok 'every failure of a batch is reported' '
	plan <<-X
	{"@type":"create","object":"Account","value":{"a":{"@type":"User","name":".x","domainId":"b"},"b":{"@type":"User","name":"fine","domainId":"b"},"c":{"@type":"User","name":"x..y","domainId":"b"}}}
	X
	run 1 apply plan >out 2>err
	[ "$(grep -c "\"status\":\"failed\"" out)" = 2 ]
	[ "$(grep -c "invalid" err)" = 2 ]'
serve
ok 'a plan of the kind that snapshot writes, twice' '
	plan <"$fixtures/plans/snapshot.ndjson"
	run 0 apply -u plan >out 2>err
	[ "$(grep -c "\"status\":\"created\"" out)" = 5 ]
	holds Account "[.name, .memberGroupIds]" "[\"alice\",{\"b\":true}]" "[\"sales\",null]"
	sed -i "/update/d" plan
	set_all x:SystemSettings/set "{\"update\":{\"singleton\":{\"defaultDomainId\":\"zz\"}}}"
	run 0 apply plan >out 2>err
	[ "$(grep -c "\"status\":\"destroyed\"" out)" = 5 ]
	[ "$(grep -c "\"status\":\"created\"" out)" = 5 ]
	holds Domain .name "\"snap.test\""
	holds AllowedIp .address "\"192.0.2.0/24\""'

done_testing
