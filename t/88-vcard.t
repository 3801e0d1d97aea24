#!/bin/sh
# vCard as the library writes it, judged by python3-vobject; and, line by line,
# what that cannot judge.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3
/usr/bin/python3 -c 'import vobject' 2>/dev/null ||
	skip_all 'python3-vobject is not installed'

convert=$build/helper/convert

# becomes VERSION JSON [UID]: what it becomes, unfolded, into vcf.
becomes() {
	printf '%s' "$2" | run 0 "$convert" "vcf$1" ${3+"$3"} >folded
	tr -d '\r' <folded | sed -e ':a' -e 'N' -e '$!ba' -e 's/\n //g' >vcf
}

ok 'what was put into a server means the same' '
	run 0 /usr/bin/python3 "$top/tests/archive/vcf.py" "$convert" \
	    "$fixtures/real/archive-jmap.sqlite.gz" \
	    "$fixtures/real/archive-jmap-sources.json" >log || {
		grep -A 20 "^not ok" log
		false
	}
	[ "$(grep -c "^ok" log)" -gt 70 ]'

ok 'no member is lost: what has no place is in JSPROP' '
	json="{\"@type\":\"Card\",\"version\":\"1.0\",\"uid\":\"1\",
	    \"name\":{\"full\":\"N\",\"odd\":1},\"phones\":{\"a\":{\"number\":7}},
	    \"emails\":{\"k1\":{\"address\":\"a@b\",\"mine\":\"x\"}},
	    \"anniversaries\":{\"k1\":{\"kind\":\"other\",\"date\":{\"year\":1}}},
	    \"x\":{\"y\":[\"ä;\"]}}"
	becomes 4 "$json"
	has vcf "JSPROP;JSPTR=name/odd:1"
	has vcf "JSPROP;JSPTR=phones:{\"a\":{\"number\":7}}"
	has vcf "JSPROP;JSPTR=emails/k1/mine:\"x\""
	has vcf "JSPROP;JSPTR=anniversaries:{\"k1\":{\"kind\":\"other\"\\,\"date\":{\"year\":1}}}"
	has vcf "JSPROP;JSPTR=x:{\"y\":[\"ä\\;\"]}"
	becomes 3 "$json"
	has vcf "X-JSPROP;X-JSPTR=name/odd:1"
	not grep "^JSPROP" vcf'

ok 'FN and N are there where the card has no name' '
	becomes 4 "{\"@type\":\"Card\",\"emails\":{\"a\":{\"address\":\"a@b\"}}}" "u,1"
	has vcf "FN:a@b"
	has vcf "UID:u\\,1"
	has vcf "EMAIL;PROP-ID=a:a@b"
	becomes 3 "{\"@type\":\"Card\",\"uid\":\"1\"}"
	has vcf "FN:-"
	has vcf "N:;;;;"
	becomes 4 "{\"@type\":\"Card\",\"uid\":\"1\",\"name\":{\"components\":[
	    {\"kind\":\"surname\",\"value\":\"S\"},{\"kind\":\"given\",\"value\":\"G\"},
	    {\"kind\":\"surname2\",\"value\":\"S2\"},
	    {\"kind\":\"generation\",\"value\":\"Jr.\"}]}}"
	has vcf "FN:G S S2 Jr."
	has vcf "N:S,S2;G;;;Jr.;S2;Jr."
	hasnt vcf JSPROP'

ok 'a name with parts that N does not have is kept as it was, too' '
	becomes 4 "{\"@type\":\"Card\",\"uid\":\"1\",\"name\":{\"isOrdered\":true,
	    \"components\":[{\"kind\":\"given\",\"value\":\"A\",\"phonetic\":\"ei\"},
	    {\"kind\":\"separator\",\"value\":\"-\"},
	    {\"kind\":\"surname\",\"value\":\"B;C\"}]}}"
	has vcf "FN:A-B\\;C"
	has vcf "N:B\\;C;A;;;"
	has vcf "JSPROP;JSPTR=name:{\"isOrdered\":true\\,\"components\":[{\"kind\":\"given\""'

ok 'an address with divided parts' '
	becomes 4 "{\"@type\":\"Card\",\"uid\":\"1\",\"addresses\":{\"k1\":{
	    \"countryCode\":\"AT\",\"components\":[{\"kind\":\"name\",\"value\":\"Gasse\"},
	    {\"kind\":\"number\",\"value\":\"2\"},{\"kind\":\"floor\",\"value\":\"3\"}]}}}"
	has vcf "ADR;CC=AT:;3;Gasse 2;;;;"
	has vcf "JSPROP;JSPTR=addresses/k1/components:["'

ok 'labels are X-ABLABEL in a group; a title is in the group of its company' '
	json="{\"@type\":\"Card\",\"uid\":\"1\",\"emails\":{
	    \"k1\":{\"address\":\"a@b\",\"label\":\"Fon, \\\"x\\\"\"},
	    \"k2\":{\"address\":\"c@d\",\"label\":\"L2\"}},
	    \"organizations\":{\"o1\":{\"name\":\"Co; Ltd\",\"units\":[{\"name\":\"U\"}]}},
	    \"titles\":{\"k1\":{\"name\":\"Boss\",\"organizationId\":\"o1\"}}}"
	for v in 3 4; do
		becomes $v "$json"
		has vcf "item1.EMAIL:a@b"
		has vcf "item1.X-ABLABEL:Fon\\, \"x\""
		has vcf "item2.X-ABLABEL:L2"
		grep -q "^o1.ORG.*:Co\\\\; Ltd;U$" vcf
		has vcf "o1.TITLE:Boss"
		hasnt vcf JSPROP
	done'

ok 'photos: a blob, a data: URI, and one elsewhere' '
	json="{\"@type\":\"Card\",\"uid\":\"1\",\"media\":{
	    \"k1\":{\"kind\":\"photo\",\"@blob\":7,\"mediaType\":\"image/jpeg\"},
	    \"k2\":{\"kind\":\"logo\",\"uri\":\"data:image/png;base64,AAEC\"},
	    \"k3\":{\"kind\":\"sound\",\"uri\":\"https://x/a\"},
	    \"k4\":{\"kind\":\"photo\",\"@blob\":8}}}"
	becomes 4 "$json"
	has vcf "PHOTO:data:image/jpeg;base64,YWJj"
	has vcf "LOGO:data:image/png;base64,AAEC"
	has vcf "SOUND:https://x/a"
	has vcf "JSPROP;JSPTR=media/k4:{\"kind\":\"photo\"\\,\"@blob\":8}" ||
	has vcf "JSPROP;JSPTR=media/k4/@blob:8"
	becomes 3 "$json"
	has vcf "PHOTO;ENCODING=b;TYPE=JPEG:YWJj"
	has vcf "LOGO;ENCODING=b;TYPE=PNG:AAEC"
	has vcf "SOUND;VALUE=uri:https://x/a"'

ok 'dates in part' '
	for row in "1996 4 15 19960415 1996-04-15" "0 4 15 --0415 1604-04-15" \
	    "1996 4 0 1996-04" "1996 0 0 1996" "0 4 0 --04" "0 0 5 ---05"; do
		set -- $row
		json="{\"@type\":\"Card\",\"uid\":\"1\",\"anniversaries\":{\"k1\":{
		    \"kind\":\"birth\",\"date\":{\"year\":$1,\"month\":$2,\"day\":$3}}}}"
		becomes 4 "$json"
		has vcf "BDAY:$4"
		becomes 3 "$json"
		if [ -n "${5-}" ]; then
			grep -q "^BDAY.*:$5$" vcf
		else
			has vcf "X-JSPTR=anniversaries:"
		fi
	done
	becomes 4 "{\"@type\":\"Card\",\"uid\":\"1\",\"anniversaries\":{\"k1\":{
	    \"kind\":\"death\",\"place\":{\"full\":\"Wien\"},
	    \"date\":{\"@type\":\"Timestamp\",\"utc\":\"2001-02-03T04:05:06Z\"}}}}"
	has vcf "DEATHDATE:20010203T040506Z"
	has vcf "DEATHPLACE:Wien"'

ok 'what was vCard before comes back' '
	becomes 4 "{\"@type\":\"Card\",\"uid\":\"1\",
	    \"emails\":{\"k1\":{\"address\":\"a@b\"}},\"vCard\":{
	    \"convertedProperties\":{\"emails/k1/address\":{\"parameters\":
	    {\"x-p\":[\"1\",\"b;c\"]}}},
	    \"properties\":[[\"x-foo\",{\"x-b\":\"c\",\"group\":\"g1\"},\"unknown\",\"bar\"],
	    [\"bday\",{},\"text\",\"um 1800\"],[\"gender\",{},\"text\",\"F\"],
	    [\"n\",{\"altid\":\"2\"},\"text\",[\"a,b\",\"c\"]]]}}"
	has vcf "EMAIL;X-P=1,\"b;c\":a@b"
	has vcf "g1.X-FOO;X-B=c:bar"
	has vcf "BDAY;VALUE=text:um 1800"
	has vcf "GENDER:F"
	has vcf "N;ALTID=2:a\\,b;c"
	hasnt vcf JSPROP'

ok 'services and groups as each version has them' '
	json="{\"@type\":\"Card\",\"uid\":\"1\",\"kind\":\"group\",
	    \"members\":{\"urn:uuid:x\":true},\"onlineServices\":{
	    \"k1\":{\"service\":\"Mastodon\",\"user\":\"@a\",\"uri\":\"https://s/@a\"},
	    \"k2\":{\"uri\":\"xmpp:a@b\",\"vCardName\":\"impp\"},
	    \"k3\":{\"service\":\"ICQ\",\"user\":\"12\"}}}"
	becomes 4 "$json"
	has vcf "KIND:group"
	has vcf "MEMBER:urn:uuid:x"
	has vcf "SOCIALPROFILE;SERVICE-TYPE=Mastodon;USERNAME=@a:https://s/@a"
	has vcf "IMPP:xmpp:a@b"
	has vcf "SOCIALPROFILE;SERVICE-TYPE=ICQ;VALUE=text:12"
	becomes 3 "$json"
	has vcf "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:x"
	has vcf "X-SOCIALPROFILE;TYPE=Mastodon;X-USER=@a:https://s/@a"'

ok 'control characters cannot break a line' '
	becomes 4 "{\"@type\":\"Card\",\"uid\":\"1\\r\\nEND:VCARD\",
	    \"name\":{\"full\":\"a\\u0007b\"},\"links\":{\"k1\":{
	    \"uri\":\"http://x\\r\\nX-EVIL:1\",\"label\":\"l\\r\\nX-EVIL:1\"}}}"
	has vcf "FN:ab"
	has vcf "JSPROP;JSPTR=name:{\"full\":\"a\\\\u0007b\"}"
	not grep "^X-EVIL" vcf
	[ "$(grep -c ^END:VCARD vcf)" -eq 1 ]'

ok 'what is no card is refused, with a reason' '
	for json in "" "[]" "{" "{\"@type\":\"Event\",\"uid\":\"1\"}" \
	    "{\"@type\":\"Card\"}"; do
		printf "%s" "$json" | run 1 "$convert" vcf4 >out 2>err
		not test -s out
		test -s err
	done'

done_testing
