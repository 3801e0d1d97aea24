#!/bin/sh
# Two archives that Vandelay made of a real server and of a real Maildir.
. "${0%/*}/lib.sh"
. "$top/t/archive.sh"
need sqlite3

real() {
	run 0 /usr/bin/python3 "$top/tests/archive/real.py" "$build/helper/convert" "$@"
}

for a in jmap maildir; do
	gunzip -c "$fixtures/real/archive-$a.sqlite.gz" >"$a"
	ok "$a: every message, event, card, script and file" '
		run 0 archive2maildir "$a" "$a.tree" >out 2>err
		cat out err
		real "$a" "$a.tree" 4'
done

ok 'cards in version 3' '
	run 0 archive2maildir --vcard=3 jmap three >out 2>err
	real jmap three 3'

ok 'the folders that would share a name are two' '
	grep "\"Work\"" jmap.tree/folders.ndjson >work ||
	    grep "\"Work\"" jmap.tree/mail/folders.ndjson >work
	[ "$(wc -l <work)" -eq 2 ]
	[ "$(sed "s/.*\"dir\":\"\([^\"]*\)\".*/\1/" work | sort -u | wc -l)" -eq 2 ]'

ok 'the names are the same each time' '
	run 0 archive2maildir jmap again >out
	diff -r jmap.tree again
	(cd jmap.tree && find . -printf "%p %y %m\n" | sort) >one
	(cd again && find . -printf "%p %y %m\n" | sort) | same one -'

ok 'and the same when the account was imported anew, with other numbers' '
	cp jmap anew
	sqlite3 anew "PRAGMA foreign_keys = OFF;
	    UPDATE emails SET id = 5000 - id, blob_id = blob_id + 700;
	    UPDATE sieve_scripts SET blob_id = blob_id + 700;
	    UPDATE file_nodes SET blob_id = blob_id + 700;
	    UPDATE blobs SET id = -id; UPDATE blobs SET id = 700 - id;
	    UPDATE calendar_events SET id = 9000 - id"
	run 0 archive2maildir anew anew.tree >out
	# Keyword letters are of the folder.
	for tree in jmap anew; do
		(cd $tree.tree/mail && find . -path "*/cur/*" | sed "s/:2,.*//" | sort) >$tree.names
	done
	same jmap.names anew.names
	diff -r jmap.tree/calendars anew.tree/calendars'

# kept TREE: the files and what tells whether they were written anew.
kept() {
	(cd "$1" && find mail calendars contacts files -type f \
	    -printf "%p %i %T@ %C@\n" | sort)
}
ok 'a second run into the same tree changes nothing' '
	kept again >before
	run 0 archive2maildir jmap again >out
	kept again | same before -
	diff -r jmap.tree again'

done_testing
