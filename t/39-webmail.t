#!/bin/sh
# dirdump roundcube and sogo: what owners keep in a webmail, on each database; and
# the address books, put into a real server.
. "${0%/*}/lib.sh"
. "$top/t/sql.sh"
. "$top/t/radicale.sh"
need jq
need sqlite3
need /usr/bin/python3 python3
/usr/bin/python3 -c 'import vobject' 2>/dev/null || need python3-vobject

data=$fixtures/webmail

# want_roundcube: the records with --domain example.org
cat >want.roundcube <<'EOF'
{"v":1,"type":"note","what":"alice@example.org","text":"the organization of an identity is not carried"}
{"v":1,"type":"settings","address":"alice@example.org","identities":[{"name":"Alice Ö","address":"alice@example.org","text":"-- \nAlice\n\"quoted\" \\ back","default":true},{"name":"Office","address":"a@example.org","reply_to":"alice@example.org","bcc":"log@example.org","html":"<p>Grüße, <b>Alice</b></p>"}],"locale":"de-DE","time_zone":"Europe/Berlin"}
{"v":1,"type":"settings","address":"bob@example.org","identities":[{"address":"bob@example.org","default":true}],"locale":"en-US"}
{"v":1,"type":"settings","address":"carol@example.org","identities":[{"name":"Carol","address":"elsewhere@example.com","default":true}]}
{"v":1,"type":"end","count":4,"source":"roundcube"}
EOF
cat >want.sogo <<'EOF'
{"v":1,"type":"note","what":"alice@example.org","text":"accounts of other servers that are read in SOGo are not carried"}
{"v":1,"type":"settings","address":"alice@example.org","vacation":{"subject":"Away","text":"Back soon. Grüße","from":"2026-11-30T23:00:00Z","until":"2026-12-08T23:00:00Z"},"identities":[{"name":"Alice Ö","address":"alice@example.org","html":"<p>Grüße</p>","default":true},{"name":"Office","address":"a@example.org","reply_to":"alice@example.org"}],"locale":"de","time_zone":"Europe/Berlin"}
{"v":1,"type":"note","what":"bob@example.org","text":"hours and weekdays of a vacation message are not carried"}
{"v":1,"type":"settings","address":"bob@example.org","vacation":{"active":false,"text":"off","until":"2026-12-08T23:00:00Z"},"identities":[{"name":"Bob B.","address":"bob@example.org","text":"-- Bob","default":true}],"locale":"pt-BR"}
{"v":1,"type":"end","count":4,"failed":1,"source":"sogo"}
EOF

# records: of the file out, without what differs between databases
records() {
	jq -c 'del(.origin) | if .vacation then .vacation |= (if .active then del(.active) else . end) else . end
	    | if .identities then .identities |= map(if .default then . else del(.default) end) else . end' out
}
sorted() {
	jq -cS . "$1"
}
# on_each_database SYSTEM COMMAND...: with the URL, and the name, which for Roundcube
# has the release.
on_each_database() {
	system=$1
	shift
	for name in $([ "$system" = sogo ] && echo sogo || echo roundcube-0.9 roundcube-1.3 roundcube-1.6); do
		for url in "sqlite:$tmp/$name.db" "$(pg_url "$name")" "$(my_url "$name")"; do
			echo "$url"
			"$@" "$url" "$name"
		done
	done
}

start_postgres
start_mariadb
for s in roundcube-0.9 roundcube-1.3 roundcube-1.6 sogo; do
	rows=$data/${s%-*}.rows.sql own=$data/$s.rows.sql
	[ "$own" != "$rows" ] && [ -f "$own" ] || own=/dev/null
	cat "$data/$s.sqlite.sql" "$rows" "$own" | sqlite3 "$s.db"
	echo "CREATE DATABASE \"$s\"" | pg postgres
	cat "$data/$s.postgresql.sql" "$rows" "$own" | pg "$s"
	echo "CREATE DATABASE \`$s\` CHARACTER SET utf8mb4" | my ''
	{ echo "SET NAMES utf8mb4; SET SESSION sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES,ANSI_QUOTES');"
	    cat "$data/$s.mysql.sql" "$rows" "$own"; } | my "$s"
done
echo "CREATE DATABASE \`sogo-2\` CHARACTER SET utf8" | my ''
{ echo 'SET NAMES utf8mb4;'; cat "$data/sogo-2.mysql.sql" "$data/sogo.rows.sql"; } | my sogo-2
ln -s roundcube-1.6.db roundcube.db

# The tables of 0.9, 1.3 and 1.6 are those of Roundcube itself.
# wanted NAME: want.roundcube of that release: where canned responses are, if it has
# any, and addresses that it collects
wanted() {
	jq -c --arg release "${1#*-}" '
	    def note($text; $count): {v: 1, type: "note", what: "bob@example.org", $text, $count};
	    def canned: note("canned responses are not carried"; 2);
	    def more: if $release == "0.9" then 0 elif $release == "1.3" then 1 else 2 end;
	    if .address == "bob@example.org" and $release == "1.3" then canned, .
	    elif .type == "end" then
		(if $release == "1.6" then canned,
		    (note("addresses that Roundcube collected by itself are not carried"; 1) | del(.count)) else empty end),
		(.count += more)
	    else . end' want.roundcube
}
ok 'Roundcube: identities, signatures, languages, of three releases on three databases' '
	one() {
		run 0 dirdump roundcube --domain example.org -v "$1" >out 2>err
		records >got
		wanted "$2" | jq -cS . >want
		sorted got >got.sorted
		same want got.sorted
		has err "alice@example.org: the organization of an identity is not carried"
		hasnt out gone@example.org
	}
	on_each_database roundcube one'
ok 'a login name without a domain: the address that goes with it, or a failure' '
	run 1 dirdump roundcube sqlite:roundcube.db >out 2>err
	jq -r ".address // empty" out >got
	printf "%s\n" alice@example.org bob@example.org >want
	same want got
	has err "carol: a login name without a domain (--domain)"
	# Records and address books name the same; of two, none is guessed.
	cp roundcube.db two.db
	sqlite3 two.db "INSERT INTO users (user_id, username, mail_host, language) VALUES (90, '"'two'"', '"'h'"', '"'de_DE'"'), (91, '"'a_%'"', '"'h'"', '"'de_DE'"');
	    INSERT INTO identities (identity_id, user_id, standard, name, email) VALUES (900, 90, 0, '"'N'"', '"'two@one.test'"'),
		(901, 90, 1, '"'N'"', '"'two@two.test'"'), (902, 91, 0, '"'N'"', '"'abc@one.test'"'), (903, 91, 1, '"'N'"', '"'A_%@two.test'"');
	    INSERT INTO contacts (contact_id, user_id, name) VALUES (900, 90, '"'F'"'), (901, 91, '"'F'"')"
	for what in "" "--vcards two"; do
		run 1 dirdump roundcube $what sqlite:two.db >out 2>err
		has err "two: a login name without a domain, of which two identities say different ones (--domain): two@one.test and two@two.test"
		jq -r ".address // empty" out >>got
	done
	ls two >>got
	printf "%s\n" alice@example.org bob@example.org alice@example.org bob@example.org \
	    a_%@two.test alice@example.org bob@example.org a_%25@two.test | sort >want
	sort got | same want -
	sqlite3 two.db "UPDATE identities SET email = '"'TWO@one.test'"' WHERE identity_id = 901"
	run 1 dirdump roundcube sqlite:two.db >out 2>err
	has out "\"address\":\"two@one.test\""
	run 1 dirdump roundcube --vcards two sqlite:two.db >out 2>err
	[ -d two/two@one.test ]'
ok 'Roundcube 0.1, and tables with a prefix' '
	sqlite3 old.db <"$data/roundcube-old.sqlite.sql"
	run 0 dirdump roundcube sqlite:old.db >out 2>err
	jq -se ".[0] | .address == \"dave@example.org\" and .locale == \"fr\" and .identities[0].text == \"Dave\"" out
	sed "s/\(TABLE\|INTO\) /\1 rc_/" "$data/roundcube-old.sqlite.sql" | sqlite3 prefix.db
	run 0 dirdump roundcube --prefix rc_ sqlite:prefix.db >again 2>err
	sed "s/old.db/prefix.db/g" out >want
	same want again
	run 2 dirdump roundcube sqlite:prefix.db >again 2>err'
# The columns that matter of the plugin calendar.
ok 'Roundcube: calendars are counted' '
	one() {
		case $1 in
		sqlite:*) sqlite3 "$2.db" ;;
		postgres*) pg "$2" ;;
		*) my "$2" ;;
		esac <<-EOF
		CREATE TABLE calendars (calendar_id integer NOT NULL, user_id integer NOT NULL, name varchar(255) NOT NULL);
		INSERT INTO calendars SELECT 1, user_id, '"'Home'"' FROM users WHERE username = '"'alice@example.org'"';
		INSERT INTO calendars SELECT 2, user_id, '"'Work'"' FROM users WHERE username = '"'alice@example.org'"';
		EOF
		run 0 dirdump roundcube --domain example.org -v "$1" >out 2>err
		has err "alice@example.org: calendars of Roundcube'"'"'s plugin are not carried: export them there: 2"
		jq -c "select(.type == \"note\" and .what == \"alice@example.org\") | [.text, .count]" out >notes
		cat >want <<-EOF
		["the organization of an identity is not carried",null]
		["calendars of Roundcube'"'"'s plugin are not carried: export them there",2]
		EOF
		same want notes
	}
	on_each_database roundcube one'
ok 'SOGo: identities of both kinds, vacations, languages, on three databases' '
	one() {
		run 1 dirdump sogo --domain example.org -v "$1" >out 2>err
		records >got
		sorted want.sogo >want
		sorted got >got.sorted
		same want got.sorted
		has err "carol@example.org: c_defaults is not JSON"
		has err "a forward set in SOGo"
		has err "filters set in SOGo"
		has err "accounts of other servers"
		has err "hours and weekdays"
		hasnt err Geheim
		hasnt out Geheim
	}
	on_each_database sogo one
	one "$(my_url sogo-2)"'
# Rows as SOGo itself writes them (UIxJSONPreferences.m, SOGoSieveManager.m), and
# some that it does not.
ok 'SOGo: what a vacation and a profile have beside is named' '
	cat "$data/sogo.sqlite.sql" "$data/sogo-odd.rows.sql" | sqlite3 odd.db
	run 0 dirdump sogo -v sqlite:odd.db >out 2>err
	has err "empty@example.org: a vacation message without a text is not carried"
	hasnt err "off@example.org"
	has err "subject@example.org: \${subject} in the subject of a vacation message"
	has err "subject@example.org: mail that is thrown away during a vacation is kept"
	has err "boss@example.org: a language that is not known is not carried: Klingon"
	has err "boss@example.org: delegates set in SOGo"
	has err "solo@example.org: delegates set in SOGo"
	jq -r "select(.type == \"note\") | \"\\(.what): \\(.text)\\(.count // \"\")\"" out >notes
	for note in "empty@example.org: a vacation message without a text is not carried" \
	    "subject@example.org: mail that is thrown away during a vacation is kept" \
	    "boss@example.org: a language that is not known is not carried: Klingon" \
	    "solo@example.org: delegates set in SOGo, who send in the owner"; do
		has notes "$note"
	done
	hasnt notes subject}
	jq -sc "map(select(.vacation)) | map([.address, .vacation.text, .vacation.subject])" out >got
	echo "[[\"subject@example.org\",\"x\",null]]" >want
	same want got
	jq -c ".identities[]? | select(.text or .html) | [.address, .text, .html]" out >got
	cat >want <<-EOF
	["html@example.org",null,"<p>H<br />L</p>"]
	["h2@example.org","Bob <bob@example.org>",null]
	["plain@example.org","</b>",null]
	EOF
	same want got'
ok 'SOGo: the last day of a vacation may have 23 or 25 hours' '
	sqlite3 clock.db <"$data/sogo.sqlite.sql"
	for row in "spring Europe/Berlin 1774738800 7" "autumn Europe/Berlin 1792879200 3" \
	    "none - 1774738800 7" "path ../../etc/passwd 1774738800 7"; do
		# shellcheck disable=SC2086 # words
		set -- $row
		zone="\"SOGoTimeZone\": \"$2\", "
		[ "$2" != - ] || zone=
		sqlite3 clock.db "INSERT INTO sogo_user_profile VALUES ('"'"'$1@example.org'"'"', '"'"'{$zone\"Vacation\": {\"enabled\": 1, \"autoReplyText\": \"x\", \"endDateEnabled\": 1, \"endDate\": $3, \"daysBetweenResponse\": $4}}'"'"', NULL)"
	done
	run 0 dirdump sogo -q sqlite:clock.db >out 2>err
	jq -r "select(.vacation) | [.address, .vacation.until] | join(\" \")" out >got
	cat >want <<-EOF
	autumn@example.org 2026-10-25T23:00:00Z
	none@example.org 2026-03-29T23:00:00Z
	path@example.org 2026-03-29T23:00:00Z
	spring@example.org 2026-03-29T22:00:00Z
	EOF
	same want got
	jq -r "select(.type == \"note\") | [.what, .text] | join(\": \")" out >got
	echo "autumn@example.org: how often a vacation message answers one sender is not carried: once in 7 days" >want
	same want got'
ok 'with the accounts they become settings; what the server refuses is named' '
	for a in alice bob carol; do
		printf "{\"v\":1,\"type\":\"account\",\"address\":\"%s@example.org\",\"secret\":\"{SHA}sRZzi/p3eu0PuyOjgiQoia41wkw=\"%s}\n" \
		    $a "$([ $a != alice ] || echo ",\"aliases\":[\"a@example.org\"]")"
	done >accounts
	echo "{\"v\":1,\"type\":\"end\",\"count\":3}" >>accounts
	dirdump roundcube --domain example.org sqlite:roundcube.db >rc 2>/dev/null
	run 0 mkaccounts -q --report report --settings settings accounts rc >plan
	jq -se "(map(select(.address == \"alice@example.org\"))[0].identities | length) == 2 and all(.address != \"carol@example.org\")" settings
	has report "the identity elsewhere@example.com: it is not an address of the account"
	grep "\"alice@example.org\".*calendars of Roundcube" report >got
	has got "\"count\":2"
	[ "$(grep -c . got)" -eq 1 ]'

# cards_of FOLDER: what an independent parser reads
cards_of() {
	/usr/bin/python3 - "$1" <<-EOF
	import glob, sys, vobject
	for name in sorted(glob.glob(sys.argv[1] + "/contacts/*/*.vcf")):
	    raw = open(name, newline="", encoding="utf-8").read()
	    assert raw.endswith("END:VCARD\r\n"), name
	    assert all(len(l.encode()) <= 75 for l in raw.split("\r\n")), name
	    assert raw.replace("\r\n", "").find("\n") == -1, name
	    card = vobject.readOne(raw)
	    card.validate()
	    groups = [c for l in card.contents.get("categories", []) for c in l.value]
	    print(name.split("/")[-1], card.version.value, card.fn.value,
	          sorted(e.value for e in card.contents.get("email", [])), groups,
	          len(card.contents["uid"]))
	EOF
}
ok 'address books: cards made whole, groups as categories, deleted ones left out' '
	one() {
		rm -rf books
		run 1 dirdump roundcube --domain example.org --vcards books "$1" >out 2>err
		[ ! -s out ]
		has err "alice@example.org: its vCard is not one: it has no end"
		has err "4 cards written"
		cards_of books/alice@example.org >got
		cat >want <<-EOF
		10.vcf 3.0 Zoë Müller ['"'zoe@example.com'"'] ['"'Friends, old', 'Work'"'] 1
		11.vcf 3.0 Old; Contact ['"'o1@example.com', 'o2@example.com'"'] [] 1
		13.vcf 3.0 With UID ['"'u@example.com'"'] ['"'Work'"'] 1
		EOF
		same want got
		grep -q "^UID:own-uid-1" books/alice@example.org/contacts/Contacts/13.vcf
		cards_of books/bob@example.org | grep -q "ääääääääääääää \[\]"
		rm -rf books2; cp -r books books2
		run 1 dirdump roundcube --domain example.org --vcards books "$1" >out 2>err
		diff -r books books2
		rm -rf books2
	}
	on_each_database roundcube one'
ok 'a server takes them, once' '
	run 0 merge "$server" books/alice@example.org >out 2>err
	[ "$(grep -c "\"object\":\"card\".*\"status\":\"created\"" out)" = 3 ]
	run 0 merge "$server" books/alice@example.org >out 2>err
	[ "$(grep -c "\"object\":\"card\".*\"status\":\"exists\"" out)" = 3 ]'
ok 'names of owners and folders lead nowhere else' '
	sqlite3 roundcube.db "INSERT INTO users VALUES (8, '"'../../x@example.org', 'h', '', NULL, NULL, NULL, NULL, ''"');
	    INSERT INTO contacts (contact_id, user_id, name) VALUES (80, 8, '"'N'"')"
	mkdir trap
	rm -rf books
	mkdir books
	ln -s "$PWD/trap" books/alice@example.org
	run 2 dirdump roundcube --domain example.org --vcards books sqlite:roundcube.db >out 2>err
	[ -z "$(ls trap)" ]
	rm -rf books
	run 1 dirdump roundcube --domain example.org --vcards books sqlite:roundcube.db >out 2>err
	[ "$(ls books)" = "%2e.%2f..%2fx@example.org
alice@example.org
bob@example.org" ]'
done_testing
