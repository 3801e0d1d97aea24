# A proxy, and ways to look into it.
# shellcheck shell=sh
need curl
need jq

echo good >token
cat >curl.rc <<-END
	silent
	header = "Authorization: Bearer good"
	END

# serve [OPTION...]: a new proxy with the mapping file ./store.
serve() {
	[ -z "${standin_pid:-}" ] || end_process "$standin_pid" "$standin_born"
	rm -f requests
	start_standin standin-proxy --token good --store "$tmp/store" --log "$tmp/requests" "$@"
	PROXY_ADMIN_URL=$url
	export PROXY_ADMIN_URL
}
# calls: "METHOD /path?query" of each request that changes something.
calls() {
	jq -r 'select(.method != "GET") | .method + " " + .path' requests
}
# goes ID: the destination, by the proxy itself.
goes() {
	curl -K curl.rc "$url/mappings?identifier=$1" | jq -r .destination
}
