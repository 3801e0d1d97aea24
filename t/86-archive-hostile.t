#!/bin/sh
# Archives that were made to do harm.
. "${0%/*}/lib.sh"
. "$top/t/archive.sh"

hostile() {
	/usr/bin/python3 "$top/tests/archive/hostile.py" "$@"
}

for name in $(hostile --list hostile); do
	ok "$name" "
		mkdir $name
		cd $name
		run 0 hostile $name
		cd ..
		rm -rf $name"
done

done_testing
