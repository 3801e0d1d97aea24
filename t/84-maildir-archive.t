#!/bin/sh
# A real account, moved to the new server and back: only what is new arrives,
# and every folder finds its own.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3

old=$fixtures/real/archive-maildir.sqlite.gz
new=$fixtures/real/archive-jmap.sqlite.gz
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE

ok 'the tree of export_archive.py' '
	mkdir one
	cd one
	run 0 /usr/bin/python3 "$top/tests/maildir/archive.py" "$old" "$new"'
if command -v archive2maildir >/dev/null 2>&1; then
	ok 'the tree of archive2maildir' '
		mkdir two
		cd two
		gunzip -c "$new" >back.sqlite
		run 0 archive2maildir back.sqlite rollback
		run 0 /usr/bin/python3 "$top/tests/maildir/archive.py" "$old" \
		    "$new" rollback/mail'
fi

done_testing
