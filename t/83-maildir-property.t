#!/bin/sh
# Random trees: the outcome for each message is what an independent model says.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3

ok 'merges of random trees' '
	PYTHONDONTWRITEBYTECODE=1 run 0 /usr/bin/python3 \
	    "$top/tests/maildir/property.py" 60 1'

# FERRY_SEEDS=500 takes so many; a seed of its own: odd_order.py SHIM 1 SEED.
sanitized || ok 'merges, reruns and undoings in any order, killed now and then' '
	PYTHONDONTWRITEBYTECODE=1 run 0 /usr/bin/python3 \
	    "$top/tests/maildir/odd_order.py" "$build/shim/fscalls.so" \
	    "${FERRY_SEEDS:-25}" 1'

done_testing
