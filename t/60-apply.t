#!/bin/sh
# stalwart-apply: what it creates, leaves alone and changes on the stand-in.
. "${0%/*}/lib.sh"
need curl

. "$top/t/apply.sh"

{
	echo "$domain"
	accounts '"g":{"@type":"Group","name":"sales","domainId":"#d"}'
	accounts "$(user alice),$(user bob | sed 's/,"credentials"/,"memberGroupIds":{"#g":true},"aliases":{"0":{"name":"robert","domainId":"#d"}}&/')"
	echo '{"@type":"upsert","object":"MailingList","matchOn":["name","domainId"],"value":{"l":{"name":"team","domainId":"#d","recipients":{"alice@one.test":true,"x@other.test":true}}}}'
	echo '{"@type":"update","object":"Domain","id":"#d","value":{"catchAllAddress":"alice@one.test"}}'
} >plan

serve
ok 'a plan is carried out, in order, with references' '
	run 0 apply plan >out 2>err
	[ "$(statuses out)" = "5 created 1 updated " ]
	has err "5 created, 0 exist, 1 updated, 0 destroyed, 0 planned, 0 failed"
	has out "\"address\":\"alice@one.test\",\"status\":\"created\",\"id\":\"c\"}"
	[ "$(login alice@one.test "$clear")" = 200 ]
	[ "$(login robert@one.test "$clear")" = 200 ]
	jmap x:Account/get "{\"ids\":null}" >state
	has state "\"memberGroupIds\":{\"b\":true}"
	jmap x:Domain/get "{\"ids\":[\"b\"]}" | grep -q "\"catchAllAddress\":\"alice@one.test\""'
ok 'the caches are told at the end, once' '
	[ "$(grep -c InvalidateCaches requests)" = 1 ]'
ok 'a second run changes nothing, and says exists' '
	jmap x:Account/get "{\"ids\":null}" >before
	jmap x:Domain/get "{\"ids\":null}" >>before
	: >requests
	run 0 apply plan >out 2>err
	[ "$(statuses out)" = "6 exists " ]
	not grep -q "\"update" requests
	not grep -q Invalidate requests
	jmap x:Account/get "{\"ids\":null}" >after
	jmap x:Domain/get "{\"ids\":null}" >>after
	same before after'
ok 'an owner who changed the password keeps it' '
	jmap x:Account/set "{\"update\":{\"c\":{\"credentials/0/secret\":\"Another word 99\"}}}" >/dev/null
	run 0 apply plan >out 2>err
	[ "$(login alice@one.test "Another word 99")" = 200 ]
	[ "$(login alice@one.test "$clear")" = 401 ]'
ok '-u changes it, and app passwords live on' '
	app=$(jmap x:AppPassword/set "{\"create\":{\"a\":{\"description\":\"phone\"}}}" \
	    "alice@one.test:Another word 99" | sed "s/.*\"secret\":\"\([^\"]*\)\".*/\1/")
	[ "$(login alice@one.test "$app")" = 200 ]
	sed "s|$hash|$other|" plan >changed
	run 0 apply -u changed >out 2>err
	[ "$(login alice@one.test "$clear")" = 200 ]
	[ "$(login alice@one.test "$app")" = 200 ]
	has out "\"address\":\"alice@one.test\",\"status\":\"updated\""
	has out "\"object\":\"Domain\",\"ref\":\"d\",\"address\":\"one.test\",\"status\":\"exists\""'
ok 'what an administrator set is left alone without -u' '
	jmap x:Domain/set "{\"update\":{\"b\":{\"catchAllAddress\":\"bob@one.test\"}}}" >/dev/null
	run 0 apply plan >out 2>err
	has err "one.test: it differs from the plan, and is left alone"
	jmap x:Domain/get "{\"ids\":[\"b\"]}" | grep -q "\"catchAllAddress\":\"bob@one.test\""
	run 0 apply -u plan >out 2>err
	jmap x:Domain/get "{\"ids\":[\"b\"]}" | grep -q "\"catchAllAddress\":\"alice@one.test\""'
ok 'an address of somebody else is a failure that names the holder' '
	{ echo "$domain"; accounts "$(user robert),$(user team),$(user carol)"; } >clash
	run 1 apply -qn clash >out 2>err.n
	[ "$(statuses out)" = "1 exists 2 failed 1 planned " ]
	run 1 apply -q -E rejects clash >out 2>err
	same err err.n
	[ "$(statuses out)" = "1 created 1 exists 2 failed " ]
	has err "robert@one.test: a name or address of it is taken by the Account bob@one.test (id d)"
	has err "team@one.test: a name or address of it is taken by the MailingList team@one.test (id b)"
	[ "$(stat -c %a rejects)" = 600 ]
	[ "$(wc -l <rejects)" = 2 ]
	{ echo "$domain"; sed "s/\"robert\"/\"rob\"/; s/\"team\"/\"teamuser\"/" rejects; } >mended
	run 0 apply mended >out 2>err
	[ "$(statuses out)" = "2 created 1 exists " ]'

serve
ok 'a dry run creates nothing' '
	run 0 apply -n plan >out 2>err
	[ "$(statuses out)" = "6 planned " ]
	jmap x:Domain/get "{\"ids\":null}" | grep -q "\"list\":\[\]"
	not grep -q "\\\\\"create" requests
	head -n 1 plan | run 0 apply >/dev/null 2>&1
	run 0 apply -n plan >out 2>err
	[ "$(statuses out)" = "1 exists 5 planned " ]'
ok 'and foresees a domain that somebody else has, with what is in it' '
	jmap x:Domain/set "{\"create\":{\"h\":{\"name\":\"has.test\",\"aliases\":{\"mirror.test\":true}}}}" >answer
	has answer "\"created\":{\"h\""
	for new in "\"mirror.test\"" "\"new.test\",\"aliases\":{\"mirror.test\":true}" \
	    "\"new.test\",\"aliases\":{\"free.test\":true,\"has.test\":true}"; do
		{ echo "$domain" | sed "s/\"one.test\"/$new/"; accounts "$(user a),$(user b)"; } >taken
		run 1 apply -qn taken >out.n 2>err.n
		run 1 apply -q taken >out 2>err
		[ "$(statuses out)" = "3 failed " ]
		has err "a name or address of it is taken by the Domain has.test"
		same err err.n
		same out out.n
	done'
ok 'and one whose name the server refuses' '
	for name in company.loc one.example two.invalid host lan.box- a.b.invalid 10.0.0.1 \
	    free.de free.co.uk free.home free.corp xn--bcher-kva.de xn--p1ai.xn--p1ai; do
		{ echo "$domain" | sed "s/\"one.test\"/\"$name\"/"; accounts "$(user a)"; } >named
		status=0
		apply -qn named >out.n 2>err.n || status=$?
		run $status apply -q named >out 2>err
		for f in out out.n; do
			jq -r "if .status == \"failed\" then .status else \"done\" end" "$f" >"$f.status"
		done
		same out.status out.n.status
		case $name in
		free* | xn*) [ $status = 0 ] ;;
		company.loc) has err.n "company.loc: the server refuses this domain name: \"loc\" is no top-level domain" ;;
		*) [ $status = 1 ] ;;
		esac
	done'
ok 'an object whose domain failed is not sent' '
	sed "s/one\.test/bad.example/" plan >bad
	: >requests
	run 1 apply bad >out 2>err
	[ "$(statuses out)" = "6 failed " ]
	has err "u-alice" || has err "alice@"
	has err "it needs bad.example, which failed: the server refuses a member"
	not grep -q "x:Account/set" requests'
ok 'clear passwords that the policy refuses are failures with a reason' '
	{ echo "$domain"; accounts "$(user weak short),$(user good)"; } >weak
	run 1 apply weak >out 2>err
	has err "Password must be at least 8 characters long."
	hasnt err short
	[ "$(login good@one.test "$clear")" = 200 ]'

serve --max-objects-in-set 3 --max-objects-in-get 2
ok 'batches follow the limits of the session' '
	{ echo "$domain"; accounts "$(user a),$(user b),$(user c),$(user d),$(user e),$(user f),$(user g)"; } >many
	run 0 apply many >out 2>err
	[ "$(statuses out)" = "8 created " ]
	[ "$(grep -c "x:Account/set" requests)" = 3 ]
	run 0 apply many >out 2>err
	[ "$(statuses out)" = "8 exists " ]'
serve --max-size-request 700
ok 'and its bytes' '
	run 0 apply many >out 2>err
	[ "$(statuses out)" = "8 created " ]
	[ "$(grep -c "x:Account/set" requests)" -gt 3 ]'

serve
ok 'the canary passes on a server that keeps hashes, and is gone after' '
	run 0 apply --canary plan >out 2>err
	grep -q mailferry-canary requests
	jmap x:Account/get "{\"ids\":null}" >state
	not grep -q canary state'
serve --rehash
ok 'the canary stops the run on a server that hashes hashes again' '
	run 2 apply --canary plan >out 2>err
	has err "does not keep password hashes"
	has err "0.16.6"
	jmap x:Account/get "{\"ids\":null}" >state
	not grep -q "\"User\"" state'
ok 'without it the owners would be locked out' '
	run 0 apply plan >out 2>err
	[ "$(login alice@one.test "$clear")" = 401 ]
	[ "$(login alice@one.test "$hash")" = 200 ]'

serve --quote-request
ok 'errors of the server that quote the request show no secret' '
	{ echo "$domain"; accounts "$(user .bad),$(user x..y)"; } >bad
	run 1 apply -vv -E rejects bad >out 2>err
	[ "$(statuses out)" = "1 created 2 failed " ]
	hasnt out abcdefgh
	hasnt err abcdefgh
	has err "the server refuses a member (invalidPatch): name"'

ok 'a tag that is left on locks the owner out, on the stand-in as on the server' '
	{ echo "$domain"; accounts "$(user tagged "{SHA512-CRYPT}$hash")"; } >tagged
	run 0 apply tagged >out 2>err
	[ "$(login tagged@one.test "$clear")" = 401 ]'

done_testing
