#!/bin/sh
# Archives that were made to do harm, and damaged ones.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3
/usr/bin/python3 -c 'import icalendar, vobject' 2>/dev/null ||
	skip_all 'python3-icalendar or python3-vobject is not installed'
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE

hostile() {
	/usr/bin/python3 "$top/tests/archive/hostile.py" "$@"
}

if nm -D "$build/bin/archive2maildir" 2>/dev/null | grep -q __asan_init; then
	SANITIZED=yes
	export SANITIZED
fi
for name in $(hostile --list); do
	ok "$name" "
		mkdir $name
		cd $name
		run 0 hostile $name
		cd ..
		rm -rf $name"
done

done_testing
