#!/bin/sh
# Where the tools write: never in place of a device, through somebody else's
# link, where others can read, or into what they read.
. "${0%/*}/lib.sh"
. "$top/t/mkaccounts.sh"
need jq

{
	account a@one.test
	record account bad@one.test "\"secret\":\"\$y\$j9T\$abc\$5ecret\""
	end
} | counted >in
run 1 mkaccounts in >plan 2>err || exit 1

ok 'a device and a FIFO are written to, and stay what they are' '
	mkfifo fifo
	cat fifo >got &
	run 1 mkaccounts -q -o fifo in
	wait
	same plan got
	[ -p fifo ]
	cat fifo >got &
	run 1 mkaccounts -q --report fifo in >out
	wait
	[ -p fifo ]
	run 1 mkaccounts -q -o /dev/null --report /dev/null in
	[ -c /dev/null ]
	if mknod null c 1 3 2>/dev/null; then
		run 1 mkaccounts -q -o null --report null -E null in
		[ -c null ]
	fi'
ok '/dev/stdout is standard output, a file too' '
	run 1 mkaccounts -q -o /dev/stdout in >got
	same plan got
	run 1 mkaccounts -q -o /dev/stdout in | cat >got
	same plan got'
ok 'no output takes the place of an input, nor of another output' '
	cp in keep
	for call in "-o in" "--report in -o other" "--settings in -o other"; do
		# shellcheck disable=SC2086
		run 2 mkaccounts -q $call in >out 2>err
		has err "in: this run writes to it too: give another file"
		same keep in
	done
	for call in "-o one --report one" "-o one --settings one" \
	    "--report one --settings one" "-E one --report one" "-E one -o one"; do
		for there in no yes; do
			rm -f one
			[ $there = no ] || cp plan one
			# shellcheck disable=SC2086
			run 2 mkaccounts -q $call in >out 2>err
			has err "one: this run uses it already: give another file"
			[ $there = no ] || same plan one
		done
	done
	for call in "-o one" "--report one -o other" "--settings one -o other" "-E one -o other"; do
		rm -f one
		# shellcheck disable=SC2086
		run 2 mkaccounts -q --no-secret=temp --temp-file one $call in 2>err
		has err "one: this run uses it already: give another file"
	done
	# Nor do the new app passwords go into what is read.
	mkaccounts -q -o plan.app --settings set in 2>err || :
	echo "{\"v\":1,\"type\":\"settings\",\"address\":\"a@one.test\",\"app_passwords\":[{\"name\":\"Phone\"}]}" >set
	echo "{\"v\":1,\"type\":\"end\",\"count\":1,\"source\":\"mkaccounts\"}" >>set
	for file in set plan.app; do
		cp "$file" whole
		run 2 stalwart-apply -q --url http://127.0.0.1:9 --user a --password-command "echo b" \
		    --settings set --app-passwords "$file" plan.app 2>err
		grep "$file: this run .* give another file" err
		same whole "$file"
		rm -f set.done
	done
	rm -f one
	ln keep name
	run 2 mkaccounts -q -o name keep 2>err
	same in keep
	run 2 recfilter --index keep keep 2>err
	has err "keep: this run uses it already"
	same in keep
	run 1 mkaccounts -q -o one --report two in
	run 1 mkaccounts -q -o one --report two in'
ok 'a link of our own is followed, and stays' '
	echo old >real
	chmod 644 real
	ln -s real link
	run 1 mkaccounts -q -o link in
	[ -L link ]
	same plan real
	[ "$(stat -c %a real)" = 600 ]
	ln -s nowhere broken
	run 2 mkaccounts -q -o broken in 2>err
	has err "where the link leads"'
ok 'a link that somebody else made is not' '
	[ "$(id -u)" -eq 0 ] || exit 0
	echo precious >real
	ln -s real theirs
	chown -h nobody theirs
	for option in -o --report -E; do
		run 2 mkaccounts -q $option theirs in >out 2>err
		has err "a link that somebody else made is not followed"
	done
	[ "$(cat real)" = precious ]'
ok 'rejects: not where others can read, nor in a file of somebody else' '
	for mode in 644 640 620 602; do
		: >rej
		chmod $mode rej
		for tool in "mkaccounts -q" secretcheck; do
			run 2 $tool -E rej in >out 2>err
			has err "others can use it (mode $mode)"
			hasnt err "usage:"
		done
		[ ! -s rej ]
	done
	[ "$(id -u)" -ne 0 ] || {
		: >rej
		chmod 600 rej
		chown nobody rej
		run 2 setpriv --reuid 65533 --clear-groups mkaccounts -q -E rej in \
		    >out 2>err || run 2 mkaccounts -q -E /nowhere/rej in >out 2>err
	}'
ok 'rejects that are also the input: refused, not read for ever' '
	rm -f rej
	grep bad in >rej
	chmod 600 rej
	cp rej before
	for tool in "mkaccounts -q" secretcheck; do
		run 2 timeout 120 $tool -E rej rej >out 2>err
		has err "this run writes to it too"
		run 2 timeout 120 $tool -E rej <rej >out 2>err
	done
	run 2 timeout 120 mkaccounts -q --partial rej >>rej 2>err
	same before rej'
ok 'rejects after a line that was cut off stay one a line' '
	rm -f rej
	printf "{\"v\":1,\"type\":\"acc" >rej
	chmod 600 rej
	run 1 mkaccounts -q -E rej in >out 2>err
	[ "$(wc -l <rej)" = 2 ]
	tail -n 1 rej | jq -e ".address == \"bad@one.test\" and .error.kind == \"data\"" >/dev/null'
ok 'two runs append to the same rejects, and lose nothing' '
	rm -f rej
	for n in $(seq 300); do
		record account "u$n@one.test" "\"secret\":\"\$y\$j9T\$abc\$5ecret\""
	done >many
	for run in 1 2; do
		mkaccounts -q --partial -E rej many >out.$run 2>err.$run &
	done
	wait
	[ "$(wc -l <rej)" = 600 ]
	[ "$(jq -r .address rej | sort -u | wc -l)" = 300 ]'
ok 'a full disk: the reason, never "Success"' '
	for n in $(seq 3000); do account "u$n@one.test"; done >many
	echo "{\"v\":1,\"type\":\"end\",\"count\":3000}" >>many
	run 2 mkaccounts many >/dev/full 2>err
	has err "No space left on device"
	hasnt err Success
	run 2 secretcheck many >/dev/full 2>err
	has err "No space left on device"
	hasnt err Success
	run 2 mkaccounts -q -E /dev/full in >out 2>err
	has err "not all rejects were written: No space left on device"'
ok 'reasons are cut between characters' '
	for x in "" x xx xxx; do
		account "$x$(printf "É%.0s" $(seq 230))@one.test"
		account "$x$(printf "é%.0s" $(seq 230))@one.test"
	done >in2
	rm -f rej
	run 1 mkaccounts -q --partial -E rej in2 >out 2>err
	[ "$(wc -l <rej)" = 4 ]
	iconv -f UTF-8 -t UTF-8 rej >/dev/null
	iconv -f UTF-8 -t UTF-8 err >/dev/null'

done_testing
