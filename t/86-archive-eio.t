#!/bin/sh
# archive2maildir with a disk that fails at calls that change the file system or
# read the archive and the tree, or with too few descriptors, and run again.
. "${0%/*}/lib.sh"
. "$top/t/archive.sh"

at_calls EIO
at_calls 'EIO all'
at_calls 'EMFILE all'
done_testing
