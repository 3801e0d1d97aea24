#!/bin/sh
# stalwart-apply -u with plans of parts of a directory: what they do not prove gone
# stays.
. "${0%/*}/lib.sh"
need curl
need jq
. "$top/t/apply.sh"

# dump RECORDS...: with accounts of a and b, whose further members are $a and $b.
dump() {
	{
		echo "{\"v\":1,\"type\":\"domain\",\"domain\":\"one.test\"${domain_aliases-}}"
		echo '{"v":1,"type":"domain","domain":"two.test"}'
		echo "{\"v\":1,\"type\":\"account\",\"address\":\"a@one.test\",\"secret\":\"$hash\"$a}"
		echo "{\"v\":1,\"type\":\"account\",\"address\":\"b@one.test\",\"secret\":\"$hash\"$b}"
		echo "{\"v\":1,\"type\":\"account\",\"address\":\"c@two.test\",\"secret\":\"$hash\"}"
		for record; do
			echo "{\"v\":1,\"type\":\"alias\",$record}"
		done
	} >records
	echo "{\"v\":1,\"type\":\"end\",\"count\":$(wc -l <records)}" >>records
	cat records
}
has_aliases() { # NAME: as a list
	jmap x:Account/get '{"ids":null}' | jq -r --arg n "$1" '[.methodResponses[0][1].list[]
	    | select(.name == $n) | .aliases[].name] | sort | join(" ")'
}
members() {
	jmap x:MailingList/get '{"ids":null}' | jq -r --arg n "$1" '[.methodResponses[0][1].list[]
	    | select(.name == $n) | .recipients | keys[]] | sort | join(" ")'
}
# moved RECORDS...: a new server that has all of it; a has the alias "info".
moved() {
	a=',"aliases":["info@one.test"]' b=
	serve --schema "$fixtures/real/stalwart-schema.json.gz"
	dump "$@" | mkaccounts -q | apply -q >/dev/null
}
part() {
	recfilter -q "$@" records | mkaccounts -q >plan
	run 0 apply -u --keep-passwords plan >out 2>err
}
for to in '' ',"aliases":["info@one.test"]'; do
	for by in -a\ a@one.test -a\ c@two.test\ -a\ a@one.test; do
		moved
		a='' b=$to
		dump >/dev/null
		ok "an alias stays whose new owner is not in the part, or nobody: ${to:-gone} $by" '
			# shellcheck disable=SC2086
			part $by
			[ "$(has_aliases a)" = info ]
			has err "a@one.test: it keeps the aliases info@one.test: a part of a directory"
			part --domain one.test
			[ "$(has_aliases a)" = info ] || [ "$(has_aliases b)" = info ]
			run 0 apply -q -u --keep-passwords plan >out 2>err
			mkaccounts -q records >plan
			run 0 apply -q -u --keep-passwords plan >out 2>err
			[ "$(has_aliases a)" = "" ]
			[ -z "$b" ] || [ "$(has_aliases b)" = info ]'
	done
done
moved
ok 'an alias changes hands in a part that has both' '
	a="" b=",\"aliases\":[\"info@one.test\"]"
	dump >/dev/null
	part -a b@one.test -a a@one.test
	[ "$(has_aliases a)$(has_aliases b)" = info ]
	[ "$(has_aliases b)" = info ]
	hasnt err "keeps"'
moved
ok 'one that only the new owner is in fails, and says whose it is' '
	a="" b=",\"aliases\":[\"info@one.test\"]"
	dump >/dev/null
	recfilter -q -a b@one.test records | mkaccounts -q >plan
	run 1 apply -u --keep-passwords plan >out 2>err
	has err "b@one.test: a name or address of it is taken by the Account a@one.test"
	[ "$(has_aliases a)" = info ]'

team='"address":"team@one.test","targets":["b@one.test","info@one.test"]'
moved "$team"
ok 'a list keeps its members: nobody knows who has the address that leads to one' '
	[ "$(members team)" = "a@one.test b@one.test" ]
	a="" b=
	dump "$team" "\"address\":\"info@one.test\",\"targets\":[\"c@two.test\"]" >/dev/null
	grep -v "a@one\|c@two\|info@one.test\",\"targets" records | mkaccounts -q --partial >plan
	run 0 apply -u --keep-passwords plan >out 2>err
	members team | grep -q "a@one.test b@one.test"
	part -a b@one.test
	members team | grep -q "a@one.test b@one.test"
	mkaccounts -q records >plan
	run 0 apply -u --keep-passwords plan >out 2>err
	[ "$(members team)" = "b@one.test c@two.test" ]'

domain_aliases=',"aliases":["alias.test","other.test"]'
moved
ok 'a domain keeps its alias domains, and gets new ones' '
	domain_aliases=",\"aliases\":[\"alias.test\",\"new.test\"]"
	dump >/dev/null
	part -a a@one.test
	jmap x:Domain/get "{\"ids\":null}" >now
	for d in alias other new; do has now "\"$d.test\":true"; done'
domain_aliases=
ok 'where a record was refused, or could not be read, nothing is proven either' '
	moved
	a="" b=",\"aliases\":[\"info@one.test\"]"
	b="$b,\"quota\":\"much\""
	dump >/dev/null
	mkaccounts -q records >plan || true
	run 0 apply -u --keep-passwords plan >out 2>err
	[ "$(has_aliases a)" = info ]
	dump | sed "/b@one/s/\"quota.*}/\"otp\":\"x\"}/; /b@one/s/secret\":\"[^\"]*/secret\":\"*/" >other
	run 1 mkaccounts -q other >plan 2>err
	run 0 apply -u --keep-passwords plan >out 2>err
	[ "$(has_aliases a)" = info ]'

done_testing
