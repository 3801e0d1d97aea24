#!/bin/sh
# What not every installation has: the proxy's own IMAP, calendars and address
# books, and a store that only Dovecot can open on the way back.
. "${0%/*}/lib.sh"
. "$top/t/radicale.sh"
. "$top/t/procedure.sh"

# A Dovecot in a folder sees nothing else of /tmp: what it is to import is put here.
TMPDIR=$tmp
export TMPDIR
mail alice@one.test '' 1 3
mail alice@one.test Sent 4 4
# The owner's way through the proxy, where messages were deleted since; and one on
# which the administrator may not look.
echo 'admin:{PLAIN}admin-Zx' >>masters
mkdir -p homes/front
cp -R homes/old/alice@one.test homes/front
rm -r homes/front/alice@one.test/Maildir/.Sent/cur/*
echo 'alice@one.test:{PLAIN}alice-Zx-long' >front.users
serve_imap front
front=$imap
echo 'bob@one.test:{PLAIN}bob-Zx-long' >box.users
serve_imap box 'mail_location = mdbox:~/mdbox'
box=$imap box_conf=$conf
old_server alice
own
for i in 1 2; do
	printf 'From: f@two.test\r\nMessage-ID: <b%s@two.test>\r\nSubject: b\r\n\r\nb\r\n' $i |
	    doveadm -c "$box_conf" save -u bob@one.test -m INBOX 2>>box.err
done
new_server
configure
ferry_ready
# Her calendar and address book.
sources=$fixtures/real/archive-jmap-sources.json
events='allday simple todo utc weekly' cards='full group v3'
mkdir -p dav/calendars/Work dav/contacts/Friends
for name in $events; do
	jq -j ".ics.$name" "$sources" >"dav/calendars/Work/$name.ics"
done
for name in $cards; do
	# What Radicale would cut is another test's.
	jq -j ".vcf.$name" "$sources" | sed "/^PHOTO:data:/d" >"dav/contacts/Friends/$name.vcf"
done
merge "$server/alice/" dav >dav.out
# lines FILE...: what events and cards are about, and when.
lines() {
	cat "$@" | sed -e ':a' -e '/\r$/N; s/\r\n[ \t]//; ta' | tr -d '\r' | sed 's/^item1[.]//; /^BDAY:/s/-//g' |
	    grep -E '^(UID|SUMMARY|DTSTART;TZID=Eur.*:2|DUE|RRULE|FN|N|EMAIL|BDAY)[:;]' |
	    sed 's/;PREF=1//; s/;TYPE=[^:]*//' | LC_ALL=C sort
}
# On the way back there is an event, and a card with a photo.
mkdir ways
cat >ways/archive2maildir <<END
#!/bin/sh
$build/bin/archive2maildir "\$@" || exit
for tree; do :; done
case " \$* " in
*" --vcard=3 "*) photo='3.0 PHOTO;ENCODING=b;TYPE=PNG:aGVsbG8=' ;;
*) photo='4.0 PHOTO:data:image/png;base64,aGVsbG8=' ;;
esac
mkdir -p "\$tree/calendars/Work" "\$tree/contacts/Friends"
printf 'BEGIN:VCARD\r\nVERSION:%s\r\nUID:c1\r\nFN:Ann\r\nN:Ann;;;;\r\n%s\r\nEND:VCARD\r\n' "\${photo%% *}" "\${photo#* }" >"\$tree/contacts/Friends/c1.vcf"
printf 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:e1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260601T100000Z\r\nSUMMARY:Made there\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n' >"\$tree/calendars/Work/e1.ics"
END
chmod 755 ways/*
PATH=$tmp/ways:$PATH

ok 'calendars and address books are read as the configuration says' '
	cp ferry.conf plain.conf
	settings "OLD_CALDAV=$server/%n/" "OLD_CARDDAV=$server/%n/" OLD_DAV_USER=%n \
	    "OLD_DAV_PASSWORD_FILE=$tmp/password"
	cp ferry.conf dav.conf
	run 0 migrate --until check alice@one.test
	has state/alice@one.test/came "calendarevent: created=5 "
	has state/alice@one.test/came "contactcard: created=3 "
	hasnt state/alice@one.test/log "$password"
	"$build/bin/archive2maildir" -q state/alice@one.test/archive.sqlite came
	[ "$(find came/calendars/Work came/contacts/Friends -type f | wc -l)" = 8 ]
	lines dav/*/*/* >want
	lines came/*/*/*.ics came/*/*/*.vcf >got
	same want got'
ok 'and again what is new there, and gone' '
	sed "s/^SUMMARY:UTC/SUMMARY:Changed/" dav/calendars/Work/utc.ics >changed.ics
	href=$(cd store/collection-root && echo ./alice/Work/utc*)
	curl -sf -u "alice:$password" -T changed.ics -H "Content-Type: text/calendar" "$server/${href#./}"
	href=$(cd store/collection-root && echo ./alice/Friends/group*)
	curl -sf -u "alice:$password" -X DELETE "$server/${href#./}"
	run 0 migrate --from copy --until check alice@one.test
	has state/alice@one.test/came "calendarevent: created=0 fetched=0 updated=1 deleted=0 skipped=4 failed=0"
	has state/alice@one.test/came "contactcard: created=0 fetched=0 updated=0 deleted=1 skipped=2 failed=0"
	sqlite3 state/alice@one.test/archive.sqlite "select data from calendar_events" | grep "\"title\":\"Changed\""'
ok 'what fails on the way of the proxy is put back' '
	settings "PROXY_IMAP=$front" PROXY_LOGIN=nobody
	run 1 migrate alice@one.test 2>err
	has err "alice@one.test: after: "
	has err "mail and login are on the old server again"
	at_home alice@one.test'
ok 'the account is looked at through the proxy; what the owner deleted is no loss' '
	cp dav.conf ferry.conf
	settings "PROXY_IMAP=$front" PROXY_LOGIN=admin
	run 0 migrate alice@one.test 2>err || { cat err; tail -n 20 state/alice@one.test/log; false; }
	has state/alice@one.test/proxy.ndjson "\"status\":\"short\""
	[ "$(routes alice@one.test)" = stalwart ]'
ok 'an event that was made there comes to the old calendars; a photo that does not is said' '
	run 1 rollback alice@one.test 2>err || { cat err; tail -n 20 state/alice@one.test/log; false; }
	has err "dav: not all of the calendars and address books came back: "
	has state/alice@one.test/dav.ndjson "archive2maildir --vcard=3"
	at_home alice@one.test
	grep -r "Made there" store
	not grep -r --include="*.vcf" --exclude-dir=.Radicale.cache "UID:c1" store'
ok 'and comes with a tree that the old server keeps' '
	settings EXTRACT_OPTIONS=--vcard=3
	run 0 rollback --from extract alice@one.test 2>err || { cat err; tail -n 20 state/alice@one.test/log; false; }
	grep -r --exclude-dir=.Radicale.cache "aGVsbG8=" store'
ok 'a store that only Dovecot can open: there and back' '
	cp plain.conf ferry.conf
	settings "STATE=$tmp/box.state" "OLD_IMAP=$box" "OLD_DOVEADM=\"doveadm -c $box_conf\"" \
	    "OLD_DUMP=\"dirdump passwd-file -q $tmp/box.db\"" \
	    "MERGE_OPTIONS=\"--owner --flags=add\""
	run 0 migrate bob@one.test 2>err || { cat err; tail -n 20 box.state/bob@one.test/log; false; }
	new_folders bob@one.test | grep -x "Inbox 2"
	id=$(new_id bob@one.test)
	blob=$(printf "From: x@two.test\r\nMessage-ID: <n1@two.test>\r\nSubject: new\r\n\r\nnew\r\n" |
	    curl -s -K jmap.conf --data-binary @- -H "Content-Type: message/rfc822" "$new_url/jmap/upload/$id/" | jq -r .blobId)
	jmap Email/import "{\"accountId\":\"$id\",\"emails\":{\"m\":{\"blobId\":\"$blob\",\"mailboxIds\":{\"a\":true},\"keywords\":{}}}}" >imported
	run 0 rollback bob@one.test 2>err || { cat err; tail -n 20 box.state/bob@one.test/log; false; }
	has box.state/bob@one.test/log "--flags=add --through-doveadm bob@one.test"
	doveadm -c "$box_conf" fetch -u bob@one.test hdr.message-id mailbox INBOX | sed -n "s/^hdr.message-id: //p" | sort >got
	printf "<%s@two.test>\n" b1 b2 n1 >want
	same want got'
done_testing
