#!/bin/sh
# migrate-account and rollback-account: an account there and back, with a real
# Dovecot and stand-ins for the new server, its proxy and Vandelay.
. "${0%/*}/lib.sh"
. "$top/t/procedure.sh"

mail alice@one.test '' 1 5
mail alice@one.test Sent 6 8
mail alice@one.test 'B&APw-cher' 9 10
mail bob@one.test '' 11 12
old_server alice bob carol dora
own
new_server
configure
ferry_ready

ok 'the example of a configuration is one' '
	run 0 migrate-account --example-conf >example.conf
	sh -n example.conf
	(set -u; . ./example.conf; [ "$OLD_USER" = %u ])'
ok 'the commands are shown, and nothing is done' '
	wc -l <requests >before
	run 0 migrate -n alice@one.test >out 2>err
	not [ -s err ]
	not [ -e state ]
	wc -l <requests >after
	same before after
	for step in record create copy check mail again login after; do
		grep -qx "# $step" out
	done
	has out "VANDELAY_PASSWORD=\$(head -n 1 $tmp/master.pw | tr -d '\''\r'\'') vandelay import imap"
	hasnt out Zx
	# Each line is a command of the shell.
	sh -n out'
ok 'an account moves' '
	run 0 migrate alice@one.test >out 2>err
	echo "alice@one.test: has moved" >want
	same want out
	not [ -s err ]
	[ "$(routes alice@one.test)" = stalwart ]
	mailroute get --url "$new_url" --user admin --password-file admin.pw alice@one.test >keys
	has keys '"'"'"mail":"new"'"'"' '
ok 'with its mail and its password' '
	new_folders alice@one.test >got
	printf "%s\n" "Bücher 2" "Deleted Items 0" "Drafts 0" "Inbox 5" "Junk Mail 0" "Sent Items 3" >want
	same want got
	echo "user = \"alice@one.test:alice-Zx-long\"" >login
	[ "$(curl -s -o /dev/null -w "%{http_code}" -K login "$new_url/jmap/session")" = 200 ]'
ok 'its journal has each step' '
	steps alice@one.test >got
	printf "migrate %s 0\n" record create copy check mail again login after >want
	same want got
	jq -se "[.[] | .started, (select(.type == \"step\").ended)] | length == 24 and
	    all(test(\"^2[0-9-]{9}T[0-9:]{8}Z\$\"))" state/alice@one.test/steps.ndjson >/dev/null'
ok 'no secret is in what is kept, but hashes in records and plans' '
	find state -name log -o -name steps.ndjson -o -name "*.ndjson" ! -name "record*" \
	    ! -name "plan*" >files
	while read -r file; do hasnt "$file" Zx; done <files
	[ "$(stat -c %a state/alice@one.test)" = 700 ]'
ok 'a second time, nothing is done' '
	grep "/set" requests >before
	run 0 migrate alice@one.test >out
	has out "alice@one.test: has moved already"
	grep "/set" requests >after
	same before after'
ok 'nobody else has moved' '
	[ "$(routes bob@one.test)" = legacy ]
	[ -z "$(new_id bob@one.test)" ]'

# --- and back ---

ok 'what the owner got and did on the new server comes home' '
	id=$(new_id alice@one.test)
	blob=$(printf "From: x@two.test\r\nTo: alice@one.test\r\nSubject: new\r\nMessage-ID: <n1@two.test>\r\n\r\nnew\r\n" |
	    curl -s -K jmap.conf --data-binary @- -H "Content-Type: message/rfc822" "$new_url/jmap/upload/$id/" | jq -r .blobId)
	jmap Email/import "{\"accountId\":\"$id\",\"emails\":{\"m\":{\"blobId\":\"$blob\",\"mailboxIds\":{\"a\":true},\"keywords\":{}}}}" >imported
	has imported created
	old_folders alice@one.test >before
	run 0 rollback alice@one.test >out 2>err
	echo "alice@one.test: is back" >want
	same want out
	not [ -s err ]
	sed "s/^INBOX 5/INBOX 6/" before >want
	old_folders alice@one.test >got
	grep -v -e "^Drafts" -e "^Junk" -e "^Trash" -e "^Deleted" got >got.some
	same want got.some
	doveadm -c "$old_conf" fetch -u alice@one.test hdr.message-id mailbox INBOX | grep -F "<n1@two.test>"'
ok 'and login and mail are where they were' '
	[ "$(routes alice@one.test)" = legacy ]
	mailroute list --url "$new_url" --user admin --password-file admin.pw >keys
	hasnt keys alice@one.test
	steps alice@one.test | grep rollback >got
	printf "rollback %s 0\n" login mail read extract merge dav sieve check >want
	same want got'
ok 'a second time, nothing is there twice, and mail that came at home is named so' '
	mail alice@one.test "" 21 22
	own
	run 0 rollback alice@one.test >out
	has out "is back already"
	old_folders alice@one.test >got
	run 0 rollback --from read alice@one.test
	old_folders alice@one.test >again
	same got again
	has state/alice@one.test/check-back.ndjson ": 2 messages more than on the new server"'
ok 'and it can move again' '
	run 0 migrate alice@one.test >out
	has out "alice@one.test: has moved"
	[ "$(routes alice@one.test)" = stalwart ]
	new_folders alice@one.test | grep -x "Inbox 8"'

# --- what is refused ---

ok 'an address cannot lead out of the state' '
	for bad in ../x@one.test /etc/x@one.test "a/../../b@one.test" .@one.test "a b@one.test" \
	    -x@one.test "a\"b@one.test" "a@b@one.test" alice "" @one.test "a$(printf "\\001")@one.test"; do
		run 1 migrate -- "$bad" >out 2>err
		has err "not an address"
		run 1 rollback -- "$bad" >out 2>err
	done
	for bad in "a?b@one.test" "*@one.test"; do
		run 1 migrate -- "$bad" >out 2>err
		has err "$bad: not an address that the procedure can take: doveadm takes \"*\" and \"?\" for any characters"
		has err "is moved by hand, as in mailferry-steps(7)"
	done
	run 1 migrate -- ../x@one.test alice@one.test >out 2>err
	has out "alice@one.test: has moved already"
	run 1 rollback "none@one.test" 2>err
	has err "it was not moved from here"
	find . -name "x@one.test" -o -name "b@one.test" >found
	not [ -s found ]
	ls -A state >got
	printf "%s\n" alice@one.test canary canary.lock name name.lock records.lock records.ndjson \
	    records.ndjson.began records.ndjson.index dump.log | sort >want
	sort got >got.sorted
	same want got.sorted'
ok 'an account that the directory does not have: 1' '
	run 1 migrate none@one.test >out 2>err
	has err "none@one.test: record: "'
ok 'two runs on one account: the second waits for another time' '
	mkdir -p state/bob@one.test
	exec 9>>state/bob@one.test/lock
	flock 9
	echo theirs >state/bob@one.test/reserve
	run 75 migrate bob@one.test 2>err
	exec 9>&-
	[ "$(cat state/bob@one.test/reserve)" = theirs ]
	has err "another run is at work on it"'
ok 'the command line' '
	run 2 migrate 2>err
	run 2 migrate-account --no-such-option 2>err
	run 2 migrate --from nowhere bob@one.test 2>err
	has err "no such step: nowhere; the steps are: record create copy"
	run 2 migrate-account -c none.conf bob@one.test 2>err
	has err "none.conf: cannot be read"
	run 0 migrate-account --version >out
	grep -qx "migrate-account (mailferry) $(cat "$top/VERSION")" out
	run 0 rollback-account --help >out
	has out "Exit status"'
ok '--until prepares, and the next run goes on' '
	run 0 migrate --until check bob@one.test >out
	has out "bob@one.test: check is done"
	[ "$(routes bob@one.test)" = legacy ]
	mail bob@one.test "" 31 33
	own
	run 0 migrate bob@one.test >out
	[ "$(routes bob@one.test)" = stalwart ]
	new_folders bob@one.test | grep -x "Inbox 5"
	steps bob@one.test >got
	printf "migrate %s 0\n" record create copy check mail again login after >want
	same want got'
ok 'what the owner deletes between the login and the last copy does not come again' '
	mail carol@one.test "" 41 43
	own
	run 0 migrate --until login carol@one.test
	id=$(new_id carol@one.test)
	gone=$(jmap Email/query "{\"accountId\":\"$id\"}" | jq -r ".methodResponses[0][1].ids[0]")
	jmap Email/set "{\"accountId\":\"$id\",\"destroy\":[\"$gone\"]}" | grep "\"destroyed\":\[\"$gone"
	run 0 migrate carol@one.test
	new_folders carol@one.test | grep -x "Inbox 2"
	not [ -e state/carol@one.test/unsent ]'
ok 'and what arrived in that time is copied, also where the copy was ended in between' '
	mail dora@one.test "" 51 52
	own
	run 0 migrate --until login dora@one.test
	mail dora@one.test "" 53 54
	own
	mkdir ended
	printf "#!/bin/sh\n[ \$1 != export ] || { kill -9 \$PPID; exit 1; }\nexec $tmp/bin/vandelay \"\$@\"\n" >ended/vandelay
	chmod 755 ended/vandelay
	(PATH=$tmp/ended:$PATH run 137 migrate dora@one.test)
	[ -e state/dora@one.test/unsent ]
	run 0 migrate dora@one.test
	new_folders dora@one.test | grep -x "Inbox 4"
	not [ -e state/dora@one.test/unsent ]'
done_testing
