#!/bin/sh
# davmerge against the real Radicale of Debian, directly and through a server
# that fails on demand.
. "${0%/*}/lib.sh"
. "$top/t/dav.sh"
/usr/bin/python3 -c 'import icalendar, vobject' 2>/dev/null ||
	skip_all 'python3-icalendar or python3-vobject is not installed'
printf 'wrong\n' >wrong

# The objects of the real archive, and each in version 3 as well.
ok 'the tree' '
	gunzip -c "$fixtures/real/archive-jmap.sqlite.gz" >archive
	/usr/bin/python3 - "$build/helper/convert" <<\EOF2
import os, sqlite3, subprocess, sys
db = sqlite3.connect("file:archive?mode=ro&immutable=1", uri=True)
def write(path, how, uid, data):
    done = subprocess.run([sys.argv[1], how, uid], input=data.encode(),
                          stdout=subprocess.PIPE)
    if done.returncode == 3:
        return
    assert done.returncode == 0, data
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, "wb").write(done.stdout)
for i, (data,) in enumerate(db.execute("select data from calendar_events")):
    write("tree/calendars/Büro & <mehr>/%d.ics" % i, "ics", "e%d" % i, data)
for i, (uid, data) in enumerate(
        db.execute("select uid, data from contact_cards")):
    write("tree/contacts/Freunde/%d.vcf" % i, "vcf4", uid, data)
    write("tree/contacts/Alte/%d.vcf" % i, "vcf3", uid, data)
EOF2
	[ "$(find tree -type f | wc -l)" -eq 43 ]
	mkdir -p "tree/calendars/Leer"'

ok 'a dry run puts nothing' '
	shows run 0 merge -n "$server" tree >out 2>err
	counts "2 addressbook planned,2 calendar planned,16 card planned,27 event planned,"
	has err "0 created, 0 exist, 0 elsewhere, 43 planned, 0 failed"
	[ -z "$(stored)" ]'

# Two cards of version 4 have a photo, of which Radicale would keep the media type.
ok 'Radicale takes every event and card that the archive gives, or it is said' '
	run 1 merge "$server" tree >out 2>err
	counts "2 addressbook created,2 calendar created,14 card created,2 card failed,27 event created,"
	has err "41 created, 0 exist, 0 elsewhere, 0 planned, 2 failed"
	[ "$(grep -c "keeps only a part of PHOTO.*archive2maildir --vcard=3" err)" -eq 2 ]
	[ "$(stored | wc -l)" -eq 41 ]
	has out "\"file\":\"calendars/Büro & <mehr>/0.ics\""
	has out "\"collection\":\"Büro & <mehr>\""
	grep -rq "ro & <mehr>" store'

ok 'a second run adds nothing, from the root, the principal or the home' '
	stored | xargs -d "\n" md5sum >before
	for at in "$server" "$server/" "$server/alice/"; do
		run 1 merge -q "$at" tree >out 2>err
		counts "14 card exists,2 card failed,27 event exists,"
		[ "$(grep -c "keeps only a part of PHOTO" err)" -eq 2 ]
	done
	stored | xargs -d "\n" md5sum | same before -'

ok 'bytes in a card: version 3 arrives whole, version 4 is said each time' '
	forget
	mkdir -p bytes/contacts/A
	for v in 4 3; do
		shows run 0 "$build/helper/convert" "vcf$v" bob \
		    >bytes/contacts/A/bob.vcf <<\EOF2
{"@type":"Card","version":"1.0","uid":"bob","name":{"full":"Bob"},"media":{"p":{"@type":"Media","kind":"photo","uri":"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"}}}
EOF2
		has bytes/contacts/A/bob.vcf "PHOTO"
		for again in created exists; do
			[ "$v" -eq 3 ] || again=failed
			run "$((v - 3))" merge -q "$server" bytes >out 2>err
			grep -q "\"uid\":\"bob\".*\"status\":\"$again\"" out
		done
	done
	[ "$(stored | wc -l)" -eq 1 ]
	tr -d "\r\n " <"$(stored)" | grep -q AAAADUlEQVR42mNk'

ok 'addresses with commas and semicolons arrive whole' '
	forget
	mkdir -p commas/contacts/A commas/calendars/C
	for v in 3 4; do
		printf "%s\r\n" BEGIN:VCARD "VERSION:$v.0" "UID:u$v" FN:x "N:x;;;;" \
		    "URL:https://x.test/a;b,c/$v" "item1.IMPP:xmpp:r@x.test?a,b" \
		    "CALURI:https://x.test/?a;b" "NOTE:a\\,b\\;c" "NICKNAME:Al,Ali" END:VCARD \
		    >commas/contacts/A/$v.vcf
	done
	event commas/calendars/C/1.ics e1
	sed -i "s|^SUMMARY|IMAGE;VALUE=URI:https://x.test/a,b\r\n&|" commas/calendars/C/1.ics
	shows run 0 merge -q "$server" commas >got 2>err
	[ "$(grep -c "\"created\"" got)" -eq 5 ]
	stored | xargs -d "\n" cat | tr -d "\r\\\\" >all
	for text in "https://x.test/a;b,c/3" "https://x.test/a;b,c/4" \
	    "xmpp:r@x.test?a,b" "https://x.test/?a;b" "https://x.test/a,b" NICKNAME:Ali; do
		has all "$text"
	done
	shows run 0 merge -q "$server" commas >got 2>err
	hasnt got failed'

ok 'an UID under another name is left alone, whatever its content' '
	forget
	event a/calendars/Work/1.ics one@x mine
	event a/calendars/Work/2.ics two@x
	shows run 0 merge -q "$server" a >out
	f=$(stored | head -n 1)
	mv "$f" "${f%/*}/other.ics"
	event b/calendars/Work/1.ics one@x changed
	event b/calendars/Work/2.ics two@x changed
	event b/calendars/Work/3.ics three@x
	shows run 0 merge -q "$server" b >out
	counts "1 event created,2 event exists,"
	has out "/other.ics\",\"status\":\"exists\""
	not grep -rq changed store'

ok 'what its owner moved to another calendar is not put back' '
	event a/calendars/Private/4.ics four@x
	shows run 0 merge -q "$server" a >out
	mv store/collection-root/alice/Private/four@x.ics \
	    store/collection-root/alice/Work/
	shows run 0 merge -q "$server" a >out
	has out "\"uid\":\"four@x\",\"collection\":\"Work\""
	has out "\"status\":\"elsewhere\""
	hasnt out created'

ok 'an event of the tree in two calendars is put into both' '
	forget
	event two/calendars/A/1.ics one@x
	event two/calendars/B/1.ics one@x
	event two/calendars/B/same.ics one@x
	shows run 0 merge -q "$server" two >out
	counts "2 calendar created,2 event created,1 event exists,"
	rm store/collection-root/alice/B/*.ics
	shows run 0 merge -q "$server" two >out
	counts "1 event created,2 event exists,"'

ok 'names that no URL can hold; a name that is taken by another object' '
	forget
	event odd/calendars/C/1.ics "a/b\\\\,c 😀"
	event odd/calendars/C/2.ics ".."
	event odd/calendars/C/3.ics plain
	event odd/calendars/ЖЖ/4.ics four
	shows run 0 merge -q "$server" odd >out
	counts "2 calendar created,4 event created,"
	has out "\"uid\":\"a/b,c 😀\"" || has out "\"uid\":\"a/b\\\\,c 😀\""
	has out "\"href\":\"/alice/calendar/\""
	# The server has the name, but of something else.
	event store/collection-root/alice/C/plain.ics other
	shows run 0 merge -q "$server" odd >out
	has out "/alice/C/plain-2.ics"
	[ "$(grep -c SUMMARY store/collection-root/alice/C/plain.ics)" -eq 1 ]
	has store/collection-root/alice/C/plain.ics UID:other'

ok '--map puts a folder into a collection, by its name or its address' '
	forget
	event m/calendars/Old/1.ics one
	event m/calendars/Older/2.ics two
	card m/contacts/Book/1.vcf c1
	shows run 0 merge -q --map Old=New --map Older=New --map Book=People "$server" m >out
	counts "1 addressbook created,1 calendar created,1 card created,2 event created,"
	not test -e store/collection-root/alice/Old
	shows run 2 merge --map Old "$server" m 2>err'

ok '--map of nothing: said before anything is put' '
	forget
	event typo/calendars/Work/1.ics one
	shows run 2 merge --map Wrok=Other "$server" typo >out 2>err
	has err "davmerge: $server: --map Wrok=Other: no calendar or address book has this name; nothing was put"
	[ -z "$(stored)" ]'
ok 'two folders into one collection, with one UID and two contents' '
	forget
	event pair/calendars/A/1.ics same one
	event pair/calendars/B/1.ics same two
	event pair/calendars/C/1.ics same one
	for again in created exists; do
		shows run 1 merge -q --map A=Z --map B=Z --map C=Z "$server" pair >out 2>err
		has out "\"file\":\"calendars/A/1.ics\",\"uid\":\"same\",\"collection\":\"Z\",\"href\":\"/alice/Z/same.ics\",\"status\":\"$again\""
		has err "calendars/B/1.ics: same: another object has this UID, of which a server keeps one: calendars/A/1.ics"
		hasnt err calendars/C
	done
	# None is put: what would be is said.
	forget
	shows run 1 merge -nq --map A=Z --map B=Z --map C=Z "$server" pair >out 2>err
	has err "calendars/B/1.ics: same: another"'
ok 'a name that no folder can have: account.ndjson has it' '
	forget
	event slash/calendars/Work_Travel/1.ics one
	card slash/contacts/Freunde_Ä/1.vcf c1
	printf "%s\n" "{\"v\":1,\"type\":\"calendar\",\"dir\":\"calendars/Work_Travel\",\"id\":1,\"name\":\"Work/Travel\"}" \
	    "{\"v\":1,\"type\":\"address-book\",\"dir\":\"contacts/Freunde_Ä\",\"id\":1,\"name\":\"Freunde/Ä\"}" >slash/account.ndjson
	shows run 0 merge -q "$server" slash >out
	has out "\"object\":\"calendar\",\"collection\":\"Work/Travel\",\"href\":\"/alice/Work-Travel/\""
	# The server has them by their names, wherever they are.
	mv store/collection-root/alice/Work-Travel store/collection-root/alice/elsewhere
	shows run 0 merge -q "$server" slash >out
	counts "1 card exists,1 event exists,"
	shows run 0 merge -q --map Work/Travel=New "$server" slash >out
	counts "1 calendar created,1 card exists,1 event elsewhere,"
	# Before there was account.ndjson, the folder gave the name.
	forget
	mv slash/account.ndjson .
	shows run 0 merge -q "$server" slash >out
	has out "\"collection\":\"Work_Travel\""
	mv account.ndjson slash/
	rm -r store/collection-root/alice/Freunde*
	shows run 0 merge -q "$server" slash >out
	has out "\"status\":\"created\""
	echo "{" >slash/account.ndjson
	shows run 2 merge -q "$server" slash 2>err
	has err "slash/account.ndjson:1: not JSON"'
ok 'a name that no server keeps as it is: one collection, however often' '
	forget
	rm -rf odd
	for i in 1 2 3 4 5; do event odd/calendars/$i/1.ics u$i@x; done
	card "odd/contacts/ Friends /1.vcf" c1
	card "odd/contacts/ /1.vcf" c2
	printf "{\"v\":1,\"type\":\"calendar\",\"dir\":\"calendars/%s\",\"name\":\"%s\"}\n" \
	    1 "Blank " 2 "Line\\n" 3 " In\\rside" 4 "\\u0001\\uffff " 5 "e\\u0301" >odd/account.ndjson
	shows run 0 merge -q "$server" odd >out
	counts "2 addressbook created,5 calendar created,2 card created,5 event created,"
	shows run 0 merge -q "$server" odd >out
	counts "2 card exists,5 event exists,"
	shows run 0 merge -nq --map "Blank =Line\n" "$server" odd >out
	has out "\"uid\":\"u1@x\",\"collection\":\"Blank\""'
# list PLACE NAME COMPONENTS: a calendar of the server that takes these only.
list() {
	mkdir -p "store/collection-root/alice/$1"
	printf '{"tag":"VCALENDAR","D:displayname":"%s","C:supported-calendar-component-set":"%s"}' \
	    "$2" "$3" >"store/collection-root/alice/$1/.Radicale.props"
}
# placed PLACE...: where the objects are, each as PLACE/FILE.
placed() {
	printf '%s\n' "$@" >want
	(cd store/collection-root/alice && find . -name '.Radicale*' -prune -o -name '*.ics' -print) |
	    sed 's|^\./||' | sort | same want -
}
rm -rf both
event both/calendars/Work/1.ics event
event both/calendars/Work/2.ics task
sed -i s/VEVENT/VTODO/ both/calendars/Work/2.ics
ok 'events and tasks go where the server takes them (RFC 4791, 5.2.3)' '
	forget
	list A-tasks Work VTODO
	list B-events Work VEVENT
	for again in created exists; do
		shows run 0 merge -q "$server" both >out
		counts "2 event $again,"
		placed A-tasks/task.ics B-events/event.ics
	done
	# By its address, where no name is the same; a list of all takes both.
	forget
	list Work Tasks VTODO
	list calendar Other VEVENT,VTODO
	shows run 0 merge -q --map Work=Other "$server" both >out
	placed calendar/event.ics calendar/task.ics'
ok 'a calendar for tasks beside the one for events, and the other way round' '
	for there in VEVENT,task,event VTODO,event,task; do
		forget
		rest=${there#*,}
		list Work Work "${there%%,*}"
		shows run 0 merge -nq "$server" both >out
		counts "1 calendar planned,2 event planned,"
		shows run 0 merge -q "$server" both >out
		counts "1 calendar created,2 event created,"
		placed "Work-2/${rest%,*}.ics" "Work/${rest#*,}.ics"
		grep -o "component-set\": *\"[A-Z,]*" store/collection-root/alice/Work-2/.Radicale.props >set
		case $there in VEVENT*) has set VTODO; hasnt set VEVENT ;; *) has set VEVENT; hasnt set VTODO ;; esac
		shows run 0 merge -q "$server" both >out
		counts "2 event exists,"
	done
	# One calendar for both, where there is none.
	forget
	shows run 0 merge -nq "$server" both >out
	counts "1 calendar planned,2 event planned,"
	shows run 0 merge -q "$server" both >out
	counts "1 calendar created,2 event created,"
	placed Work/event.ics Work/task.ics'
ok 'an address that something else has is not asked for' '
	forget
	event free/calendars/Work/1.ics one
	shows run 0 merge -v "$server" free >out 2>alone
	forget
	card taken/contacts/Work/1.vcf c1
	shows run 0 merge "$server" taken >out
	shows run 0 merge -v "$server" free >out 2>beside
	has out "\"href\":\"/alice/Work-2/\",\"status\":\"created\""
	grep requests alone >was
	grep requests beside | same was -'
ok 'what would keep everybody from reading the collection is not put' '
	forget
	rm -rf odd
	event odd/calendars/W/1.ics u1 "$(printf "a\001b")"
	event odd/calendars/W/2.ics u2 "$(printf "a\377b")"
	event odd/calendars/W/3.ics u3
	for again in created exists; do
		shows run 1 merge -q "$server" odd >out 2>err
		has err "1.ics: it has a character that no answer of a server can have: take it out of the text (line 8)"
		has err "2.ics: it is not UTF-8"
		has out "\"uid\":\"u3\",\"collection\":\"W\",\"href\":\"/alice/W/u3.ics\",\"status\":\"$again\""
	done'
ok 'two runs at once: each collection and each object once' '
	n=0
	rm -rf many
	while [ $n -lt 20 ]; do
		n=$((n + 1))
		event many/calendars/Both/$n.ics uid$n
		card many/contacts/People/$n.vcf card$n
	done
	for try in 1 2 3 4 5; do
		forget
		merge -q "$server" many >first.out &
		shows run 0 merge -q "$server" many >second.out
		run 0 wait $!
		ls store/collection-root/alice
		[ "$(ls store/collection-root/alice | wc -l)" -eq 2 ]
		[ "$(stored | wc -l)" -eq 40 ]
	done'
ok 'files that are no single object fail by themselves' '
	forget
	event bad/calendars/W/1.ics one
	printf "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n" \
	    >bad/calendars/W/2.ics
	{ cat bad/calendars/W/1.ics; sed s/UID:one/UID:two/ bad/calendars/W/1.ics; } \
	    >bad/calendars/W/3.ics
	event outside/four.ics four
	ln -s "$tmp/outside/four.ics" bad/calendars/W/4.ics
	echo hello >bad/calendars/W/readme.txt
	ln -s /etc bad/calendars/Link
	: >bad/calendars/W/5.ics
	shows run 1 merge "$server" bad >out 2>err
	counts "1 calendar created,1 event created,4 event failed,"
	has err "calendars/W/2.ics: it has no UID"
	has err "calendars/W/3.ics: it has objects of several UIDs"
	has err "calendars/W/4.ics: cannot be opened"
	has err "calendars/Link: skipped: a symbolic link"
	has err "davmerge: 1 skipped"'
ok 'what is in no place for objects is named and counted' '
	forget
	rm -rf odd
	event odd/calendars/Work/1.ics one
	event odd/calendars/Work/.2.ics two
	event odd/calendars/Work/below/3.ics three
	event odd/calendars/.Private/4.ics four
	event odd/calendars/5.ics five
	ln -s 1.ics odd/calendars/Work/6
	touch odd/calendars/Work/.props odd/calendars/.DS_Store odd/calendars/README
	mkdir books
	ln -s ../books odd/contacts
	shows run 0 merge "$server" odd >out 2>err
	counts "1 calendar created,1 event created,"
	grep skipped err | sort >got
	cat >want <<-\END
	davmerge: 6 skipped
	davmerge: calendars/.Private: skipped: its name begins with a dot
	davmerge: calendars/5.ics: skipped: it is in no folder
	davmerge: calendars/Work/.2.ics: skipped: its name begins with a dot
	davmerge: calendars/Work/6: skipped: a symbolic link
	davmerge: calendars/Work/below: skipped: a folder below a collection
	davmerge: contacts: skipped: a symbolic link
	END
	same want got'

start_faults rules
ok 'errors of the server are of one object, and are named' '
	forget
	for i in 1 2 3 4 5; do event f/calendars/W/$i.ics u$i; done
	printf "PUT 1 status 507\nPUT 2 status 403\nPUT 3 conflict\nPUT 4 status 413\n" >rules
	shows run 1 merge "$url" f >out 2>err
	counts "1 calendar created,1 event created,1 event exists,3 event failed,"
	has err "f/calendars" || has err "calendars/W/1.ics: u1: the server refuses it: no room left"
	has err "calendars/W/2.ics: u2: the server refuses it: the server does not allow it for this account or address (403)"
	has err "too large for the server"
	not grep -h "secret words" out err'

ok 'what is not valid to the server is said so' '
	forget
	printf "PUT 1 status 400\n" >rules
	shows run 1 merge "$url" f >out 2>err
	has err "the server refuses it: it is not valid to the server (400)"'

ok 'only temporary errors: 75, and a run after them completes' '
	forget
	printf "PUT 2 status 500\n" >rules
	shows run 75 merge "$url" f >out 2>err
	counts "1 calendar created,4 event created,1 event failed,"
	: >rules
	shows run 0 merge "$url" f >out 2>err
	counts "1 event created,4 event exists,"'

ok 'a collection that cannot be made now: 75 for what is in it, and then all' '
	rm -rf g
	event g/calendars/W/1.ics u1
	event g/calendars/W/2.ics u2
	card g/contacts/F/1.vcf c1
	for made in "MKCALENDAR * status 500" "MKCALENDAR * status 423" "MKCOL * status 502"; do
		forget
		echo "$made" >rules
		shows run 75 merge "$url" g >out 2>err
		has err "its collection could not be made"
		not grep "\"kind\":\"data\"" out
		: >rules
		shows run 0 merge "$url" g >out 2>err
		[ "$(stored | wc -l)" -eq 3 ]
	done
	forget
	echo "MKCALENDAR * status 403" >rules
	shows run 1 merge "$url" g >out 2>err
	has err "its collection could not be made"'

ok 'what is about one object does not end the run' '
	forget
	printf "PUT 1 status 423\n" >rules
	shows run 75 merge "$url" f >out 2>err
	counts "1 calendar created,4 event created,1 event failed,"
	has err "it is locked (423)"
	forget
	printf "PUT 1 status 409\nPUT 2 status 415\nPUT 3 status 422\n" >rules
	shows run 1 merge "$url" f >out 2>err
	counts "1 calendar created,2 event created,3 event failed,"
	printf "PUT 1 status 409\nPUT 2 status 423\n" >rules
	forget
	shows run 1 merge "$url" f >out 2>err'

ok 'a server that fails three times in a row is left alone' '
	forget
	printf "PUT * status 500\n" >rules
	shows run 75 merge "$url" f >out 2>err
	counts "1 calendar created,3 event failed,"'

ok 'a server that is away: 75, whatever else is wrong, and how many are left' '
	cp -r f away
	echo hello >away/calendars/W/0.ics
	for rule in "PROPFIND * status 503" "PUT * status 500"; do
		forget
		echo "$rule" >rules
		shows run 75 merge --retry-budget 0 "$url" away >out 2>err
		has err "0.ics: "
		[ "$rule" = "PUT * status 500" ] || has err "5 were not tried"
		[ "$rule" != "PUT * status 500" ] || has err "2 were not tried"
	done
	: >rules
	shows run 1 merge "$url" away >out 2>err
	hasnt err tried'

ok '-x stops at the first' '
	forget
	printf "PUT 1 status 507\n" >rules
	shows run 1 merge -x "$url" f >out 2>err
	counts "1 calendar created,1 event failed,"'

ok 'Retry-After is honoured, within the budget' '
	forget
	printf "PUT 1 status 503 1\nPROPFIND 1 status 429 1\n" >rules
	shows run 0 merge -vv "$url" f >out 2>err
	counts "1 calendar created,5 event created,"
	has err "waiting 1.00 s"
	forget
	printf "PUT * status 503 1\n" >rules
	shows run 75 merge --retry-budget 0 "$url" f >out 2>err'

forget
card twice/contacts/Contacts/1.vcf same
card twice/contacts/Contacts/2.vcf same
card twice/contacts/Contacts/3.vcf same
printf "NOTE:another\r\n" | sed -i "/^FN/r /dev/stdin" twice/contacts/Contacts/3.vcf
event twice/calendars/One/1.ics event
event twice/calendars/Two/1.ics event other
ok 'two files of one UID that say different things: the second is named' '
	for n in -n "" ""; do
		run 1 merge $n "$server" twice >out 2>err
		has err "3.vcf: same: another object has this UID, of which a server keeps one: contacts/Contacts/1.vcf"
		[ "$(grep -c "\"status\":\"failed\"" out)" = 1 ]
	done
	counts "2 card exists,1 card failed,2 event exists,"'
ok 'an answer that is lost: nothing twice, nothing missing' '
	forget
	printf "PUT 1 lost\nPUT 4 lost\nMKCALENDAR 1 drop\nREPORT 1 drop\n" >rules
	shows run 0 merge "$url" f >out 2>err
	[ "$(stored | wc -l)" -eq 5 ]
	counts "1 calendar created,5 event created,"'

ok 'answers that are no WebDAV: a document type, cut, another host, too deep' '
	forget
	shows run 0 merge -q "$server" f >out
	printf "<?xml version=\"1.0\"?><!DOCTYPE m [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><m>&a;</m>" >doctype
	printf "<?xml version=\"1.0\"?><multistatus xmlns=\"DAV:\"><response>" >cut
	{ yes "<a>" | head -n 100; yes "</a>" | head -n 100; } >deep
	for body in doctype cut deep; do
		printf "PROPFIND * body %s\n" "$tmp/$body" >rules
		shows run 75 merge "$url" f >out 2>err
		has err "not an answer of WebDAV"
		hasnt err root:
	done
	printf "PROPFIND * location http://127.0.0.1:9/\n" >rules
	shows run 2 merge "$url/x" f >out 2>err
	has err "the server redirects to http://127.0.0.1:9/"
	[ "$(stored | wc -l)" -eq 5 ]'

ok 'a change in flight is waited for; a second signal ends at once' '
	forget
	for i in 1 2 3 4 5; do event f/calendars/W/$i.ics u$i; done
	printf "PUT 1 hang\n" >rules
	davmerge --user alice --password-file "$tmp/password" -q "$url" f >out 2>err &
	pid=$!
	until [ -e rules.hanging ]; do
		kill -0 $pid
		sleep 0.05
	done
	kill -TERM $pid
	sleep 1
	kill -0 $pid
	kill -TERM $pid
	got=0
	wait $pid || got=$?
	[ "$got" = 143 ]
	: >rules
	shows run 0 merge -q "$url" f >out 2>err
	counts "5 event created,"'
start_faults digest_rules "alice:$password"
ok 'Digest, where the server wants it' '
	forget
	shows run 0 merge -q "$url" f >out 2>err
	counts "1 calendar created,5 event created,"
	run 2 davmerge --user alice --password-file wrong -q "$url" f >out 2>err
	has err "wrong user or password, or token (401)"'

ok 'wrong password, no server, no tree, no https' '
	run 2 davmerge --user alice --password-file wrong "$server" f >out 2>err
	has err "wrong user or password, or token (401)"
	shows run 75 merge http://127.0.0.1:1/ f 2>err
	shows run 2 merge "$server" nowhere 2>err
	mkdir -p empty
	shows run 2 merge "$server" empty 2>err
	has err "neither calendars nor contacts"
	shows run 2 merge http://dav.example/ f 2>err
	has err "in clear"
	shows run 2 merge "http://alice:$password@localhost/" f 2>err
	hasnt err geheim
	run 2 davmerge "$server" f 2>err
	has err "no credentials"
	shows run 2 merge "$server" 2>err'

ok 'credentials from the environment and from a command; never shown' '
	forget
	DAV_USER=alice DAV_PASSWORD=$password
	export DAV_USER DAV_PASSWORD
	run 0 davmerge -vv "$server" f >out 2>err
	unset DAV_PASSWORD
	run 0 davmerge -vv --password-command "cat $tmp/password" "$server" f >>out 2>>err
	not grep -h geheim out err'

ok 'a full standard output is an error' '
	shows run 2 merge -q "$server" f >/dev/full'

ok 'help and version' '
	run 0 davmerge -h >out
	has out "usage: davmerge" || has out davmerge
	run 0 davmerge -V
	run 2 davmerge -Z 2>err'

start_faults bare
bare=$url
start_faults other
ok 'a bare host leads to the service, as on Stalwart' '
	rm -rf a
	forget
	event a/calendars/Work/1.ics one@x
	card a/contacts/Friends/1.vcf two@x
	url=$bare
	echo "LAYOUT stalwart" >bare
	for at in "$url" "$url/" "$url/dav/cal" "$url/.well-known/caldav"; do
		shows run 0 merge -q "$at" a >out 2>err
		not test -s err
	done
	counts "1 card exists,1 event exists,"
	[ "$(stored | wc -l)" -eq 2 ]'

ok 'a web page in place of the service is named, the password is not' '
	url=$bare
	printf "%s\n" "LAYOUT stalwart" "PROPFIND * status 404" >bare
	shows run 2 merge "$url" a >out 2>err
	hasnt err "${password% *}"
	has err "/dav/cal"
	shows run 2 merge "$url/account" a >out 2>err
	hasnt err "${password% *}"'

ok 'a redirect to another origin is not followed, whatever it says of us' '
	for to in "http://other.example.org/dav" "//other.example.org/dav" \
	    "http://alice:x@127.0.0.1:1/dav" "https://127.0.0.1/dav" \
	    "ftp://127.0.0.1/" "http://127.0.0.1.example.org/"; do
		printf "PROPFIND * location %s\n" "$to" >other
		shows run 2 merge "$url/x/" a >out 2>err
		not test -s out
		hasnt err "${password% *}"
		hasnt err "alice:x@"
	done
	rm -rf b
	event b/calendars/Work/1.ics one@x
	printf "PROPFIND 1 location %s/\n" "$url" >other
	shows run 0 merge -q "$url/x/" b >out 2>err
	printf "PROPFIND 1 location http://alice:x@%s/\n" "${url#http://}" >other
	shows run 0 merge -q "$url/x/" b >out 2>err
	counts "1 event exists,"'

ok 'a server behind a proxy may know itself by another name' '
	for prefix in https://dav.example.org http://inside:8080 \
	    "http://[fd00::1]:5232" //inside; do
		for method in PROPFIND REPORT; do
			printf "%s * hrefs %s\n" "$method" "$prefix" >other
			shows run 0 merge -q "$url" a >out 2>err
			counts "1 card exists,1 event exists,"
		done
	done
	printf "PROPFIND * hrefs http://inside\nREPORT * hrefs http://inside\n" >other
	event a/calendars/New/3.ics three@x
	shows run 0 merge -q "$url" a >out 2>err
	shows run 0 merge -q "$url" a >out 2>err
	counts "1 card exists,2 event exists,"
	[ "$(stored | wc -l)" -eq 3 ]'

ok 'what an answer leaves out is not put a second time' '
	forget
	rm -rf a
	for i in 1 2 3; do
		event "a/calendars/Work/$i.ics" "u$i@x"
		card "a/contacts/Friends/$i.vcf" "c$i@x"
	done
	shows run 0 merge -q "$server" a >out
	for f in $(stored); do
		mv "$f" "${f%/*}/other-${f##*/}"
	done
	for what in "omit 1" "omit 2" "missing 1" "missing 3"; do
		printf "REPORT * %s\n" "$what" >other
		shows run 0 merge -q "$url" a >out 2>err
		counts "3 card exists,3 event exists,"
	done
	printf "REPORT * omit 1\nGET 1 status 500\n" >other
	shows run 75 merge -q "$url" a >out 2>err
	hasnt out created
	printf "REPORT * omit 1\nGET 1 status 403\n" >other
	shows run 2 merge -q "$url" a >out 2>err
	hasnt out created
	printf "REPORT * omit 1\nGET 1 status 404\n" >other
	shows run 0 merge -q "$url" a >out 2>err
	[ "$(stored | wc -l)" -eq 6 ]'

ok 'a listing that is cut ends the run' '
	for n in 3 4 "*"; do
		printf "PROPFIND %s cut\n" "$n" >other
		shows run 2 merge -q "$url/alice/" a >out 2>err
		hasnt out created
		has err "lists only a part (507)"
	done'

# take: davmerge from one server to another, as their only users.
take() {
	DAV_FROM_USER=alice DAV_FROM_PASSWORD=$password \
	    DAV_USER=alice DAV_PASSWORD=$password \
	    "$build/bin/davmerge" "$@"
}
# texts DIRECTORY: what stands in the objects of a server, whatever their names.
texts() {
	find "$1" -name ".Radicale*" -prune -o -name "*.[iv]c[sf]" -type f \
	    -exec cat {} + | sort
}

second=$tmp/second
sed "s|^filesystem_folder.*|filesystem_folder = $second|" radicale.conf >second.conf
radicale -C second.conf >second.log 2>&1 &
second_pid=$!
end_with_test "$second_pid"
wait_for "$second_pid" second.log "Listening on"
to=http://127.0.0.1:$(sed -n "s/.*Listening on .*:\([0-9]*\)[^0-9].*/\1/p" second.log | head -n 1)

ok 'from one server to another: the texts as their owner put them' '
	forget
	rm -rf a
	event a/calendars/Work/1.ics one@x "X-ODD:1"
	event a/calendars/Home/2.ics "two/..@x"
	card a/contacts/Friends/1.vcf three@x
	shows run 0 merge -q "$server" a >out
	shows run 0 take -n "$server" "$to" >out 2>err
	counts "1 addressbook planned,2 calendar planned,1 card planned,2 event planned,"
	shows run 0 take "$server" "$to" >out 2>err
	counts "1 addressbook created,2 calendar created,1 card created,2 event created,"
	has err "3 created, 0 exist"
	texts store >was
	texts "$second" | same was -
	shows run 0 take "$server/alice/" "$to" >out 2>err
	counts "1 card exists,2 event exists,"
	shows run 0 take --map Work=Other "$to" "$server" >out 2>err
	has out "\"status\":\"elsewhere\""
	printf "GET 1 status 404\n" >other
	rm -rf "$second"/collection-root
	shows run 1 take "$url" "$to" >out 2>err
	has err "not there any more"
	DAV_USER=alice DAV_PASSWORD=$password run 2 "$build/bin/davmerge" "$server" "$to" >out 2>err
	has err "no credentials for FROM-URL"'

ok 'from one server to another, events and tasks that both keep apart' '
	forget
	rm -rf "$second"/collection-root
	list A-tasks Work VTODO
	list B-events Work VEVENT
	shows run 0 merge -q "$server" both >out
	(cd "$second" && mkdir -p collection-root/alice)
	for place in A-tasks B-events; do
		mkdir "$second/collection-root/alice/$place-2"
		cp "store/collection-root/alice/$place/.Radicale.props" "$second/collection-root/alice/$place-2"
	done
	shows run 0 take "$server" "$to" >out 2>err
	counts "2 event created,"
	[ -e "$second/collection-root/alice/A-tasks-2/task.ics" ]
	[ -e "$second/collection-root/alice/B-events-2/event.ics" ]'

ok 'what an answer has two times is there once' '
	forget
	rm -rf a "$second"/collection-root
	event a/calendars/Work/1.ics one@x
	card a/contacts/Friends/1.vcf three@x
	shows run 0 merge -q "$server" a >out
	printf "PROPFIND * twice\nREPORT * twice\n" >other
	shows run 0 take "$url" "$to" >out 2>err
	counts "1 addressbook created,1 calendar created,1 card created,1 event created,"
	shows run 0 take "$to" "$url" >out 2>err
	counts "1 card exists,1 event exists,"'

ok 'random calendars and address books: the same texts, a rerun changes nothing' '
	forget
	rm -rf "$second"/collection-root tree
	run 0 /usr/bin/python3 "$top/tests/archive/random_objects.py" --tree \
	    "$build/helper/convert" 1 60
	shows run 0 merge -q "$server" tree >out
	find tree -type f | wc -l >files
	for run in created exists; do
		shows run 0 take "$server" "$to" >out 2>err
		grep -cE "\"object\":\"(event|card)\".*\"$run\"" out | same files -
		hasnt out failed
		texts store >was
		texts "$second" | same was -
	done'

ok 'a source that fails: what it has is not put twice, nor something else' '
	forget
	rm -rf "$second"/collection-root a
	for i in 1 2 3; do
		event "a/calendars/Work/$i.ics" "u$i@x"
		card "a/contacts/Friends/$i.vcf" "c$i@x"
	done
	shows run 0 merge -q "$server" a >out
	# 1 and 2 ask for the principal.
	for cut in 3 4 5; do
		printf "PROPFIND %s cut\n" "$cut" >other
		shows run 2 take "$url/alice/" "$to" >out 2>err
		hasnt out created
	done
	printf "REPORT * status 500\n" >other
	shows run 75 take "$url" "$to" >out 2>err
	hasnt out created
	# A web page, a card for an event, and an event of another UID.
	echo "<html>Log in</html>" >page
	cp a/contacts/Friends/1.vcf wrong-kind
	event a/calendars/Work/4.ics u4@x
	cp a/calendars/Work/4.ics wrong-uid
	for what in page wrong-kind wrong-uid; do
		rm -rf "$second"/collection-root
		printf "GET 1 body %s\n" "$tmp/$what" >other
		shows run 1 take "$url" "$to" >out 2>err
		counts "1 addressbook created,1 calendar created,3 card created,2 event created,1 event failed,"
		texts "$second" >is
		hasnt is "Log in"
		hasnt is u4@x
	done
	has err "another object than when it was listed"
	printf "GET 1 status 500\nREPORT * omit 2\n" >other
	shows run 75 take "$url" "$to" >out 2>err
	: >other
	shows run 0 take "$url" "$to" >out 2>err
	texts store >was
	texts "$second" | same was -
	shows run 0 take "$url" "$to" >out 2>err
	counts "3 card exists,3 event exists,"'

start_faults target '' "$to"
ok 'a target that fails: each object is there once' '
	rm -rf "$second"/collection-root
	printf "PUT 1 lost\nPUT 3 status 500\nREPORT 1 drop\nMKCOL 1 drop\n" >target
	shows run 75 take "$server" "$url" >out 2>err
	: >target
	shows run 0 take "$server" "$url" >out 2>err
	texts store >was
	texts "$second" | same was -'

done_testing
