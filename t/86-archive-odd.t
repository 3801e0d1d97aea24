#!/bin/sh
# Archives as Vandelay writes them, with every oddity that they may have: each
# gives the tree that the rules ask for, and nothing goes unaccounted for.
. "${0%/*}/lib.sh"
. "$top/t/archive.sh"

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
