#!/bin/sh
# archive2maildir on two real archives: everything that they hold is there, and
# is what it was.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3
need sqlite3

gunzip -c "$fixtures/real/archive-jmap.sqlite.gz" >jmap.sqlite
gunzip -c "$fixtures/real/archive-maildir.sqlite.gz" >maildir.sqlite
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
check="/usr/bin/python3 $top/tests/archive/tree.py"

# The whole tree as text: modes, times of messages, contents.
snapshot() {
	(cd "$1" && find . -printf '%y %m %p %l\n' | sort &&
	    find . -type f -path '*/cur/*' -printf '%T@ %p\n' | sort &&
	    find . -type f -exec sha256sum {} + | sort)
}

ok 'a real account of the new server' '
	run 0 archive2maildir jmap.sqlite T >counts 2>notes
	cat >wanted <<-"END"
	emails: 74 of 74 written, 0 skipped, 0 failed
	events: 27 of 28 written, 1 skipped, 0 failed
	contacts: 8 of 8 written, 0 skipped, 0 failed
	sieve: 3 of 3 written, 0 skipped, 0 failed
	files: 5 of 5 written, 0 skipped, 0 failed, 2 directories
	other: 2 identities in account.ndjson
	END
	same wanted counts
	run 0 $check jmap.sqlite T'
ok 'the archive is not touched, and nothing is written beside it' '
	gunzip -c "$fixtures/real/archive-jmap.sqlite.gz" | cmp - jmap.sqlite
	ls jmap* >there
	echo jmap.sqlite >wanted
	same wanted there'
ok 'Work and Inbox/Work are two folders' '
	has notes "mailbox 22: \"Work\": its folder is .INBOX.Work"
	[ -d T/mail/.Work/cur ] && [ -d T/mail/.INBOX.Work/cur ]
	grep -F "\"dir\":\".INBOX.Work\",\"path\":[\"Inbox\",\"Work\"]" T/folders.ndjson'
ok 'the script named active, the active one, and the responder' '
	[ "$(cat T/sieve/active-1.sieve)" = "keep;" ] ||
	    cat T/sieve/active-1.sieve
	cmp T/sieve/active.sieve "T/sieve/Regeln Ä_1.sieve"
	[ -s T/sieve/vacation.sieve ]
	cat >wanted <<-"END"
	{"v":1,"type":"script","name":"active","file":"active-1.sieve","active":false}
	{"v":1,"type":"script","name":"Regeln Ä/1","file":"Regeln Ä_1.sieve","active":true}
	{"v":1,"type":"script","name":"vacation","file":"vacation.sieve","active":false}
	END
	same wanted T/sieve/scripts.ndjson'
ok 'a second run changes nothing' '
	snapshot T >before
	run 0 archive2maildir jmap.sqlite T >again
	snapshot T >after
	same before after
	same counts again'
ok 'a run that lost files is completed' '
	rm -r T/mail/.Archiv.2023/cur T/calendars/*/weekly@x.ics T/files \
	    T/folders.ndjson T/mail/subscriptions
	run 0 archive2maildir jmap.sqlite T >again
	snapshot T >after
	same before after'
ok 'one thread gives the same tree' '
	run 0 archive2maildir -j 1 jmap.sqlite T1 >counts1
	snapshot T1 >after
	same before after'
ok 'a Maildir of before: its names stay as they stood on the disk' '
	run 0 archive2maildir maildir.sqlite M >counts
	has counts "emails: 70 of 70 written, 0 skipped, 0 failed"
	[ -d "M/mail/.Entw&APw-rfe/cur" ] && [ -d "M/mail/.A &- B/cur" ]
	run 0 $check maildir.sqlite M'
ok '--utf8: the names in UTF-8' '
	run 0 archive2maildir --utf8 maildir.sqlite U
	[ -d "U/mail/.Entwürfe/cur" ] && [ -d "U/mail/.A & B/cur" ]
	run 0 archive2maildir --utf8 --only mail jmap.sqlite U2
	[ -d "U2/mail/.日本語/cur" ] && [ ! -e U2/calendars ]'
ok '--since: what is older is skipped, and counted' '
	run 0 archive2maildir --only mail --since 2026-01-06 jmap.sqlite S >counts
	has counts "emails: 4 of 74 written, 70 skipped, 0 failed"
	run 0 archive2maildir --only mail --since 2026-01-06T11:00:00+01:00 \
	    jmap.sqlite S2 >counts
	has counts "emails: 4 of 74 written"
	run 0 archive2maildir --only mail --since 2026-01-06T10:00:01Z \
	    jmap.sqlite S3 >counts
	has counts "emails: 3 of 74 written"'
ok '--json and --vcard' '
	run 0 archive2maildir --only calendars,contacts --json --vcard 3 \
	    jmap.sqlite J
	grep -rlx "VERSION:3.0.*" J/contacts | wc -l >n
	[ "$(cat n)" -eq 8 ]
	jq -e ".uid == \"weekly@x\"" "J/calendars/Arbeit & mehr/weekly@x.json"
	jq -e ".uid == \"full@c\"" "J/contacts/Freunde_Ä/full@c.json"'
ok '--list writes nothing' '
	run 0 archive2maildir --list jmap.sqlite >list
	has list "$(printf "folder\t16 messages\t.Archiv.2023\t2023\t-")"
	has list "$(printf "calendar\t27 events\tArbeit & mehr")"
	has list "$(printf "script\t79 bytes, active\tRegeln Ä/1")"
	has list "$(printf "emails\t71")"
	run 0 archive2maildir --list maildir.sqlite >list
	ls >there
	hasnt there wal
	hasnt there shm'
ok 'a target that is somebody else s' '
	mkdir full
	echo mine >full/mine
	run 2 archive2maildir jmap.sqlite full 2>err
	has err "full: is there already, and no run of this program began it"
	[ "$(ls -A full)" = mine ]
	run 2 archive2maildir maildir.sqlite T 2>err
	has err "T: holds another archive"
	run 2 archive2maildir --vcard 3 jmap.sqlite T 2>err
	has err "what other options made of it"
	mkdir empty
	run 0 archive2maildir -q jmap.sqlite empty >out
	not [ -s out ]'
ok 'what is no archive' '
	echo hello >text
	run 2 archive2maildir text X 2>err
	has err "file is not a database"
	run 2 archive2maildir absent X 2>err
	has err "No such file"
	run 2 archive2maildir . X 2>err
	has err "not a file"
	sqlite3 other.sqlite "CREATE TABLE t(a)"
	run 2 archive2maildir other.sqlite X 2>err
	has err "not an archive of vandelay: it has no table \"sources\""
	not [ -e X ]'
ok 'a lock is respected' '
	/usr/bin/python3 - <<-"END"
	import sqlite3, subprocess
	db = sqlite3.connect("jmap.sqlite", isolation_level=None)
	db.execute("PRAGMA locking_mode=EXCLUSIVE")
	db.execute("PRAGMA journal_mode=WAL")
	db.execute("BEGIN EXCLUSIVE")
	for command in (["-l", "jmap.sqlite"], ["jmap.sqlite", "L"]):
	    r = subprocess.run(["archive2maildir"] + command,
	                       stderr=subprocess.PIPE)
	    assert r.returncode == 75, r
	    assert b"another program holds it, perhaps a running vandelay" \
	        in r.stderr, r
	db.execute("ROLLBACK")
	db.close()
	END
	not [ -e L ]'
ok 'a log that a killed program left is part of the archive' '
	/usr/bin/python3 - <<-"END"
	import os, sqlite3
	if os.fork() == 0:
	    db = sqlite3.connect("maildir.sqlite", isolation_level=None)
	    db.execute("PRAGMA locking_mode=EXCLUSIVE")
	    db.execute("PRAGMA journal_mode=WAL")
	    db.execute("UPDATE mailboxes SET name = ? WHERE name = ?",
	               ("Spam?", "Junk"))
	    os.kill(os.getpid(), 9)
	os.wait()
	END
	[ -s maildir.sqlite-wal ]
	sha256sum maildir.sqlite* >before
	run 0 archive2maildir --only mail maildir.sqlite W
	[ -d "W/mail/.Spam?/cur" ] && [ ! -e W/mail/.Junk ]
	sha256sum maildir.sqlite* >after
	same before after'
ok 'standard output that is full' '
	run 2 archive2maildir --list jmap.sqlite >/dev/full'

done_testing
