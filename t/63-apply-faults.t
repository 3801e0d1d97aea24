#!/bin/sh
# Faults at every request of a plan of many accounts, and SIGKILL at every
# request: after the next run each account is there, once.
. "${0%/*}/lib.sh"
[ -x /usr/bin/python3 ] || skip_all "python3 is not installed"

exec /usr/bin/python3 "$top/tests/helper/apply-faults" "$build"
