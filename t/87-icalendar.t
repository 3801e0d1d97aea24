#!/bin/sh
# iCalendar as the library writes it, judged by python3-icalendar, libical and
# dateutil; and, line by line, what those cannot judge.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3
/usr/bin/python3 -c 'import icalendar, dateutil' 2>/dev/null ||
	skip_all 'python3-icalendar or python3-dateutil is not installed'

convert=$build/helper/convert

# becomes JSON [UID]: what it becomes, unfolded and with bare newlines, into ics.
becomes() {
	printf '%s' "$1" | run 0 "$convert" ics ${2+"$2"} >folded
	tr -d '\r' <folded | sed -e ':a' -e 'N' -e '$!ba' -e 's/\n //g' >ics
}

ok 'zones, those of Windows and those that an object describes' '
	run 0 /usr/bin/python3 "$top/tests/archive/zones.py" "$convert" \
	    "$top/lib/convert/zone-windows.c" >log || {
		grep -A 6 "^not ok" log
		false
	}
	[ "$(grep -c "^ok" log)" -eq 5 ]'

ok 'what was put into a server, local times and recurrences mean the same' '
	run 0 /usr/bin/python3 "$top/tests/archive/ics.py" "$convert" \
	    "$fixtures/real/archive-jmap.sqlite.gz" \
	    "$fixtures/real/archive-jmap-sources.json" >log || {
		grep -A 20 "^not ok" log
		false
	}
	[ "$(grep -c "^ok" log)" -gt 400 ]'

ok 'no member is lost: what has no place is in X-JSPROP' '
	becomes "{\"@type\":\"Event\",\"uid\":\"1\",\"start\":\"2026-01-01T10:00:00\",
	    \"odd\":{\"a\":[1,\"ä, b\"]},\"hideAttendees\":true,
	    \"locations\":{\"a\":{\"name\":\"here\"},\"b/c\":{\"name\":\"there\"}},
	    \"alerts\":{\"x\":{\"trigger\":{\"@type\":\"UnknownTrigger\"}}},
	    \"participants\":{\"p\":{\"calendarAddress\":\"mailto:a@b\",
	    \"description\":\"d\"},\"q\":{\"name\":\"no address\"}}}"
	has ics "X-JSPROP;X-JSPTR=odd:{\"a\":[1\\,\"ä\\, b\"]}"
	has ics "X-JSPROP;X-JSPTR=hideAttendees:true"
	has ics "LOCATION:here"
	has ics "X-JSPROP;X-JSPTR=locations/b~1c:{\"name\":\"there\"}"
	has ics "X-JSPROP;X-JSPTR=alerts:{\"x\":{\"trigger\":{\"@type\":\"UnknownTrigger\"}}}"
	has ics "X-JSPROP;X-JSPTR=participants/p/description:\"d\""
	has ics "X-JSPROP;X-JSPTR=participants/q/name:\"no address\"" ||
	has ics "X-JSPROP;X-JSPTR=participants/q:{\"name\":\"no address\"}"
	hasnt ics VALARM'

ok 'a value of the wrong type is kept' '
	becomes "{\"uid\":\"1\",\"start\":\"2026-01-01T10:00:00\",\"title\":[\"x\"],\"priority\":\"high\",
	    \"status\":\"Mine\",\"created\":\"yesterday\",\"sequence\":-1,
	    \"recurrenceRule\":{\"frequency\":\"often\"},\"duration\":\"PT1.5S\"}"
	for m in "title:[\"x\"]" "priority:\"high\"" "status:\"Mine\"" \
	    "created:\"yesterday\"" sequence:-1 "duration:\"PT1.5S\"" \
	    "recurrenceRule:{\"frequency\":\"often\"}"; do
		has ics "X-JSPROP;X-JSPTR=$m"
	done
	hasnt ics RRULE'

ok 'RFC 8984: rules in a list, sendTo, replyTo, the end in a location' '
	becomes "{\"@type\":\"Event\",\"uid\":\"1\",\"start\":\"2026-03-14T10:00:00\",
	    \"timeZone\":\"Europe/Vienna\",\"duration\":\"PT8H\",
	    \"replyTo\":{\"imip\":\"mailto:o@x\"},
	    \"locations\":{\"l\":{\"relativeTo\":\"end\",
	    \"timeZone\":\"America/New_York\"}},
	    \"recurrenceRules\":[{\"frequency\":\"daily\",\"count\":3},
	    {\"frequency\":\"weekly\",\"until\":\"2026-12-31T23:00:00\"}],
	    \"excludedRecurrenceRules\":[{\"frequency\":\"monthly\"}],
	    \"participants\":{\"a\":{\"sendTo\":{\"imip\":\"mailto:a@x\"},
	    \"roles\":{\"attendee\":true,\"optional\":true},
	    \"scheduleStatus\":[\"1.2\",\"2.0\"]}}}"
	has ics "DTEND;TZID=America/New_York:20260314T130000"
	has ics "RRULE:FREQ=DAILY;COUNT=3"
	has ics "RRULE:FREQ=WEEKLY;UNTIL=20261231T220000Z"
	has ics "EXRULE:FREQ=MONTHLY"
	has ics "ORGANIZER:mailto:o@x"
	has ics "ATTENDEE;SCHEDULE-STATUS=\"1.2,2.0\";ROLE=OPT-PARTICIPANT:mailto:a@x"
	[ "$(grep -c BEGIN:VTIMEZONE ics)" -eq 2 ]
	hasnt ics JSPROP'

ok 'overrides are patches: pointers, removals, and what leads nowhere is kept' '
	becomes "{\"@type\":\"Event\",\"uid\":\"1\",\"start\":\"2026-01-01T10:00:00\",
	    \"title\":\"t\",\"description\":\"d\",
	    \"recurrenceRule\":{\"frequency\":\"daily\",\"count\":4},
	    \"participants\":{\"p\":{\"calendarAddress\":\"mailto:a@b\",
	    \"participationStatus\":\"accepted\"}},
	    \"recurrenceOverrides\":{
	    \"2026-01-02T10:00:00\":{\"participants/p/participationStatus\":\"declined\",
	    \"description\":null},
	    \"2026-01-03T10:00:00\":{\"nowhere/at/all\":1},
	    \"no date\":{\"title\":\"x\"}}}"
	[ "$(grep -c BEGIN:VEVENT ics)" -eq 3 ]
	[ "$(grep -c DESCRIPTION:d ics)" -eq 2 ]
	has ics "ATTENDEE;PARTSTAT=DECLINED:mailto:a@b"
	has ics "X-JSPROP;X-JSPTR=recurrenceOverrides/2026-01-03T10:00:00:{\"nowhere/at/all\":1}" ||
	has ics "X-JSPTR=\"recurrenceOverrides/2026-01-03T10:00:00\":{\"nowhere/at/all\":1}"
	has ics "X-JSPROP;X-JSPTR=recurrenceOverrides/no date:{\"title\":\"x\"}"
	hasnt ics RDATE'

ok 'what was iCalendar before comes back: properties, components, parameters' '
	becomes "{\"@type\":\"Event\",\"uid\":\"1\",\"start\":\"2026-01-01T10:00:00\",
	    \"duration\":\"PT1H\",\"description\":\"Text\",\"iCalendar\":{
	    \"name\":\"vevent\",\"convertedProperties\":{
	    \"description\":{\"parameters\":{\"altrep\":\"cid:x\"}},
	    \"duration\":{\"name\":\"dtend\"}},
	    \"properties\":[[\"x-custom\",{\"x-p\":\"1\"},\"unknown\",\"a;b\"],
	    [\"comment\",{},\"text\",\"one, two\"],
	    [\"request-status\",{},\"text\",[\"2.0\",\"Success\"]],
	    [\"exdate\",{\"tzid\":\"X\"},\"date-time\",\"2026-01-02T10:00:00\"],
	    [\"bad name\",{},\"text\",\"x\"]],
	    \"components\":[[\"x-part\",[[\"uid\",{},\"text\",\"u\"]],
	    [[\"x-inner\",[],[]]]]]}}"
	has ics "DTEND:20260101T110000"
	has ics "DESCRIPTION;ALTREP=\"cid:x\":Text"
	has ics "X-CUSTOM;X-P=1:a;b"
	has ics "COMMENT:one\\, two"
	has ics "REQUEST-STATUS:2.0;Success"
	has ics "EXDATE;TZID=X;VALUE=date-time:20260102T100000"
	has ics "BEGIN:X-INNER"
	has ics "X-JSPROP;X-JSPTR=iCalendar/properties:[[\"bad name\"\\,{}\\,\"text\"\\,\"x\"]]"'

ok 'blobs and data: URIs are attachments with their bytes' '
	becomes "{\"@type\":\"Event\",\"uid\":\"1\",\"start\":\"2026-01-01T10:00:00\",
	    \"links\":{\"a\":{\"@blob\":7,\"contentType\":\"text/plain\",\"rel\":\"enclosure\"},
	    \"b\":{\"href\":\"data:image/png;base64,AAEC\"},
	    \"c\":{\"href\":\"data:,a%20b\"},\"d\":{\"@blob\":8},
	    \"e\":{\"href\":\"https://x/\",\"rel\":\"alternate\"}}}"
	has ics "ATTACH;VALUE=BINARY;ENCODING=BASE64;FMTTYPE=text/plain:YWJj"
	has ics "ATTACH;VALUE=BINARY;ENCODING=BASE64;FMTTYPE=image/png:AAEC"
	has ics "ATTACH;VALUE=BINARY;ENCODING=BASE64:YSBi"
	has ics "X-JSPROP;X-JSPTR=links/d:{\"@blob\":8}"
	has ics "ATTACH:https://x/"
	has ics "X-JSPROP;X-JSPTR=links/e/rel:\"alternate\""'

ok 'whole days with a time of day are no dates; a zone nobody knows floats' '
	becomes "{\"@type\":\"Event\",\"uid\":\"1\",\"start\":\"2026-01-01T10:00:00\",
	    \"showWithoutTime\":true,\"timeZone\":\"Mars/Base\"}"
	has ics "DTSTART:20260101T100000"
	has ics "X-JSPROP;X-JSPTR=showWithoutTime:true"
	has ics "X-JSPROP;X-JSPTR=timeZone:\"Mars/Base\""
	becomes "{\"@type\":\"Event\",\"uid\":\"1\",\"start\":\"2026-01-01T10:00:00\",
	    \"timeZone\":\"../../etc/passwd\"}"
	has ics "DTSTART:20260101T100000"'

ok 'control characters cannot break a line; the exact text is kept' '
	becomes "{\"@type\":\"Event\",\"uid\":\"a\\r\\nATTACH:x\",\"start\":\"2026-01-01T10:00:00\",\"title\":\"a\\u0001\\rb\",
	    \"color\":\"red\\nX:y\",
	    \"iCalendar\":{\"properties\":[[\"x-a\",{},\"date\",\"2026\\r\\nX-EVIL:1\"],
	    [\"x-b\",{\"x-c\":\"\\r\\nX-EVIL\"},\"recur\",{\"freq\\nX-EVIL:1\":\"\\nX-EVIL:1\"}]]},
	    \"participants\":{\"p\":{\"calendarAddress\":\"mailto:a\\r\\nX-EVIL:1\"}}}"
	has ics "UID:a\\nATTACH:x"
	has ics "SUMMARY:ab"
	has ics "X-JSPROP;X-JSPTR=title:\"a\\\\u0001\\\\rb\""
	not grep -E "^(ATTACH|X:|X-EVIL)" ics'

ok 'a Task with an estimated duration; durations as RFC 5545 wants them' '
	becomes "{\"@type\":\"Task\",\"uid\":\"1\",\"start\":\"2026-01-01T10:00:00\",
	    \"estimatedDuration\":\"P1W2DT1H5S\",\"progress\":\"completed\",
	    \"progressUpdated\":\"2026-01-02T00:00:00Z\"}"
	has ics "DURATION:P9DT1H0M5S"
	has ics "COMPLETED:20260102T000000Z"
	has ics "STATUS:COMPLETED"'

ok 'lines are folded at 75 octets, between characters' '
	for text in "$(printf "%0200d" 0)" "x$(printf "%0100d" 0 | sed s/0/ä/g)"; do
		becomes "{\"uid\":\"1\",\"start\":\"2026-01-01T10:00:00\",\"title\":\"$text\"}"
		has ics "SUMMARY:$text"
		tr -d "\r" <folded | LC_ALL=C awk "length > 75 { exit 1 }
		    length == 75 || length == 74 { full++ } END { exit full < 2 }"
		iconv -f utf-8 -t utf-8 <folded >/dev/null
		tr -d "\r" <folded | while IFS= read -r line; do
			printf "%s" "$line" | iconv -f utf-8 -t utf-8 >/dev/null
		done
	done'

ok 'the last instance of a rule in a zone is one of its own' '
	becomes "{\"uid\":\"1\",\"start\":\"2026-01-01T10:00:00\",
	    \"timeZone\":\"Europe/Vienna\",\"recurrenceRule\":{
	    \"frequency\":\"daily\",\"until\":\"2026-01-03T10:00:00\"},
	    \"recurrenceOverrides\":{\"2026-01-03T10:00:00\":{\"title\":\"x\"}}}"
	hasnt ics RDATE
	becomes "{\"uid\":\"1\",\"start\":\"2026-01-01T10:00:00\",
	    \"timeZone\":\"Europe/Vienna\",\"recurrenceRule\":{
	    \"frequency\":\"daily\",\"until\":\"2026-01-03T09:59:00\"},
	    \"recurrenceOverrides\":{\"2026-01-03T10:00:00\":{\"title\":\"x\"}}}"
	has ics "RDATE;TZID=Europe/Vienna:20260103T100000"'

ok 'who organizes and is invited has both lines; a text is no URI' '
	becomes "{\"uid\":\"1\",\"start\":\"2026-01-01T10:00:00\",\"duration\":\"P14D\",
	    \"organizerCalendarAddress\":\"mailto:A@x\",
	    \"links\":{\"a\":{\"href\":\"note: call me\",\"rel\":\"enclosure\"}},
	    \"participants\":{\"p\":{\"calendarAddress\":\"mailto:a@x\",
	    \"roles\":{\"owner\":true,\"attendee\":true}}}}"
	has ics "ORGANIZER:mailto:A@x"
	has ics "ATTENDEE;ROLE=REQ-PARTICIPANT:mailto:a@x"
	has ics "DURATION:P2W"
	has ics "ATTACH;VALUE=BINARY;ENCODING=BASE64:bm90ZTogY2FsbCBtZQ=="
	becomes "{\"uid\":\"1\",\"start\":\"2026-01-01T10:00:00\",\"duration\":\"P8D\"}"
	has ics "DURATION:P8D"'

ok 'a place to meet is a URI, whatever was typed' '
	becomes "{\"uid\":\"1\",\"start\":\"2026-01-01T10:00:00\",\"virtualLocations\":{
	    \"a\":{\"uri\":\"https://meet.example.org/Mein Raum?a=b%20c\",\"name\":\"Mein Raum\"},
	    \"b\":{\"uri\":\"tel:+49 30 123\"}}}"
	has ics "CONFERENCE;VALUE=URI;LABEL=Mein Raum:https://meet.example.org/Mein%20Raum?a"
	has ics "CONFERENCE;VALUE=URI:tel:+49%2030%20123"'

ok 'a fraction of a second has no place in iCalendar, and is kept' '
	becomes "{\"uid\":\"1\",\"start\":\"2026-01-01T10:00:00.5\",
	    \"created\":\"2026-01-01T10:00:00.000Z\",
	    \"updated\":\"2026-01-01T10:00:00.25Z\"}"
	has ics DTSTART:20260101T100000
	has ics DTSTAMP:20260101T100000Z
	has ics "X-JSPTR=start:\"2026-01-01T10:00:00.5\""
	has ics "X-JSPTR=updated:\"2026-01-01T10:00:00.25Z\""
	hasnt ics X-JSPTR=created'

ok 'a Group is a calendar with its entries; a shell gives nothing' '
	becomes "{\"@type\":\"Group\",\"uid\":\"g\",\"title\":\"Name\",\"color\":\"red\",
	    \"entries\":[{\"@type\":\"Event\",\"uid\":\"1\",\"start\":\"2026-01-01T10:00:00\"},
	    {\"@type\":\"Task\",\"title\":\"x\"}]}" fallback
	has ics "NAME:Name"
	has ics "X-JSPROP;X-JSPTR=color:\"red\""
	has ics "UID:1"
	has ics "UID:fallback-1"
	has ics BEGIN:VTODO
	echo "{\"@type\":\"Group\",\"prodId\":\"x\"}" |
	    run 3 "$convert" ics >out 2>err
	not test -s out
	has err "a group without an event or a task"'

ok 'what is no object of a calendar is refused, with a reason' '
	for json in "" "[]" "{" "{\"@type\":\"Card\",\"uid\":\"1\"}" \
	    "{\"@type\":\"Event\"}" "{\"uid\":\"1\",\"uid\":\"2\"}"; do
		printf "%s" "$json" | run 1 "$convert" ics >out 2>err
		not test -s out
		test -s err
	done'

done_testing
