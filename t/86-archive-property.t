#!/bin/sh
# Random archives: each mailbox has its own folder, and all adds up.
. "${0%/*}/lib.sh"
. "$top/t/archive.sh"

ok '150 archives' '
	run 0 /usr/bin/python3 "$top/tests/archive/property.py" 1 150'

done_testing
