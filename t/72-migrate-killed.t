#!/bin/sh
# migrate-account killed before and after each of its tools: run again, it comes to
# the same end.
. "${0%/*}/lib.sh"
. "$top/t/procedure.sh"

for user in bob dora; do
	mail $user@one.test '' 1 3
	mail $user@one.test Sent 4 5
done
old_server bob dora
own
new_server
configure
ferry_ready

with_faults

ok 'without a fault' '
	run 0 migrate dora@one.test
	end_state dora@one.test >moved'
for when in before after; do
	case $when in
	before) cases="vandelay:1 mailroute:2 remap:2 vandelay:6" ;;
	*) cases="recfilter:1 stalwart-apply:1 vandelay:2 mailroute:2 vandelay:4 remap:2
	    vandelay:6 acctcheck:3" ;;
	esac
	for case in $cases; do
		tool=${case%%:*}
		ok "killed $when call ${case#*:} of $tool" "
			rm -rf state/bob@one.test
			remap set -q --url $proxy_url --token-file token legacy bob@one.test
			fault $tool ${case#*:} $when
			killed migrate bob@one.test
			[ \"\$(cat faults)\" = $tool ]
			again=0
			until migrate bob@one.test >out 2>err; do
				again=\$((again + 1))
				[ \$again -lt 600 ] || { cat err; false; }
				sleep 0.1
			done
			end_state bob@one.test >got
			same moved got"
	done
done
done_testing
