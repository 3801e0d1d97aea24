#!/bin/sh
# stalwart-apply --settings: scripts, forwards, vacations and identities, from
# records through mkaccounts into accounts, and read back.
. "${0%/*}/lib.sh"
. "$top/t/mkaccounts.sh"
. "$top/t/apply.sh"
need curl
need jq
need sqlite3
. "$top/t/settings.sh"

away='"vacation":{"subject":"Away","text":"Back on Monday.\nGr\u00fc\u00dfe","from":"2026-01-01T00:00:00Z","until":"2099-02-03T04:05:06Z"}'
fwd='"forward":["x@other.test"],"keep":true'
filter='"scripts":[{"name":"main","active":true,"text":"require \"fileinto\";\nfileinto \"Work\";\n"},{"name":"old","text":"keep;\n"}]'
serve
{
	account fwd@one.test "$fwd"
	account vac@one.test "$away"
	account both@one.test "$fwd,$away"
	account filt@one.test "$filter"
	account all@one.test "$fwd,$away,$filter"
	account none@one.test
} | plan_of
ok 'each owner has one active script that does all there is to do' '
	: >requests
	run 0 put >out 2>err
	grep -c "\"method\":\"POST\"" requests >posts
	results_are "created fwd@one.test SieveScript forward" \
	    "created vac@one.test VacationResponse" \
	    "created both@one.test SieveScript forward" \
	    "created both@one.test SieveScript mailferry-vacation" \
	    "created both@one.test SieveScript mailferry" \
	    "created filt@one.test SieveScript main" \
	    "created filt@one.test SieveScript old" \
	    "created all@one.test SieveScript main" \
	    "created all@one.test SieveScript old" \
	    "created all@one.test SieveScript forward" \
	    "created all@one.test SieveScript mailferry-vacation" \
	    "created all@one.test SieveScript mailferry"
	[ "$(scripts fwd@one.test)" = "[forward]" ]
	[ "$(scripts vac@one.test)" = "[vacation]" ]
	[ "$(scripts both@one.test)" = "[mailferry] forward mailferry-vacation" ]
	[ "$(scripts filt@one.test)" = "[main] old" ]
	[ "$(scripts all@one.test)" = "[mailferry] forward mailferry-vacation main old" ]
	[ -z "$(scripts none@one.test)" ]'
ok 'the vacation message is read back as the record has it' '
	ask VacationResponse/get vac@one.test >got
	echo "[{\"id\":\"singleton\",\"isEnabled\":true,\"fromDate\":\"2026-01-01T00:00:00Z\",\"toDate\":\"2099-02-03T04:05:06Z\",\"subject\":\"Away\",\"textBody\":\"Back on Monday.\nGrüße\",\"htmlBody\":null}]" |
	    sed "s/Monday.$/Monday.\\\\n/" | tr -d "\n" >want
	jq -S . got >got.s
	printf "%s" "[{\"id\":\"singleton\",\"isEnabled\":true,\"fromDate\":\"2026-01-01T00:00:00Z\",\"toDate\":\"2099-02-03T04:05:06Z\",\"subject\":\"Away\",\"textBody\":\"Back on Monday.\\nGrüße\",\"htmlBody\":null}]" | jq -S . >want.s
	same want.s got.s'
ok 'the scripts are those of the records; the wrapper runs the filters last' '
	uploads main | sort -u >got
	printf "require \"fileinto\";\nfileinto \"Work\";\n\n" | sort -u >want
	same want got
	uploads forward | sort -u >got
	printf "require [\"copy\"];\nredirect :copy \"x@other.test\";\n\n" | sort -u >want
	same want got
	uploads mailferry >got
	has got "include :personal :optional \"main\";"
	[ "$(grep -B 2 "\"main\"" got | cut -d\" -f2 | tr "\n" " ")" = "mailferry-vacation forward main " ]
	uploads mailferry-vacation >got
	has got ":addresses [\"both@one.test\"]"
	has got "\"lt\" \"date\" \"2099-02-03\""'
ok 'several accounts in a request' '
	# Domain, accounts, caches; six accounts that are asked and sent to.
	[ "$(cat posts)" -le 8 ]'
ok 'a second run changes nothing' '
	: >requests
	run 0 put >out 2>err
	[ "$(results | grep -c "^exists")" = "$(results | wc -l)" ]
	results | grep -q "exists all@one.test SieveScript mailferry"
	not grep -q "Script/set\|Response/set\|Identity/set\|Blob/upload" requests
	[ "$(scripts all@one.test)" = "[mailferry] forward mailferry-vacation main old" ]'
ok 'and none without what was kept of the first' '
	mv settings.done kept
	: >requests
	run 0 put >out 2>err
	[ "$(results | grep -c "^exists")" = "$(results | wc -l)" ]
	not grep -q "SieveScript/set\|VacationResponse/set" requests
	mv kept settings.done
	[ "$(stat -c %a settings.done)" = 600 ]'
ok 'a wrapper that the owner has changed stays, and what it does not run is named' '
	id=$(jq -r "select(.object == \"Account\" and .address == \"both@one.test\").id" out)
	script=$(ask SieveScript/get both@one.test | jq -r ".[] | select(.isActive).id")
	printf "require [\"include\"];\ninclude :personal :optional \"mailferry-vacation\";\n" >mine
	blob=$(jmap Blob/upload "{\"accountId\":\"$id\",\"create\":{\"b\":{\"data\":[{\"data:asText\":$(jq -Rs . mine)}]}}}" |
	    jq -r ".methodResponses[0][1].created.b.id")
	jmap SieveScript/set "{\"accountId\":\"$id\",\"update\":{\"$script\":{\"blobId\":\"$blob\"}}}" | grep "\"updated\":{\"$script\""
	: >requests
	for options in "" "-u --keep-passwords"; do
		run 0 put $options >out 2>err
		results | grep -x "exists both@one.test SieveScript mailferry the owner has changed it since, and it does not run forward: it is left alone"
	done
	not grep -q "SieveScript/set" requests'
serve
ok 'a dry run plans, and changes nothing' '
	rm -f settings.done
	run 0 put -n >out 2>err
	[ "$(results | grep -c "^planned")" = 12 ]
	run 0 stalwart-apply --password-file admin.secret plan >out 2>err
	: >requests
	run 0 put -n >out 2>err
	[ "$(results | grep -c "^planned")" = 12 ]
	not grep -q "Script/set\|Response/set\|Identity/set\|Blob/upload" requests
	[ ! -e settings.done ]'

# --- after Vandelay ---
mend='require "fileinto"; fileinto "Work";'
serve
{
	account fwd@one.test "$fwd"
	account vac@one.test "$away"
	account both@one.test "$fwd,$away"
	account calm@one.test "$fwd"
} | plan_of
ok 'scripts that come later switch nothing off for good' '
	run 0 put >out 2>err
	for a in fwd vac both; do by_owner $a@one.test Regeln "$mend"; done
	[ "$(scripts both@one.test)" = "[Regeln] forward mailferry mailferry-vacation" ]
	: >requests
	run 0 put >out 2>err
	[ "$(scripts fwd@one.test | tr " " "\n" | grep "\[")" = "[mailferry]" ]
	[ "$(scripts vac@one.test | tr " " "\n" | grep "\[")" = "[mailferry]" ]
	[ "$(scripts both@one.test | tr " " "\n" | grep "\[")" = "[mailferry-2]" ]
	[ "$(scripts calm@one.test)" = "[forward]" ]
	uploads mailferry-2 >got
	printf "require [\"include\"];\ninclude :personal :optional \"mailferry-vacation\";\ninclude :personal :optional \"forward\";\ninclude :personal :optional \"Regeln\";\n\n" >want
	same want got'
ok 'a run after that changes nothing' '
	: >requests
	run 0 put >out 2>err
	not grep -q "SieveScript/set\|VacationResponse/set" requests
	[ "$(results | grep -vc "^exists")" = 0 ]'
ok 'an owner who goes back to the filters, or switches all off, is left alone' '
	activate fwd@one.test Regeln
	id=$(jq -r "select(.address == \"calm@one.test\" and .object == \"Account\").id" out)
	jmap SieveScript/set "{\"accountId\":\"$id\",\"onSuccessDeactivateScript\":true}" >/dev/null
	: >requests
	run 0 put >out 2>err
	[ "$(scripts fwd@one.test | tr " " "\n" | grep "\[")" = "[Regeln]" ]
	results | grep "fwd@one.test" | grep -q "the owner has activated another script"
	not grep -q "SieveScript/set" requests'
ok 'a script that the owner has removed does not come back' '
	id=$(jq -r "select(.address == \"both@one.test\" and .object == \"Account\").id" out)
	activate both@one.test Regeln
	script=$(ask SieveScript/get both@one.test | jq -r ".[] | select(.name == \"forward\").id")
	jmap SieveScript/set "{\"accountId\":\"$id\",\"destroy\":[\"$script\"]}" >gone
	has gone "\"destroyed\":[\"$script\"]"
	run 0 put >out 2>err
	results | grep "both@one.test SieveScript forward" | grep -q "removed it since"
	scripts both@one.test >got
	hasnt got forward'

# remove ADDRESS NAME: the owner does it, the active one included.
remove() {
	id=$(jq -r --arg a "$1" 'select(.object == "Account" and .address == $a).id' out | head -n 1)
	script=$(ask SieveScript/get "$1" | jq -r --arg n "$2" '.[] | select(.name == $n).id')
	jmap SieveScript/set "{\"accountId\":\"$id\",\"destroy\":[\"$script\"]}" >gone
	has gone "\"destroyed\":[\"$script\"]"
}
active() {
	scripts "$1" | tr " " "\n" | grep "\["
}
serve
{
	account a@one.test "$fwd"
	account b@one.test "$fwd"
	account c@one.test "$fwd,$filter"
} | plan_of
ok 'filters that were replaced do not come back when the forward goes' '
	for filters in "" first second; do
		for a in a b c; do
			[ -z "$filters" ] || by_owner $a@one.test "$filters" "$mend"
		done
		run 0 put >out 2>err
	done
	[ "$(active a@one.test)" = "[mailferry-2]" ]
	# a: the forward; b: goes back to the first wrapper before; c: its filters, too
	remove a@one.test forward
	activate b@one.test mailferry
	remove b@one.test forward
	remove c@one.test forward
	remove c@one.test second
	was=$(active c@one.test)
	run 0 put >out 2>err
	[ "$(active a@one.test)" = "[second]" ]
	[ "$(active b@one.test)" = "[first]" ]
	[ "$(active c@one.test)" = "$was" ]
	run 0 put >out 2>err
	[ "$(active a@one.test)$(active b@one.test)$(active c@one.test)" = "[second][first]$was" ]'

# --- HTML ---
html='"vacation":{"subject":"Weg","text":"Bin weg","html":"<p>Bin <b>weg</b>, gr\u00fc\u00dfe</p>"}'
serve
{
	account html@one.test "$html"
	account only@one.test '"vacation":{"html":"<p>x</p>"}'
	account fwd@one.test "$fwd,$html"
} | plan_of
ok 'a vacation message in HTML: as the server has it, and in a script' '
	run 0 put >out 2>err
	ask VacationResponse/get html@one.test | jq -c ".[0] | [.textBody, .htmlBody]" >got
	ask VacationResponse/get only@one.test | jq -c ".[0] | [.textBody, .htmlBody]" >>got
	printf "%s\n" "[\"Bin weg\",\"<p>Bin <b>weg</b>, grüße</p>\"]" "[null,\"<p>x</p>\"]" >want
	same want got
	uploads mailferry-vacation >text
	has text "<p>Bin <b>weg</b>, grüße</p>"
	has text "multipart/alternative"
	run 0 sievecheck text >checked
	not_again VacationResponse/set'

# --- what Vandelay brings ---
# The scripts of its archive of a real account, as it puts them in.
zcat "$fixtures/real/archive-jmap.sqlite.gz" >archive.sqlite
serve
{
	account a@one.test "$fwd"
	account b@one.test "$fwd,$away"
} | plan_of
ok 'the scripts of a real archive come after the forward: all of them run' '
	run 0 put >out 2>err
	sqlite3 archive.sqlite "SELECT name FROM sieve_scripts WHERE name <> \"vacation\" ORDER BY is_active" >names
	[ "$(tail -n 1 names)" = "Regeln Ä/1" ]
	for a in a b; do
		while IFS= read -r name; do
			by_owner $a@one.test "$name" "$(sqlite3 archive.sqlite "SELECT CAST(b.data AS TEXT) FROM sieve_scripts s JOIN blobs b ON b.id = s.blob_id WHERE s.name = \"$name\"")"
		done <names
		ask SieveScript/get $a@one.test | jq -e "map(select(.isActive).name) == [\"Regeln Ä/1\"]"
	done
	: >requests
	run 0 put >out 2>err
	for a in a b; do
		ask SieveScript/get $a@one.test >there
		jq -e "map(select(.isActive).name) | .[0] | startswith(\"mailferry\")" there
		jq -e "map(.name) | index(\"active\") and index(\"Regeln Ä/1\") and index(\"forward\")" there
	done
	uploads mailferry >text
	printf "require [\"include\"];\ninclude :personal :optional \"forward\";\ninclude :personal :optional \"Regeln Ä/1\";\n\n" >want
	same want text
	uploads mailferry-2 >text
	printf "require [\"include\"];\ninclude :personal :optional \"mailferry-vacation\";\ninclude :personal :optional \"forward\";\ninclude :personal :optional \"Regeln Ä/1\";\n\n" >want
	same want text
	: >requests
	run 0 put >out 2>err
	not grep -q "SieveScript/set\|VacationResponse/set" requests
'
ok 'a redirect of a filter beside a forward is named' '
	{
		domain one.test
		account a@one.test "$fwd,\"scripts\":[{\"name\":\"main\",\"active\":true,\"text\":\"if size :over 1 { redirect \\\"y@other.test\\\"; }\"}]"
		account b@one.test "$fwd,\"scripts\":[{\"name\":\"main\",\"text\":\"redirect \\\"y@other.test\\\";\"}]"
		account c@one.test "\"scripts\":[{\"name\":\"main\",\"active\":true,\"text\":\"redirect \\\"y@other.test\\\";\"}]"
		end
	} | counted | mkaccounts -q --settings settings --report report >plan
	jq -r "select(.reason | test(\"beside the forward\")) | [.status, .address] | join(\" \")" report >got
	echo "not-carried a@one.test" >want
	same want got'

# Vandelay brings filters after the forward: the server runs one redirect.
serve
{
	account red@one.test "$fwd"
	account nest@one.test "$fwd"
	account calm@one.test "$fwd"
	account only@one.test "$away"
	account own@one.test "$fwd,\"scripts\":[{\"name\":\"main\",\"active\":true,\"text\":\"redirect \\\"y@other.test\\\";\"}]"
} | plan_of
redirecting() {
	results | sed -n 's/^\([a-z]*\) \([a-z]*\)@.*the filter "\([^"]*\)" redirects mail as well: the server runs one of both.*/\1 \2 \3/p'
}
ok 'redirects of filters on the server are counted beside the forward' '
	run 0 put >out 2>err
	redirecting >got
	echo "created own main" | same - got
	by_owner red@one.test "Regeln Ä/1" "if size :over 1 { redirect \"y@other.test\"; }"
	by_owner nest@one.test more "require \"fileinto\"; if true { if size :over 1 { fileinto \"x\"; } else { redirect \"y@other.test\"; } }"
	by_owner calm@one.test Regeln "# redirect \"y@other.test\";
	keep;"
	by_owner only@one.test Regeln "redirect \"y@other.test\";"
	run 0 put -n >out 2>err
	redirecting >got
	printf "%s\n" "planned nest more" "planned red Regeln Ä/1" | same - got
	run 0 put >out 2>err
	redirecting >got
	printf "%s\n" "created nest more" "created red Regeln Ä/1" | same - got
	has err "red@one.test: the filter"'
# --- identities ---
identities() {
	ask Identity/get a@one.test |
	    jq -c 'map([.name, .email, (.replyTo // [] | map(.email)), (.bcc // [] | map(.email)), .textSignature, .htmlSignature])[]'
}
# The server calls the identities of an account that has a description by that
# (crates/jmap/src/identity/get.rs).
serve
{
	account a@one.test '"name":"Anna A.","aliases":["al@one.test"],"identities":[
	    {"name":"Anna A.","address":"a@one.test","text":"-- A."},
	    {"name":"Shop","address":"al@one.test","text":"-- Shop"}]' | tr -d '\n\t'
	echo
} | plan_of
ok 'identities of an account with a name: those of the server get the signatures' '
	run 0 put >out 2>err
	results_are "updated a@one.test Identity Anna A. <a@one.test>" \
	    "updated a@one.test Identity Shop <al@one.test>"
	identities | cut -d , -f 1,2,5 | sort >got
	printf "%s\n" "[\"Anna A.\",\"a@one.test\",\"-- A.\"" \
	    "[\"Shop\",\"al@one.test\",\"-- Shop\"" >want
	same want got
	not_again Identity/set'
# Roundcube takes lists there, names and all (identity_save.php).
serve
{
	domain xn--bcher-kva.test
	account b@xn--bcher-kva.test '"identities":[{"name":"B","address":"B@b\u00fccher.test",
	    "reply_to":"\"Boss, the\" <boss@one.test>, team@one.test","bcc":"a@one.test; <c@one.test>,"}]' | tr -d '\n\t'
	echo
} | plan_of
ok 'identities: several addresses for answers and copies, a domain in Unicode' '
	run 0 put >out 2>err
	results_are "updated b@xn--bcher-kva.test Identity B <b@xn--bcher-kva.test>"
	ask Identity/get b@xn--bcher-kva.test |
	    jq -c "map([(.replyTo | map([.name, .email])), (.bcc | map([.name, .email]))])" >got
	echo "[[[[\"Boss, the\",\"boss@one.test\"],[null,\"team@one.test\"]],[[null,\"a@one.test\"],[null,\"c@one.test\"]]]]" >want
	same want got
	not_again Identity/set'
serve
{
	account a@one.test '"aliases":["al@one.test"],"identities":[
	    {"name":"Anna","address":"a@one.test","text":"-- \nAnna","html":"<b>Anna</b>","default":true},
	    {"name":"Shop","address":"al@one.test","reply_to":"al@one.test","bcc":"a@one.test"},
	    {"name":"Second","address":"a@one.test"}]' | tr -d '\n\t'
	echo
} | plan_of
ok 'identities: those of the server get name and signature, others are made' '
	run 0 put >out 2>err
	results_are "updated a@one.test Identity Anna <a@one.test>" \
	    "updated a@one.test Identity Shop <al@one.test>" \
	    "created a@one.test Identity Second <a@one.test>"
	identities | sort >got
	printf "%s\n" "[\"Anna\",\"a@one.test\",[],[],\"-- \\nAnna\",\"<b>Anna</b>\"]" \
	    "[\"Second\",\"a@one.test\",[],[],\"\",\"\"]" \
	    "[\"Shop\",\"al@one.test\",[\"al@one.test\"],[\"a@one.test\"],\"\",\"\"]" | sort >want
	same want got'
ok 'identities: a second run changes nothing, nor what the owner has changed' '
	: >requests
	run 0 put >out 2>err
	not grep -q "Identity/set" requests
	id=$(jq -r "select(.object == \"Account\").id" out)
	one=$(ask Identity/get a@one.test | jq -r ".[] | select(.name == \"Anna\").id")
	two=$(ask Identity/get a@one.test | jq -r ".[] | select(.name == \"Second\").id")
	jmap Identity/set "{\"accountId\":\"$id\",\"update\":{\"$one\":{\"name\":\"Ann\"},\"$two\":{\"textSignature\":\"mine\"}}}" >/dev/null
	: >requests
	run 0 put >out 2>err
	not grep -q "Identity/set" requests
	[ "$(results | grep -c "the owner has changed it since")" = 2 ]
	rm settings.done
	run 0 put >out 2>err
	results | grep "Second" | grep -q "another one of this name"'
# One is what the server has made by itself; the other must not take its place.
for order in 'Anna A.,Support' 'Support,Anna A.'; do
	serve
	{
		account a@one.test '"name":"Anna A.","identities":['"$(
			printf '{"address":"a@one.test","name":"%s"' "${order%,*}"
			[ "${order%,*}" != Support ] || printf ',"text":"-- S"'
			printf '},{"address":"a@one.test","name":"%s"' "${order#*,}"
			[ "${order#*,}" != Support ] || printf ',"text":"-- S"'
			printf '}')"']'
	} | plan_of
	ok "identities: one that is as the server made it stays beside another ($order)" '
		run 0 put >out 2>err
		results_are "exists a@one.test Identity Anna A. <a@one.test>" \
		    "created a@one.test Identity Support <a@one.test>"
		identities | cut -d , -f 1,2,5 | sort >got
		printf "%s\n" "[\"Anna A.\",\"a@one.test\",\"\"" \
		    "[\"Support\",\"a@one.test\",\"-- S\"" >want
		same want got
		run 0 put >out 2>err
		hasnt out "the owner has changed it"
		not_again Identity/set'
done
# The server's own goes to the owner's main one, wherever the record has it.
for main in 'Anna A.' Anna ''; do
	serve
	{
		account a@one.test '"name":"Anna A.","identities":[
		    {"name":"Support","address":"a@one.test","text":"-- S"},
		    {'"${main:+\"name\":\"$main\",}"'"address":"a@one.test","text":"-- A","default":true}]' | tr -d '\n\t'
		echo
	} | plan_of
	ok "identities: the main one is second, and keeps its signature ($main)" '
		run 0 put >out 2>err
		results_are "updated a@one.test Identity ${main:-Anna A.} <a@one.test>" \
		    "created a@one.test Identity Support <a@one.test>"
		identities | cut -d , -f 1,2,5 | sort >got
		printf "%s\n" "[\"${main:-Anna A.}\",\"a@one.test\",\"-- A\"" \
		    "[\"Support\",\"a@one.test\",\"-- S\"" | sort >want
		same want got
		run 0 put >out 2>err
		hasnt out "left alone"
		not_again Identity/set'
done
serve
ok 'identities that the server refuses are named with the owner' '
	long=$(printf "%02048d" 0)
	echo "{\"v\":1,\"type\":\"settings\",\"address\":\"a@one.test\",\"identities\":[{\"name\":\"X\",\"address\":\"b@one.test\"},{\"name\":\"Y\",\"address\":\"a@one.test\",\"html\":\"$long\"}]}" >settings
	rm -f settings.done
	run 1 put >out 2>err
	has err "a@one.test: the server refuses a member (invalidProperties): email"
	has err "a@one.test: the signature has more than the 2047 bytes"
	[ "$(results | grep -c "^failed")" = 2 ]'

# --- app passwords ---
serve
{
	account a@one.test '"app_passwords":[{"name":"Phone"},{"name":"Tab let"}]'
	account b@one.test '"app_passwords":[{"name":"Phone"}]'
} | plan_of
passwords() {
	ask x:AppPassword/get "$1" | jq -r 'map(.description) | sort | join(",")'
}
ok 'app passwords are made under the old names, once' '
	run 0 put >out 2>err
	has err "settings: 3 app passwords are not made (--app-passwords OUT makes them)"
	[ -z "$(passwords a@one.test)" ]
	run 0 put --app-passwords new >out 2>err
	[ "$(stat -c %a new)" = 600 ]
	cut -f 1,2 new | sort >got
	printf "%s\t%s\n" a@one.test Phone a@one.test "Tab let" b@one.test Phone >want
	same want got
	[ "$(passwords a@one.test)" = "Phone,Tab let" ]
	[ "$(login b@one.test "$(grep "^b@" new | cut -f 3)")" = 200 ]
	for n in 1 2; do
		run 0 put --app-passwords new >out 2>err
		[ "$(results | grep -c "^exists")" = 3 ]
	done
	[ "$(wc -l <new)" = 3 ]
	[ "$(passwords a@one.test)" = "Phone,Tab let" ]'
ok 'no app password is in any other output' '
	run 0 put --app-passwords new -vv >out 2>err
	cut -f 3 new >secrets
	[ "$(grep -c "^app_" secrets)" = 3 ]
	not grep -F -f secrets out err settings settings.done'
ok 'one that is removed is not made again; another file makes none twice' '
	id=$(jq -r "select(.object == \"Account\" and .address == \"a@one.test\").id" out)
	phone=$(ask x:AppPassword/get a@one.test | jq -r ".[] | select(.description == \"Phone\").id")
	jmap x:AppPassword/set "{\"accountId\":\"$id\",\"destroy\":[\"$phone\"]}" >gone
	jq -e --arg p "$phone" ".methodResponses[0][1].destroyed == [\$p]" gone
	run 0 put --app-passwords new >out 2>err
	[ "$(passwords a@one.test)" = "Tab let" ]
	[ "$(wc -l <new)" = 3 ]
	run 0 put --app-passwords other >out 2>err
	[ ! -s other ]
	results | grep "b@one.test AppPassword Phone" | grep -q "not in the file"
	chmod 644 new
	run 2 put --app-passwords new >out 2>err
	has err "new: "
	run 2 stalwart-apply --password-file admin.secret --app-passwords x plan >out 2>err
	has err "is for --settings"'
serve --fault 4:reset-after
ok 'an app password whose answer is lost is named' '
	rm -f settings.done
	run 1 put --app-passwords lost >out 2>err
	has err "the answer with it was lost"'
ok 'and again, until it is removed on the server' '
	run 1 put --app-passwords lost >out 2>err
	has err "the answer with it was lost"
	for a in a@one.test b@one.test; do
		id=$(jq -r --arg a $a "select(.object == \"Account\" and .address == \$a).id" out)
		ids=$(ask x:AppPassword/get $a | jq -c "map(.id)")
		jmap x:AppPassword/set "{\"accountId\":\"$id\",\"destroy\":$ids}" >gone
	done
	run 0 put --app-passwords lost >out 2>err
	[ "$(cut -f 1,2 lost | sort -u | wc -l)" = 3 ]
	run 0 put --app-passwords lost >out 2>err
	hasnt out "not in the file"'
serve --fault 4:slow:3000
ok 'a run that was killed before it had the answer: the next one knows' '
	rm -f settings.done killed
	stalwart-apply --password-file admin.secret --settings settings \
	    --app-passwords killed plan >out 2>err &
	pid=$!
	n=0
	while ! grep -q "x:AppPassword/set" requests; do
		n=$((n + 1))
		[ $n -lt 1200 ]
		sleep 0.05
	done
	kill -KILL $pid
	wait $pid || :
	[ ! -s killed ]
	sleep 3
	run 1 put --app-passwords killed >out 2>err
	[ "$(grep -c "AppPassword.*the answer with it was lost" out)" = 3 ]'

# Two phones of one name.
serve
account a@one.test '"app_passwords":[{"name":"Phone"},{"name":"Phone"}]' | plan_of
ok 'two app passwords of one name are two, once' '
	for n in 1 2 3; do
		run 0 put --app-passwords twins >out 2>err
		[ "$(passwords a@one.test)" = "Phone,Phone" ]
		[ "$(cut -f 3 twins | sort -u | wc -l)" = 2 ]
	done
	for secret in $(cut -f 3 twins); do
		[ "$(login a@one.test "$secret")" = 200 ]
	done
	id=$(jq -r "select(.object == \"Account\").id" out)
	phone=$(ask x:AppPassword/get a@one.test | jq -r ".[0].id")
	jmap x:AppPassword/set "{\"accountId\":\"$id\",\"destroy\":[\"$phone\"]}" >gone
	run 0 put --app-passwords twins >out 2>err
	[ "$(passwords a@one.test)" = Phone ]
	[ "$(wc -l <twins)" = 2 ]'

# --- another account of the same address ---
# A second is what the server's createdAt tells apart.
serve
{
	account a@one.test "$fwd,$filter,"'"app_passwords":[{"name":"Phone"}],"identities":[{"address":"a@one.test","name":"A","text":"-- A"}]'
	account v@one.test "$away"
} | plan_of
everything() {
	results_are "created a@one.test SieveScript forward" \
	    "created a@one.test SieveScript mailferry" \
	    "created a@one.test SieveScript main" \
	    "created a@one.test SieveScript old" \
	    "created a@one.test AppPassword Phone" \
	    "updated a@one.test Identity A <a@one.test>" \
	    "created v@one.test VacationResponse"
}
put --app-passwords phone >out 2>err
sleep 1
serve
ok 'what was put in on one server is put in on the next one, too' '
	everything
	run 0 put --app-passwords phone >out 2>err
	everything
	[ "$(wc -l <phone)" = 2 ]
	[ "$(login a@one.test "$(tail -n 1 phone | cut -f 3)")" = 200 ]'
ok 'and again into an account that was destroyed and made anew' '
	run 0 put --app-passwords phone >out 2>err
	ids=$(jq -c "select(.object == \"Account\").id" out | paste -sd, -)
	jmap x:Account/set "{\"destroy\":[$ids]}" | grep -q destroyed
	sleep 1
	# By a run that knows nothing of settings.
	run 0 stalwart-apply --password-file admin.secret plan >out 2>err
	run 0 put --app-passwords phone >out 2>err
	everything
	run 0 put --app-passwords phone >out 2>err
	not grep "created\|updated" out
	hasnt out "since"'

# --- the file ---
serve
ok 'lines that are no good, and addresses of nobody' '
	{
		echo "{\"v\":1,\"type\":\"settings\",\"address\":\"a@one.test\",\"forward\":[\"x@other.test\",\"y@other.test\"]}"
		echo "{\"v\":1,\"type\":\"settings\",\"address\":\"a@one.test\",\"forward\":[\"x@other.test\"]}"
		echo "nonsense"
		echo
		echo "{\"v\":1,\"type\":\"settings\",\"address\":\"q@one.test\",\"locale\":\"de\"}"
		printf "{\"v\":1,\"type\":\"end\""
	} >settings
	rm -f settings.done
	run 1 put >out 2>err
	has err "settings:2: a@one.test is there twice: mkaccounts joins records"
	has err "settings:3: not a JSON object"
	has err "settings:6: the line was cut off"
	has err "settings: q@one.test: no account of the plan has this address"
	has err "a@one.test: a forward to several addresses"
	run 2 stalwart-apply --password-file admin.secret --settings nowhere plan >out 2>err
	has err "nowhere: No such file"'
serve
ok 'a dump is no file of settings: nothing is done, and it is said' '
	{
		domain one.test
		account a@one.test "$fwd"
		end
	} | counted >dump
	mkaccounts -q --settings settings -o plan dump
	{ grep -v "\"end\"" settings; end; } | counted >mixed
	for file in dump mixed; do
		: >requests
		run 2 stalwart-apply --password-file admin.secret --settings "$file" plan >out 2>err
		grep -q "$file:[12]: this is a dump of a directory: give it to mkaccounts" err
		[ ! -s out ]
		not grep -q /set requests
		[ ! -e "$file.done" ]
	done
	run 1 stalwart-apply --password-file admin.secret --settings plan plan >out 2>err
	has err "plan:1: v: is missing"
	mkaccounts -q --settings none -o plan /dev/stdin <<-EOF
	$(domain one.test; account b@one.test; end_of 2)
	EOF
	run 0 stalwart-apply --password-file admin.secret --settings none plan >out 2>err'
serve
ok 'a bad script, and the name of the server'\''s own; the others go in' '
	{
		domain one.test
		account a@one.test "\"forward\":[\"x@other.test\"],\"scripts\":[{\"name\":\"bad\",\"active\":true,\"text\":\"nonsense;\"},{\"name\":\"Vacation\",\"text\":\"keep;\"},{\"name\":\"forward\",\"text\":\"stop;\"}]"
		end
	} | counted | mkaccounts -q --settings settings -o plan
	rm -f settings.done
	run 1 put >out 2>err
	has err "a@one.test: the script has an error (invalidScript)"
	results | grep -q "created a@one.test SieveScript Vacation-script"
	results | grep -q "created a@one.test SieveScript forward-script"
	scripts a@one.test | grep -q "\[mailferry\]"'

# --- a full disk ---
for n in $(seq 60); do
	account "full$n@one.test" '"app_passwords":[{"name":"Phone"}],"forward":["x@other.test"]'
done | plan_of
ok 'what is done cannot be written down: said, and the app passwords are not lost' '
	rm -f settings.done handed
	(
		trap "" XFSZ
		ulimit -f 8
		put --app-passwords handed 2>err || echo $? >ended
	) | cat >out
	[ "$(cat ended)" = 2 ]
	has err "settings.done: File too large"
	made=0
	for n in $(seq 60); do
		[ "$(passwords "full$n@one.test")" != Phone ] || made=$((made + 1))
	done
	[ "$made" -gt 0 ]
	[ "$(grep -c "	Phone	" handed)" = "$made" ]
	run 0 put --app-passwords handed >out 2>err
	[ "$(grep -c "	Phone	" handed)" = 60 ]'

# --- answers that are lost ---
{
	account fwd@one.test "$fwd"
	account vac@one.test "$away"
	account all@one.test "$fwd,$away,$filter"
	account id@one.test '"identities":[{"name":"Anna","address":"id@one.test","text":"-- Anna"}]'
} | plan_of
for fault in reset-after cut 503 mid-set; do
	serve --fault "4:$fault" --fault "5:$fault"
	ok "settings and $fault: all is there once in the end" '
		rm -f settings.done
		run 0 put >out 2>err
		[ "$(results | grep -vc "created\|updated")" = 0 ]
		[ "$(scripts fwd@one.test)" = "[forward]" ]
		[ "$(scripts vac@one.test)" = "[vacation]" ]
		[ "$(scripts all@one.test)" = "[mailferry] forward mailferry-vacation main old" ]
		[ "$(ask Identity/get id@one.test | jq -c "map(.name)")" = "[\"Anna\"]" ]'
done

done_testing
