#!/bin/sh
# remap over TLS: certificates are checked, and the session is taken up again,
# because the proxy closes each connection after its answer.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3
need openssl

echo good >token
: >store
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout key -out cert -days 2 -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1 2>openssl.log
start_standin standin-proxy --token good --store "$tmp/store"
/usr/bin/python3 "$top/tests/helper/tls-front" "$url" cert key log >front.out 2>front.err &
end_with_test "$!"
tries=0
until [ -s front.out ] || [ "$tries" -gt 1200 ]; do
	tries=$((tries + 1))
	sleep 0.05
done
PROXY_ADMIN_URL=$(cat front.out)
export PROXY_ADMIN_URL

ok 'one full handshake for each connection that is used at a time' '
	seq -f "u%g@one.test" 100 >names
	run 0 remap --token-file token --cacert cert --no-kick -j 3 set stalwart <names >out 2>err
	[ "$(grep -c "\"status\":\"set\"" out)" = 100 ]
	[ "$(wc -l <log)" -ge 302 ]
	[ "$(grep -c ^new log)" -le 3 ]'
ok 'several connections at a time' '
	[ "$(cut -d" " -f2 log | sort -n | tail -n 1)" -ge 2 ]'
ok 'a certificate that is not known: 2' '
	run 2 remap --token-file token get a 2>err
	has err "certificate cannot be trusted"'
ok '-k does not look at it' '
	run 0 remap --token-file token -k get a >out 2>err'

done_testing
