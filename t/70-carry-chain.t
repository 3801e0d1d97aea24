#!/bin/sh
# What owners have, from the forms of real systems to the new server and read back:
# each kind arrives as the records have it, a second run changes nothing, and what
# an owner changes later is left alone.
. "${0%/*}/lib.sh"
. "$top/t/sql.sh"
. "$top/t/fieldmap.sh"
. "$top/t/apply.sh"
. "$top/t/keys.sh"
. "$top/t/radicale.sh"
need curl
need openssl
need sqlite3

# A mailcow, with what its Redis would hold in files of opendkim; cPanel;
# Roundcube; SOGo; a list of Dovecot's; a group of GOsa's.
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
load_my iredmail iredmail.mysql.sql iredmail.rows
dirdump-sql -q --map iredmail "$(my_url iredmail)" 2>/dev/null >iredmail.all || :
printf '*@one.test r\n*@two.test e\n' >keys/signing
printf 'KeyTable file:%s\nSigningTable refile:%s\n' "$tmp/keys/table" "$tmp/keys/signing" >opendkim.conf
dirdump dkim -q --from opendkim opendkim.conf >dkim.ndjson
for s in roundcube-1.6 sogo; do
	name=${s%-*}
	cat "$fixtures/webmail/$s.sqlite.sql" "$fixtures/webmail/$name.rows.sql" | sqlite3 "$name.db"
	dirdump "$name" -q --domain example.org "sqlite:$name.db" >"$name.ndjson" 2>/dev/null || :
done
mkdir -p maildir/cur
echo 'user=bob@example.org lr' >maildir/dovecot-acl
# As doveconf -n of a 2.3 says it, whichever Dovecot is here.
printf '# 2.3.19.1 (9b53102964): dovecot.conf\nmail_plugins = acl\nplugin {\n  acl = vfile\n}\n' >dovecot.conf
# Roundcube's owners; of SOGo's vacation messages the one that is on.
{
	for a in alice bob; do
		printf '{"v":1,"type":"account","address":"%s@example.org","secret":"{SHA}sRZzi/p3eu0PuyOjgiQoia41wkw="%s}\n' \
		    $a "$([ $a = bob ] || echo ',"aliases":["a@example.org"]')"
	done
	grep '"type":"settings"' roundcube.ndjson | grep -v carol@
	jq -c 'select(.address == "alice@example.org") | {v, type, address, vacation}' sogo.ndjson
	# Of iRedMail the owner whose networks are restricted, in a domain of its own.
	# and one who is an administrator.
	jq -c 'select(.allow_nets or .admin) | .address |= sub("@.*"; "@nets.test") | del(.origin)' iredmail.all
	jq -c '. + {home: "'"$tmp"'", mail: "maildir:'"$tmp"'/maildir"}' <<-END |
	{"v":1,"type":"account","address":"alice@example.org"}
	END
	    dirdump-acl -q -c dovecot.conf
	dirdump-ldif -q --map gosa "$fixtures/ldap/gosa.ldif" | sed 's/one\.test/groups.test/g'
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
ok 'signing keys: the zone of the server has what we print of the old ones' '
	dirdump dkim --dns -q --from opendkim opendkim.conf | grep -o "p=[A-Za-z0-9+/=\" ]*" | tr -d "\" " | sort >want
	[ "$(wc -l <want)" = 2 ]
	jmap x:Domain/get "{\"ids\":null,\"properties\":[\"name\",\"dnsZoneFile\"]}" |
	    jq -r ".methodResponses[0][1].list[] | select(.name == \"one.test\" or .name == \"two.test\").dnsZoneFile" |
	    grep -A 9 -e "^mail\._domainkey" -e "^ed\._domainkey" >zone
	tr -d "\" \n" <zone >flat.zone
	while IFS= read -r p; do grep -qF -e "$p" flat.zone; done <want'
ok 'networks: those of iRedMail, for login' '
	jq -c "select(.allow_nets) | [(.address | sub(\"@.*\"; \"\")), (.allow_nets | sort)]" webmail >want
	[ -s want ]
	objects Account | jq -c ".name as \$n | .credentials[]? | select((.allowedIps // {}) != {}) | [\$n, (.allowedIps | keys)]" >got
	same want got'
ok 'vacation messages: cPanel, with a forward beside it, and SOGo' '
	ask VacationResponse/get alice@example.org >got
	jq -c "select(.address == \"alice@example.org\").vacation // empty" webmail | tail -n 1 >want
	jq -se ".[0] as \$w | .[1] | .isEnabled and .subject == \$w.subject and .textBody == \$w.text
	    and .fromDate == \$w.from and .toDate == \$w.until" want got
	[ "$(ask SieveScript/get ann@two.test | jq -r "select(.isActive).name")" = mailferry ]
	grep -q "mailferry-vacation" requests
	grep -q "Back soon: Grüße" requests'
ok 'filters: their texts are those of the records' '
	jq -c "select(.scripts) | .address as \$a | .scripts[] | [\$a, .name, .text]" settings >want
	[ -s want ]
	while IFS= read -r line; do
		address=$(printf "%s\n" "$line" | jq -r ".[0]")
		ask SieveScript/get "$address" >there
		jq -r --argjson l "$line" "select(.name == \$l[1]).blobId" there >blob
		curl -s -K jmap.conf "$STALWART_URL/jmap/download/$id/$(cat blob)/script" >text
		printf "%s\n" "$line" | jq -j ".[2]" >text.want
		same text.want text
	done <want'
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
ok 'protocols: exactly those that are off there' '
	jq -c "select(.type == \"account\" and .active != false and .receive != false) |
	    [.address, (.disabled // [] | map({imap: \"imapAuthenticate\", pop3: \"pop3Authenticate\", smtp: \"emailSend\", sieve: \"sieveAuthenticate\"}[.]) | sort)]" all | sort >want
	while IFS= read -r line; do
		address=$(printf "%s\n" "$line" | jq -r ".[0]")
		id=$(jq -r --arg a "$address" "select(.object == \"Account\" and .address == \$a).id" first)
		jmap x:Account/get "{\"ids\":[\"$id\"]}" |
		    jq -c --arg a "$address" "[\$a, (.methodResponses[0][1].list[0].permissions.disabledPermissions // {} | keys)]"
	done <want >got
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
	jmap x:Account/set "{\"update\":{\"$id\":{\"locale\":\"fr_FR\",\"permissions\":{\"@type\":\"Merge\",\"enabledPermissions\":{},\"disabledPermissions\":{\"pop3Authenticate\":true}}}}}" >set
	jq -e ".methodResponses[0][1].updated | has(\"$id\")" set
	line=$(jq -c "select(.scripts) | [.address, .scripts[0].name]" settings | head -n 1)
	filtered=$(printf "%s\n" "$line" | jq -r ".[0]")
	ask SieveScript/get "$filtered" >there
	script=$(jq -r --argjson l "$line" "select(.name == \$l[1]).id" there)
	jmap Blob/upload "{\"accountId\":\"$id\",\"create\":{\"b\":{\"data\":[{\"data:asText\":\"keep; # mine\"}]}}}" >upload
	blob=$(jq -r ".methodResponses[0][1].created.b.id // .methodResponses[0][1].created.b.blobId" upload)
	jmap SieveScript/set "{\"accountId\":\"$id\",\"update\":{\"$script\":{\"blobId\":\"$blob\"}}}" >set
	jq -e ".methodResponses[0][1].updated | has(\"$script\")" set
	put >out 2>err || :
	ask SieveScript/get "$filtered" | jq -r --arg s "$script" "select(.id == \$s).blobId" >blob
	[ "$(curl -s -K jmap.conf "$STALWART_URL/jmap/download/$id/$(cat blob)/script")" = "keep; # mine" ]
	objects Account | jq -se "any(.name == \"alice\" and .locale == \"fr_FR\" and (.permissions.disabledPermissions | keys) == [\"pop3Authenticate\"])"
	ask Identity/get alice@example.org | jq -r .name >names
	grep -qx "My office" names
	not grep -qx Office names
	[ "$(ask VacationResponse/get alice@example.org | jq -r .subject)" = Mine ]
	grep -q "the owner has changed it since" out'
ok 'no key and no app password in any output' '
	cut -f 3 app-passwords >secrets
	not grep -q -F -f secrets first out err mkaccounts.err report settings
	for f in rsa ed25519; do
		key_forms "$fixtures/dkim/$f.pem" >forms
		keyed forms plan
		keyed forms dkim.ndjson
		keyless forms first out err mkaccounts.err report settings
	done
	[ "$(stat -c %a app-passwords settings plan | sort -u)" = 600 ]'


# README's table of what is carried.
mkaccounts -q --no-secret=empty -o plan.without --report without all 2>/dev/null || :
# is_made OBJECT FILTER: the plan has such objects, of which one is so.
is_made() {
	jq -se --arg o "$1" "[.[] | select(.object == \$o).value[]?] | any($2)" plan
}
# by OPTION THING [NAMED]: it is carried with the option, and named without.
by() {
	jq -se --arg r "$2" 'any(.status == "carried" and .reason == $r)' report
	jq -se --arg r "${3:-$2} (--$1 carries" 'any(.status == "not-carried" and (.reason | startswith($r)))' without
}
# row THING: done here by the commands of its row, of which "how" has the text.
row() {
	case $1 in
	passwords) is_made Account '.credentials["0"].secret' ;;
	addresses) is_made Account '.aliases["0"]' ;;
	quotas) is_made Account '.quotas.maxDiskQuota' ;;
	groups) is_made Account '."@type" == "Group"' ;;
	domains) is_made Domain .name ;;
	forwards) by settings 'a forward' 'the forward to x@ext.test' ;;
	'signing keys (DKIM)')
		is_made DkimSignature .selector
		# opendkim and rspamd are named, and "any" is none.
		dirdump-dkim --complete | sed -n 's/^--from	.*	//p' | wc -w >systems
		[ "$(cat systems)" -eq 12 ]
		has how nine
		;;
	'with their selectors') is_made DkimSignature '.selector == "mail"' ;;
	'vacation messages') by settings 'a vacation message' 'the vacation message' ;;
	identities | signatures) by settings 'identities and signatures' ;;
	filters) by settings 'Sieve scripts' ;;
	'shared folders')
		by settings 'shares of folders'
		grep '"object":"Mailbox"' first | has - '"status":"updated"'
		;;
	'address books of a webmail')
		dirdump roundcube -q --domain example.org --vcards books sqlite:roundcube.db >/dev/null 2>&1 || :
		merge -q "$server" books/alice@example.org >merged 2>merge.err
		has merged '"status":"created"'
		;;
	'protocols that are switched off') by protocols 'protocols are switched off' ;;
	networks) by networks 'logins from some networks only' ;;
	languages) by locale "the owner's language" ;;
	'rights to send as others')
		by send-as 'the right to send as others'
		jmap x:MtaStageAuth/get '{"ids":["singleton"]}' >expression
		not grep send-as expression
		apply -q --send-as=add plan >/dev/null 2>&1 || :
		jmap x:MtaStageAuth/get '{"ids":["singleton"]}' | grep send-as
		;;
	'app passwords')
		[ -s app-passwords ]
		jq -se 'any(.reason | test("^app passwords .*--app-passwords"))' without
		;;
	# The copying: t/72-migrate.t and 72-migrate-ways.t.
	mail | calendars | files) ;;
	administrators)
		for file in report without; do
			jq -se 'any(.reason | test("^an administrator.*by hand on the new server"))' "$file"
		done
		;;
	# t/73-rehearse-left.t
	'lists with senders or archives' | Mailman | "the spam filter's tokens" | \
	    'temporary aliases' | 'POP3 UIDs') has how 'no place on the server' ;;
	*)
		echo "nothing is known of $1"
		return 1
		;;
	esac
}
ok 'README: each row of what is carried, done by its commands' '
	sed -n "/^## What is carried/,/^## Install/s/^| \([^-].*\) |\$/\1/p" "$top/README.md" | tail -n +2 >rows
	[ "$(wc -l <rows)" -ge 11 ]
	while IFS= read -r line; do
		printf "%s\n" "${line#* | }" >how
		printf "%s\n" "${line%% | *}" | sed "s/, /\n/g; s/ and /\n/g" >things
		while IFS= read -r thing; do
			row "$thing" >said 2>&1 || { echo "$thing:"; cat said how; exit 1; }
		done <things
	done <rows'
ok 'README: the options of mkaccounts that carry something are those of the table' '
	jq -r .reason without | grep -o "(--[a-z-]* carries" | tr -d "(" | cut -d " " -f 1 | sort -u >want
	[ "$(wc -l <want)" -ge 5 ]
	sed "s/stalwart-apply[^|]*//g" rows | grep "mkaccounts" | grep -o -e "--[a-z-]*" | sort -u >got
	same want got'

done_testing
