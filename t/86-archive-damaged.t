#!/bin/sh
# Archives that a disk has harmed, files that are none, and one message of 300 MB.
. "${0%/*}/lib.sh"
. "$top/t/archive.sh"

hostile() {
	/usr/bin/python3 "$top/tests/archive/hostile.py" "$@"
}

for name in $(hostile --list damaged); do
	ok "$name" "
		mkdir $name
		cd $name
		run 0 hostile $name
		cd ..
		rm -rf $name"
done

done_testing
