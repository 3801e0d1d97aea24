#!/bin/sh
# migrate-account: what an owner does with mail on the old server after it was copied,
# before a wave or after a rollback.
. "${0%/*}/lib.sh"
. "$top/t/procedure.sh"

for user in ann ben cat; do
	mail $user@one.test '' 1 6
	mail $user@one.test Work 11 12
done
old_server ann ben cat
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
ok 'a message that is nowhere does' '
	run 0 migrate --until check ben@one.test
	old move -u ben@one.test Work mailbox INBOX 1:2
	id=$(new_id ben@one.test)
	gone=$(jmap Email/query "{\"accountId\":\"$id\"}" | jq -r ".methodResponses[0][1].ids[0]")
	mkdir idle
	printf "#!/bin/sh\n[ \$1 = export ] || exec $tmp/bin/vandelay \"\$@\"\n" >idle/vandelay
	chmod 755 idle/vandelay
	jmap Email/set "{\"accountId\":\"$id\",\"destroy\":[\"$gone\"]}" | grep "\"destroyed\":\[\"$gone"
	(PATH=$tmp/idle:$PATH run 1 migrate ben@one.test 2>err)
	has err "ben@one.test: again: "
	has err "mail and login are on the old server again"
	[ "$(routes ben@one.test)" = legacy ]'
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
done_testing
