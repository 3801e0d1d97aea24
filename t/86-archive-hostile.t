#!/bin/sh
# Archives that were made to do harm.
. "${0%/*}/lib.sh"
. "$top/t/archive.sh"

hostile_cases hostile
done_testing
