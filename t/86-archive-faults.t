#!/bin/sh
# archive2maildir with calls that fail, or that read and write less than was
# asked for, and run again: every message is there once.
. "${0%/*}/lib.sh"
. "$top/t/archive.sh"

at_calls EDQUOT
at_calls 'short all'
done_testing
