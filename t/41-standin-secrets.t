#!/bin/sh
# The stand-in for Stalwart makes of each recorded secret what the real server
# made of it: verified, dead, cleartext or refused.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3

start_standin standin-stalwart --admin admin:secret
/usr/bin/python3 "$top/tests/helper/replay-secrets" "$url" \
    "$fixtures/real/stalwart-secrets.ndjson"
