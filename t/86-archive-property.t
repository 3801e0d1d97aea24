#!/bin/sh
# Random archives: each mailbox has its own folder, and all adds up.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3
/usr/bin/python3 -c 'import icalendar, vobject' 2>/dev/null ||
	skip_all 'python3-icalendar or python3-vobject is not installed'
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE

ok '150 archives' '
	run 0 /usr/bin/python3 "$top/tests/archive/property.py" 1 150'

done_testing
