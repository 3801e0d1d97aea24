#!/bin/sh
# The stand-in for the migration proxy's management API against recorded
# exchanges with the real one.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3

echo 'alice@one.test legacy' >store
start_standin standin-proxy --token good --store store --lockout-ms 400
/usr/bin/python3 "$top/tests/helper/replay-proxy" "$url" store \
    "$fixtures/real/proxy-exchanges.ndjson"
