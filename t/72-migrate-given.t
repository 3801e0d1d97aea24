#!/bin/sh
# migrate-account: what the account on the new server has is what the directory says
# when it moves, not what it said when the account was prepared.
. "${0%/*}/lib.sh"
. "$top/t/procedure.sh"

for user in ann ben cat dan eve fay gil hal ian joe kim leo; do
	mail $user@one.test '' 1 2
done
old_server ann ben cat dan eve fay gil hal ian joe kim leo
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
	run 0 migrate --from record --until create ben@one.test
	grep Ben state/ben@one.test/plan.ndjson
	[ "$(aliases ben)" = "ben-2 " ]
	account ben "\"name\":\"Benjamin\"" | directory
	sed -i "/\"end\"/s/\"count\":2/\"count\":3/" records
	run 0 migrate --from record --until create ben@one.test
	grep Benjamin state/ben@one.test/plan.ndjson
	[ "$(aliases ben)" = "ben-2 " ]
	has state/ben@one.test/log "the dump has 2 of its 3 records"'
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
# forward NAME: what the active script of the account redirects to.
forward() {
	for blob in $(jmap SieveScript/get "{\"accountId\":\"$(new_id "$1@one.test")\",\"ids\":null}" |
	    jq -r '.methodResponses[0][1].list[] | select(.isActive).blobId'); do
		curl -s -K jmap.conf "$new_url/jmap/download/$(new_id "$1@one.test")/$blob/x"
	done | sed -n 's/^redirect.*"\(.*\)";.*/\1/p'
}
# away NAME: whether its vacation message is on.
away() {
	jmap VacationResponse/get "{\"accountId\":\"$(new_id "$1@one.test")\",\"ids\":null}" |
	    jq '.methodResponses[0][1].list[0].isEnabled'
}
# targets NAME: of its list.
targets() {
	jmap x:MailingList/get "{\"ids\":null}" |
	    jq -r --arg n "$1" '.methodResponses[0][1].list[] | select(.name == $n).recipients | keys[]' | tr '\n' ' '
}
ok 'a forward is what it is when the owner moves: another one, or none' '
	{
		account cat "\"forward\":[\"x@far.test\"]"
		account dan "\"forward\":[\"x@far.test\"],\"keep\":true"
		account eve "\"forward\":[\"x@far.test\",\"y@far.test\"]"
		account gil "\"vacation\":{\"subject\":\"Away\",\"text\":\"Away\"}"
		account fay
	} | directory
	run 0 migrate --until check cat@one.test dan@one.test eve@one.test gil@one.test
	[ "$(forward cat) $(forward dan)" = "x@far.test x@far.test" ]
	[ "$(targets eve-forward)" = "x@far.test y@far.test " ]
	[ "$(away gil)" = true ]
	{
		account cat "\"forward\":[\"y@far.test\"]"
		account dan
		account eve "\"forward\":[\"x@far.test\",\"z@far.test\"]"
		account gil
		account fay
	} | directory
	run 0 migrate cat@one.test dan@one.test eve@one.test gil@one.test 2>err
	[ ! -s err ]
	[ "$(away gil)" = false ]
	[ "$(forward cat)" = y@far.test ]
	[ "$(forward dan)" = "" ]
	[ "$(forward eve)" = eve-forward@one.test ]
	[ "$(targets eve-forward)" = "x@far.test z@far.test " ]'
ok 'after a rollback, too; and where it is not ours any more, that is said' '
	run 0 rollback dan@one.test cat@one.test
	id=$(new_id cat@one.test)
	script=$(jmap SieveScript/get "{\"accountId\":\"$id\",\"ids\":null}" | jq -r ".methodResponses[0][1].list[] | select(.name == \"forward\").id")
	jmap Blob/upload "{\"accountId\":\"$id\",\"create\":{\"b\":{\"data\":[{\"data:asText\":\"redirect \\\"mine@far.test\\\";\\r\\n\"}]}}}" >blob
	jmap SieveScript/set "{\"accountId\":\"$id\",\"update\":{\"$script\":{\"blobId\":$(jq .methodResponses[0][1].created.b.id blob)}}}" >changed
	has changed "\"$script\""
	{
		account cat
		account dan "\"forward\":[\"z@far.test\"]"
		account fay
	} | directory
	run 0 migrate cat@one.test dan@one.test 2>err
	[ "$(forward dan)" = z@far.test ]
	[ "$(forward cat)" = mine@far.test ]
	has err "cat@one.test: on the new server: filter \"forward\": the directory does not have it any more: it runs until somebody switches it off"
	hasnt err dan@one.test'
ok 'in an account that somebody else has made nothing is changed: that is said' '
	{ account hal "\"forward\":[\"x@far.test\"]"; account fay; } | directory
	jq -c "if .type == \"end\" then .count = 2 else . end | select(.address != \"fay@one.test\") | del(.forward)" records |
	    mkaccounts -q --partial -o plan
	run 0 stalwart-apply -q --url "$new_url" --user admin --password-file admin.pw plan >made
	run 0 migrate --until check hal@one.test
	[ "$(forward hal)" = x@far.test ]
	{ account hal; account fay; } | directory
	run 0 migrate hal@one.test 2>err
	has err "hal@one.test: on the new server: filter \"forward\": the directory does not have it any more: it runs until somebody switches it off"
	[ "$(forward hal)" = x@far.test ]'
# lets_in NAME PASSWORD: whether the new server does.
lets_in() {
	printf 'user = "%s@one.test:%s"\n' "$1" "$2" >login
	[ "$(curl -s -o /dev/null -w '%{http_code}' -K login "$new_url/jmap/session")" = 200 ]
}
# uncarried NAME [MEMBERS]: with a password that the new server cannot verify.
uncarried() {
	account "$@" | sed 's/"{PLAIN}[^"]*"/"{SMD5}8MHkYXDQYNyZTCfjQfOKdB8ZMzQ="/'
}
# The directory changes while the mail is turned.
mkdir busy
cat >busy/mailroute <<-END
#!/bin/sh
PATH=\${PATH#$tmp/busy:}
[ ! -e $tmp/records.then ] || mv $tmp/records.then $tmp/records
exec mailroute "\$@"
END
chmod 755 busy/mailroute
busily() {
	(PATH=$tmp/busy:$PATH migrate "$@")
}
ok 'a password that cannot be carried any more: the old one does not let in' '
	for policy in skip empty; do
		settings NO_SECRET=$policy
		set -- ian joe
		[ $policy = skip ] || set -- kim leo
		{ account $1; account $2; account fay; } | directory
		run 0 migrate --until check $1@one.test $2@one.test
		{ uncarried $1; account $2; account fay; } | directory
		cp records records.then
		{ account $1; account $2; account fay; } | directory
		run 1 busily $1@one.test 2>err
		has err "$1@one.test: login: the directory'\''s password cannot be carried any more (NO_SECRET=$policy), and an earlier one is in force"
		has err "mail and login are on the old server again"
		{ uncarried $1; uncarried $2 "\"active\":false"; account fay; } | directory
		for again in 1 2; do
			run 1 migrate $1@one.test $2@one.test 2>err
			has err "$1@one.test: create: the directory"
			has err "$2@one.test: create: the directory"
		done
		[ "$(routes $1@one.test) $(routes $2@one.test)" = "legacy legacy" ]
	done'
ok 'with NO_SECRET=temp a new one does, and what is said is true' '
	settings NO_SECRET=temp
	{ uncarried ian; uncarried kim; } | directory
	run 0 migrate ian@one.test kim@one.test
	lets_in ian "$(cut -f 2 state/ian@one.test/temporary)"
	not lets_in ian ian-Zx-long
	{ account joe; account fay; } | directory
	run 0 migrate --until check joe@one.test
	{ uncarried joe; account fay; } | directory
	mv records records.then
	{ account joe; account fay; } | directory
	run 0 busily -v joe@one.test 2>err
	has err "joe@one.test: login: the password was changed meanwhile, and cannot be carried: a new one is in $tmp/state/joe@one.test/temporary"
	lets_in joe "$(cut -f 2 state/joe@one.test/temporary)"'
ok 'the file of it goes when the own password comes again' '
	run 0 rollback joe@one.test
	{ account joe; account fay; } | directory
	run 0 migrate joe@one.test
	lets_in joe joe-Zx-long
	not [ -e state/joe@one.test/temporary ]'
ok 'a password that was never carried, and one of the new server, are nobody else'\''s affair' '
	settings NO_SECRET=empty
	{ uncarried leo; account fay; } | directory
	rm state/leo@one.test/carried
	run 0 migrate leo@one.test
	[ "$(routes leo@one.test)" = stalwart ]'
done_testing
