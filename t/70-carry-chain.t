#!/bin/sh
# What owners have, from the forms of real systems to the new server and read back:
# each kind arrives as the records have it, a second run changes nothing, and what
# an owner changes later is left alone.
. "${0%/*}/lib.sh"
. "$top/t/sql.sh"
. "$top/t/fieldmap.sh"
. "$top/t/apply.sh"
need curl
need sqlite3

# A mailcow, with what its Redis would hold in files of opendkim; cPanel;
# Roundcube; SOGo.
start_mariadb
load_my mailcow26 mailcow-2026.sql mailcow.rows mailcow-2026.rows
dirdump-sql -q --map mailcow "$(my_url mailcow26)" >mailcow.ndjson 2>/dev/null
mkdir -p home/etc/two.test home/.autorespond valiases keys
printf '%s:$6$Zx$h:18000::::::\n' ann bob >home/etc/two.test/shadow
printf 'Subject: Away\n\nBack soon: Grüße.\n' >home/.autorespond/ann@two.test
echo '{"start":1767225600,"stop":4102444800}' >home/.autorespond/ann@two.test.json
echo 'ann@two.test: ann@two.test, x@ext.test, "|/usr/local/cpanel/bin/autorespond ann@two.test /home/u/.autorespond"' >valiases/two.test
dirdump-passwd-file -q --format=cpanel --valiases valiases home/etc/two.test/shadow >cpanel.ndjson
cp "$fixtures/dkim/rsa.pem" "$fixtures/dkim/ed25519.pem" keys
cat >keys/table <<END
r one.test:mail:$tmp/keys/rsa.pem
e two.test:ed:$tmp/keys/ed25519.pem
END
printf '*@one.test r\n*@two.test e\n' >keys/signing
printf 'KeyTable file:%s\nSigningTable refile:%s\n' "$tmp/keys/table" "$tmp/keys/signing" >opendkim.conf
dirdump dkim -q --from opendkim opendkim.conf >dkim.ndjson
for s in roundcube sogo; do
	cat "$fixtures/webmail/$s.sqlite.sql" "$fixtures/webmail/$s.rows.sql" | sqlite3 "$s.db"
	dirdump $s -q --domain example.org "sqlite:$s.db" >$s.ndjson 2>/dev/null || :
done
# Roundcube's owners; of SOGo's vacation messages the one that is on.
{
	for a in alice bob; do
		printf '{"v":1,"type":"account","address":"%s@example.org","secret":"{SHA}sRZzi/p3eu0PuyOjgiQoia41wkw="%s}\n' \
		    $a "$([ $a = bob ] || echo ',"aliases":["a@example.org"]')"
	done
	grep '"type":"settings"' roundcube.ndjson | grep -v carol@
	jq -c 'select(.address == "alice@example.org") | {v, type, address, vacation}' sogo.ndjson
} >webmail
grep -hv '"type":"end"' mailcow.ndjson cpanel.ndjson dkim.ndjson webmail >all
echo "{\"v\":1,\"type\":\"end\",\"count\":$(wc -l <all)}" >>all
mkaccounts -q --no-secret=empty --protocols --networks --send-as --locale \
    --settings settings -o plan --report report all 2>mkaccounts.err || :

serve --schema "$fixtures/real/stalwart-schema.json.gz"
put() {
	apply -q --settings settings --app-passwords app-passwords plan
}
put >out 2>err || :
cp out first
# ask METHOD ADDRESS: the list of what the account has.
ask() {
	id=$(jq -r --arg a "$2" 'select(.object == "Account" and .address == $a).id' first | head -n 1)
	jmap "$1" "{\"accountId\":\"$id\",\"ids\":null}" | jq -c '.methodResponses[0][1].list[]'
}
# runs ADDRESS: the text of the script that is active.
runs() {
	ask SieveScript/get "$1" | jq -r 'select(.isActive).blobId' >runs.blob
	[ "$(wc -l <runs.blob)" = 1 ]
	curl -s -K jmap.conf "$STALWART_URL/jmap/download/$id/$(cat runs.blob)/script"
}
# objects TYPE
objects() {
	jmap "x:$1/get" '{"ids":null}' | jq -c '.methodResponses[0][1].list[] | del(.id)'
}
# from KIND: of the settings records of all, "ADDRESS and each of the kind"
from() {
	jq -c --arg k "$1" 'select(.type == "settings" and .[$k]) | [.address, .[$k]]' all
}

ok 'nothing failed' '
	not grep "\"status\":\"failed\"" first
	[ "$(grep -c "\"object\":\"Account\"" first)" -ge 10 ]'
ok 'signing keys: those of the tables, one a selector' '
	objects DkimSignature | jq -c "[.[\"@type\"], .selector]" | sort >all-keys
	# Other domains have those that the server makes.
	grep -v "v1-" all-keys >got
	printf "%s\n" "[\"Dkim1Ed25519Sha256\",\"ed\"]" "[\"Dkim1RsaSha256\",\"mail\"]" >want
	same want got'
ok 'vacation messages: cPanel, with a forward beside it, and SOGo' '
	ask VacationResponse/get alice@example.org >got
	jq -c "select(.address == \"alice@example.org\").vacation" webmail | tail -n 1 >want
	jq -se ".[0] as \$w | .[1] | .isEnabled and .subject == \$w.subject and .textBody == \$w.text
	    and .fromDate == \$w.from and .toDate == \$w.until" want got
	[ "$(ask SieveScript/get ann@two.test | jq -r "select(.isActive).name")" = mailferry ]
	grep -q "mailferry-vacation" requests
	grep -q "Back soon: Grüße" requests'
ok 'filters: those of mailcow' '
	from scripts >want
	[ -s want ]
	# Of an account one script runs: the first of those that were active, or one that
	# includes it, and the forward, for somebody who has one.
	jq -rs "group_by(.[0])[] | .[0][0] as \$a | map(.[1][]) |
	    (map(.active) | index(true)) as \$first | to_entries[] |
	    [\$a, .value.name, .key == \$first] | @tsv" want >scripts
	while IFS="	" read -r address name active; do
		ask SieveScript/get "$address" >there
		jq -se --arg n "$name" --argjson a "$active" "any(.name == \$n and (\$a or (.isActive | not)))" there
		if $active && ! jq -se --arg n "$name" "any(.name == \$n and .isActive)" there; then
			runs "$address" >text
			has text "include :personal :optional \"$name\";"
		fi
	done <scripts'
ok 'identities: Roundcube, with texts and HTML' '
	for a in alice bob; do
		ask Identity/get $a@example.org | jq -c "[.name // \"\", .email, .replyTo[0].email // \"\",
		    .bcc[0].email // \"\", .textSignature, .htmlSignature]" | sort >got
		jq -c --arg a $a@example.org "select(.address == \$a and .identities).identities[] |
		    [.name // \"\", .address, .reply_to // \"\", .bcc // \"\", .text // \"\", .html // \"\"]" webmail | sort >want
		while IFS= read -r line; do
			name=$(printf "%s\n" "$line" | jq -r ".[0]")
			[ -z "$name" ] || grep -qxF -e "$line" got
		done <want
		[ "$(wc -l <got)" -ge "$(wc -l <want)" ]
	done'
ok 'app passwords: new ones under the old names' '
	from app_passwords | jq -r ".[0] as \$a | .[1][] | \$a + \"\t\" + .name" | sort >want
	[ -s want ]
	cut -f 1,2 app-passwords | sort >got
	same want got'
ok 'protocols, languages, rights to send as others' '
	jq -r "select(.type == \"account\" and .disabled and .active != false).address" mailcow.ndjson >switched
	[ -s switched ]
	while read -r address; do
		objects Account | jq -se --arg n "${address%@*}" \
		    "any(.name == \$n and (.permissions.disabledPermissions | length) > 0)"
	done <switched
	objects Account | jq -se "any(.name == \"alice\" and .locale == \"de_DE\" and .timeZone == \"Europe/Berlin\")"
	objects MemoryLookupKey | jq -r "select(.namespace == \"send-as\").key" | sort >got
	has got "alice@one.test *@one.test"
	has got "bob@one.test b@away.test"
	has got "bob@one.test team@one.test"'
ok 'a second run changes nothing' '
	: >requests
	put >out 2>err || :
	jq -r .status out | sort | uniq -c >got
	not grep -q -e created -e updated -e failed got
	not grep -q "/set\"" requests'
ok 'what an owner changes afterwards is not taken back' '
	id=$(jq -r "select(.object == \"Account\" and .address == \"alice@example.org\").id" first)
	one=$(ask Identity/get alice@example.org | jq -r "select(.name == \"Office\").id")
	jmap Identity/set "{\"accountId\":\"$id\",\"update\":{\"$one\":{\"name\":\"My office\"}}}" >/dev/null
	jmap VacationResponse/set "{\"accountId\":\"$id\",\"update\":{\"singleton\":{\"subject\":\"Mine\"}}}" >/dev/null
	put >out 2>err || :
	ask Identity/get alice@example.org | jq -r .name >names
	grep -qx "My office" names
	not grep -qx Office names
	[ "$(ask VacationResponse/get alice@example.org | jq -r .subject)" = Mine ]
	grep -q "the owner has changed it since" out'
ok 'no key and no app password in any output' '
	cut -f 3 app-passwords >secrets
	for f in rsa ed25519; do grep -v -e "---" "$fixtures/dkim/$f.pem" >>secrets; done
	not grep -q -F -f secrets first out err mkaccounts.err report settings
	[ "$(stat -c %a app-passwords settings plan | sort -u)" = 600 ]'

done_testing
