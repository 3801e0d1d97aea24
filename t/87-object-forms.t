#!/bin/sh
# Forms of events and cards that are easily made into something else, judged by
# python3-icalendar and vobject.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
/usr/bin/python3 -c 'import icalendar, vobject' 2>/dev/null ||
	skip_all 'python3-icalendar or python3-vobject is not installed'

ok 'attachments, people, links, days, zones, rules, reminders, injections, cards' '
	run 0 /usr/bin/python3 "$top/tests/archive/forms.py" \
	    "$build/helper/convert" "$fixtures/calcard" >log || {
		grep -A 20 "^not ok" log
		false
	}
	[ "$(grep -c "^ok" log)" -gt 390 ]'

ok 'what was put into a server means the same when it comes back' '
	run 0 /usr/bin/python3 "$top/tests/archive/pairs.py" \
	    "$build/helper/convert" "$fixtures/calcard" >log || {
		grep -A 20 "^not ok" log
		false
	}
	[ "$(grep -c "^ok" log)" -ge 9 ]'

done_testing
