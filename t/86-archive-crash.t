#!/bin/sh
# archive2maildir killed, or failed by the file system, at each call that
# changes the file system; and run again.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3
/usr/bin/python3 -c 'import icalendar, vobject' 2>/dev/null ||
	skip_all 'python3-icalendar or python3-vobject is not installed'

shim=$build/shim/fscalls.so
if nm -D "$build/bin/archive2maildir" 2>/dev/null | grep -q __asan_init; then
	# Not a thing that is missing: no skip_all.
	echo '1..0 # SKIP the fault shim does not go with a sanitizer'
	exit 0
fi
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
for what in kill ENOSPC EIO; do
	ok "each call in turn: $what" '
		mkdir "$what"
		cd "$what"
		run 0 /usr/bin/python3 "$top/tests/archive/crash.py" "$shim" "$what"'
done

done_testing
