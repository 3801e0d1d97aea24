#!/bin/sh
# The stand-in for Stalwart against recorded exchanges with the real server.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3

start_standin standin-stalwart --admin admin:secret \
    --mail "$fixtures/real/stalwart-mail.ndjson"
/usr/bin/python3 "$top/tests/helper/replay-exchanges" "$url" \
    "$fixtures/real/stalwart-exchanges.ndjson"
