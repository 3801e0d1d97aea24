#!/bin/sh
# A merge that is killed, or that the file system fails, at each call that
# changes the file system: nothing is lost, nothing doubled, nothing half.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3

shim=$build/shim/fscalls.so
if nm -D "$build/bin/maildir-merge" 2>/dev/null | grep -q __asan_init; then
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
		run 0 /usr/bin/python3 "$top/tests/maildir/crash.py" "$shim" "$what"'
done

ok 'a message that arrives while it is being added' '
	mkdir arrive
	cd arrive
	run 0 /usr/bin/python3 "$top/tests/maildir/arrive.py" "$shim"'

ok 'a message that gets other flags while it is given some' '
	mkdir flip
	cd flip
	run 0 /usr/bin/python3 "$top/tests/maildir/flip.py" "$shim"'

done_testing
