#!/bin/sh
# stalwart-apply: a list to which an account's forward leads stays as long as that.
. "${0%/*}/lib.sh"
need curl
need jq
. "$top/t/apply.sh"

# directory FORWARDS: al forwards to these, and keeps a copy.
directory() {
	{
		echo '{"v":1,"type":"domain","domain":"one.test"}'
		[ "$1" = gone ] ||
			echo "{\"v\":1,\"type\":\"account\",\"address\":\"al@one.test\",\"secret\":\"$hash\"$1}"
		echo "{\"v\":1,\"type\":\"account\",\"address\":\"bo@one.test\",\"secret\":\"$hash\"}"
		echo '{"v":1,"type":"alias","address":"team@one.test","targets":["bo@one.test","e@ext.test"]}'
	} >records
	echo "{\"v\":1,\"type\":\"end\",\"count\":$(wc -l <records)}" >>records
	cat records
}
lists() {
	jmap x:MailingList/get '{"ids":null}' | jq -r '.methodResponses[0][1].list[].name' | sort | tr '\n' ' '
}
two=',"forward":["x@ext.test","y@ext.test"],"keep":true'
one=',"forward":["x@ext.test"],"keep":true'
# moved: a new server with al and the forward to two.
moved() {
	rm -f settings.ndjson.done
	serve --schema "$fixtures/real/stalwart-schema.json.gz"
	directory "$two" | mkaccounts -q --settings settings.ndjson |
	    apply -q --settings settings.ndjson >out
	al=$(jmap x:Account/query '{"filter":{"name":"al"}}' | jq -r '.methodResponses[0][1].ids[0]')
}
next() {
	directory "$1" | mkaccounts -q --reconcile --settings settings.ndjson >plan
	run 0 apply --destroy -u --keep-passwords --settings settings.ndjson plan >out 2>err
}
for members in "" "$one"; do
	moved
	ok "the forward is none, or to one, and the script is as it was: ${members:-none}" '
		[ "$(lists)" = "al-forward team " ]
		for again in 1 2; do
			next "$members"
			[ "$(lists)" = "al-forward team " ]
			has err "al-forward@one.test: it stays: the account'\''s script"
			not grep -q "\"address\":\"al-forward@one.test\".*destroyed" out
		done'
	ok 'the script is gone, and with it the list' '
		script=$(jmap SieveScript/get "{\"accountId\":\"$al\",\"ids\":null}" |
		    jq -r ".methodResponses[0][1].list[] | select(.name == \"forward\") | .id")
		jmap SieveScript/set "{\"accountId\":\"$al\",\"onSuccessDeactivateScript\":true}" >/dev/null
		jmap SieveScript/set "{\"accountId\":\"$al\",\"destroy\":[\"$script\"]}" >answer
		has answer destroyed
		next "$members"
		[ "$(lists)" = "team " ]'
done
members() {
	jmap x:MailingList/get '{"ids":null}' | jq -r --arg l "$1" '.methodResponses[0][1].list[] | select(.name == $l) | .recipients | keys | join(" ")'
}
moved
ok '-u brings lists up to date, without a target that the server refuses' '
	for again in 1 2; do
		next ",\"forward\":[\"x@ext.test\",\"no..dots@one.test\",\"z@ext.test\"],\"keep\":true"
		[ "$(members al-forward)" = "x@ext.test z@ext.test" ]
		[ "$(members team)" = "bo@one.test e@ext.test" ]
	done
	not grep updated out
	directory "$two" | sed "s/\"e@ext.test\"/&,\"f@ext.test\"/" |
	    mkaccounts -q --settings settings.ndjson >plan
	run 0 apply -q --settings settings.ndjson plan >out 2>err
	[ "$(members al-forward) $(members team)" = "x@ext.test z@ext.test bo@one.test e@ext.test" ]
	run 0 apply -q -u --keep-passwords --settings settings.ndjson plan >out 2>err
	[ "$(members al-forward) $(members team)" = "x@ext.test y@ext.test bo@one.test e@ext.test f@ext.test" ]'
moved
ok 'who leaves takes the list along, and -n says so' '
	directory gone | mkaccounts -q --reconcile --settings settings.ndjson >plan
	run 0 apply -n --destroy -u --keep-passwords --settings settings.ndjson plan >dry 2>err
	hasnt err "it stays"
	next gone
	jq -r "select(.would == \"destroyed\").address" dry | sort >want
	jq -r "select(.status == \"destroyed\").address" out | sort | same want -
	has want al-forward@one.test
	[ "$(lists)" = "team " ]
	grep -n "\"destroyed\"" out | head -n 1 | grep -q "al@one.test"'
moved
ok 'unless the account stays' '
	directory gone | mkaccounts -q --reconcile >plan
	run 1 apply plan >out 2>err
	has err "al@one.test: the plan destroys it: that needs --destroy"
	[ "$(lists)" = "al-forward team " ]'
ok 'nobody else gets the address of the list meanwhile' '
	directory "$one" | sed "/al@one/s/.*/&\\
{\"v\":1,\"type\":\"account\",\"address\":\"al-forward@one.test\"}/; /\"end\"/s/4/5/" >more
	mkaccounts -q --reconcile --no-secret=empty --settings new.settings more >plan
	run 1 apply -q --destroy plan >out 2>err
	has err "al-forward@one.test: a name or address of it is taken"
	has err "may redirect to that"
	[ "$(lists)" = "al-forward team " ]'
ok 'a list with such a name of nobody goes as others do' '
	directory "" | sed "s/team@one/no-forward@one/" | mkaccounts -q --reconcile --settings settings.ndjson |
	    apply -q --destroy >out
	[ "$(lists)" = "al-forward no-forward " ]
	directory "" | mkaccounts -q --reconcile --settings settings.ndjson >plan
	run 0 apply -q --destroy plan >out
	[ "$(lists)" = "al-forward team " ]'

done_testing
