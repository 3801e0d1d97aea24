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
# --- a wrong URL ---
# clients URL: each tool that talks to a server, with the URL that is wrong, and
# all the time there is.
clients() {
	cat <<-X
	stalwart-apply -v --url $1 --user admin --password-file admin.secret plan
	stalwart-apply -v --url $1 --user admin --password-file admin.secret --check plan
	davmerge -v --user admin --password-file admin.secret $1 tree
	davmerge -v --user admin --password-file admin.secret --from-user a --from-password-file admin.secret $1 $1
	remap -v --url $1 --token-file admin.secret get a@one.test
	remap -v --url $1 --token-file admin.secret set legacy a@one.test
	mailroute -v --url $1 --user admin --password-file admin.secret check a@one.test
	mailroute -v --url $1 --user admin --password-file admin.secret set a@one.test
	acctcheck -v --source $1 --source-user admin --source-password-file admin.secret --target $1 --target-user admin --target-password-file admin.secret addresses
	dirdump-stalwart -v --user admin --password-file admin.secret $1
	dirdump-mailcow-api -v --token-file admin.secret $1
	X
	case $1 in
	https:*) echo "acctcheck -v --source imaps${1#https} --source-user admin --source-password-file admin.secret --target imaps${1#https} --target-user admin --target-password-file admin.secret addresses" ;;
	esac
}
event() {
	mkdir -p tree/calendars/W
	printf "%s\r\n" BEGIN:VCALENDAR VERSION:2.0 PRODID:-//t//t//EN BEGIN:VEVENT \
	    UID:u1 DTSTAMP:20260101T000000Z DTSTART:20260101T000000Z SUMMARY:x \
	    END:VEVENT END:VCALENDAR >tree/calendars/W/1.ics
}
event
echo a@one.test >addresses
/usr/bin/python3 "$top/tests/helper/counting" "$tmp/connections" >counting.out 2>/dev/null &
end_with_test "$!"
until [ -s counting.out ]; do
	sleep 0.05
done
while read -r what u; do
	case $u in *COUNTING) u=${u%COUNTING}$(cat counting.out) ;; esac
	ok "$what: said, by every tool, and not tried again, whatever the budget" '
		clients "$u" >list
		while read -r line; do
			before=$(wc -l <connections)
			# shellcheck disable=SC2086
			status timeout 120 $line >out 2>err </dev/null
			now=$(($(wc -l <connections) - before))
			# Two sides are two servers; and a place of their own have
			# calendars and contacts.
			case $line in
			davmerge*--from-*) most=4 ;;
			davmerge* | acctcheck*) most=2 ;;
			*) most=1 ;;
			esac
			case $u in
			*:1 | *invalid) least=0 most=0 ;;
			*) least=1 ;;
			esac
			{ [ "$got" -eq 75 ] || [ "$got" -eq 2 ]; } && [ -s err ] &&
			    ! grep waiting err && [ $now -ge $least ] && [ $now -le $most ] || {
				echo "status $got, $now connections: $line"
				cat err
				tail -n "$now" connections
				exit 1
			}
		done <list'
done <<-'END'
	nobody-there http://127.0.0.1:1
	no-such-host https://nowhere.invalid
	no-TLS https://COUNTING
	no-HTTP http://COUNTING
	END
ok 'a redirect says where to' '
	hostile redirect
	run 2 stalwart-apply --password-file admin.secret plan >out 2>err
	has err "the server redirects to https://elsewhere.test/jmap/session?p="
	has err "(302)"'
ok 'also of a request that writes; and one that leads nowhere is one' '
	hostile redirect-post
	run 2 stalwart-apply --password-file admin.secret plan >out 2>err
	has err "the server redirects to https://elsewhere.test/jmap/"
	hostile redirect-nowhere
	run 2 stalwart-apply --password-file admin.secret plan >out 2>err
	has err "redirect"
	has err "(301)"'
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
		env --default-signal stalwart-apply --password-file admin.secret plan >out 2>err &
		pid=\$!
		ready \$pid
		kill -$sig \$pid
		status soon \$pid
		[ \"\$got\" -eq 2 ]
		has err 'stopped; run it again to go on'"
done
ok 'of davmerge too' '
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
ok 'remap: the change in flight is made, and those after it are not' '
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
ok 'remap: all names of the account in flight are changed, and no other account is' '
	for how in set unset; do
		: >store
		[ $how = set ] || printf "%s\tstalwart\n" a@one.test a1@one.test a2@one.test a3@one.test b@one.test >store
		: >proxy.log
		start_standin standin-proxy --token "$(cat admin.secret)" --store "$tmp/store" \
		    --log "$tmp/proxy.log" --fault "*:slow:100"
		at_once=$standin_pid
		cat >records <<-X
			{"v":1,"type":"account","address":"a@one.test","logins":["a1@one.test","a2@one.test","a3@one.test"]}
			{"v":1,"type":"account","address":"b@one.test"}
			{"v":1,"type":"end","count":2}
			X
		to=stalwart
		[ $how = set ] || to=
		remap --url "$url" --token-file admin.secret -j 1 $how --no-kick $to <records >out 2>err &
		pid=$!
		until_has proxy.log "PUT\|DELETE"
		kill -TERM $pid
		status soon $pid
		kill $at_once
		[ "$got" -eq 2 ]
		has err "stopped"
		[ "$(grep -c "\"status\":\"$how\"" out)" = 1 ]
		for name in a@ a1@ a2@ a3@; do
			[ $how = set ] || { not grep -q "^$name" store; continue; }
			grep -q "^$name" store
		done
		[ $how = set ] || has store b@one.test
		[ $how = unset ] || hasnt store b@one.test
	done'
# Keys for the new server, of an account with five names.
names() {
	jmap x:MemoryLookupKey/get '{"ids":null}' | grep -o '"key":"[^"]*@one.test"' | sort | tr '\n' ' '
}
# routed OPTION...: a server with that account, and with the rules.
routed() {
	serve --schema "$fixtures/real/stalwart-schema.json.gz" --resolves --max-objects-in-set 1 --max-concurrent 1 \
	    "$@"
	{
		echo '{"v":1,"type":"account","address":"a@one.test","secret":"{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=","aliases":["a1@one.test","a2@one.test","a3@one.test"]}'
		echo '{"v":1,"type":"domain","domain":"one.test"}'
		echo '{"v":1,"type":"end","count":2}'
	} | mkaccounts -q | apply -q >out 2>err
	STALWART_PASSWORD=secret mailroute setup --old old.test >out 2>err
}
for at in 1 2 3 4; do
	routed --fault '*:slow:100'
	ok "mailroute: an account's keys are all there or none are, after a signal at the change number $at" '
		: >requests
		for how in set unset; do
			: >requests
			mailroute -v --password-file admin.secret $how a@one.test >out 2>err &
			pid=$!
			n=0
			until [ "$(grep -c "MemoryLookupKey/set" requests)" -ge '$at' ]; do
				kill -0 $pid 2>/dev/null || break
				[ $n -lt 1200 ]
				n=$((n + 1))
				sleep 0.02
			done
			kill -TERM $pid 2>/dev/null || true
			status soon $pid
			[ "$got" -eq 2 ] || [ "$got" -eq 0 ]
			case $(names | wc -w) in
			0) [ $how = unset ] || [ "$got" -eq 2 ] ;;
			4) [ $how = set ] || [ "$got" -eq 2 ] ;;
			*)
				names
				cat err out
				exit 1
				;;
			esac
			run 0 mailroute -q --password-file admin.secret $how a@one.test >out 2>err
		done'
done
routed
ok 'and a second signal ends it at once' '
	: >requests
	run 0 mailroute -q --password-file admin.secret set a@one.test >out 2>err
	first=$(grep "\"method\":\"POST\"" requests | grep -n -m 1 MemoryLookupKey/set | cut -d: -f1)
	routed
	nth=$(($(grep -c "\"method\":\"POST\"" requests) + first))
	routed --fault "$nth:slow:60000"
	: >requests
	mailroute -q --password-file admin.secret set a@one.test >out 2>err &
	pid=$!
	until_has requests MemoryLookupKey/set
	kill -TERM $pid
	sleep 1
	kill -0 $pid
	kill -TERM $pid
	status soon $pid
	[ "$got" -eq 143 ]'

# --- every tool ---

. "$top/t/secrets.sh"
hostile hang-session
hostile_logins hang
# all_wait PID...: returns when each is a program of ours that waits for a server
# or for its input, or is gone.
all_wait() {
	for pid; do
		tries=0
		until ! [ -e "/proc/$pid/exe" ] || {
			case $(readlink "/proc/$pid/exe") in "$build"/bin/*) true ;; *) false ;; esac &&
			    grep -q "^State:.S" "/proc/$pid/status"
		}; do
			[ "$tries" -lt 1200 ]
			tries=$((tries + 1))
			sleep 0.05
		done
	done
}
# filters: those that wait for their input.
filters() {
	for filter in "mkaccounts -o plan.out" secretcheck "recfilter -a a@one.test" \
	    "remap -E rej set stalwart" "mailroute -E rej set" "sievecheck --records" \
	    "dirdump-acl" "stalwart-apply -n" "dirdump-passwd-file input" \
	    "dirdump-shadow --domain one.test input" "dirdump-ldif --map qmail input"; do
		echo "$filter"
	done
}
# As below nohup, and in the background of a script.
ok 'a signal that the parent ignores stays ignored, in every tool' '
	mkdir run
	cd run
	mkfifo input
	sleep 600 <>input &
	feeder=$!
	tools | grep -v "^dirdump-dkim" >list
	filters >>list
	trap "" HUP INT TERM
	n=0
	while read -r line; do
		n=$((n + 1))
		# shellcheck disable=SC2086
		with_secret_exec $line <input >out.$n 2>err.$n &
		echo $! >pid.$n
	done <list
	all_wait $(cat pid.*)
	alive=0
	for pid in $(cat pid.*); do
		kill -HUP $pid 2>/dev/null || continue
		alive=$((alive + 1))
		kill -INT $pid
		kill -TERM $pid
	done
	sleep 0.3
	still=0
	for pid in $(cat pid.*); do
		# HUP and INT (1, 2), TERM (15).
		grep -q "^SigIgn:.*[4-7c-f]..[37bf]$" /proc/$pid/status 2>/dev/null || continue
		still=$((still + 1))
	done
	# shellcheck disable=SC2046 # the processes
	kill -KILL $feeder $(cat pid.*) 2>/dev/null || true
	echo "$alive were there, $still still are"
	[ $alive -ge 30 ]
	[ $still -eq $alive ]'

ok 'a first signal ends every tool that waits for a server, in one of two ways' '
	rm -rf run
	mkdir run
	cd run
	# A restart of the proxy is not ours to wait for.
	tools >list
	n=0
	while read -r line; do
		n=$((n + 1))
		# shellcheck disable=SC2086
		with_secret_exec $line </dev/null >out.$n 2>err.$n &
		echo $! >pid.$n
	done <list
	all_wait $(cat pid.*)
	sleep 0.3
	alive=
	for i in $(seq $n); do
		kill -TERM $(cat pid.$i) 2>/dev/null || continue
		alive="$alive $i"
	done
	clean=0
	for i in $alive; do
		status soon $(cat pid.$i)
		line=$(sed -n ${i}p list)
		case $line in
		dirdump*) [ "$got" = 143 ] || [ "$got" = 2 ] ;;
		*) [ "$got" = 2 ] && grep -q stopped err.$i ;;
		esac || {
			echo "status $got: $line"
			cat err.$i
			exit 1
		}
		[ "$got" = 143 ] || clean=$((clean + 1))
		hasnt out.$i "\"type\":\"end\""
	done
	[ "$(echo $alive | wc -w)" -ge 20 ]
	[ $clean -ge 10 ]'

done_testing
