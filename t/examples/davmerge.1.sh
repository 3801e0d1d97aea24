# shellcheck shell=bash
# The calendars of the new server, where its administrator is the owner.
with_new_calendars() {
	secret admin admin-word
	echo "alice@example.org%admin:admin-word" >"$tmp/new.users"
	sed -e "s|dav.users|new.users|" -e "s|/store|/new-store|" \
	    "$tmp/radicale.conf" >"$tmp/new.conf"
	printf '%s\n' '[server]' 'hosts = 127.0.0.1:0' '[logging]' 'level = info' >>"$tmp/new.conf"
	radicale -C "$tmp/new.conf" >"$tmp/new.log" 2>&1 &
	until grep -q "Listening on" "$tmp/new.log"; do sleep 0.1; done
	url=$(sed -n "s/.*Listening on .*:\([0-9]*\)[^0-9].*/\1/p" "$tmp/new.log")
	with_tls new.example.org "http://127.0.0.1:$(echo "$url" | head -n 1)"
	mkdir -p full/calendars/New
	printf '%s\r\n' BEGIN:VCALENDAR VERSION:2.0 PRODID:x BEGIN:VEVENT UID:new@x \
	    DTSTAMP:20260101T000000Z DTSTART:20260101T000000Z SUMMARY:x \
	    END:VEVENT END:VCALENDAR >full/calendars/New/1.ics
	davmerge --user 'alice@example.org%admin' --password-file admin \
	    https://new.example.org full >/dev/null
}
prepare() {
	with_radicale
	with_vandelay
	with_new_calendars
	cp "$tmp/archive.sqlite" alice-back.sqlite
	command_of pass <<-'END'
		#!/bin/sh
		[ "$*" = "show alice" ] && echo alice-word
	END
}
after_1() {
	has "$out" '"status":"created"'
	mv "alice/calendars/Stalwart Calendar (alice@real.test)" \
	    "alice/calendars/Stalwart Calendar (alice@example.org)"
}
after_2() {
	grep '^exists' "$out"
	[ "$(grep -c '^planned	Stalwart Calendar (alice@example.org)' "$out")" -le 2 ]
}
after_3() {
	cat "$out"
}
after_4() {
	has "$out" '"uid":"new@x"'
	has "$out" '"status":"created"'
}
