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

# Two readers, one file: the first failed before its first record.
aliases_alone() { # RECORDS...: of aliases
	echo '{"v":1,"type":"domain","domain":"one.test"}'
	for record; do
		echo "{\"v\":1,\"type\":\"alias\",$record}"
	done
	echo "{\"v\":1,\"type\":\"end\",\"count\":$(($# + 1))}"
}
team='"address":"team@one.test","targets":["a@one.test","b@one.test","x@other.test"]'
inner='"address":"inner@one.test","targets":["a@one.test","b@one.test"]'
outer='"address":"outer@one.test","targets":["inner@one.test","x@other.test"]'
hers='"address":"a@one.test","targets":["a@one.test","y@other.test"]'
caught='"address":"@one.test","targets":["z@other.test"]'
moved "$team" "$inner" "$outer"
for how in '' --reconcile; do
	ok "aliases without the accounts that they lead to take nobody from a list $how" '
		aliases_alone "$team" "$inner" "$outer" >alone
		# shellcheck disable=SC2086
		run 0 mkaccounts $how alone >plan 2>err
		has err "one.test: aliases lead to accounts of it, such as a@one.test, and the input has none"
		run 0 apply -u --destroy plan >out 2>err
		[ "$(members team)" = "a@one.test b@one.test x@other.test" ]
		[ "$(members inner)" = "a@one.test b@one.test" ]
		[ "$(members outer)" = "a@one.test b@one.test x@other.test" ]'
	ok "nor does her forward, or a catch-all, take the place of an owner there $how" '
		aliases_alone "$team" "$hers" >alone
		# shellcheck disable=SC2086
		run 0 mkaccounts $how alone >plan 2>err
		has err "a@one.test: the forward of an account that is not in this plan"
		run 0 apply -u --destroy plan >out 2>err
		[ "$(members team)" = "a@one.test b@one.test x@other.test" ]
		aliases_alone "$team" "$caught" >alone
		# shellcheck disable=SC2086
		run 0 mkaccounts $how alone >plan
		run 0 apply -u --destroy plan >out
		for m in a@one b@one x@other; do members team | grep -q "$m.test"; done
		jmap x:MailingList/set "{\"update\":{\"$(jmap x:MailingList/get "{\"ids\":null}" |
		    jq -r ".methodResponses[0][1].list[] | select(.name == \"team\").id")\":{\"recipients/z@other.test\":false}}}"'
done
ok 'nor one account that is not among those of its domain' '
	dump "$team" | grep -v "\"address\":\"b@one.test\"" | sed "/\"end\"/d" >some
	echo "{\"v\":1,\"type\":\"end\",\"count\":$(wc -l <some)}" >>some
	run 0 mkaccounts -q some >plan
	run 0 apply -u plan >out
	[ "$(members team)" = "a@one.test b@one.test x@other.test" ]'
moved "$team" "$inner"
ok 'a list that would be an alias for want of an account stays, and that is an error' '
	dump "$inner" | grep -v "\"address\":\"b@one.test\"" | sed "/\"end\"/d" >some
	echo "{\"v\":1,\"type\":\"end\",\"count\":$(wc -l <some)}" >>some
	run 0 mkaccounts -q --reconcile some >plan
	got=0
	apply -u --destroy plan >out 2>err || got=$?
	[ "$got" = 1 ]
	has err "a@one.test: a name or address of it is taken by the MailingList inner@one.test"
	[ "$(members inner)" = "a@one.test b@one.test" ]'
ok 'who is off an alias in the directory is off the list when all accounts are there' '
	dump "${team%%,\"b@*},\"x@other.test\"]" | mkaccounts -q >plan
	run 0 apply -u plan >out
	[ "$(members team)" = "a@one.test x@other.test" ]'
moved
ok 'the list of a forward keeps whom the directory names without an account' '
	forward() { # TARGET...
		dump | sed "s/\(\"address\":\"c@two.test\"[^}]*\)}/\1,\"forward\":[$1]}/"
	}
	forward "\"b@one.test\",\"x@other.test\",\"y@other.test\"" | mkaccounts -q --settings s >plan
	run 0 apply -u plan >out
	[ "$(members c-forward)" = "b@one.test x@other.test y@other.test" ]
	forward "\"b@one.test\",\"x@other.test\",\"y@other.test\"" | grep -v "\"address\":\"b@one" | sed "/\"end\"/d" >some
	echo "{\"v\":1,\"type\":\"end\",\"count\":$(wc -l <some)}" >>some
	run 0 mkaccounts -q --settings s some >plan
	run 0 apply -u plan >out
	[ "$(members c-forward)" = "b@one.test x@other.test y@other.test" ]'
ok 'a plan of a part is one, whosever password is temporary' '
	dump | head -n 3 >some
	sed -i "s/\"secret\":\"[^\"]*\"/\"secret\":\"*\"/" some
	run 0 mkaccounts -q --partial --no-secret=temp --temp-file temp some >plan
	jq -e "select(.object == \"Account\").matchOn == [\"domainId\",\"name\"]" plan'

done_testing
