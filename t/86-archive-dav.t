#!/bin/sh
# Calendars and contacts out of archives are taken by a real CalDAV and CardDAV
# server, each of them.
. "${0%/*}/lib.sh"
. "$top/t/archive.sh"
. "$top/t/radicale.sh"

# taken TREE [FILES]: Radicale has one object for each UID of a collection, and
# nothing is refused but these, one a line: the second one of a UID, what it cuts.
taken() {
	rm -rf store/collection-root/*
	run "$((${2:+1} + 0))" merge "$server" "$1" >out 2>err || {
		cat err
		cut -c 1-300 out
		return 1
	}
	cat err
	grep '"status":"failed"' out | sed 's/.*"file":"\([^"]*\)".*/\1/' >refused
	printf '%s' "${2:+$2
}" | same refused -
	find "$1/calendars" "$1/contacts" -type f | wc -l >files
	grep -cE '"object":"(event|card)"' out | same files -
}

mkdir odd
gunzip -c "$fixtures/real/archive-jmap.sqlite.gz" >jmap
run 0 /usr/bin/python3 "$top/tests/archive/odd.py" --all odd

ok 'a real archive' '
	run 0 archive2maildir jmap real
	# Of a photo in version 4 it would keep the media type.
	taken real "$(cd real && grep -rl "^PHOTO:data:" contacts | LC_ALL=C sort)"
	[ "$(grep -c "a part of PHOTO" err)" -eq 2 ]
	[ "$(grep -cE "\"object\":\"(event|card)\",.*\"created\"" out)" -eq 33 ]'
ok 'its cards in version 3' '
	run 0 archive2maildir --vcard=3 --only contacts jmap three
	mkdir -p three/calendars
	taken three
	[ "$(grep -cE "\"object\":\"card\",.*\"created\"" out)" -eq 8 ]'
ok 'event-names' '
	archive2maildir odd/event-names event-names || [ $? -eq 1 ]
	taken event-names calendars/Eins/same@x.ics'
for name in events type-in-the-row-alone collection-names cards; do
	ok "$name" "
		archive2maildir odd/$name $name || [ \$? -eq 1 ]
		taken $name"
done


ok 'random events and cards, and what it gives back means the same' '
	rm -rf tree store/collection-root/*
	run 0 /usr/bin/python3 "$top/tests/archive/random_objects.py" --tree \
	    "$build/helper/convert" 1 100
	taken tree
	find store -name ".Radicale*" -prune -o -name "*.[iv]c[sf]" -print >put
	run 0 /usr/bin/python3 "$top/tests/archive/random_objects.py" --stored \
	    put 1 100'

done_testing
