#!/bin/sh
# Waves move, some go back, some of those move again, by the scripts and under mail
# from outside and between owners: each message is read once, where its owner is,
# and passwords, flags, folders, filters and forwards are as before.
# MAILFERRY_LEDGER_ACCOUNTS: how many owners (4; with 40, four waves, five go back
# and two of them move again).
. "${0%/*}/lib.sh"
n=${MAILFERRY_LEDGER_ACCOUNTS:-4}
. "$top/t/ledger.sh"
wave() {
	migrate-wave -c ferry.conf -j 2 "$@"
}
plan_waves

mail_arrives
# shellcheck disable=SC2046,SC2086 # words
ok 'waves move under mail' '
	for first in $(seq 0 $size $((n - 1))); do
		those=$(seq $first $((first + size - 1)) | awk -v n=$n "\$1 < n")
		addresses $those >wave
		run 0 wave wave || { tail -n 25 state/*/log; false; }
		has_moved $those
	done'
# shellcheck disable=SC2086 # words
ok 'some go back, and some of these move again' '
	addresses $back >wave
	run 0 wave --back wave || { tail -n 25 state/*/log; false; }
	is_back $back
	addresses $again >wave
	run 0 wave wave || { tail -n 25 state/*/log; false; }
	has_moved $again'
mail_ends
ok 'the senders met no error, and all mail has arrived' '
	cat sent.* settled
	[ "$sent" = 0 ]'
ok 'each message is read once, where its owner is; the rest is as before' '
	all_is_well
	[ "$(wc -l <mail.ledger)" -gt $((n * 5)) ]'
ok 'both servers had mail for both sides' '
	grep -q "\"route\":\"mailferry-old\",\"status\":\"relayed\"" smtp.log
	grep -q "\"route\":\"local\",\"status\":\"delivered\"" smtp.log
	grep -q "relay=127.0.0.1.*status=sent" "$pf/log"'
done_testing
