#!/bin/sh
# rollback-account with each of its tools failing once, and killed before and after
# each: run again, it comes to the same end.
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
	filled dora@one.test >old.folders
	run 0 migrate dora@one.test bob@one.test
	run 0 rollback dora@one.test
	filled dora@one.test >got
	same old.folders got
	steps dora@one.test | grep rollback >back.steps'
ok 'an answer that says nothing is none: nothing is turned' '
	cp ferry.conf kept.conf
	for answer in : "echo hello"; do
		printf "#!/bin/sh\n%s\n" "$answer" >silent
		chmod 755 silent
		settings "OLD_RUN=$tmp/silent"
		run 1 rollback bob@one.test 2>err
		cp kept.conf ferry.conf
		has err "bob@one.test: login: the old server does not say whether it has the account (OLD_RUN, OLD_DOVEADM): no answer"
		[ "$(routes bob@one.test)" = stalwart ]
	done'
for case in doveadm:1:75 remap:1:75 mailroute:2:75 vandelay:1:2 archive2maildir:1:75 \
    tar:1:75 maildir-check:1:75 maildir-merge:1:75 maildir-merge:2:75 maildir-merge:3:75 acctcheck:1:75; do
	tool=${case%%:*} call=${case#*:}
	ok "on the way back, $tool fails at call ${call%:*}" "
		fault $tool ${call%:*} ${call#*:}
		run 75 rollback bob@one.test 2>err
		[ \"\$(cat faults)\" = $tool ]"
done
ok 'in the end it is back as one without faults' '
	rm -f fault.*
	run 0 rollback bob@one.test
	at_home bob@one.test
	steps bob@one.test | grep "rollback.* 0" | sort -u >got
	sort back.steps >want
	same want got
	filled bob@one.test >got
	same old.folders got'

ok 'what cannot be written or merged holds up nothing that comes after it' '
	rm -f calls.* fault.*
	mkdir -p partly
	cat >partly/archive2maildir <<-END
	#!/bin/sh
	$build/bin/archive2maildir "\$@" || exit
	echo "archive2maildir: event 7: no start" >&2
	exit 1
	END
	chmod 755 partly/archive2maildir
	(PATH=$tmp/shims:$tmp/partly:${PATH#$tmp/shims:} run 1 rollback --from login bob@one.test >out 2>err)
	has out "bob@one.test: is back"
	has err "bob@one.test: extract: not all of it can be written as files: archive2maildir: event 7: no start; see $tmp/state/bob@one.test/log"
	fault maildir-merge 3 1
	run 1 rollback --from login bob@one.test >out 2>err
	has out "bob@one.test: check is done, and these steps are not: merge"
	has err "bob@one.test: merge: maildir-merge: not now; see "
	run 0 rollback bob@one.test >out
	has out "bob@one.test: is back"'
ok 'killed on the way back, anywhere' '
	for case in remap:1 mailroute:1 vandelay:1 archive2maildir:1 tar:1 maildir-merge:1 maildir-merge:2 maildir-merge:3 acctcheck:1; do
		for when in before after; do
			fault ${case%:*} ${case#*:} $when
			killed rollback --from login bob@one.test
			until rollback bob@one.test >out 2>err; do
				sleep 0.1
			done
			at_home bob@one.test
			filled bob@one.test >got
			same old.folders got
		done
	done'
done_testing
