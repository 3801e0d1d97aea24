#!/bin/sh
# Signals and waiting: a wrong URL is said at once; a server that hangs can be
# left; a change at the proxy is made or undone.
# Below nohup or a job in the background a signal may be ignored, which a shell
# cannot take back.
[ -n "${default_signals:-}" ] || default_signals=1 exec env --default-signal sh "$0" "$@"
. "${0%/*}/lib.sh"
need curl
. "$top/t/apply.sh"

{ echo "$domain"; accounts "$(user alice),$(user bob)"; } >plan
# soon PID: waits until it is gone, at most twenty seconds; a server that hangs is
# given up after sixty.
soon() {
	n=0
	while kill -0 "$1" 2>/dev/null; do
		[ "$n" -lt 1200 ] || {
			echo "still there"
			kill -9 "$1"
			return 1
		}
		n=$((n + 1))
		sleep 0.05
	done
	wait "$1"
}
# status COMMAND...: in $got
status() {
	got=0
	"$@" || got=$?
}
# until FILE has TEXT
until_has() {
	n=0
	until grep -q "$2" "$1" 2>/dev/null; do
		[ "$n" -lt 1200 ] || return 1
		n=$((n + 1))
		sleep 0.05
	done
}
started=0
# ready PID: waits until it catches signals (the last is SIGHUP, 1).
ready() {
	n=0
	until grep -q "^SigCgt:.*[13579bdf]$" "/proc/$1/status"; do
		[ "$n" -lt 1200 ] || return 1
		n=$((n + 1))
		sleep 0.05
	done
	sleep 0.2
}
clock() {
	started=$(date +%s)
}
within() { # SECONDS
	[ $(($(date +%s) - started)) -le "$1" ]
}

# --- a wrong URL ---
ok 'nobody there, no such host, no TLS: said at once, whatever the budget' '
	serve
	for u in http://127.0.0.1:1 https://nowhere.invalid "https${url#http}"; do
		clock
		status stalwart-apply --url "$u" --user admin --password-file admin.secret plan >out 2>err
		[ "$got" -eq 75 ] || [ "$got" -eq 2 ]
		within 30
		[ -s err ]
		clock
		status davmerge --user admin --password-file admin.secret "$u" . >out 2>err
		[ "$got" -eq 75 ] || [ "$got" -eq 2 ]
		within 30
		clock
		status remap --url "$u" --token-file admin.secret get a >out 2>err
		[ "$got" -eq 75 ] || [ "$got" -eq 2 ]
		within 30
	done'
ok 'a redirect says where to' '
	hostile redirect
	run 2 stalwart-apply --password-file admin.secret plan >out 2>err
	has err "the server redirects to https://elsewhere.test/jmap/session?p="
	has err "(302)"'
ok 'a server that was there is waited for' '
	serve --fault 2:503:1
	run 0 stalwart-apply -vv --password-file admin.secret plan >out 2>err
	has err "waiting 1.00 s"'

# What a tool says to a terminal.
terminal() {
	/usr/bin/python3 -c 'import os, pty, sys
os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:]))' "$@" </dev/null >shown 2>&1
}
ok 'what is waited for is said with -v, or to a terminal' '
	echo a@one.test >addresses
	for how in "-v" "" "-q"; do
		for tool in "stalwart-apply $how plan" "mailroute $how list" \
		    "acctcheck --source-user admin --source-password-file admin.secret $how --source"; do
			serve --fault 1:503:1
			case $tool in acctcheck*) set -- "$url" addresses ;; *) set -- ;; esac
			# shellcheck disable=SC2086
			STALWART_PASSWORD=secret timeout 60 $tool "$@" >out 2>err || true
			case $how in
			-v) has err "(503); waiting 1.00 s" ;;
			*) hasnt err waiting ;;
			esac
			serve --fault 1:503:1
			case $tool in acctcheck*) set -- "$url" addresses ;; esac
			# shellcheck disable=SC2086
			STALWART_PASSWORD=secret terminal $tool "$@"
			case $how in
			-q) hasnt shown waiting ;;
			*) has shown "(503); waiting 1.00 s" ;;
			esac
		done
	done'

# --- a server that hangs ---
hostile hang-session
for sig in INT TERM HUP; do
	ok "$sig ends a read that hangs" "
		stalwart-apply --password-file admin.secret plan >out 2>err &
		pid=\$!
		ready \$pid
		kill -$sig \$pid
		status soon \$pid
		[ \"\$got\" -eq 2 ]
		has err 'stopped; run it again to go on'"
done
ok 'of davmerge and remap too' '
	mkdir -p tree/calendars/W
	printf "%s\r\n" BEGIN:VCALENDAR VERSION:2.0 PRODID:-//t//t//EN BEGIN:VEVENT \
	    UID:u1 DTSTAMP:20260101T000000Z DTSTART:20260101T000000Z SUMMARY:x \
	    END:VEVENT END:VCALENDAR >tree/calendars/W/1.ics
	davmerge --user a --password-file admin.secret "$url" tree >out 2>err &
	pid=$!
	ready $pid
	kill -TERM $pid
	status soon $pid
	[ "$got" -eq 2 ]'
hostile hang-post
ok 'a request that changes something is waited for; a second signal ends at once' '
	stalwart-apply --password-file admin.secret plan >out 2>err &
	pid=$!
	until_has "$tmp/hostile.out" POST
	kill -TERM $pid
	sleep 1
	kill -0 $pid
	kill -TERM $pid
	status soon $pid
	[ "$got" -eq 143 ]'
# proxy_hangs MS: a proxy that answers the first change so late, and remap in the
# middle of it.
proxy_hangs() {
	: >store
	: >proxy.log
	start_standin standin-proxy --token "$(cat admin.secret)" --store "$tmp/store" \
	    --log "$tmp/proxy.log" --fault "4:slow:$1"
	remap --url "$url" --token-file admin.secret -j 1 set --no-kick stalwart a@one.test b@one.test \
	    c@one.test >out 2>err &
	pid=$!
	until_has proxy.log PUT
}
ok 'remap: the change in flight is made, and those behind it are not' '
	proxy_hangs 1500
	kill -TERM $pid
	status soon $pid
	[ "$got" -eq 2 ]
	has err "stopped"
	has out "\"address\":\"a@one.test\",\"status\":\"set\""
	[ "$(grep -c PUT proxy.log)" = 1 ]
	has store a@one.test
	hasnt store b@one.test'
ok 'and a second signal ends it at once' '
	proxy_hangs 60000
	kill -TERM $pid
	sleep 1
	kill -0 $pid
	kill -TERM $pid
	status soon $pid
	[ "$got" -eq 143 ]'
ok 'SIGHUP that the parent ignores stays ignored' '
	serve --fault "*:slow:200"
	sh -c "trap \"\" HUP; exec stalwart-apply --password-file admin.secret plan" >out 2>err &
	pid=$!
	# It catches SIGINT (2), and not SIGHUP.
	until grep -q "^SigCgt:.*[26ae]$" "/proc/$pid/status"; do
		kill -0 $pid
		sleep 0.05
	done
	sleep 0.2
	kill -HUP $pid
	wait $pid
	[ "$(statuses out)" = "3 created " ]'

# --- every tool ---

. "$top/t/secrets.sh"
hostile hang-session
hostile_logins hang
# filters: those that wait for their input.
filters() {
	for filter in "mkaccounts -o plan.out" secretcheck "recfilter -a a@one.test" \
	    "remap -E rej set stalwart" "mailroute -E rej set" "sievecheck --records" \
	    "dirdump-acl" "stalwart-apply -n"; do
		echo "$filter"
	done
}
ok 'SIGHUP that the parent ignores stays ignored, in every tool' '
	mkdir run
	cd run
	mkfifo input
	sleep 600 <>input &
	feeder=$!
	tools | grep -v "^dirdump-dkim" >list
	filters >>list
	trap "" HUP
	n=0
	while read -r line; do
		n=$((n + 1))
		# shellcheck disable=SC2086
		with_secret_exec $line <input >out.$n 2>err.$n &
		echo $! >pid.$n
	done <list
	# Until each waits for a server or for its input.
	for pid in $(cat pid.*); do
		tries=0
		until ! [ -e /proc/$pid/exe ] || {
			case $(readlink /proc/$pid/exe) in "$build"/bin/*) true ;; *) false ;; esac &&
			    grep -q "^State:.S" /proc/$pid/status
		}; do
			[ $tries -lt 1200 ]
			tries=$((tries + 1))
			sleep 0.05
		done
	done
	alive=0
	for pid in $(cat pid.*); do
		kill -HUP $pid 2>/dev/null || continue
		alive=$((alive + 1))
	done
	sleep 0.3
	still=0
	for pid in $(cat pid.*); do
		grep -q "^SigIgn:.*[13579bdf]$" /proc/$pid/status 2>/dev/null || continue
		still=$((still + 1))
	done
	# shellcheck disable=SC2046 # the processes
	kill -KILL $feeder $(cat pid.*) 2>/dev/null || true
	echo "$alive were there, $still still are"
	[ $alive -ge 30 ]
	[ $still -eq $alive ]'

done_testing
