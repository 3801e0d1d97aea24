#!/bin/sh
# migrate-account: what an owner does with mail on the old server after it was copied,
# before a wave or after a rollback.
. "${0%/*}/lib.sh"
. "$top/t/procedure.sh"

for user in ann ben cat dan eve; do
	mail $user@one.test '' 1 6
	mail $user@one.test Work 11 12
done
old_server ann ben cat dan eve
own
new_server
configure
ferry_ready
old() {
	doveadm -c "$old_conf" "$@"
}

ok 'messages that were filed since, and a folder that was renamed, hold up nobody' '
	run 0 migrate --until check ann@one.test
	old move -u ann@one.test Work mailbox INBOX 1:2
	old mailbox rename -u ann@one.test Work Projects
	run 0 migrate -v ann@one.test 2>err
	has err "again: every message is there; "
	[ "$(routes ann@one.test)" = stalwart ]
	not [ -e state/ann@one.test/here ]
	not [ -e state/ann@one.test/there.sqlite ]'
ok 'neither those that go back and move again' '
	run 0 rollback ann@one.test
	old mailbox create -u ann@one.test Later
	old move -u ann@one.test Later mailbox INBOX 1:2
	run 0 migrate -v ann@one.test 2>err
	has err "check: every message is there; "'
ok 'a message that is nowhere is put in, or does' '
	run 0 migrate --until check ben@one.test
	old move -u ben@one.test Work mailbox INBOX 1:2
	id=$(new_id ben@one.test)
	gone=$(jmap Email/query "{\"accountId\":\"$id\"}" | jq -r ".methodResponses[0][1].ids[0]")
	mkdir idle
	printf "#!/bin/sh\n[ \$1 = export ] || exec $tmp/bin/vandelay \"\$@\"\n" >idle/vandelay
	chmod 755 idle/vandelay
	jmap Email/set "{\"accountId\":\"$id\",\"destroy\":[\"$gone\"]}" | grep "\"destroyed\":\[\"$gone"
	printf "#!/bin/sh\nexit 7\n" >idle/curl
	chmod 755 idle/curl
	(PATH=$tmp/idle:$PATH run 1 migrate ben@one.test 2>err)
	has err "ben@one.test: again: "
	has err "mail and login are on the old server again"
	[ "$(routes ben@one.test)" = legacy ]
	rm idle/curl
	(PATH=$tmp/idle:$PATH run 0 migrate ben@one.test 2>err)
	[ "$(routes ben@one.test)" = stalwart ]
	jmap Email/query "{\"accountId\":\"$id\"}" | jq -e ".methodResponses[0][1].ids | length == 8"'
ok 'and so does one that Vandelay did not read' '
	run 0 migrate --until check cat@one.test
	old move -u cat@one.test Work mailbox INBOX 1:2
	mail cat@one.test "" 21 22
	own
	mkdir idler
	printf "#!/bin/sh\n[ \"\$2\" != imap ] || exit 5\nexec $tmp/bin/vandelay \"\$@\"\n" >idler/vandelay
	chmod 755 idler/vandelay
	(PATH=$tmp/idler:$PATH run 1 migrate cat@one.test 2>err)
	[ "$(routes cat@one.test)" = legacy ]
	run 0 migrate cat@one.test
	[ "$(routes cat@one.test)" = stalwart ]'
ok 'an entry of the directory that cannot be read holds up nobody else, there and back' '
	echo "a blank@one.test:{PLAIN}x-Zx::::::" >>directory
	rm -f state/records.ndjson*
	run 0 migrate dan@one.test 2>err || { cat err; false; }
	has err "some records could not be read: see $tmp/state/dump.log"
	tail -n 1 state/dan@one.test/record.ndjson | grep "\"failed\":1"
	[ "$(routes dan@one.test)" = stalwart ]
	run 0 rollback dan@one.test 2>err || { cat err; false; }
	[ "$(routes dan@one.test)" = legacy ]
	run 0 migrate dan@one.test 2>err || { cat err; false; }
	hasnt state/dan@one.test/log "could not be read (see"
	# A record that was cut off is refused all the same.
	sed -i \$d state/dan@one.test/record.ndjson
	run 1 rollback dan@one.test 2>err
	has err "no end record"
	[ "$(routes dan@one.test)" = stalwart ]'
ok 'mail that was refused before it was turned is not said to be between the servers' '
	run 0 migrate --until check eve@one.test 2>err
	mkdir refuses
	printf "#!/bin/sh\ncase \$* in *\" set\" | *\" unset\") echo mailroute: not that >&2; exit 1 ;; esac\nexec $build/bin/mailroute \"\$@\"\n" >refuses/mailroute
	chmod 755 refuses/mailroute
	(PATH=$tmp/refuses:$PATH run 1 migrate eve@one.test 2>err)
	has err "eve@one.test: mail: mailroute: not that"
	has err "eve@one.test: nothing was turned: mail and login stay on the old server"
	hasnt err "put back"
	run 0 migrate eve@one.test 2>err
	[ "$(routes eve@one.test)" = stalwart ]'
done_testing
