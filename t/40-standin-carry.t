#!/bin/sh
# The stand-in for Stalwart against recordings of what else an account has: keys,
# vacations, identities, app passwords, switches, routes, scripts.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3

start_standin standin-stalwart --admin admin:secret \
    --schema "$fixtures/real/stalwart-schema.json.gz"
/usr/bin/python3 "$top/tests/helper/replay-exchanges" "$url" \
    "$fixtures/real/stalwart-carry-exchanges.ndjson"
