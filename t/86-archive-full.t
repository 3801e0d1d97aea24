#!/bin/sh
# archive2maildir with a disk that is full at each call that changes the file
# system, and run again when there is room.
. "${0%/*}/lib.sh"
. "$top/t/archive.sh"

each_call ENOSPC
done_testing
