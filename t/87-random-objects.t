#!/bin/sh
# Random events and cards, judged by python3-icalendar, dateutil and vobject. The
# seeds are the same each time; FERRY_SEEDS=5000 takes so many.
. "${0%/*}/lib.sh"
. "$top/t/archive.sh"

ok 'events and cards mean what they meant, and lose no text' '
	run 0 /usr/bin/python3 "$top/tests/archive/random_objects.py" \
	    "$build/helper/convert" 1 300 >log || {
		grep -A 40 "^not ok" log
		false
	}
	[ "$(grep -c "^ok" log)" -ge 2 ]'

done_testing
