#!/bin/sh
# The generator of test archives makes what Vandelay makes.
. "${0%/*}/lib.sh"
. "$top/t/archive.sh"
need sqlite3

if command -v b3sum >/dev/null; then
	ok 'BLAKE3 is what b3sum says' '
		for n in 0 1 64 65 1023 1024 1025 2048 3073 31744; do
			head -c "$n" /dev/zero | tr "\\0" x >"b3.$n"
		done
		b3sum b3.* >theirs
		/usr/bin/python3 "$top/tests/archive/blake3.py" b3.* | same theirs -'
fi

ok 'tables, indexes and hashes are those of a real archive' '
	gunzip -c "$fixtures/real/archive-jmap.sqlite.gz" >real
	run 0 /usr/bin/python3 "$top/tests/archive/schema.py" real'

ok 'each odd archive is whole, and holds the same bytes each time' '
	for d in one two; do
		mkdir "$d"
		run 0 /usr/bin/python3 "$top/tests/archive/odd.py" --all "$d"
	done
	diff -r one two
	for f in one/*; do
		sqlite3 "$f" "PRAGMA integrity_check; PRAGMA foreign_key_check" >said
		echo ok | same - said
	done'

done_testing
