# A running Radicale for a test, on a port of its own; $server is its URL, and
# merge runs davmerge as the one user that it has. Read after lib.sh.
# shellcheck shell=sh
need radicale

unset DAV_USER DAV_PASSWORD DAV_TOKEN
password='geheim & so'
printf '%s\n' "$password" >password
printf 'alice:%s\n' "$password" >users
cat >radicale.conf <<END
[server]
hosts = 127.0.0.1:0
[auth]
type = htpasswd
htpasswd_filename = $tmp/users
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = $tmp/store
[logging]
level = info
END

# wait_for PID FILE PATTERN: until the file has the pattern.
wait_for() {
	tries=0
	until grep -q "$3" "$2" 2>/dev/null; do
		kill -0 "$1" 2>/dev/null && [ "$tries" -lt 1200 ] || {
			echo "Bail out! a server did not start"
			cat "$2"
			exit 2
		}
		tries=$((tries + 1))
		sleep 0.05
	done
}

radicale -C radicale.conf >radicale.log 2>&1 &
radicale_pid=$!
end_with_test "$radicale_pid"
wait_for "$radicale_pid" radicale.log "Listening on"
server=http://127.0.0.1:$(sed -n "s/.*Listening on '.*:\([0-9]*\)'.*/\1/p" radicale.log | head -n 1)

merge() {
	davmerge --user alice --password-file "$tmp/password" "$@"
}
