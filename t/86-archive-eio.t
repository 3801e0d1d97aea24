#!/bin/sh
# archive2maildir with a disk that fails at each call that changes the file
# system, and run again.
. "${0%/*}/lib.sh"
. "$top/t/archive.sh"

each_call EIO
done_testing
