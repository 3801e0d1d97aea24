#!/bin/sh
# archive2maildir with calls that are interrupted, those that only read too, and
# run again: every message is there once.
. "${0%/*}/lib.sh"
. "$top/t/archive.sh"

at_calls 'EINTR all'
done_testing
