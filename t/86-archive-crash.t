#!/bin/sh
# archive2maildir killed, or failed by the file system, at each call that
# changes the file system; and run again.
. "${0%/*}/lib.sh"
. "$top/t/archive.sh"

if [ $SANITIZED = yes ]; then
	# Not a thing that is missing: no skip_all.
	echo '1..0 # SKIP the fault shim does not go with a sanitizer'
	exit 0
fi
for what in kill ENOSPC EIO; do
	ok "each call in turn: $what" '
		mkdir "$what"
		cd "$what"
		run 0 /usr/bin/python3 "$top/tests/archive/crash.py" "$shim" "$what"'
done

done_testing
