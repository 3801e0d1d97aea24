#!/bin/sh
# Random trees: the outcome for each message is what an independent model says.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3

ok 'merges of random trees' '
	PYTHONDONTWRITEBYTECODE=1 run 0 /usr/bin/python3 \
	    "$top/tests/maildir/property.py" 60 1'

done_testing
