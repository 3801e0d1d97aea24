#!/bin/sh
# archive2maildir with a disk that is full at calls that change the file
# system, and run again when there is room.
. "${0%/*}/lib.sh"
. "$top/t/archive.sh"

at_calls ENOSPC
done_testing
