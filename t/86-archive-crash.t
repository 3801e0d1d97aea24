#!/bin/sh
# archive2maildir killed at each call that changes the file system, and run again.
. "${0%/*}/lib.sh"
. "$top/t/archive.sh"

each_call kill
done_testing
