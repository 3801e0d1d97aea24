#!/bin/sh
# Archives as Vandelay writes them, with every oddity that they may have: each
# gives the tree that the rules ask for, and nothing goes unaccounted for.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3
/usr/bin/python3 -c 'import icalendar, vobject' 2>/dev/null ||
	skip_all 'python3-icalendar or python3-vobject is not installed'
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE

make() {
	/usr/bin/python3 "$top/tests/archive/odd.py" "$@"
}

for name in $(make --list); do
	ok "$name" "
		mkdir $name
		cd $name
		run 0 make --check $name"
done

done_testing
