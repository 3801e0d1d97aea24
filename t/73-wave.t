#!/bin/sh
# migrate-wave: many accounts at a time, one of them in trouble, and on again.
. "${0%/*}/lib.sh"
. "$top/t/procedure.sh"
need parallel

ready_for_wave
with_faults
wave() {
	migrate-wave -c ferry.conf "$@"
}
everybody_moved() {
	for user in "$@"; do
		[ "$(routes "$user@one.test")" = stalwart ]
		new_folders "$user@one.test" | grep -x "Inbox 2"
	done
}
# all_keys: how often the keys of all who have moved were read.
all_keys() {
	grep -c 'filter[^a-z]*namespace[^a-z]*moved' requests || :
}

ok 'the commands of a wave are shown' '
	dirdump passwd-file -q directory >records
	wc -l <requests >before
	run 0 wave -n --until check records >out
	[ "$(grep -c "^## " out)" = 6 ]
	hasnt out "# mail"
	not [ -e state/records.ndjson ]
	wc -l <requests >after
	same before after'
ok 'lists that were saved on Windows: the first address of each is one' '
	printf "\357\273\277ann@one.test\r\n" >list
	printf "\357\273\277ben@one.test\r\n" >more
	run 0 wave -n --until check list more >out
	grep "^## " out >got
	printf "## %s\n" ann@one.test ben@one.test >want
	same want got'
ok 'a record is read as JSON is, and a line that is none is said' '
	printf "%s\n" ann@one.test "{\"v\":1,\"x\":[{\"address\":\"cat@one.test\"}],\"type\" : \"account\", \"address\" : \"ben@one.test\"}" \
	    "{\"v\":1,\"type\":\"alias\",\"address\":\"dan@one.test\",\"targets\":[]}" "{\"v\":1,\"type\":\"end\",\"count\":2}" >list
	run 0 wave -n --until check list >out
	grep "^## " out >got
	same want got
	for bad in "{}@one.test" "{\"v\":1,\"type\":\"account\"}" "{\"v\":1,\"type\":\"account\",\"address\":\"ann@one.te" \
	    "{\"type\":\"account\",\"address\":\"\u0061@one.test\"}"; do
		printf "%s\n" ben@one.test "$bad" >list
		run 2 wave -n list >out 2>err
		has err "migrate-wave: line 2 is neither an address nor a record: $bad"
	done'
ok 'a wave of records; one account fails, the others move' '
	for user in ann ben cat; do echo $user@one.test; done >wave1
	fault mailroute 2 1
	run 1 wave -j 2 --halt never wave1 >out 2>err
	has err "migrate-wave: 3 accounts: 2 done, 1 for a person to look at, 0 to run again, 0 not begun"
	[ "$(cat faults)" = mailroute ]'
# The index is as long as the dump lasts: who reads it reads no more than is theirs.
ok 'each account takes its records by the index, which is made once' '
	cat state/*/log | grep -c "recfilter .*--index [^ ]*/records.ndjson.index" >count
	[ "$(cat count)" = "$(cat state/*/log | grep -c " recfilter ")" ]
	[ "$(cat count)" -ge 3 ]
	ls -i state/records.ndjson.index >index
	run 0 migrate --until record ann@one.test
	ls -i state/records.ndjson.index >again
	same index again'
ok '--resume takes up those that did not move' '
	run 0 wave --resume 2>err
	has err "3 accounts: 3 done, 0 for a person"
	everybody_moved ann ben cat
	[ "$(routes dan@one.test)" = legacy ]'
ok 'and a second time there is nothing to do' '
	grep "/set" requests >before
	run 0 wave --resume 2>err
	run 0 wave wave1 2>err
	has err "3 done"
	grep "/set" requests >after
	same before after'
ok '--resume looks at who is where, whatever a log says' '
	reads=$(all_keys)
	run 0 wave --back --joblog back.log wave1
	# Of all who have moved, once, and not for each.
	[ "$(all_keys)" = "$((reads + 1))" ]
	run 0 wave --resume 2>err
	has err "3 accounts: 3 done"
	everybody_moved ann ben cat
	run 0 rollback ben@one.test
	run 0 wave --resume
	everybody_moved ben'
# turned LOGIN MAIL ADDRESS: by hand, at the proxy and on the new server.
turned() {
	remap set -q --url "$proxy_url" --token-file token "$1" "$3"
	mailroute -q --url "$new_url" --user admin --password-file admin.pw "$2" "$3"
}
said() {
	run 1 migrate ann@one.test >out 2>err
	hasnt out moved
	has err "ann@one.test: has moved by its journal, but $1"
}
ok 'an account that another STATE or a hand has turned back: no word of moved' '
	sed "s,^STATE=.*,STATE=$tmp/state2," ferry.conf >ferry2.conf
	echo ann@one.test >one
	run 0 migrate-account -c ferry2.conf --force ann@one.test
	run 0 migrate-wave -c ferry2.conf --back one
	said "the proxy sends the login to \"legacy\", and new mail goes to the old server: --from record moves it again, and rollback-account brings back"
	run 0 migrate --from record ann@one.test
	everybody_moved ann
	turned legacy set ann@one.test
	said "the proxy sends the login to \"legacy\", and new mail goes to the new server: --from again copies what is new there, and turns the login"
	run 0 migrate --from again ann@one.test
	everybody_moved ann
	turned stalwart unset ann@one.test
	said "the proxy sends the login to \"stalwart\", and new mail goes to the old server: --from mail turns the mail"
	run 0 migrate --force --from mail ann@one.test
	run 0 migrate ann@one.test >out
	has out "has moved already"
	sed "s,^PROXY_ADMIN_URL=.*,PROXY_ADMIN_URL=http://127.0.0.1:9," ferry.conf >ferry3.conf
	run 75 migrate-account -c ferry3.conf ann@one.test >out
	hasnt out moved'
ok 'neither of back where one of the two is not' '
	run 0 rollback ann@one.test
	for sides in "stalwart set" "legacy set" "stalwart unset"; do
		# shellcheck disable=SC2086 # words
		turned $sides ann@one.test
		run 1 rollback ann@one.test >out 2>err
		hasnt out "is back"
		has err "ann@one.test: is back by its journal, but the proxy sends the login to \"${sides% *}\""
		has err ": --from login brings it back again"
		run 0 rollback --from login ann@one.test
	done
	run 0 rollback ann@one.test >out
	has out "is back already"
	run 0 migrate ann@one.test
	everybody_moved ann'
# What the journal of a half-finished way believes is not so any more.
ok 'a run that goes on where another has turned something since says so' '
	users_at() {
		[ "$(routes "$1@one.test") $(mailroute get --url "$new_url" --user admin --password-file admin.pw "$1@one.test" | jq -r .mail)" = "$2" ]
	}
	run 0 rollback -q --until extract ann@one.test
	turned stalwart unset ann@one.test
	run 1 rollback ann@one.test >out 2>err
	has err "ann@one.test: is back by its journal, but the proxy sends the login to \"stalwart\""
	run 0 rollback --from login ann@one.test
	users_at ann "legacy old"
	run 0 migrate -q --until again ann@one.test
	run 0 migrate-account -q -c ferry2.conf --from record ann@one.test
	run 0 rollback-account -q -c ferry2.conf ann@one.test
	run 1 migrate ann@one.test >out 2>err
	has err "ann@one.test: its mail has been turned by its journal, but the proxy sends the login to \"legacy\", and new mail goes to the old server: --from mail turns the mail"
	users_at ann "legacy old"
	run 0 migrate --from mail ann@one.test
	users_at ann "stalwart new"
	run 0 rollback -q --until mail ann@one.test
	run 0 migrate-account -q -c ferry2.conf --from record ann@one.test
	run 1 rollback ann@one.test >out 2>err
	has err "ann@one.test: is back by its journal, but"
	users_at ann "stalwart new"
	run 0 rollback --from login ann@one.test
	run 0 migrate ann@one.test
	everybody_moved ann'
# What its owner has deleted there would come again.
ok 'an account whose owner is at work there is not copied again unless it is said' '
	# Of a journal nobody knows.
	for other in "ferry2.conf" "ferry.conf --from copy" "ferry.conf --from check"; do
		# shellcheck disable=SC2086 # words
		run 1 migrate-account -c $other ben@one.test >out 2>err
		has err "ben@one.test: its login goes to the new server already, where its owner is at work"
	done
	hasnt state2/ben@one.test/log vandelay
	run 0 migrate --from login ben@one.test
	run 0 migrate --force --from copy ben@one.test
	everybody_moved ben'
ok 'in a wave, too, where one question is for all' '
	printf "%s@one.test\n" ann ben cat >wave1
	turned stalwart unset ben@one.test
	for command in "mailroute -q --url $new_url --user admin --password-file admin.pw get ann@one.test" "wave wave1"; do
		: >requests
		$command >out 2>err || :
		grep -c "MemoryLookupKey/query" requests >>asked
	done
	has err "ben@one.test: has moved by its journal, but the proxy sends the login to \"stalwart\", and new mail goes to the old server"
	has err "3 accounts: 2 done, 1 for a person to look at"
	[ "$(uniq asked | wc -l)" = 1 ]
	mailroute -q --url "$new_url" --user admin --password-file admin.pw set ben@one.test
	run 0 wave --resume'
# Who was brought back by hand in the middle of a wave had a reason.
ok '--resume leaves an account that was brought back since the wave began' '
	wave wave1
	run 0 rollback ann@one.test
	run 0 wave --resume 2>err
	has err "ann@one.test: was brought back since the wave began, and stays: migrate-account moves it again"
	has err "3 accounts: 3 done"
	[ "$(routes ann@one.test)" = legacy ]
	run 0 wave wave1 2>err
	everybody_moved ann ben cat'
ok 'failures that may pass: 75' '
	fault recfilter 1 75
	run 75 wave -q records >out 2>err
	hasnt err "accounts:"
	run 0 wave --resume -q
	# shellcheck disable=SC2086 # words
	everybody_moved $users'
ok 'too many failures: no more is begun' '
	seq -f "none%g@one.test" 30 >none
	run 1 wave -j 2 --halt soon,fail=3 none >out 2>err
	grep -qE "30 accounts: 0 done, [345] for a person to look at, 0 to run again, 2[567] not begun" err'
ok 'a wave goes back' '
	run 0 wave --back -j 3 wave1 >out 2>err
	has err "3 done"
	for user in ann ben cat; do
		[ "$(routes $user@one.test)" = legacy ]
		[ "$(old_folders $user@one.test | grep INBOX)" = "INBOX 2" ]
	done
	[ "$(routes dan@one.test)" = stalwart ]'
# The log of a wave that did something else says "done" of accounts that are not.
ok '--resume in the other direction, to a further step, with another list' '
	run 0 wave --resume 2>err
	has err "3 accounts: 3 done"
	everybody_moved ann ben cat
	run 0 wave --back --until login wave1
	run 0 wave --back --resume 2>err
	for user in ann ben cat; do
		mailroute get --url "$new_url" --user admin --password-file admin.pw $user@one.test >key
		has key "\"mail\":\"old\""
	done
	for user in dan eve fay; do echo $user@one.test; done >wave2
	run 0 wave --back --until login --resume wave2
	for user in dan eve fay; do
		[ "$(routes $user@one.test)" = legacy ]
	done'
# Each wave has its list and its log in STATE, and --resume reads both.
ok 'two waves at once, or two rehearsals: the second does not begin' '
	cat >shims/parallel <<-END
	#!/bin/sh
	PATH=\${PATH#$tmp/shims:}
	if mkdir $tmp/held; then
		while [ -e $tmp/hold ]; do sleep 0.1; done
	fi 2>/dev/null
	exec parallel "\$@"
	END
	chmod 755 shims/parallel
	: >hold
	wave wave1 2>first.err &
	first=$!
	until [ -e held ]; do sleep 0.1; done
	run 75 wave wave2 2>err
	has err "another wave is at work in $tmp/state"
	run 75 wave --resume 2>err
	run 75 wave --back wave2 2>err
	run 0 wave -n wave2 >out
	same wave1 state/wave.list
	rm hold
	run 0 wait $first
	has first.err "3 accounts: 3 done"
	run 0 wave --resume 2>err
	has err "3 accounts: 3 done"
	mkdir -p state/rehearsal
	: >state/rehearsal/kept
	exec 6>>state/rehearsal.lock
	flock 6
	run 75 wave --rehearse >out 2>err
	exec 6>&-
	has err "another rehearsal is at work in $tmp/state"
	[ -e state/rehearsal/kept ]'
ok 'the command line' '
	run 2 wave --no-such 2>err
	run 2 wave </dev/null 2>err
	has err "no addresses"
	run 2 migrate-wave -c none.conf 2>err
	run 0 migrate-wave --version >out'
done_testing
