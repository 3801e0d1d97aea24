#!/bin/sh
# archive2maildir with several threads, killed at a call or with calls that fail,
# and run again: every message is there once.
. "${0%/*}/lib.sh"
. "$top/t/archive.sh"

at_calls 'kill threads'
at_calls 'EIO threads'
at_calls 'ENOSPC threads'
at_calls 'EMFILE threads'
done_testing
