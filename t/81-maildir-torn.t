#!/bin/sh
# Journals that are not whole: what the next run and an undoing make of them.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
shim=$build/shim/fscalls.so
not_sanitized

torn() {
	mkdir "$1"
	cd "$1"
	run 0 /usr/bin/python3 "$top/tests/maildir/torn.py" "$shim" "$1"
}

ok 'the disk is full at each byte of the journal: all once, and undone' 'torn full'
ok 'it ends at each byte: undone is what it says, what is lost comes again' 'torn torn'
ok 'the lines of two runs are mixed: it is not relied on, and that is said' 'torn mixed'
done_testing
