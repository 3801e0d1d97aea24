#!/bin/sh
# mkaccounts: owners' forwards become Sieve scripts.
. "${0%/*}/lib.sh"
. "$top/t/mkaccounts.sh"
need jq

script() {
	cat "scripts/$1.sieve"
}

ok 'one target, with and without a copy' '
	{
		account a@one.test "\"forward\":[\"X@Other.Test\"],\"keep\":false"
		account b@one.test "\"forward\":[\"x@other.test\"],\"keep\":true"
		account c@one.test "\"forward\":[\"x@other.test\"]"
		account d@one.test "\"forward\":[\"x@other.test\",\"D@one.test\"],\"keep\":false"
		account e@one.test
		end
	} | plan 0 --sieve-dir scripts
	[ "$(ls scripts | tr "\n" " ")" = "a@one.test.sieve b@one.test.sieve c@one.test.sieve d@one.test.sieve " ]
	printf "redirect \"X@other.test\";\nstop;\n" >want
	script a@one.test >got
	same want got
	printf "require [\"copy\"];\nredirect :copy \"x@other.test\";\n" >want
	for a in b c d; do script $a@one.test >got; same want got; done
	[ "$(stat -c %a scripts/a@one.test.sieve)" = 600 ]
	[ "$(stat -c %a scripts)" = 700 ]
	plan_has "map(.object) == [\"Domain\", \"Account\"]"
	notes_are
	has err " 4 forwards"'

ok 'three targets: a list, and one redirect to it' '
	{
		account a@one.test "\"forward\":[\"x@other.test\",\"b@one.test\",\"Y@other.test\",\"x@other.test\"],\"keep\":true"
		account b@one.test
		end
	} | plan 0 --sieve-dir three
	printf "require [\"copy\"];\nredirect :copy \"a-forward@one.test\";\n" >want
	same want three/a@one.test.sieve
	plan_has ".[2].value == {\"l-a_2dforward_40one_2etest\":{\"name\":\"a-forward\",\"domainId\":\"#d-one_2etest\",\"recipients\":{\"x@other.test\":true,\"b@one.test\":true,\"Y@other.test\":true}}}"
	notes_are'

ok 'what the server refuses of three targets is left out, and named' '
	{
		account a@one.test "\"forward\":[\"x@other.test\",\"no..dots@one.test\",\"y@other.test\"]"
		account b@one.test "\"forward\":[\"gone@one.test\",\"x@other.test\",\"no..dots@one.test\"]"
		end
	} | plan 0 --sieve-dir refused
	has refused/a@one.test.sieve "redirect :copy \"a-forward@one.test\";"
	has refused/b@one.test.sieve "redirect :copy \"x@other.test\";"
	plan_has ".[2].value | map(.recipients) == [{\"x@other.test\":true,\"y@other.test\":true}]"
	notes_are "not-carried a@one.test: the forward to no..dots@one.test: the server refuses this local part" \
	    "not-carried b@one.test: the forward to gone@one.test: it is not among the accounts of the plan" \
	    "not-carried b@one.test: the forward to no..dots@one.test: the server refuses this local part"'

ok 'the address of the list is taken' '
	{
		account a@one.test "\"forward\":[\"x@other.test\",\"y@other.test\"]"
		account a-forward@one.test
		end
	} | plan 0 --sieve-dir taken
	[ -z "$(ls taken)" ]
	notes_are "not-carried a@one.test: the forward to 2 addresses: the list that would hold them, a-forward@one.test, is taken"'

ok 'without --sieve-dir forwards are reported' '
	{
		account a@one.test "\"forward\":[\"x@other.test\"]"
		account b@one.test "\"forward\":[\"x@other.test\",\"y@other.test\"]"
		end
	} | plan 0
	plan_has "map(.object) == [\"Domain\", \"Account\"]"
	notes_are "not-carried a@one.test: the forward to x@other.test (--settings carries it)" \
	    "not-carried b@one.test: the forward to x@other.test and others (--settings carries it)"'

ok 'an alias row of the account itself is its forward' '
	{
		account a@one.test
		account b@one.test
		account c@one.test "\"forward\":[\"own@other.test\"],\"keep\":true"
		account d@one.test "\"forward\":[\"own@other.test\"],\"keep\":true"
		account e@one.test
		account f@one.test
		record group g@one.test
		alias_row a@one.test "\"x@other.test\""
		alias_row b@one.test "\"b@one.test\",\"l@one.test\""
		alias_row c@one.test "\"x@other.test\",\"c@one.test\""
		alias_row d@one.test "\"x@other.test\""
		alias_row e@one.test "\"e@one.test\""
		alias_row f@one.test "\"x@other.test\"" "\"active\":false"
		alias_row g@one.test "\"x@other.test\""
		alias_row l@one.test "\"y@other.test\""
		end
	} | plan 0 --sieve-dir rows
	[ "$(ls rows | tr "\n" " ")" = "a@one.test.sieve b@one.test.sieve c@one.test.sieve d@one.test.sieve " ]
	printf "redirect \"x@other.test\";\nstop;\n" >want
	same want rows/a@one.test.sieve
	printf "require [\"copy\"];\nredirect :copy \"y@other.test\";\n" >want
	same want rows/b@one.test.sieve
	[ "$(tail -n 1 rows/c@one.test.sieve)" = "redirect :copy \"c-forward@one.test\";" ]
	plan_has "[.[] | .value[\"l-c_2dforward_40one_2etest\"]? | select(. != null) | .recipients] == [{\"x@other.test\":true,\"own@other.test\":true}]"
	printf "redirect \"x@other.test\";\nstop;\n" >want
	same want rows/d@one.test.sieve
	notes_are "changed d@one.test: the alias took all mail before the account'"'"'s own forward saw it; only the alias is carried" \
	    "not-carried f@one.test: the forward to x@other.test: it is switched off" \
	    "not-carried g@one.test: the forward to x@other.test: a group keeps its mail"'

ok 'loops: what would come back is left out, the rest is carried' '
	{
		account a@one.test "\"forward\":[\"b@one.test\"],\"keep\":false"
		account b@one.test "\"forward\":[\"al@one.test\",\"x@other.test\"],\"keep\":true"
		account c@one.test "\"forward\":[\"a@one.test\"]"
		account d@one.test "\"forward\":[\"c@one.test\"]"
		alias_row al@one.test "\"a@one.test\""
		end
	} | plan 0 --sieve-dir loops
	[ "$(ls loops | tr "\n" " ")" = "b@one.test.sieve c@one.test.sieve d@one.test.sieve " ]
	[ "$(tail -n 1 loops/b@one.test.sieve)" = "redirect :copy \"x@other.test\";" ]
	[ "$(tail -n 1 loops/c@one.test.sieve)" = "redirect :copy \"a@one.test\";" ]
	notes_are "not-carried a@one.test: the forward to b@one.test: mail would come back to the account, in a loop" \
	    "not-carried b@one.test: the forward to al@one.test: mail would come back to the account, in a loop"'

ok 'loops through lists, and of several accounts' '
	{
		account a@one.test "\"forward\":[\"l@one.test\"]"
		account b@one.test "\"forward\":[\"c@one.test\"]"
		account c@one.test "\"forward\":[\"d@one.test\"]"
		account d@one.test "\"forward\":[\"m@one.test\",\"x@other.test\"]"
		account e@one.test "\"forward\":[\"n@one.test\"]"
		alias_row l@one.test "\"a@one.test\",\"x@other.test\""
		alias_row m@one.test "\"b@one.test\",\"y@other.test\""
		alias_row n@one.test "\"z@other.test\",\"b@one.test\""
		end
	} | plan 0 --sieve-dir lists
	[ "$(ls lists | tr "\n" " ")" = "d@one.test.sieve e@one.test.sieve " ]
	notes_are "not-carried a@one.test: the forward to l@one.test: mail would come back to the account, in a loop" \
	    "not-carried b@one.test: the forward to c@one.test: mail would come back to the account, in a loop" \
	    "not-carried c@one.test: the forward to d@one.test: mail would come back to the account, in a loop" \
	    "not-carried d@one.test: the forward to b@one.test: mail would come back to the account, in a loop"
	# Who else is on the list gets it.
	plan_has "[.[] | .value[\"l-d_2dforward_40one_2etest\"]? | select(. != null) | .recipients] == [{\"x@other.test\":true,\"y@other.test\":true}]"'

# Lists do not nest on the server: mail to the inner one would be refused.
ok 'of several targets one is a list: its members stand on the list of the forward' '
	{
		domain one.test "\"aliases\":[\"mirror.test\"]"
		account a@one.test "\"forward\":[\"x@other.test\",\"l@one.test\"],\"keep\":false"
		account b@one.test "\"forward\":[\"top@mirror.test\",\"b-info@one.test\"],\"keep\":false"
		account c@one.test "\"forward\":[\"l@one.test\",\"x@other.test\",\"y@other.test\"],\"keep\":false"
		account d@one.test "\"forward\":[\"l@one.test\"]"
		account e@one.test
		record group g@one.test
		alias_row l@one.test "\"c@one.test\",\"y@other.test\""
		alias_row top@one.test "\"sub@one.test\",\"z@other.test\",\"g@one.test\""
		alias_row sub@one.test "\"e@one.test\",\"top@one.test\",\"y@other.test\""
		alias_row b-info@one.test "\"b-list@mirror.test\""
		alias_row b-list@one.test "\"u@other.test\",\"v@other.test\""
		end
	} | plan 0 --sieve-dir nested
	jq -c ".value | to_entries[] | select(.key | contains(\"_2dforward\")) | [.value.name, (.value.recipients | keys)]" plan >got
	printf "%s\n" >want \
	    "[\"a-forward\",[\"c@one.test\",\"x@other.test\",\"y@other.test\"]]" \
	    "[\"b-forward\",[\"e@one.test\",\"g@one.test\",\"u@other.test\",\"v@other.test\",\"y@other.test\",\"z@other.test\"]]" \
	    "[\"c-forward\",[\"x@other.test\",\"y@other.test\"]]"
	same want got
	# Who is on the list keeps a copy; one list alone needs no other.
	[ "$(cat nested/c@one.test.sieve)" = "$(printf "require [\"copy\"];\nredirect :copy \"c-forward@one.test\";")" ]
	[ "$(tail -n 1 nested/d@one.test.sieve)" = "redirect :copy \"l@one.test\";" ]
	plan_has "[.[] | select(.object == \"MailingList\") | .value[].recipients | keys[] | select(IN(\"l@one.test\", \"top@one.test\", \"sub@one.test\", \"b-list@one.test\", \"b-info@one.test\"))] == []"'

ok 'a very long chain of forwards, and a very long loop' '
	for n in 30001 30000; do
		awk -v n=$n -v sha="$sha" "BEGIN { for (i = 0; i < 30000; i++)
		    printf \"{\\\"v\\\":1,\\\"type\\\":\\\"account\\\",\\\"address\\\":\\\"u%d@one.test\\\",\\\"secret\\\":\\\"%s\\\",\\\"forward\\\":[\\\"u%d@one.test\\\"]}\\n\", i, sha, (i + 1) % n
		    print \"{\\\"v\\\":1,\\\"type\\\":\\\"account\\\",\\\"address\\\":\\\"u30000@one.test\\\",\\\"secret\\\":\\\"\" sha \"\\\"}\"
		    print \"{\\\"v\\\":1,\\\"type\\\":\\\"end\\\",\\\"count\\\":30001}\" }" >in
		plan 0 <in
		jq -r .reason report | sed "s/.*: mail would/mail would/; s/.*(--settings/(--settings/" | sort | uniq -c >counts.$n
	done
	grep -q "^ *30000 (--settings" counts.30001
	grep -q "^ *30000 mail would come back" counts.30000'

ok 'targets that do not exist' '
	{
		account a@one.test "\"forward\":[\"nobody@one.test\",\"no address\",\"@other.test\"],\"keep\":false"
		account b@one.test "\"forward\":[\"nobody@one.test\",\"x@other.test\",\"nobody+x@one.test\",\"off@one.test\"],\"keep\":false"
		alias_row off@one.test "\"a@one.test\"" "\"active\":false"
		end
	} | counted >in
	plan 0 --sieve-dir none <in
	[ "$(ls none)" = "b@one.test.sieve" ]
	printf "redirect \"x@other.test\";\nstop;\n" >want
	same want none/b@one.test.sieve
	notes_are "not-carried a@one.test: the forward to no address: an address without @" \
	    "not-carried a@one.test: the forward to nobody@one.test: it is not among the accounts of the plan" \
	    "not-carried a@one.test: the forward to @other.test: a whole domain" \
	    "not-carried b@one.test: the forward to nobody@one.test: it is not among the accounts of the plan" \
	    "not-carried b@one.test: the forward to nobody+x@one.test: it is not among the accounts of the plan" \
	    "not-carried b@one.test: the forward to off@one.test: an alias that is switched off"
	plan 0 --partial --sieve-dir part <in
	printf "redirect \"nobody@one.test\";\nstop;\n" >want
	same want part/a@one.test.sieve'

ok 'file names stay in the folder' '
	long=$(printf "%0300d" 7)
	{
		for name in "x/y/.z" "p%2fq" "|sh" "$long" "$long""8"; do
			account "$name@one.test" "\"forward\":[\"x@other.test\"]"
		done
		end
	} | plan 0 --sieve-dir names
	printf "%s\n" "p%252fq@one.test.sieve" "x%2fy%2f.z@one.test.sieve" "|sh@one.test.sieve" >want
	ls names | grep -v "^0000" >got
	same want got
	[ "$(ls names | wc -l)" -eq 5 ]
	[ "$(find names -type f | wc -l)" -eq 5 ]'

ok 'a script is not written through a link, nor where there is no folder' '
	{
		account a@one.test "\"forward\":[\"x@other.test\"]"
		end
	} | counted >in
	mkdir links
	ln -s "$tmp/victim" links/a@one.test.sieve
	plan 2 --sieve-dir links <in
	[ ! -e victim ]
	: >file
	plan 2 --sieve-dir file <in
	[ ! -s plan ]
	plan 2 --sieve-dir no/such <in'

done_testing
