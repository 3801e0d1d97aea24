# A stand-in of the new server, and ways to look into it.
# shellcheck shell=sh

hash='$6$abcdefgh$/XCiCfTM0UGraA4Ts4u/apdyzqmUv7c1jaAAFEpP3KKxX443sXPtnGOhYnJBtSpsD7pZiT9YCOKyFUTXdEMuB1'
other='$1$1234$hUKOWK/RfccsouK.qCWNN0' # of the same password
clear='correct horse 7!'
echo secret >admin.secret

# serve [ARGS]: a new, empty server.
serve() {
	[ -z "${standin_pid:-}" ] || end_process "$standin_pid" "$standin_born"
	rm -f requests
	start_standin standin-stalwart --admin admin:secret --log "$tmp/requests" "$@"
	STALWART_URL=$url STALWART_USER=admin
	export STALWART_URL STALWART_USER
}
# serve_both: a server with the real schema, and a proxy; the tools know both by
# their variables.
serve_both() {
	serve --schema "$fixtures/real/stalwart-schema.json.gz" --resolves
	: >store
	start_standin standin-proxy --token good --store "$tmp/store"
	STALWART_PASSWORD=secret PROXY_ADMIN_URL=$url PROXY_ADMIN_TOKEN=good
	export STALWART_PASSWORD PROXY_ADMIN_URL PROXY_ADMIN_TOKEN
}
apply() {
	stalwart-apply --password-file admin.secret "$@"
}
# login ADDRESS PASSWORD: prints the status.
login() {
	printf 'user = "%s:%s"\n' "$1" "$2" >login.conf
	curl -s -o /dev/null -w '%{http_code}' -K login.conf "$STALWART_URL/jmap/session"
}
# jmap METHOD ARGUMENTS [USER:PASSWORD]
jmap() {
	printf 'user = "%s"\n' "${3:-admin:secret}" >jmap.conf
	printf '{"using":["urn:ietf:params:jmap:core","urn:stalwart:jmap"],"methodCalls":[["%s",%s,"0"]]}' \
	    "$1" "$2" >jmap.json
	curl -s -K jmap.conf --data-binary @jmap.json \
	    -H 'Content-Type: application/json' "$STALWART_URL/jmap/"
}
# statuses FILE: how often each is among the results.
statuses() {
	sed 's/.*"status":"\([a-z]*\)".*/\1/' "$1" | sort | uniq -c |
	    sed 's/^ *//' | tr '\n' ' '
}
# Pieces of a plan.
user() {
	printf '"u-%s":{"@type":"User","name":"%s","domainId":"#d","credentials":{"0":{"@type":"Password","secret":"%s"}}}' \
	    "$1" "$1" "${2:-$hash}"
}
domain='{"@type":"upsert","object":"Domain","matchOn":["name"],"value":{"d":{"name":"one.test"}}}'
accounts() {
	printf '{"@type":"upsert","object":"Account","matchOn":["name","domainId"],"value":{%s}}\n' "$1"
}
# hostile MODE: a server that does not behave (tests/helper/hostile).
hostile() {
	: >"$tmp/hostile.out"
	/usr/bin/python3 "$top/tests/helper/hostile" "$1" >"$tmp/hostile.out" 2>/dev/null &
	hostile_pid=$!
	end_with_test "$hostile_pid"
	tries=0
	while ! [ -s "$tmp/hostile.out" ]; do
		[ "$tries" -lt 1200 ] || return 1
		tries=$((tries + 1))
		sleep 0.05
	done
	url=$(head -n 1 "$tmp/hostile.out")
	STALWART_URL=$url STALWART_USER=admin
	export STALWART_URL STALWART_USER
}
