#!/bin/sh
# What owners have deleted on the old server, on the way back: since they are home it
# stays away, and is said; what came home once and moved again comes home again.
. "${0%/*}/lib.sh"
. "$top/t/procedure.sh"

mail alice@one.test '' 1 4
mail alice@one.test Trash 9 9
mail bob@one.test '' 1 2
old_server alice bob
own
new_server
configure
ferry_ready

# arrives USER NUMBER: a message for the INBOX on the new server.
arrives() {
	arrives_id=$(new_id "$1@one.test")
	box=$(jmap Mailbox/get "{\"accountId\":\"$arrives_id\",\"ids\":null}" |
	    jq -r '.methodResponses[0][1].list[] | select(.role == "inbox").id')
	printf 'Message-ID: <%s@two.test>\r\nSubject: %s\r\n\r\nnew\r\n' "$2" "$2" >arriving
	blob=$(curl -s -K jmap.conf -H 'Content-Type: message/rfc822' --data-binary @arriving \
	    "$new_url/jmap/upload/$arrives_id/" | jq -r .blobId)
	jmap Email/import "{\"accountId\":\"$arrives_id\",\"emails\":{\"m\":{\"blobId\":\"$blob\",\"mailboxIds\":{\"$box\":true},\"keywords\":{}}}}" |
	    grep -q '"created":{"m"'
}
old() {
	old_verb=$1
	shift
	doveadm -c "$old_conf" "$old_verb" -u "$@"
}
# held USER: the Message-IDs of the old account, by folder.
held() {
	old fetch "$1@one.test" "mailbox hdr.message-id" ALL | paste -d ' ' - - - |
	    sed 's/mailbox: \(.*\) hdr.message-id: <\(.*\)@.*/\1 \2/' | sort | tr '\n' ' '
}

run 0 migrate alice@one.test >out 2>err
run 0 migrate bob@one.test >out 2>err
ok 'what was deleted since the owner is home stays away, and is said' '
	arrives alice 50
	run 0 rollback --until mail alice@one.test
	old move alice@one.test Trash mailbox INBOX header message-id 1@two.test
	old expunge alice@one.test mailbox INBOX header message-id 2@two.test
	run 0 rollback alice@one.test >out 2>err
	has out "alice@one.test: is back"
	has err "alice@one.test: deleted on the old server since it is home, and not added again (--readd adds them): 2, copies in $tmp/state/alice@one.test/deleted"
	[ "$(held alice)" = "INBOX 3 INBOX 4 INBOX 50 Trash 1 Trash 9 " ]
	grep -l "Subject: 2" state/alice@one.test/deleted/*
	[ "$(ls state/alice@one.test/deleted | wc -l)" = 2 ]'
ok 'and comes again where that is asked for' '
	run 0 rollback --readd --from merge alice@one.test 2>err
	not [ -s err ]
	[ "$(held alice)" = "INBOX 1 INBOX 2 INBOX 3 INBOX 4 INBOX 50 Trash 1 Trash 9 " ]'
ok 'in one go nothing is left out' '
	old expunge bob@one.test mailbox INBOX header message-id 1@two.test
	arrives bob 60
	run 0 rollback bob@one.test 2>err
	not [ -s err ]
	[ "$(held bob)" = "INBOX 1 INBOX 2 INBOX 60 " ]'
ok 'what came home, was deleted there, moved again and was kept comes home again' '
	for n in 60 1; do
		old expunge bob@one.test mailbox INBOX header message-id $n@two.test
	done
	run 0 migrate bob@one.test
	run 0 rollback bob@one.test
	[ "$(held bob)" = "INBOX 1 INBOX 2 INBOX 60 " ]'
ok 'once: what is deleted after that stays away' '
	old expunge bob@one.test mailbox INBOX header message-id 60@two.test
	run 0 rollback --from read bob@one.test
	[ "$(held bob)" = "INBOX 1 INBOX 2 " ]'
done_testing
