# What the tests of davmerge share: a Radicale, a server that fails on demand before
# it, objects. Read after lib.sh.
# shellcheck shell=sh
. "$top/t/radicale.sh"
need /usr/bin/python3 python3
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE

# start_faults NAME [DIGEST [SERVER]]: sets $url.
start_faults() {
	: >"$1"
	: >"$1.out"
	/usr/bin/python3 "$top/tests/dav/faults.py" "${3-$server}" "$tmp/$1" \
	    ${2:+"$2"} \
	    >"$1.out" 2>"$1.err" &
	faults_pid=$!
	end_with_test "$faults_pid"
	wait_for "$faults_pid" "$1.out" http:
	url=$(head -n 1 "$1.out")
}

# shows CHECK...: shows what davmerge said where the check fails.
shows() {
	"$@" || {
		cat err
		# Where its own output goes to that file it must not read what it writes.
		shows_out=$(cut -c 1-300 out)
		echo "$shows_out"
		return 1
	}
}
# statuses FILE: how many results of each kind.
statuses() {
	sed 's/.*"object":"\([a-z]*\)".*"status":"\([a-z]*\)".*/\1 \2/' "$1" |
	    sort | uniq -c | sed 's/^ *//' | tr '\n' ','
}
counts() {
	[ "$(statuses out)" = "$1" ] || {
		statuses out
		cat err
		return 1
	}
}
# event FILE UID [TEXT], card FILE UID: writes one.
event() {
	mkdir -p "${1%/*}"
	printf '%s\r\n' BEGIN:VCALENDAR VERSION:2.0 PRODID:test BEGIN:VEVENT \
	    "UID:$2" DTSTAMP:20260101T000000Z DTSTART:20260101T000000Z \
	    "SUMMARY:${3-x}" END:VEVENT END:VCALENDAR >"$1"
}
card() {
	mkdir -p "${1%/*}"
	printf '%s\r\n' BEGIN:VCARD VERSION:3.0 "UID:$2" FN:x "N:x;;;;" END:VCARD >"$1"
}
# forget: an empty server.
forget() {
	rm -rf "$tmp"/store/collection-root/*
}
# stored: the objects that the server has, sorted.
stored() {
	find "$tmp/store" -name '.Radicale*' -prune -o -name '*.[iv]c[sf]' -print | sort
}
