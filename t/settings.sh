# Records become a plan and settings, which are put in; and what is there then.
# shellcheck shell=sh

# plan_of: records on standard input become plan and settings; what was put in
# before is forgotten.
plan_of() {
	{
		domain one.test
		cat
		end
	} | counted | mkaccounts -q --settings settings -o plan 2>mkaccounts.err
	rm -f settings.done
}
put() {
	stalwart-apply --password-file admin.secret --settings settings "$@" plan
}
# not_again METHOD: a run that knows nothing of those before does not call it.
not_again() {
	rm settings.done
	: >requests
	run 0 put >out 2>err
	not grep -q "$1" requests
}
# results: of a run, without the plan's objects.
results() {
	jq -r 'select(.object | IN("VacationResponse", "SieveScript", "Identity", "AppPassword")) |
	    [.status, .address, .object, .name // empty, .note // empty] | join(" ")' out | sort
}
results_are() {
	if [ $# -gt 0 ]; then printf '%s\n' "$@"; fi | sort >results.want
	results >results.got
	same results.want results.got
}
# ask METHOD ADDRESS: the list of what the account has.
ask() {
	id=$(jq -r --arg a "$2" 'select(.object == "Account" and .address == $a).id' out | head -n 1)
	jmap "$1" "{\"accountId\":\"$id\",\"ids\":null}" | fast_jq -c '.methodResponses[0][1].list'
}
# scripts ADDRESS: names, the active one in brackets.
scripts() {
	ask SieveScript/get "$1" | jq -r 'map(if .isActive then "[\(.name)]" else .name end) | sort | join(" ")'
}
# uploads NAME: the texts that were sent under this name.
uploads() {
	jq -r 'select(.method == "POST").body | fromjson? | .methodCalls as $c |
	    [$c[] | select(.[0] == "Blob/upload") | .[1].create | to_entries[]] as $blobs |
	    $c[] | select(.[0] == "SieveScript/set") | .[1].create // {} | .[] | . as $s |
	    [$s.name, ($blobs[] | select("#" + .key == $s.blobId).value.data[0]["data:asText"])] | @json' requests |
	    jq -r --arg n "$1" 'select(.[0] == $n)[1]'
}
# by_owner ADDRESS NAME TEXT: the owner, or Vandelay, puts a script in and
# activates it.
by_owner() {
	id=$(jq -r --arg a "$1" 'select(.object == "Account" and .address == $a).id' out | head -n 1)
	jq -nc --arg id "$id" --arg n "$2" --arg t "$3" '{using: ["urn:ietf:params:jmap:core"], methodCalls: [
	    ["Blob/upload", {accountId: $id, create: {b: {data: [{"data:asText": $t}]}}}, "0"],
	    ["SieveScript/set", {accountId: $id, create: {s: {name: $n, blobId: "#b"}}, onSuccessActivateScript: "#s"}, "1"]]}' >owner.json
	curl -s -u admin:secret --data-binary @owner.json -H 'Content-Type: application/json' "$STALWART_URL/jmap/" |
	    jq -e '.methodResponses[1][1].created' >/dev/null
}
activate() {
	id=$(jq -r --arg a "$1" 'select(.object == "Account" and .address == $a).id' out | head -n 1)
	script=$(ask SieveScript/get "$1" | jq -r --arg n "$2" '.[] | select(.name == $n).id')
	jmap SieveScript/set "{\"accountId\":\"$id\",\"onSuccessActivateScript\":\"$script\"}" >/dev/null
}
# plan_again: as plan_of, by another dump of the same directory.
plan_again() {
	mv settings.done kept
	plan_of
	mv kept settings.done
}
