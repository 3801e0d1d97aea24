#!/bin/sh
# acctcheck with a real Dovecot as the old server and the Stalwart stand-in as
# the new one, over JMAP with the administrator's credentials.
. "${0%/*}/lib.sh"
. "$top/t/acctcheck.sh"
need curl

# All secrets of this test hold "Zx".
echo 'master:{PLAIN}master-Zx' >masters
echo master-Zx >master.pw
echo admin-Zx >admin.pw
echo wrong-Zx >wrong.pw
{
	for n in alice bob carol; do
		echo "$n@one.test:{PLAIN}$n-Zx-long"
	done
	echo 'dora:{PLAIN}dora-Zx-long'
	seq -f 'u%g@one.test:{PLAIN}u-Zx-long' 100
} >old.users
fill old alice@one.test "" 5
fill old alice@one.test Sent 4
fill old alice@one.test 'Entw&APw-rfe' 3
fill old alice@one.test 'B&APw-cher.2024' 2
for n in bob@one.test carol@one.test dora u1@one.test u2@one.test; do
	fill old "$n" "" 1
done
serve_imap old
old=$imaps
own

# The accounts come from the same directory, as in a move.
: >mail.ndjson
start_standin standin-stalwart --admin admin:admin-Zx --log "$tmp/requests" \
    --mail "$tmp/mail.ndjson"
STALWART_URL=$url STALWART_USER=admin
export STALWART_URL STALWART_USER
sed 's/$/::::::/' old.users >users
dirdump passwd-file --domain one.test users >records 2>dump.err
grep -v '^u100@' users >users.created
dirdump passwd-file --domain one.test users.created 2>dump.err |
    mkaccounts -q 2>mk.err |
    stalwart-apply -q --password-file admin.pw >apply.out 2>apply.err

# mailbox NAME ROLE COUNT [ID PARENT]: one for a line of mail.ndjson.
mailbox() {
	jq -nc --arg name "$1" --arg role "$2" --argjson n "$3" --arg id "${4:-$1}" --arg parent "${5:-}" '
	    {id:$id, name:$name, parentId:(if $parent == "" then null else $parent end),
	     role:(if $role == "" then null else $role end), totalEmails:$n}'
}
# holds ADDRESS [OTHER]: the mailboxes on standard input are its; OTHER is a JSON
# object of counts.
holds() {
	sed -i "/\"account\":\"$1\"/d" mail.ndjson
	jq -sc --arg a "$1" --argjson more "${2:-{\}}" \
	    '{account:$a, mailboxes:.} + $more' >>mail.ndjson
}
# alice INBOX SENT DRAFTS 2024: her mailboxes, with so many messages.
alice() {
	mailbox Inbox inbox "$1" a
	mailbox 'Sent Items' sent "$2" e
	mailbox 'Entw&APw-rfe' '' "$3" f
	mailbox Bücher '' 0 g
	mailbox 2024 '' "$4" h g
}
alice 5 4 3 2 | holds alice@one.test '{"contacts":8,"events":28,"files":7,"scripts":[{"name":"a"},{"name":"b"}]}'
for n in bob carol dora u1 u2; do
	mailbox Inbox inbox 1 a | holds "$n@one.test"
done

# check STATUS ARGS...: the records in out, the messages in err, and no secret
# in either.
check() {
	want=$1
	shift
	got=0
	acctcheck --source "$old" --source-user master --source-password-file master.pw \
	    --target-password-file admin.pw --cacert cert "$@" >out 2>err || got=$?
	head -n 5 out
	head -n 5 err
	[ "$got" -eq "$want" ]
	hasnt out Zx
	hasnt err Zx
}
found() {
	jq -r '"\(.address) \(.status) \(.findings | map(.what) | join(" "))"' out |
	    sed 's/ *$//'
}
# posts: how many requests to the API.
posts() {
	grep -c '"POST"' requests
}

ok 'everything is there: by role, by name, by the name it had on disk' '
	echo alice@one.test >in
	check 0 in
	cat >want <<-\END
	{"v":1,"type":"verification","address":"alice@one.test","status":"ok","login":{"source":"master","target":"administrator"},"source":{"folders":4,"messages":14},"target":{"folders":5,"messages":14},"findings":[{"what":"folder-extra","short":false,"target_folder":"Bücher","target_messages":0,"text":"Bücher: only on the new server, with 0 messages"}]}
	END
	same want out'
ok 'a whole dump: every account, many in one request' '
	: >requests
	check 1 --ignore-empty records
	[ "$(wc -l <out)" = 104 ]
	found | grep -v " ok$" >got
	printf "%s\n" "alice@one.test ok folder-extra" "u100@one.test short account-missing" >want
	same want got
	# 104 accounts at 16 in a request, for ids and for mailboxes, two
	# chunks, one for the domain.
	[ "$(posts)" -le 17 ]'
ok 'owners log in with the passwords of a file; a bare login is the old server'"'"'s' '
	printf "%s@one.test\t%s-Zx-long\n" alice alice dora dora >passwords
	jq -c "select(.address == \"alice@one.test\" or .address == \"dora@one.test\" or .type == \"end\")" records >in
	check 0 --passwords passwords in
	[ "$(jq -r "[.address, .login.source, .login.target] | join(\" \")" out)" = \
	    "$(printf "alice@one.test ok ok\ndora@one.test ok ok")" ]'
ok 'a wrong password is found, and what the rest of the account lacks' '
	printf "alice@one.test\twrong-Zx\n" >bad
	alice 5 3 3 2 | holds alice@one.test
	echo alice@one.test >in
	check 1 --target-passwords bad in
	jq -r ".findings[] | select(.short) | .text" out >got
	printf "%s\n" "login on the new server: wrong user or password" "Sent: 3 of 4 messages" >want
	same want got
	has err "alice@one.test: login on the new server: wrong user or password; and 1 more"'
ok 'a folder that is missing, one that is short, and extra messages' '
	alice 9 4 3 1 | grep -v APw | holds alice@one.test
	check 1 in
	jq -r ".findings[].text" out | grep -v "^Bücher: only" >got
	sort got >got.sorted
	cat >want <<-\END
	Bücher/2024: 1 of 2 messages
	Entwürfe: the folder is missing, with 3 messages
	INBOX: 4 messages more than on the old server
	END
	same want got.sorted
	alice 5 4 3 2 | holds alice@one.test'
ok 'a disabled account may not log in' '
	{
		jq -c "select(.type == \"domain\")" records
		jq -c "select(.address == \"carol@one.test\") | .active = false" records
		jq -c "select(.type == \"end\")" records
	} >in
	printf "carol@one.test\tcarol-Zx-long\n" >carol
	check 1 --target-passwords carol in
	[ "$(found)" = "carol@one.test short login-allowed" ]
	echo "{\"@type\":\"update\",\"object\":\"Account\",\"id\":\"$(jq -r "select(.address == \"carol@one.test\") | .id" apply.out)\",\"value\":{\"permissions\":{\"@type\":\"Merge\",\"disabledPermissions\":{\"authenticate\":true}}}}" |
	    stalwart-apply -q -u --password-file admin.pw >apply2.out 2>apply2.err
	check 0 --target-passwords carol in
	[ "$(found)" = "carol@one.test ok" ]
	[ "$(jq -r .login.target out)" = forbidden ]
	echo carol@one.test >in
	check 1 --target-passwords carol in
	[ "$(found)" = "carol@one.test short login-forbidden" ]'
ok 'what only one side can count is said; two JMAP servers are compared' '
	alice 5 4 3 2 | holds alice@one.test "{\"contacts\":8,\"events\":28,\"files\":7,\"scripts\":[{\"name\":\"a\"}]}"
	echo alice@one.test >in
	check 0 --with contacts,events,files,scripts in
	[ "$(jq -c ".target | [.contacts, .events, .files]" out)" = "[8,28,7]" ]
	[ "$(grep -o "the old server cannot tell how many" out | wc -l)" = 4 ]
	cp mail.ndjson mail2.ndjson
	sed -i "s/\"contacts\":8/\"contacts\":7/; s/\"events\":28/\"events\":30/" mail2.ndjson
	STALWART_FIRST=$url
	start_standin standin-stalwart --admin admin:admin-Zx --mail "$tmp/mail2.ndjson"
	trap "kill $standin_pid" EXIT
	mkaccounts -q records 2>mk.err | STALWART_URL=$url stalwart-apply -q --password-file admin.pw >apply3.out 2>apply3.err
	run 1 acctcheck --source "$STALWART_FIRST" --source-user admin --source-password-file admin.pw \
	    --target "$url" --target-password-file admin.pw --with contacts,events,files,scripts in >out 2>err
	jq -r ".findings[].text" out >got
	printf "%s\n" "contacts: 7 of 8" "events: 2 more than on the old server" >want
	same want got'
ok 'the other way round: after a rollback' '
	run 1 acctcheck --target "$old" --target-user master --target-separator "*" --target-password-file master.pw \
	    --source "$STALWART_URL" --source-user admin --source-password-file admin.pw --cacert cert in >out 2>err
	jq -r ".findings[] | select(.short) | .text" out >got
	echo "Bücher: the folder is missing, with 0 messages" >want
	same want got
	run 0 acctcheck --target "$old" --target-user master --target-separator "*" --target-password-file master.pw \
	    --source "$STALWART_URL" --source-user admin --source-password-file admin.pw --cacert cert --ignore-empty in >out 2>err'

# --- trouble ---

ok 'the administrator'"'"'s wrong password is tried once' '
	: >requests
	check 2 --target-password-file wrong.pw -j 8 in
	has err "wrong user or password, or token (401)"
	[ "$(wc -l <requests)" = 1 ]
	not [ -s out ]'
ok 'an administrator who may not see accounts: 2' '
	echo alice-Zx-long >alice.pw
	check 2 --target-user alice@one.test --target-password-file alice.pw in
	has err "the account may not do that (forbidden)"'
ok 'owners whose password is refused are not hammered' '
	seq -f "u%g@one.test" 1 40 >in
	seq -f "u%g@one.test	no-Zx" 1 40 >bad
	: >requests
	check 1 -j 1 --ignore-empty --target-passwords bad --max-refused 3 in
	[ "$(grep -c "\"GET\".*session" requests)" = 4 ]
	[ "$(jq -r "select(.login.target == \"skipped\") | .status" out | sort | uniq -c | tr -s " ")" = " 37 short" ]'
kill "$standin_pid"
ok 'a server that is away: 75' '
	echo alice@one.test >in
	check 75 --retry-budget 0 in
	not [ -s out ]
	has err "$STALWART_URL: "'
# faulty FAULT...: the server again, with faults; its accounts are made first.
faulty() {
	rm -f faulty.log
	for f in "$@"; do
		shift
		set -- "$@" --fault "$f"
	done
	start_standin standin-stalwart --admin admin:admin-Zx --mail "$tmp/mail.ndjson" --log "$tmp/faulty.log" "$@"
	STALWART_URL=$url
}
jq -c 'select(.address == "alice@one.test" or .type == "domain" or .type == "end")' records >one
mkaccounts -q one 2>mk.err >plan
create() {
	stalwart-apply -q --no-invalidate --password-file admin.pw plan >out 2>err
	grep -c '"POST"' faulty.log
}
# How many requests it takes to create the account: faults come after them.
faulty
n=$(create)
kill "$standin_pid"
ok 'waits that the server asks for are kept; a broken answer is asked for again' '
	faulty $((n + 1)):429:0 $((n + 2)):badjson $((n + 4)):cut
	trap "kill $standin_pid" EXIT
	[ "$(create)" = "$n" ]
	check 0 one
	[ "$(found)" = "alice@one.test ok folder-extra" ]
	# The domain, the account, its mailboxes; and three once more.
	[ "$(grep -c "\"POST\"" faulty.log)" = $((n + 6)) ]'
ok 'a server that stays ill: 75, and the account is not called short' '
	faulty $((n + 3)):503 $((n + 4)):503 $((n + 5)):503
	trap "kill $standin_pid" EXIT
	[ "$(create)" = "$n" ]
	check 75 --retry-budget 1 one
	[ "$(jq -r .status out)" = unreachable ]
	[ "$(jq -r .source.messages out)" = 14 ]
	has err "the server asks to wait (503)"'
ok 'an answer that is no session says nothing of the password: 75' '
	printf "alice@one.test\talice-Zx-long\n" >good
	faulty
	[ "$(create)" = "$n" ]
	check 0 --target-passwords good one
	"$top/tests/helper/lost-front" "${url##*:}" alice@one.test >front &
	trap "kill $! $standin_pid" EXIT
	until [ -s front ]; do sleep 0.1; done
	STALWART_URL=$(cat front)
	check 75 --target-passwords good one
	[ "$(jq -r "[.status, .login.target] | join(\" \")" out)" = "unreachable failed" ]
	has err "the answer is no session"
	hasnt out login-refused'

done_testing
