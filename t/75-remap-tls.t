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

# --- the host of a proxy as it is shipped ---

cat >inside <<'END'
umask 022
cp -a /etc etc && mkdir etc/proxy && mount --bind etc /etc && ip link set lo up || exit 99
"$@"
END
# on_its_host SCRIPT: there is nothing else on its loopback, and what the script
# leaves ends with it.
on_its_host() {
	rm -rf etc
	unshare -mnp --fork sh inside sh -ec "$1"
}
if [ "$(id -u)" -eq 0 ] && unshare -mnp --fork true 2>/dev/null && command -v ip >/dev/null; then
	unset PROXY_ADMIN_URL
	ok 'nothing has to be said there' '
		on_its_host "
			install -m 600 token /etc/proxy/admin.token
			\"$build\"/standin-proxy --listen 127.0.0.1:0 --token good --store store >back &
			until [ -s back ]; do sleep 0.05; done
			/usr/bin/python3 \"$top\"/tests/helper/tls-front \$(cat back) cert key log 127.0.0.1 9443 >front &
			until [ -s front ]; do sleep 0.05; done
			remap -k set stalwart here@one.test >out"
		has out "\"address\":\"here@one.test\",\"status\":\"set\""'
	ok 'the token is not sent to another proxy, nor read where others can' '
		on_its_host "
			install -m 600 token /etc/proxy/admin.token
			! remap --url https://127.0.0.1:9444 get a 2>err"
		has err "no token: --token-file"
		on_its_host "
			install -m 644 token /etc/proxy/admin.token
			! remap get a 2>err"
		has err "/etc/proxy/admin.token"'
fi
ok 'elsewhere it has to be said which proxy' '
	run 2 env -u PROXY_ADMIN_URL remap --token-file token get a 2>err
	has err "no proxy: --url or PROXY_ADMIN_URL"'

done_testing
