#!/bin/sh
# migrate-account and rollback-account each of its tools failing once: what was flipped is put back, and
# run again it comes to the same end.
. "${0%/*}/lib.sh"
. "$top/t/procedure.sh"

for user in alice bob carol dora ella fred; do
	mail $user@one.test '' 1 3
	mail $user@one.test Sent 4 5
done
old_server alice bob carol dora ella fred
own
new_server
configure
ferry_ready

with_faults

ok 'without a fault' '
	run 0 migrate dora@one.test
	end_state dora@one.test >moved
	filled dora@one.test >old.folders'

# --- a tool fails ---

# remap is asked first where the login goes, and that it does not answer is no reason
# not to copy.

n=0
for case in recfilter:1:75 mkaccounts:1:75 stalwart-apply:1:75 vandelay:1:2 \
    vandelay:2:2 vandelay:3:7 acctcheck:1:75 mailroute:2:75 \
    vandelay:1:2 vandelay:2:2 acctcheck:1:75 remap:2:75 vandelay:3:2 vandelay:4:2 \
    acctcheck:2:75; do
	tool=${case%%:*} call=${case#*:}
	ok "$tool fails at call ${call%:*}, and once more is enough" "
		fault $tool ${call%:*} ${call#*:}
		run 75 migrate alice@one.test 2>err
		[ \"\$(cat faults)\" = $tool ]
		has err 'alice@one.test: '
		at_home alice@one.test"
done
ok 'in the end it has moved as one without faults' '
	rm -f fault.*
	run 0 migrate alice@one.test
	end_state alice@one.test >got
	same moved got
	filled alice@one.test >got
	same old.folders got'
for case in mkaccounts:1:1 mailroute:2:1 remap:2:2; do
	tool=${case%%:*} call=${case#*:}
	ok "$tool fails for good: status ${call#*:}" "
		fault $tool ${call%:*} ${call#*:}
		run ${call#*:} migrate carol@one.test 2>err
		at_home carol@one.test"
done
ok 'a message that came between copy and comparison is copied, too' '
	rm -f fault.*
	run 0 migrate --until create ella@one.test
	fault acctcheck 2 1
	run 0 migrate ella@one.test
	[ "$(cat faults)" = acctcheck ]'
ok 'one that the new server refuses stops the move, unless it is forced' '
	rm -f fault.*
	printf "no header\n" >homes/old/fred@one.test/Maildir/cur/1780000099.M99P1.old:2,S
	own
	run 1 migrate fred@one.test 2>err
	has err "fred@one.test: check: acctcheck: stdin:"
	has err "INBOX: 3 of 4 messages"
	at_home fred@one.test
	run 0 migrate --force fred@one.test 2>err
	[ "$(routes fred@one.test)" = stalwart ]
	jq -r "select(.step == \"check\" and .status == 0) | .text" state/fred@one.test/steps.ndjson | grep "with --force: "'
ok 'what cannot be put back is said' '
	fault remap 2 75
	echo "3 75" >fault.mailroute
	run 75 migrate carol@one.test 2>err
	has err "mail could not be put back: run \"rollback-account carol@one.test\" now"
	run 0 rollback carol@one.test
	at_home carol@one.test
	run 0 migrate carol@one.test
	end_state carol@one.test >got
	same moved got'
# A line that the disk does not take.
cat >shims/sync <<END
#!/bin/sh
[ -e $tmp/nosync ] && tail -n 1 "\$3" | grep -qf $tmp/nosync || exit 0
sed -i '\$d' "\$3"
exit 1
END
chmod 755 shims/sync
ok 'the journal takes no line: what is where is said as it is' '
	run 0 rollback carol@one.test
	run 0 migrate --until check carol@one.test
	echo "\"step\":\"mail" >nosync
	run 2 migrate carol@one.test 2>err
	has err "carol@one.test: mail: "
	has err "mail and login are on the old server again"
	at_home carol@one.test
	fault remap 2 75
	echo "\"type\":\"step\".*mail-back" >nosync
	run 75 migrate carol@one.test 2>err
	has err "mail and login are on the old server again, and the journal does not have it"
	at_home carol@one.test
	rm nosync
	run 0 migrate carol@one.test'
done_testing
