#!/bin/sh
# stalwart-apply --settings: what the directory has otherwise than when it was put
# in, and what the owner has changed since.
. "${0%/*}/lib.sh"
. "$top/t/mkaccounts.sh"
. "$top/t/apply.sh"
need curl
need jq
. "$top/t/settings.sh"

fwd() {
	printf '"forward":["%s"],"keep":true' "$1"
}
away() {
	printf '"vacation":{"subject":"Away","text":"%s"%s}' "$1" "${2:+,$2}"
}
filter() {
	printf '"scripts":[{"name":"main","active":true,"text":"require \\"fileinto\\";\\nfileinto \\"%s\\";\\n"}]' "$1"
}
sign() {
	printf '"identities":[{"name":"I","address":"id@one.test","text":"%s"%s}]' "$1" "${2:+,$2}"
}
id_of() {
	id=$(jq -r --arg a "$1" 'select(.object == "Account" and .address == $a).id' out | head -n 1)
}
# the_text ADDRESS NAME: of a script that the owner has.
the_text() {
	id_of "$1"
	blob=$(ask SieveScript/get "$1" | jq -r --arg n "$2" '.[] | select(.name == $n).blobId')
	curl -s -u admin:secret "$STALWART_URL/jmap/download/$id/$blob/x"
}
# differing: who has what otherwise; and noted WORDS: of how many it is said.
differing() {
	jq -r 'select(.object != "Account" and .differs) |
	    [.status, .address, .object, .name // "-", (.differs | join(","))] | join(" ")' out | sort
}
noted() {
	jq -r 'select(.object != "Account") | .note // empty' out | grep -c "$1" || :
}
# edit ADDRESS NAME TEXT: the owner gives a script another text.
edit() {
	id_of "$1"
	script=$(ask SieveScript/get "$1" | jq -r --arg n "$2" '.[] | select(.name == $n).id')
	jq -nc --arg id "$id" --arg s "$script" --arg t "$3" '{using: ["urn:ietf:params:jmap:core"], methodCalls: [
	    ["Blob/upload", {accountId: $id, create: {b: {data: [{"data:asText": $t}]}}}, "0"],
	    ["SieveScript/set", {accountId: $id, update: {($s): {blobId: "#b"}}}, "1"]]}' >edit.json
	curl -s -u admin:secret --data-binary @edit.json -H 'Content-Type: application/json' "$STALWART_URL/jmap/" |
	    jq -e --arg s "$script" '.methodResponses[1][1].updated | has($s)' >/dev/null
}
directory() {
	account fwd@one.test "$(fwd "x$1@other.test")"
	account vac@one.test "$(away "back on day $1" "$2")"
	account both@one.test "$(fwd "y$1@other.test"),$(away "gone $1")"
	account filt@one.test "$(filter "Work$1")"
	account id@one.test "$(sign "-- $1" "$3")"
	account calm@one.test "$(fwd "calm@other.test"),$(away "calm")"
}
what="exists both@one.test SieveScript forward text
exists both@one.test SieveScript mailferry-vacation text
exists filt@one.test SieveScript main text
exists fwd@one.test SieveScript forward text
exists id@one.test Identity I <id@one.test> textSignature,replyTo
exists vac@one.test VacationResponse - textBody,fromDate"

serve
directory 1 '"from":"2026-01-01T00:00:00Z"' '"reply_to":"a@other.test"' | plan_of
ok 'what the directory has otherwise is named, and left alone' '
	run 0 put >out 2>err
	directory 2 "" "" | plan_again
	: >requests
	run 0 put >out 2>err
	echo "$what" >want
	differing | same want -
	[ "$(noted "it is left alone (-u changes it)")" = 6 ]
	has err "fwd@one.test: the directory has it otherwise since"
	not grep -q "Script/set\|Response/set\|Identity/set" requests
	run 0 put -u --keep-passwords -n >out 2>err
	[ "$(results | grep -c "^planned")" = 6 ]
	not grep -q "Script/set\|Response/set\|Identity/set" requests'
ok '-u changes it, each time' '
	for n in 2 3; do
		directory $n "" "" | plan_again
		run 0 put -u --keep-passwords >out 2>err
		[ "$(results | grep "^updated" | cut -d" " -f2 | uniq -c | tr -s " \n" " ")" = " 2 both@one.test 1 filt@one.test 1 fwd@one.test 1 id@one.test 1 vac@one.test " ]
		[ "$(the_text fwd@one.test forward | grep -c "x$n@other.test")" = 1 ]
		[ "$(the_text both@one.test mailferry-vacation | grep -c "gone $n")" = 1 ]
		[ "$(the_text filt@one.test main | grep -c "Work$n")" = 1 ]
		ask VacationResponse/get vac@one.test | jq -e --arg t "back on day $n" ".[0] | .textBody == \$t and .isEnabled and .fromDate == null"
		ask Identity/get id@one.test | jq -e "map([.name, .textSignature, .replyTo // []]) == [[\"I\", \"-- $n\", []]]"
		[ "$(scripts both@one.test)" = "[mailferry] forward mailferry-vacation" ]
		[ "$(scripts filt@one.test)" = "[main]" ]
		: >requests
		run 0 put -u --keep-passwords >out 2>err
		[ -z "$(differing)" ]
		[ "$(results | grep -vc "^exists")" = 0 ]
		not grep -q "Script/set\|Response/set\|Identity/set" requests
	done'
ok 'what the owner has changed is never taken back' '
	edit fwd@one.test forward "redirect \"mine@other.test\";"
	edit both@one.test mailferry-vacation "keep;"
	edit filt@one.test main "stop;"
	one=$(ask VacationResponse/get vac@one.test | jq -r ".[0].id")
	id_of vac@one.test
	jmap VacationResponse/set "{\"accountId\":\"$id\",\"update\":{\"$one\":{\"subject\":\"Mine\"}}}" >/dev/null
	one=$(ask Identity/get id@one.test | jq -r ".[0].id")
	id_of id@one.test
	jmap Identity/set "{\"accountId\":\"$id\",\"update\":{\"$one\":{\"htmlSignature\":\"mine\"}}}" >/dev/null
	directory 4 "" "" | plan_again
	for how in "" "-u --keep-passwords"; do
		: >requests
		# shellcheck disable=SC2086
		run 0 put $how >out 2>err
		[ "$(noted "and the owner has changed it: it is left alone")" = 5 ]
		if [ -n "$how" ]; then
			[ "$(results | grep "^updated")" = "updated both@one.test SieveScript forward" ]
		else
			not grep -q "Script/set\|Response/set\|Identity/set" requests
		fi
	done
	[ "$(the_text fwd@one.test forward)" = "redirect \"mine@other.test\";" ]
	[ "$(the_text both@one.test mailferry-vacation)" = "keep;" ]
	ask VacationResponse/get vac@one.test | jq -e ".[0].subject == \"Mine\""
	ask Identity/get id@one.test | jq -e ".[0].htmlSignature == \"mine\""'
ok 'nor what nobody knows to be ours' '
	directory 5 "" "" | plan_of
	: >requests
	run 0 put -u --keep-passwords >out 2>err
	not grep -q "Script/set\|Response/set\|Identity/set" requests'

# --- a run from another machine ---
serve
{
	account one@one.test "$(fwd x@other.test)"
	account same@one.test "$(fwd x@other.test)"
	account filt@one.test "$(filter Work)"
} | plan_of
ok 'what another run has put in is named where it is otherwise, and known where it is the same' '
	run 0 put >out 2>err
	{
		account one@one.test "\"forward\":[\"x@other.test\",\"y@other.test\"],\"keep\":true"
		account same@one.test "$(fwd x@other.test)"
		account filt@one.test "$(filter Other)"
	} | plan_of
	for how in "" "-u --keep-passwords"; do
		# shellcheck disable=SC2086
		run 0 put $how >out 2>err
		differing >got
		printf "%s\n" "exists filt@one.test SieveScript main text" \
		    "exists one@one.test SieveScript forward text" | same - got
		has err "one@one.test: one with another text is there, from a run that this one"
	done
	account same@one.test "$(fwd z@other.test)" | plan_again
	run 0 put -u --keep-passwords >out 2>err
	[ "$(the_text same@one.test forward | grep -c z@other.test)" = 1 ]'

# What the second machine has seen there is as if it had put it in: what the owner
# takes away afterwards stays away on both.
serve
{
	account pass@one.test '"app_passwords":[{"name":"Phone"},{"name":"Tab"}]'
	account filt@one.test "$(filter Work)"
	account fwd@one.test "$(fwd x@other.test)"
	account mine@one.test "$(filter Work)"
	account id@one.test '"identities":[{"name":"I","address":"id@one.test","text":"t"}]'
} | plan_of
on_machine() {
	stalwart-apply --password-file admin.secret --settings "settings$1" --app-passwords "new$1" plan
}
ok 'what the owner takes away is not put in again by a machine that has seen it' '
	cp settings settings1
	cp settings settings2
	run 0 on_machine 1 >out 2>err
	by_owner mine@one.test mine "keep;"
	run 0 on_machine 2 >out 2>err
	has out "it is not in the file of app passwords: the owner has it, or another file does"
	[ ! -s new2 ]
	id_of pass@one.test
	phone=$(ask x:AppPassword/get pass@one.test | jq -r ".[] | select(.description == \"Phone\").id")
	jmap x:AppPassword/set "{\"accountId\":\"$id\",\"destroy\":[\"$phone\"]}" >/dev/null
	for who in filt fwd mine; do
		id_of $who@one.test
		jmap SieveScript/set "{\"accountId\":\"$id\",\"onSuccessDeactivateScript\":true}" >/dev/null
	done
	one=$(ask Identity/get id@one.test | jq -r ".[0].id")
	id_of id@one.test
	jmap Identity/set "{\"accountId\":\"$id\",\"destroy\":[\"$one\"]}" >/dev/null
	for machine in 2 1 2; do
		: >requests
		run 0 on_machine $machine >out 2>err
		not grep -q "Script/set\|Password/set\|Identity/set" requests
		[ "$(scripts filt@one.test) $(scripts fwd@one.test)" = "main forward" ]
		[ "$(scripts mine@one.test)" = "main mine" ]
		[ "$(noted "has switched the scripts off\|has activated another script, or none")" = 3 ]
		[ "$(ask x:AppPassword/get pass@one.test | jq -r "map(.description) | join(\",\")")" = Tab ]
	done
	[ ! -s new2 ]'
rm -f new[12]

# --- when the accounts were made ---
serve --max-objects-in-get 2
directory 1 "" "" | plan_of
ok 'a server that shows two objects at a time: nobody is taken for somebody else' '
	run 0 put >out 2>err
	grep -v "^[^	]*	[^ ]* 20" settings.done | same /dev/null -
	directory 2 "" "" | plan_again
	run 0 put -u --keep-passwords >out 2>err
	[ "$(results | grep -c "^updated")" = 6 ]'
# Which request asks when they were made.
at=$(jq -r 'select(.method == "POST").body | test("createdAt")' requests |
    grep -n true | head -n 1 | cut -d: -f1)
serve --fault "$at:method-error:forbidden"
directory 1 "" "" | plan_of
ok 'where that cannot be read, it is said of each, and nothing is put in' '
	run 1 put >out 2>err
	[ "$(grep -c "one.test: when the account was made cannot be read: .*forbidden" err)" = 6 ]
	not grep -q "Script/set\|Response/set\|Identity/set" requests
	[ ! -s settings.done ]
	run 0 put >out 2>err
	[ "$(results | grep -c "^created")" -ge 6 ]'

# --- two first runs at a time, each with a file of its own ---
people() {
	account a@one.test '"app_passwords":[{"name":"Phone"},{"name":"Phone"},{"name":"Tab"}]'
	account b@one.test '"app_passwords":[{"name":"Phone"}],"identities":[{"address":"b@one.test","name":"B"},{"address":"b@one.test","name":"Two","text":"t"},{"address":"b@one.test","name":"Three"}]'
}
both() {
	ask x:AppPassword/get a@one.test | jq -r "map(.description) | sort | join(\",\")"
	ask x:AppPassword/get b@one.test | jq -r "map(.description) | join(\",\")"
	ask Identity/get b@one.test | jq -r "map(.name) | sort | join(\",\")"
}
twice() {
	stalwart-apply --password-file admin.secret --settings "settings$1" --app-passwords "new$1" plan
}
# raced: a new server with no settings, which is slow when the first run asks what
# they have.
raced() {
	serve
	"$@" | plan_of
	run 0 put >out 2>err
	at=$(jq -r 'select(.method == "POST").body | test("createdAt")' requests |
	    grep -n true | head -n 1 | cut -d: -f1)
	rm -f settings[12].done
	cp settings settings1
	cp settings settings2
	serve --fault "$at:slow:3000"
}
# first_held: starts the first run, which stands still after it has asked; and first_on
# STATUS: it goes on, to its end.
first_held() {
	twice 1 >first 2>first.err &
	pid=$!
	n=0
	while ! grep -q createdAt requests; do
		n=$((n + 1))
		[ "$n" -lt 1200 ]
		sleep 0.05
	done
	kill -STOP "$pid"
}
first_on() {
	kill -CONT "$pid"
	run "$1" wait "$pid"
}
raced people
ok 'what another run has made meanwhile is there once, and ours goes' '
	first_held
	run 0 twice 2 >out 2>err
	both >theirs
	first_on 0
	both | same theirs -
	printf "%s\n" Phone,Phone,Tab Phone B,Three,Two | same theirs -
	[ "$(wc -l <new2)" = 4 ]
	[ ! -s new1 ]
	[ "$(grep -c "another run has made it at the same time: what this one had made is taken away" first.err)" = 6 ]
	jq -rc "select(.object | IN(\"AppPassword\", \"Identity\")).status" first | sort | uniq -c | tr -s " " >got
	run 0 twice 1 >out 2>err
	[ "$(results | grep -vc "^exists")" = 0 ]
	hasnt err "remove it"
	both | same theirs -'

scripted() {
	account f@one.test "$(fwd x@other.test)"
	account g@one.test "$(filter Work),$(away gone)"
}
raced scripted
ok 'a script that another run has made meanwhile: run it again' '
	first_held
	run 0 twice 2 >out 2>err
	for who in f g; do ask SieveScript/get $who@one.test; done >theirs
	first_on 75
	has first.err "f@one.test: another run has made it at the same time: run it again"
	for who in f g; do ask SieveScript/get $who@one.test; done | same theirs -
	run 0 twice 1 >out 2>err
	[ "$(results | grep -vc "^exists")" = 0 ]
	for who in f g; do ask SieveScript/get $who@one.test; done | same theirs -'

# --- a message that is switched off and on ---
toggled() {
	account own@one.test "$(away "gone" "\"active\":$1")"
	account both@one.test "$(fwd y@other.test),$(away "gone" "\"active\":$1")"
	account back@one.test "$(fwd y@other.test),$(away "gone" "\"active\":$1")"
}
serve
toggled true | plan_of
ok 'a message is switched off and on with the directory' '
	run 0 put >out 2>err
	by_owner back@one.test Regeln "keep;"
	run 0 put >out 2>err
	activate back@one.test Regeln
	for on in false true false true; do
		toggled $on | plan_again
		run 0 put >out 2>err
		[ "$(differing)" = "exists own@one.test VacationResponse - isEnabled" ]
		run 0 put -u --keep-passwords >out 2>err
		ask VacationResponse/get own@one.test | jq -e ".[0].isEnabled == $on"
		active=$(scripts both@one.test | tr " " "\n" | sed -n "s/^\[\(.*\)\]/\1/p")
		if [ $on = false ]; then
			[ "$active" = forward ]
		else
			the_text both@one.test "$active" | grep -q mailferry-vacation
		fi
		# Who went back to the filters alone stays there.
		scripts back@one.test | grep -q "\[Regeln\]"
		: >requests
		run 0 put -u --keep-passwords >out 2>err
		not grep -q "Script/set\|Response/set" requests
	done
	# The wrapper of before is used again.
	scripts both@one.test | not grep mailferry-2'

# --- what the directory does not have any more ---
gone() {
	jq -r 'select((.note // "") | test("does not have it any more")) |
	    [.status, .address, .name, (.note | sub(".*: it "; ""))] | join(" ")' out | sort
}
serve
{
	account fwd@one.test "$(fwd x@other.test),$(filter Work)"
	account both@one.test "$(fwd y@other.test),$(away gone)"
	account none@one.test "$(fwd z@other.test)"
	account calm@one.test "$(fwd z@other.test)"
	account runs@one.test "$(filter Work),$(fwd z@other.test)"
	account more@one.test "$(fwd z@other.test),\"identities\":[{\"address\":\"more@one.test\",\"name\":\"M\"}],\"scripts\":[{\"name\":\"idle\",\"text\":\"keep;\"}]"
	account never@one.test
} | plan_of
ok 'what is gone from the directory stays, and is named' '
	run 0 put >out 2>err
	hasnt err "any more"
	{
		account fwd@one.test "$(filter Work)"
		account both@one.test "$(fwd y@other.test)"
		account none@one.test
		account calm@one.test "$(fwd z@other.test)"
		account runs@one.test "$(fwd z@other.test)"
		account more@one.test "\"scripts\":[{\"name\":\"idle\",\"text\":\"keep;\"}]"
		account never@one.test
	} | plan_again
	run 0 put -q >out 2>err
	gone >got
	printf "%s\n" "exists both@one.test mailferry-vacation stays, and does not run" \
	    "exists fwd@one.test forward runs until somebody switches it off" \
	    "exists more@one.test M <more@one.test> stays (-u takes its signatures and other addresses away)" \
	    "exists more@one.test forward runs until somebody switches it off" \
	    "exists runs@one.test main runs until somebody switches it off" | same - got
	[ "$(scripts fwd@one.test)" = "[mailferry] forward main" ]
	[ "$(scripts both@one.test)" = "[forward] mailferry mailferry-vacation" ]
	[ "$(scripts more@one.test)" = "[forward] idle" ]
	[ "$(scripts runs@one.test)" = "[mailferry] forward main" ]
	has err "settings: none@one.test: the directory has no settings any more"
	[ "$(the_text none@one.test forward | grep -c z@other.test)" = 1 ]'
ok 'with -u a forward that is gone ends, where it is as it was put in' '
	run 0 put -u --keep-passwords >out 2>err
	gone >got
	printf "%s\n" "exists both@one.test mailferry-vacation stays, and does not run" \
	    "exists runs@one.test main runs until somebody switches it off" \
	    "updated fwd@one.test forward does nothing now" \
	    "updated more@one.test M <more@one.test> loses what it had from there, but its name" \
	    "updated more@one.test forward does nothing now" \
	    "updated none@one.test forward does nothing now" | same - got
	has err "settings: none@one.test: the directory has no settings any more"
	for user in fwd more none; do
		[ "$(the_text $user@one.test forward | grep -c redirect)" = 0 ]
	done
	[ "$(the_text calm@one.test forward | grep -c z@other.test)" = 1 ]
	[ "$(scripts none@one.test)" = "[forward]" ]
	[ "$(scripts fwd@one.test)" = "[main] forward mailferry" ]
	run 0 put -u --keep-passwords >out 2>err
	gone >got
	hasnt got forward
	edit calm@one.test forward "redirect \"mine@other.test\";"
	{
		account none@one.test "$(fwd z2@other.test)"
		account calm@one.test
	} | plan_again
	run 0 put -u --keep-passwords >out 2>err
	[ "$(the_text none@one.test forward | grep -c z2@other.test)" = 1 ]
	[ "$(the_text calm@one.test forward | grep -c mine@other.test)" = 1 ]
	jq -r "select(.address == \"calm@one.test\" and .name == \"forward\") | .note" out | grep "it runs until somebody switches it off"'

# --- what an input that is not whole shows ---
serve
: >settings.done
bad='"secret":"{SMD5}ZdV0SuLCRbwJXNYYFB9oXCu/e1w="'
all() { # MEMBERS OF bob
	domain one.test
	account away@one.test "$(away "gone")"
	record alias away@one.test '"targets":["away@one.test","x@other.test"]'
	account fwd@one.test '"forward":["bob@one.test"],"keep":false'
	account two@one.test '"forward":["bob@one.test","x@other.test"]'
	account me@one.test "$(fwd x@other.test)"
	echo '{"v":1,"type":"account","address":"bob@one.test",'"$1"'}'
	end_of 7
}
all '"secret":"{SHA}sRZzi/p3eu0PuyOjgiQoia41wkw="' >dump
mkaccounts -q --settings settings -o plan dump
run 0 put >out 2>err
cp out out.all
cp settings settings.all
# forwards_run [STATUS]: after -u, which forwards nowhere, all are as they were.
forwards_run() {
	run "$1" put -u --keep-passwords >out.now 2>err
	cp out.all out
	for user in away fwd two me; do
		the_text "$user@one.test" forward | grep -q "^redirect" || the_text "$user@one.test" forward | grep -q "redirect :copy"
	done
	the_text two@one.test forward | grep -q two-forward@one.test
	ask SieveScript/get away@one.test | jq -e "any(.isActive and .name == \"mailferry\")"
	! grep -q "\"updated\".*SieveScript" out.now
}
ok 'whom it leads to is refused or left out: the forward stays, and it is said' '
	all "$bad" >bad
	for how in fail skip; do
		mkaccounts -q --no-secret=$how --settings settings -o plan bad 2>err || [ $how = fail ]
		forwards_run 0
		has err "fwd@one.test: the directory has more of a forward than could be carried: what is here stays"
	done'
ok 'a part that grep has made, and a record that was refused' '
	grep -v "\"alias\"" dump >part
	run 0 mkaccounts -q --partial --settings settings -o plan part
	forwards_run 0
	has err "away@one.test: the input was not all of the directory: what is here stays"
	sed "s/\"alias\",/&\"active\":\"yes\",/" dump >bad
	run 1 mkaccounts -q --settings settings -o plan bad 2>err
	forwards_run 0'
ok 'a file that is empty, cut, or of a part, beside the whole plan' '
	run 0 mkaccounts -q --settings settings -o plan dump
	: >settings
	forwards_run 1
	has err "settings: no end record: the file was cut off"
	has err "away@one.test: settings does not have it, nor others of the plan"
	head -n 1 settings.all >settings
	forwards_run 1
	head -c 150 settings.all >settings
	forwards_run 1
	grep -v me@one.test settings.all >settings
	forwards_run 1
	has err "me@one.test: settings does not have it, and is not the file of all of the directory"
	recfilter -q -a me@one.test dump | mkaccounts -q --settings settings -o part
	forwards_run 1
	cp part plan
	forwards_run 0'
ok 'what the directory has given up ends with the whole file' '
	sed "s/\"forward\":[^]]*],\"keep\":[a-z]*/\"home\":\"\/h\"/; s/,\"forward\":[^]]*]//; /\"alias\"/d" dump |
	    sed "s/\"count\":7/\"count\":6/" >less
	run 0 mkaccounts -q --settings settings -o plan less
	run 0 put -u --keep-passwords >out.now 2>err
	cp out.all out
	for user in away fwd two me; do
		[ "$(the_text $user@one.test forward | grep -c redirect)" = 0 ]
	done'

# --- messages and identities that the directory takes back, or names anew ---
own() { # MEMBERS...
	id_of "$who"
	jmap "$1/set" "{\"accountId\":\"$id\",\"update\":{\"$(ask "$1/get" "$who" | jq -r "$2")\":$3}}" >/dev/null
}
me() {
	account "$who" "$1" | plan_again
	: >requests
}
signed() {
	ask Identity/get "$who" | jq -rc "map([.name, .textSignature // \"\", (.replyTo // [] | length)] | join(\":\")) | sort | join(\" \")"
}
named() {
	printf '"identities":[{"name":"%s","address":"%s","text":"%s","reply_to":"r@one.test"}]' "$1" "$who" "$2"
}
# start_me WHO MEMBERS: an owner of the address WHO, with what was put in.
serve
: >settings.done
start_me() {
	who=$1@one.test
	me "$2"
	run 0 put >out 2>err
}
ok 'a vacation message that the directory takes back' '
	start_me v "$(away gone)"
	me "$(named Me t)"
	run 0 put >out 2>err
	results | grep "^exists $who VacationResponse the directory does not have it any more: it stays (-u switches it off)"
	not grep -q "Response/set" requests
	run 0 put -u -n >out 2>err
	results | grep "^planned $who VacationResponse the directory does not"
	run 0 put -u >out 2>err
	results | grep "^updated $who VacationResponse the directory does not have it any more: it is switched off"
	ask VacationResponse/get $who | jq -e ".[0] | .isEnabled == false and .textBody == null"
	: >requests
	run 0 put -u >out 2>err
	results | not grep Vacation
	not grep -q "Response/set" requests
	me "$(away again)"
	run 0 put -u >out 2>err
	ask VacationResponse/get $who | jq -e ".[0] | .isEnabled and .textBody == \"again\""
	own VacationResponse ".[0].id" "{\"subject\":\"Mine\"}"
	me "$(named Me t)"
	run 0 put -u >out 2>err
	results | grep "^exists $who VacationResponse .*any more, and the owner has changed it: it stays$"
	ask VacationResponse/get $who | jq -e ".[0] | .isEnabled and .subject == \"Mine\""'
ok 'one that runs alone in a script, too, switched off or gone' '
	for n in 1 2; do
		off() {
			if [ $n = 1 ]; then away on "\"active\":false"; else named Me t; fi
		}
		start_me a$n "$(fwd x@other.test),$(away on)"
		me "$(off)"
		run 0 put -u >out 2>err
		[ "$(the_text $who forward | grep -c redirect)" = 0 ]
		[ "$(the_text $who mailferry-vacation | grep -c "^vacation\|addresses")" = 0 ]
		start_me b$n "$(fwd x@other.test),$(away on)"
		me "$(away on)"
		run 0 put -u >out 2>err
		me "$(off)"
		run 0 put >out 2>err
		results | grep "exists $who SieveScript mailferry-vacation .*: it runs until somebody switches it off"
		not grep -q "Script/set" requests
		edit $who mailferry-vacation "keep;"
		run 0 put -u >out 2>err
		results | grep "exists $who SieveScript mailferry-vacation .*: it runs until somebody switches it off"
		[ "$(the_text $who mailferry-vacation)" = "keep;" ]
	done'
ok 'an identity that the directory calls otherwise is no second one' '
	who=i@one.test
	start_me i "$(named Me a)"
	for n in 1 2; do
		me "$(named "Me $n" a)"
		run 0 put >out 2>err
		[ "$(differing)" = "exists $who Identity Me $n <$who> name" ]
		not grep -q "Identity/set" requests
		run 0 put -u >out 2>err
		[ "$(signed)" = "Me $n:a:1" ]
		: >requests
		run 0 put -u >out 2>err
		not grep -q "Identity/set" requests
		[ -z "$(differing)" ]
	done
	me "$(named "Me 1" b)"
	run 0 put -u >out 2>err
	[ "$(signed)" = "Me 1:b:1" ]
	# And the owner has changed it, or its name.
	for how in "{\"textSignature\":\"mine\"}" "{\"name\":\"Mine\"}"; do
		who=i$n@one.test
		start_me i$n "$(named Me a)"
		n=$((n + 1))
		own Identity ".[0].id" "$how"
		signed >before
		me "$(named You a)"
		run 0 put -u >out 2>err
		results | grep "exists $who Identity You <$who> the directory has it otherwise since, and the owner has changed it"
		signed | same before -
	done'
ok 'a signature that the directory takes back, or all of an identity' '
	for n in 1 2 3; do
		who=s$n@one.test
		case $n in
		1) less="\"identities\":[{\"name\":\"Me\",\"address\":\"$who\"}]" ;;
		2) less="\"locale\":\"de\"" ;;
		3) less=$(away x) ;;
		esac
		start_me s$n "$(named Me a)"
		me "$less"
		run 0 put -u >out 2>err
		results | grep "^updated $who Identity"
		[ "$(signed)" = "Me::0" ]
		: >requests
		run 0 put -u >out 2>err
		not grep -q "Identity/set" requests
		results | not grep "any more"
		me "$(named Me b)"
		run 0 put -u >out 2>err
		[ "$(signed)" = "Me:b:1" ]
		own Identity ".[0].id" "{\"htmlSignature\":\"mine\"}"
		me "$less"
		run 0 put -u >out 2>err
		results | grep "^exists $who Identity .* the owner has changed it" || tail -1 err | grep "has no settings any more"
		[ "$(signed)" = "Me:b:1" ]
	done'
ok 'an app password that the directory does not have any more is named' '
	who=p@one.test
	me "\"app_passwords\":[{\"name\":\"Phone\"},{\"name\":\"Tab\"}]"
	run 0 put --app-passwords new >out 2>err
	me "\"app_passwords\":[{\"name\":\"Tab\"}]"
	run 0 put --app-passwords new >out 2>err
	results | grep "^exists $who AppPassword Phone the directory does not have it any more: it works until somebody removes it"
	results | not grep "Tab the"'

# running ADDRESS: the active script, or what the wrapper that is active includes.
running() {
	active=$(scripts "$1" | tr ' ' '\n' | sed -n 's/^\[\(.*\)\]/\1/p')
	case $active in
	mailferry | mailferry-[0-9]*) the_text "$1" "$active" | sed -n 's/^include.*"\(.*\)";/\1/p' | paste -sd+ ;;
	*) echo "$active" ;;
	esac
}
serve
{
	for who in f-v f-s f-sv; do
		account $who@one.test "$(fwd x@other.test)"
	done
	for who in fv-v fv-s; do
		account $who@one.test "$(fwd x@other.test),$(away on)"
	done
	for who in sf-s sf-sv; do
		account $who@one.test "$(fwd x@other.test),$(filter Work)"
	done
	account v-f@one.test "$(away on)"
	account v-s@one.test "$(away on)"
	account own@one.test
} | plan_of
ok 'a forward goes on whatever else the directory brings; what ends is named' '
	run 0 put >out 2>err
	by_owner own@one.test forward "redirect \"mine@other.test\";"
	{
		for who in f-v fv-v own; do
			account $who@one.test "$(away on)"
		done
		for who in f-s fv-s sf-s v-s; do
			account $who@one.test "$(filter Work)"
		done
		for who in f-sv sf-sv; do
			account $who@one.test "$(filter Work),$(away on)"
		done
		account v-f@one.test "$(fwd x@other.test)"
	} | plan_again
	run 0 put -n >out 2>err
	[ "$(noted "^the directory .*: the script .* becomes active, which switches it off")" = 2 ]
	for again in 1 2 3; do
		run 0 put >out 2>err
		cat err >>all.err
		[ "$(noted "any more: it runs until")" = 7 ]
		for who in f-v fv-v own; do
			[ "$(running $who@one.test)" = mailferry-vacation+forward ]
		done
		for who in f-s fv-s sf-s; do
			[ "$(running $who@one.test)" = forward+main ]
		done
		for who in f-sv sf-sv; do
			[ "$(running $who@one.test)" = mailferry-vacation+forward+main ]
		done
		[ "$(running v-f@one.test)" = forward ]
		[ "$(running v-s@one.test)" = main ]
	done
	[ "$(grep -c "any more: the script .* becomes active, which switches it off" all.err)" = 2 ]
	has all.err "v-f@one.test: the directory"
	[ "$(results | grep -vc "^exists")" = 0 ]
	for again in 1 2; do
		run 0 put -u --keep-passwords >out 2>err
		[ "$(running own@one.test)" = mailferry-vacation+forward ]
		[ "$(running f-v@one.test)" = mailferry-vacation ]
		[ "$(running fv-s@one.test)" = main ]
		[ "$(running sf-sv@one.test)" = mailferry-vacation+main ]
	done
	[ "$(results | grep -vc "^exists")" = 0 ]'

# --- answers that are lost ---
changed() {
	rm -f settings.done
	directory 1 "" "" | plan_of
	put >out 2>err
	directory 2 "" "" | plan_again
	put -u --keep-passwords >out 2>err
}
serve
changed
# Which request changes them.
at=$(jq -r 'select(.method == "POST").body | test("VacationResponse/set")' requests |
    grep -n true | tail -n 1 | cut -d: -f1)
for fault in reset-after cut 503 mid-set; do
	serve --fault "$at:$fault"
	ok "a change whose answer is lost ($fault) is there once, and said to be" '
		run 0 changed
		[ "$(the_text fwd@one.test forward | grep -c "x2@other.test")" = 1 ]
		ask VacationResponse/get vac@one.test | jq -e ".[0].textBody == \"back on day 2\""
		run 0 put >out 2>err
		[ -z "$(differing)" ]
		directory 3 "" "" | plan_again
		run 0 put -u --keep-passwords >out 2>err
		[ "$(results | grep -c "^updated")" = 6 ]'
done
done_testing
