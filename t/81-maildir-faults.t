#!/bin/sh
# System calls of a merge and of an undoing fail, each error in its turn; after
# a second run every message is there exactly once.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
shim=$build/shim/fscalls.so
if nm -D "$build/bin/maildir-merge" 2>/dev/null | grep -q __asan_init; then
	echo '1..0 # SKIP the fault shim does not go with a sanitizer'
	exit 0
fi

for error in EIO ENOSPC EDQUOT EINTR EMFILE short; do
	ok "calls that fail: $error" '
		mkdir "$error"
		cd "$error"
		run 0 /usr/bin/python3 "$top/tests/maildir/faults.py" "$shim" "$error"'
done
done_testing
