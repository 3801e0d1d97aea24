#!/bin/sh
# Archives that a disk has harmed, files that are none, and one message of 300 MB.
. "${0%/*}/lib.sh"
. "$top/t/archive.sh"

hostile_cases damaged
done_testing
