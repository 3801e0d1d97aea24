#!/bin/sh
# archive2maildir killed at calls that change the file system, and run again.
. "${0%/*}/lib.sh"
. "$top/t/archive.sh"

at_calls kill
done_testing
