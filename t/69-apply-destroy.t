#!/bin/sh
# stalwart-apply destroys no account and no domain unless it is told to.
. "${0%/*}/lib.sh"
need curl
. "$top/t/apply.sh"

gzip -dc "$fixtures/real/stalwart-schema.json.gz" >schema.json
here() {
	jmap "x:$1/get" '{"ids":null,"properties":["name"]}' |
	    grep -o '"name":"[^"]*"' | sort | tr '\n' ' '
}
filled() {
	serve --schema "$tmp/schema.json"
	{ echo "$domain"; accounts "$(user alice),$(user bob),$(user carol)"; } >plan
	run 0 apply -q plan >/dev/null
	run 0 apply -q >/dev/null <<-'X'
	{"@type":"create","object":"Domain","value":{"e":{"name":"empty.test"}}}
	{"@type":"upsert","object":"MailingList","matchOn":["name","domainId"],"value":{"l":{"name":"team","domainId":"b","recipients":{"x@y.test":true}}}}
	X
	: >requests
}
{
	echo "$domain"
	printf '{"@type":"reconcile","object":"Account","matchOn":["name","domainId"],"scope":{"domainId":"#d"},"value":{%s}}\n' "$(user alice),$(user dave)"
} >reconcile

filled
ok 'a reconcile names what it would destroy, and how many; the rest is done' '
	run 1 apply reconcile >out 2>err
	grep -n "2 accounts would be destroyed, and are left" err | grep -q "^[12]:"
	has err "bob@one.test: the plan destroys it: that needs --destroy"
	has err "carol@one.test: the plan destroys it: that needs --destroy"
	grep -q "\"address\":\"bob@one.test\",\"status\":\"failed\"" out
	[ "$(here Account)" = "\"name\":\"alice\" \"name\":\"bob\" \"name\":\"carol\" \"name\":\"dave\" " ]
	not grep -q "destroy" requests'
ok 'a dry run says the same number, and plans it' '
	run 0 apply -n reconcile >out 2>err
	has err "2 accounts would be destroyed"
	[ "$(statuses out)" = "3 exists 2 planned " ]'
ok 'with --destroy they go, and are counted first' '
	run 0 apply --destroy reconcile >out 2>err
	has err "2 accounts are destroyed"
	[ "$(grep -c "\"status\":\"destroyed\"" out)" = 2 ]
	[ "$(here Account)" = "\"name\":\"alice\" \"name\":\"dave\" " ]
	run 0 apply reconcile >out 2>err
	hasnt err "destroyed:"
	hasnt err "accounts"'

filled
ok 'the operation destroy, of a domain and of accounts' '
	echo "{\"@type\":\"destroy\",\"object\":\"Domain\",\"value\":{\"name\":\"empty.test\"}}" >one
	run 1 apply one >out 2>err
	has err "1 domain would be destroyed"
	has err "empty.test: the plan destroys it: that needs --destroy"
	echo "{\"@type\":\"destroy\",\"object\":\"x:account\"}" >all
	run 1 apply all >out 2>err
	has err "3 accounts would be destroyed"
	[ "$(grep -c "\"status\":\"failed\"" out)" = 3 ]
	not grep -q "\"destroy" requests
	run 0 apply --destroy one >out 2>err
	has err "1 domain is destroyed"
	[ "$(here Domain)" = "\"name\":\"one.test\" " ]'
# A domain that the server signs for has keys of its own, which hang on it.
real() {
	serve --schema "$fixtures/real/stalwart-schema.json.gz"
	jmap x:Domain/set '{"create":{"a":{"name":"one.test"},"b":{"name":"two.test","dkimManagement":{"@type":"Manual"}},"c":{"name":"three.test"}}}' >made
	jmap x:DkimSignature/get '{"ids":null}' >keys
	jmap x:Account/set "{\"create\":{\"u\":{\"@type\":\"User\",\"name\":\"dora\",\"domainId\":\"$(id_of three.test)\"}}}" >made
}
id_of() {
	jmap x:Domain/query "{\"filter\":{\"name\":\"$1\"}}" | sed 's/.*"ids":\["\([^"]*\)".*/\1/'
}
# signing: whose keys there are, and how many.
signing() {
	jmap x:DkimSignature/get '{"ids":null,"properties":["domainId"]}' |
	    grep -o '"domainId":"[^"]*"' | sort | uniq -c | sed 's/^ *//'
}
real
ok 'the server refuses to destroy a domain that has signing keys' '
	has keys "\"selector\""
	jmap x:Domain/set "{\"destroy\":[\"$(id_of one.test)\"]}" >answer
	has answer "\"type\":\"objectIsLinked\""
	has answer "\"object\":\"DkimSignature\""'
ok 'what hangs on a domain alone goes with it; what keeps the domain keeps its keys' '
	three=$(id_of three.test)
	[ "$(signing | wc -l)" = 2 ]
	printf "{\"@type\":\"destroy\",\"object\":\"Domain\",\"value\":{\"name\":\"%s\"}}\n" one.test two.test three.test >domains
	run 1 apply domains >out 2>err
	[ "$(signing | wc -l)" = 2 ]
	run 0 apply -n domains >out 2>err
	[ "$(statuses out)" = "3 planned " ]
	[ "$(signing | wc -l)" = 2 ]
	run 1 apply --destroy domains >out 2>err
	[ "$(statuses out)" = "2 destroyed 1 failed " ]
	has err "one.test: its signing keys are destroyed with it"
	has err "three.test: other objects refer to it (objectIsLinked)"
	[ "$(signing)" = "2 \"domainId\":\"$three\"" ]
	[ "$(here Domain)" = "\"name\":\"three.test\" " ]'
ok 'all domains at once, and an account before its domain' '
	{
		echo "{\"@type\":\"destroy\",\"object\":\"Domain\"}"
		echo "{\"@type\":\"destroy\",\"object\":\"Account\"}"
	} >all
	run 0 apply --destroy all >out 2>err
	[ "$(here Domain)" = "" ]
	[ "$(signing)" = "" ]'
filled
ok 'other objects go as the plan says' '
	echo "{\"@type\":\"destroy\",\"object\":\"MailingList\"}" >lists
	run 0 apply lists >out 2>err
	[ "$(statuses out)" = "1 destroyed " ]
	[ "$(here MailingList)" = "" ]'
ok 'a signal between the count and the deed leaves all' '
	filled
	run 1 apply -x reconcile >out 2>err
	[ "$(here Account)" = "\"name\":\"alice\" \"name\":\"bob\" \"name\":\"carol\" \"name\":\"dave\" " ]'

done_testing
