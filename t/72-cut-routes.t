#!/bin/sh
# mailroute and remap cut off at any request, beside another run: the keys and the
# routes that they leave.
. "${0%/*}/lib.sh"
. "$top/t/apply.sh"
need jq
need curl
need /usr/bin/python3 python3
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE

serve_both
stalwart-apply -q >/dev/null <<'END'
{"@type":"upsert","object":"Domain","matchOn":["name"],"value":{"d":{"name":"one.test","aliases":{"uno.test":true}},"e":{"name":"two.test"}}}
{"@type":"upsert","object":"Account","matchOn":["name","domainId"],"value":{"a":{"@type":"User","name":"alice","domainId":"#d","aliases":{"0":{"name":"al","domainId":"#d"},"1":{"name":"a.l","domainId":"#e"}}},"b":{"@type":"User","name":"bob","domainId":"#d"}}}
{"@type":"upsert","object":"MailingList","matchOn":["name","domainId"],"value":{"l":{"name":"team","domainId":"#d","recipients":{"alice@one.test":true}}}}
END
mailroute setup --old 192.0.2.1 >/dev/null
cat >keys <<END
curl -s -u admin:secret -H 'Content-Type: application/json' -d \
    '{"using":["urn:stalwart:jmap"],"methodCalls":[["x:MemoryLookupKey/get",{},"0"]]}' \
    $STALWART_URL/jmap/ | jq -r '.methodResponses[0][1].list[].key' | sort
END

# cut_routes STEP URL SHOW PUT TAKE TOOL...
cut_routes() {
	step=$1 at=$2
	shift 2
	/usr/bin/python3 "$top/tests/helper/cut-routes" "$at" \
	    "${FERRY_EVERY_CALL:-$step}" "$@"
}

ok 'mailroute: the keys' '
	run 0 cut_routes 29 "$STALWART_URL" "sh keys" set unset \
	    env STALWART_URL=% mailroute +'

ok 'remap: the routes' '
	run 0 cut_routes 19 "$PROXY_ADMIN_URL" "sort store" "set stalwart" unset \
	    env PROXY_ADMIN_URL=% remap +'

done_testing
