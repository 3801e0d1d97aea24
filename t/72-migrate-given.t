#!/bin/sh
# migrate-account: what the account on the new server has is what the directory says
# when it moves, not what it said when the account was prepared.
. "${0%/*}/lib.sh"
. "$top/t/procedure.sh"

for user in ann ben cat fay; do
	mail $user@one.test '' 1 2
done
old_server ann ben cat fay
own
new_server
configure
settings "OLD_DUMP='cat $tmp/records'"
ferry_ready
# account NAME [MEMBERS]: a record.
account() {
	printf '{"v":1,"type":"account","address":"%s@one.test","secret":"{PLAIN}%s-Zx-long"%s}\n' \
	    "$1" "$1" "${2:+,$2}"
}
# directory [MEMBERS OF END]: its lines are standard input.
directory() {
	{
		echo '{"v":1,"type":"domain","domain":"one.test"}'
		cat
	} >records.new
	echo "{\"v\":1,\"type\":\"end\",\"count\":$(($(wc -l <records.new))),\"source\":\"hand\"${1:+,$1}}" >>records.new
	cat records.new >records
	[ ! -e state/records.ndjson ] || touch -d '1 hour ago' state/records.ndjson
}
# aliases NAME: those of the account on the new server.
aliases() {
	jmap x:Account/get "{\"ids\":[\"$(new_id "$1@one.test")\"]}" |
	    jq -r '.methodResponses[0][1].list[0].aliases[].name' | sort | tr '\n' ' '
}

ok 'an alias that is given to another goes to that one' '
	{
		account ann "\"aliases\":[\"sales@one.test\",\"old@one.test\",\"ann-2@one.test\"]"
		account fay
		echo "{\"v\":1,\"type\":\"alias\",\"address\":\"info@one.test\",\"targets\":[\"ann@one.test\"]}"
	} | directory
	run 0 migrate --until check ann@one.test
	[ "$(aliases ann)" = "ann-2 info old sales " ]
	{
		account ann "\"aliases\":[\"ann-2@one.test\"]"
		account fay "\"aliases\":[\"sales@one.test\"]"
		echo "{\"v\":1,\"type\":\"alias\",\"address\":\"info@one.test\",\"targets\":[\"fay@one.test\"]}"
	} | directory
	run 0 migrate ann@one.test
	[ "$(aliases ann)" = "ann-2 " ]
	mailroute list --url "$new_url" --user admin --password-file admin.pw >moved
	hasnt moved sales
	hasnt moved info
	run 0 migrate fay@one.test
	[ "$(aliases fay)" = "info sales " ]'
ok 'not where a part of the directory could not be read' '
	account ben "\"aliases\":[\"ben-2@one.test\"]" | directory
	run 0 migrate --until check ben@one.test
	account ben "\"name\":\"Ben\"" | directory "\"failed\":1"
	run 0 migrate --until check ben@one.test
	[ "$(aliases ben)" = "ben-2 " ]'
ok 'one that was given on the new server after the move stays there' '
	{ account ben; account fay; } | directory
	run 0 migrate ben@one.test
	[ "$(aliases ben)" = "" ]
	domain=$(jmap x:Domain/query "{\"filter\":{\"name\":\"one.test\"}}" | jq -r ".methodResponses[0][1].ids[0]")
	jmap x:Account/set "{\"update\":{\"$(new_id ben@one.test)\":{\"aliases\":{\"0\":{\"name\":\"there\",\"domainId\":\"$domain\"}}}}}" >changed
	for others in account :; do
		{ account ben "\"aliases\":[\"here@one.test\"]"; $others fay; } | directory
		run 0 migrate --from record --until create ben@one.test
		[ "$(aliases ben)" = "here there " ]
	done'
done_testing
