#!/bin/sh
# The stand-in for Vandelay, which other tests move mail with: from a real
# Dovecot, by the master user, into an archive of the real schema, on into the
# stand-in of the new server, and back.
. "${0%/*}/lib.sh"
. "$top/t/acctcheck.sh"
need curl
need sqlite3
vandelay="$top/tests/standin/vandelay"
. "$top/t/apply.sh"

echo 'master:{PLAIN}master-Zx' >masters
echo 'alice@one.test:{PLAIN}alice-Zx' >old.users
fill old alice@one.test "" 5
fill old alice@one.test Sent 4
fill old alice@one.test 'B&APw-cher' 3
fill old alice@one.test 'Entw&APw-rfe' 2
fill old alice@one.test Work 0
fill old alice@one.test Work.2024 2
# Messages as owners have them: with an id.
n=0
for file in homes/old/alice@one.test/Maildir/cur/* homes/old/alice@one.test/Maildir/.*/cur/*; do
	n=$((n + 1))
	printf 'From: bob@two.test\r\nTo: alice@one.test\r\nSubject: %s\r\nMessage-ID: <%s@two.test>\r\nDate: Mon, 1 Jun 2026 10:00:00 +0200\r\n\r\nText %s\r\n' \
	    "$n" "$n" "$n" >"$file"
done
serve_imap old
own
# shellcheck disable=SC2119 # no options
serve
printf '%s\n' "$domain" >plan
accounts "$(user alice),$(user bob)" >>plan
apply plan >result 2>apply.err

import() {
	VANDELAY_PASSWORD=master-Zx "$vandelay" import imap --url "$imap" \
	    --auth-basic 'alice@one.test*master' "$@"
}
jmapside() {
	verb=$1
	shift
	# shellcheck disable=SC2086 # "import jmap" is two words
	VANDELAY_PASSWORD=secret "$vandelay" $verb --url "$url" --auth-basic admin "$@"
}
count() {
	sqlite3 "$1" "select count(*) from $2"
}

ok 'an account comes over IMAP with the master user' '
	run 0 import a.sqlite >out
	has out "email: created=16 fetched=0 updated=0 deleted=0 skipped=0 failed=0"
	[ "$(count a.sqlite emails)" = 16 ]
	sqlite3 a.sqlite "select name from mailboxes where role = '\''sent'\''" | grep -x Sent
	sqlite3 a.sqlite "select name from mailboxes" | grep -x Bücher
	[ "$(sqlite3 a.sqlite "select distinct keywords from emails")" = "[\"\$seen\"]" ]'
ok 'its bytes are those on disk' '
	run 0 archive2maildir a.sqlite tree >out
	for dir in "" .Sent "" .Work.2024; do
		cat tree/mail/$dir/cur/* | sort | b3sum >got
		cat homes/old/alice@one.test/Maildir/$dir/cur/* | sort | b3sum >want
		same want got
	done'
ok 'a second run brings what is new, and takes away what is gone' '
	printf "Subject: new\r\n\r\nnew\r\n" >homes/old/alice@one.test/Maildir/cur/9.new:2,
	rm homes/old/alice@one.test/Maildir/cur/1.*
	own
	run 0 import a.sqlite >out
	has out "email: created=1 fetched=0 updated=0 deleted=1 skipped=15 failed=0"
	[ "$(count a.sqlite emails)" = 16 ]'
ok 'it goes into the account on the new server, by the administrator' '
	run 0 jmapside export --account-name alice@one.test a.sqlite >out
	has out "email: created=16 fetched=0 updated=0 deleted=0 skipped=0 failed=0"
	echo alice@one.test >who
	echo master-Zx >master.pw
	run 0 acctcheck --source "$imap" --source-user master --source-password-file master.pw \
	    --target "$url" --target-user admin --target-password-file admin.secret who >check'
ok 'a second time, nothing is there twice' '
	run 0 jmapside export --account-name alice@one.test a.sqlite >out
	has out "email: created=0 fetched=0 updated=0 deleted=0 skipped=16 failed=0"'
ok 'and back: the same messages, flags and folders' '
	run 0 jmapside "import jmap" --account-name alice@one.test back.sqlite >out
	for a in a back; do
		sqlite3 $a.sqlite "select hex(hash), keywords from emails join blobs on blobs.id = blob_id" | sort >$a.rows
	done
	same a.rows back.rows
	sqlite3 back.sqlite "select name from mailboxes where parent_id is not null" | grep -x 2024'
ok 'a message without a header is refused: 5' '
	mkdir -p md/cur md/new md/tmp
	printf "no header at all\n" >md/cur/1.x:2,
	printf "Subject: good\n\nx\n" >md/cur/2.x:2,S
	run 0 "$vandelay" import maildir md m.sqlite >out
	has out "email: created=2"
	run 5 jmapside export --account-name bob@one.test m.sqlite >out
	has out "email: created=1 fetched=0 updated=0 deleted=0 skipped=0 failed=1"'
ok 'statuses: a wrong password 2, no account 3, another source 4, a lock 7' '
	export VANDELAY_PASSWORD=wrong
	run 2 "$vandelay" import imap --url "$imap" --auth-basic "alice@one.test*master" b.sqlite
	run 2 "$vandelay" import imap --url imap://127.0.0.1:1 --auth-basic a b.sqlite
	run 3 jmapside "import jmap" --account-name nobody@one.test b.sqlite
	export VANDELAY_PASSWORD=master-Zx
	run 4 jmapside "import jmap" --account-name bob@one.test back.sqlite
	run 1 "$vandelay" import imap c.sqlite
	unset VANDELAY_PASSWORD
	run 1 "$vandelay" import imap --url "$imap" --auth-basic a c.sqlite
	/usr/bin/python3 -c "
import sqlite3, sys, subprocess
db = sqlite3.connect(\"a.sqlite\", isolation_level=None)
db.execute(\"BEGIN EXCLUSIVE\")
sys.exit(subprocess.call([\"$vandelay\", \"inspect\", \"a.sqlite\"]))" && got=0 || got=$?
	[ $got = 7 ]'
# The rows that the real one had of these texts, but for what is not translated here.
ok 'events and cards become what they are in a real archive' '
	gunzip <"$fixtures/real/archive-jmap.sqlite.gz" >real.sqlite
	/usr/bin/python3 - "$top/tests/standin/archiver" "$fixtures/real/archive-jmap-sources.json" >got <<-\END
	import json, sqlite3, sys
	sys.path.insert(0, sys.argv[1])
	import davtext
	db = sqlite3.connect("real.sqlite")
	events = [json.loads(d) for d, in db.execute("SELECT data FROM calendar_events")]
	rows = {d.get("uid"): d for d in events}
	rows.update((u, json.loads(d)) for u, d in db.execute("SELECT uid, data FROM contact_cards"))
	sources = json.load(open(sys.argv[2]))
	made = [davtext.event(t) for t in sources["ics"].values()]
	made = [(e[1]["uid"], e[1]) for e in made if e]
	made += [davtext.card(t) for t in sources["vcf"].values()]
	for uid, data in made:
	    row = rows.get(uid, {})
	    for name in "title description start timeZone duration showWithoutTime recurrenceRule status priority sequence privacy freeBusyStatus color keywords due progress percentComplete anniversaries created updated name phones nicknames organizations notes kind members".split():
	        if data.get(name) != row.get(name):
	            print(uid, name)
	print(len(made))
	END
	printf "%s\n" "twozones@x duration" 34 >want
	grep -v -e "^a/b" got >left
	cat got
	same want left'
ok 'inspect says what is in it' '
	run 0 "$vandelay" inspect a.sqlite >out
	has out "Archive: a.sqlite"
	has out "(account alice@one.test*master / (unnamed))"
	grep -Eq "^  email  +16$" out
	run 0 "$vandelay" inspect a.sqlite mailbox >out
	has out "INBOX  [role=inbox, 5 msgs]"'

# Files, as the owner of an older Stalwart has them over WebDAV.
mkdir -p files/Work/2024
printf 'one\n' >files/note.txt
printf 'two\n' >'files/Work/Über & aus.txt'
: >files/Work/2024/empty
start_server "$top/tests/helper/webdav" "$tmp/files" zoe:zoe-Zx
webdav() {
	VANDELAY_PASSWORD=zoe-Zx "$vandelay" import webdav --url "$url" --auth-basic zoe "$@"
}
ok 'files come over WebDAV into the archive of the mail, and out of it as they were' '
	run 0 webdav a.sqlite >out
	has out "filenode: created=5 fetched=0 updated=0 deleted=0 skipped=0 failed=0"
	[ "$(count a.sqlite emails)" = 16 ]
	run 0 archive2maildir -q --only files a.sqlite files-tree
	(cd files-tree/files && find . -type f ! -name "*.ndjson" | sort) >got
	printf "%s\n" "./Work/%C3%9Cber%20%26%20aus.txt" ./Work/2024/empty ./note.txt | sort | same - got
	same files/note.txt files-tree/files/note.txt
	same "files/Work/Über & aus.txt" "files-tree/files/Work/%C3%9Cber%20%26%20aus.txt"'
ok 'a second run brings what has changed, and takes away what is gone' '
	printf "other\n" >files/note.txt
	rm -r files/Work/2024
	printf "new\n" >files/Work/new
	run 0 webdav a.sqlite >out
	has out "filenode: created=1 fetched=0 updated=1 deleted=2 skipped=2 failed=0"
	run 0 archive2maildir -q --only files a.sqlite again-tree
	same files/note.txt again-tree/files/note.txt
	[ ! -e again-tree/files/Work/2024 ]
	export VANDELAY_PASSWORD=wrong
	run 2 "$vandelay" import webdav --url "$url" --auth-basic zoe a.sqlite
	run 1 "$vandelay" import webdav --url "$url" --auth-basic zoe --dav-connections 9 a.sqlite'
done_testing
