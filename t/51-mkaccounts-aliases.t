#!/bin/sh
# mkaccounts: what becomes of aliases, lists, catch-alls and alias domains.
. "${0%/*}/lib.sh"
. "$top/t/mkaccounts.sh"
need jq

# The aliases of a user, "name@domain", with "-" in front of one that is off.
aliases_of() {
	jq -rs "[.[] | .value[]? | select(type == \"object\" and .name == \"$1\") | .aliases // {} | .[] |
	    (if .enabled == false then \"-\" else \"\" end) + .name + \"@\" + (.domainId | ltrimstr(\"#d-\") | gsub(\"_2e\"; \".\"))] | join(\" \")" plan
}
# The recipients of a list.
list_of() {
	command jq -rs "[.[] | select(.object == \"MailingList\") | .value[] | select(.name == \"$1\") | .recipients | keys_unsorted[]] | join(\" \")" plan
}

ok 'one account: its alias; several, or outside: a list' '
	{
		account a@one.test
		account b@one.test
		alias_row one@one.test "\"a@one.test\",\"A@one.test\""
		alias_row two@one.test "\"A@one.test\",\"b@one.test\""
		alias_row out@one.test "\"Ext@Other.Test\""
		alias_row both@one.test "\"ext@other.test\",\"b@one.test\",\"B@one.test\",\"EXT@other.test\""
		alias_row else@three.test "\"b@one.test\""
		end
	} | plan 0
	[ "$(aliases_of a)" = "one@one.test" ]
	[ "$(aliases_of b)" = "else@three.test" ]
	[ "$(list_of two)" = "a@one.test b@one.test" ]
	[ "$(list_of out)" = "Ext@other.test" ]
	[ "$(list_of both)" = "ext@other.test b@one.test EXT@other.test" ]
	plan_has ".[0].value | keys == [\"d-one_2etest\", \"d-three_2etest\"]"
	plan_has ".[2].value | keys == [\"l-both_40one_2etest\", \"l-out_40one_2etest\", \"l-two_40one_2etest\"]"
	notes_are'

ok 'aliases of aliases are followed to their end' '
	{
		alias_row l1@one.test "\"l2@one.test\""
		alias_row l2@one.test "\"a@one.test\""
		alias_row m1@one.test "\"m2@one.test\",\"c@other.test\""
		alias_row m2@one.test "\"l1@one.test\",\"d@other.test\",\"al@one.test\""
		account a@one.test "\"aliases\":[\"al@one.test\"]"
		end
	} | plan 0
	[ "$(aliases_of a)" = "al@one.test l1@one.test l2@one.test" ]
	[ "$(list_of m1)" = "a@one.test d@other.test c@other.test" ]
	[ "$(list_of m2)" = "a@one.test d@other.test" ]
	notes_are'

ok 'lists that name one another lose nobody; each link that leads back is named' '
	{
		alias_row l1@one.test "\"l2@one.test\",\"q@other.test\""
		alias_row l2@one.test "\"l1@one.test\",\"r@other.test\""
		alias_row s@one.test "\"s@one.test\""
		end
	} | plan 0
	[ "$(list_of l1)" = "r@other.test q@other.test" ]
	[ "$(list_of l2)" = "r@other.test q@other.test" ]
	back="leads back to this alias: in its place stands whom it leads to"
	notes_are "changed l2@one.test: the target l1@one.test $back" \
	    "changed l1@one.test: the target l2@one.test $back" \
	    "not-carried one.test: aliases lead to accounts of it, such as s@one.test, and the input has none: see that all of the directory was read; nobody is taken from a list for that" \
	    "not-carried s@one.test: the target s@one.test: it leads to itself, and is not an account" \
	    "not-carried s@one.test: an alias without a target"'

ok 'random aliases that lead to one another, against a model' '
	for seed in 1 2 3; do
		"$top/tests/helper/alias-graphs" $seed 100
	done'

ok 'a very long chain does not eat the stack' '
	awk "BEGIN { for (i = 0; i < 20000; i++)
	    printf \"{\\\"v\\\":1,\\\"type\\\":\\\"alias\\\",\\\"address\\\":\\\"l%d@one.test\\\",\\\"targets\\\":[\\\"l%d@one.test\\\"]}\\n\", i, i + 1
	    print \"{\\\"v\\\":1,\\\"type\\\":\\\"alias\\\",\\\"address\\\":\\\"l20000@one.test\\\",\\\"targets\\\":[\\\"x@other.test\\\"]}\" }" |
	    plan 0 --partial
	[ "$(list_of l20000)" = "x@other.test" ]
	[ "$(list_of l0)" = "x@other.test" ]'

ok 'targets that are no address, that do not exist, or commands' '
	{
		account a@one.test
		alias_row l@one.test "\"not an address\",\"a@one.test\",\"nobody@one.test\",\"x@other.test\",\"|/bin/vacation\",\"/dev/null\",\":include:/etc/x\",\"y@\",\"@other.test\",\"\\\"a b\\\"@other.test\",\"z@a..b\""
		alias_row none@one.test "\"nobody@one.test\""
		end
	} | counted >in
	plan 0 <in
	[ "$(list_of l)" = "a@one.test x@other.test \"a b\"@other.test" ]
	[ "$(jq -s "map(select(.address == \"l@one.test\")) | length" report)" -eq 8 ]
	has report "\"none@one.test\",\"reason\":\"an alias without a target\""
	# a part of a dump cannot know who else there is
	plan 0 --partial <in
	[ "$(list_of l)" = "a@one.test nobody@one.test x@other.test \"a b\"@other.test" ]
	# the wave that has nobody@one.test needs the address for that account
	plan_has "all(.[].value // {} | .[]?; .name != \"none\")"
	has report "\"none@one.test\",\"reason\":\"leads to nobody@one.test, which is not in this part"'

ok 'addresses outside stay as they are, byte for byte' '
	{
		account a@one.test "\"forward\":[\"Import.AbCdEf9@In.Example.com\"],\"keep\":false"
		account Upper@one.test
		alias_row l@one.test "\"SRS0=xYz=AB=c.test=Who@Relay.Test\",\"User+Tag@Other.Test\",\"Upper@One.Test\""
		alias_row q@one.test "\"\\\"John Doe\\\"@ext.test\",\"User@[192.0.2.1]\",\"User@[IPv6:2001:db8::1]\",\"A..B@bücher.test\""
		alias_row bad@one.test "\"a b@ext.test\",\"\\\"open@ext.test\",\"x@ext..test\",\"a\u0001b@ext.test\""
		alias_row r@one.test "\"\\\"a b\\\"@one.test\",\"x@ext.test\""
		end
	} | plan 0 --sieve-dir outside
	[ "$(list_of l)" = "SRS0=xYz=AB=c.test=Who@relay.test User+Tag@other.test upper@one.test" ]
	[ "$(list_of q)" = "\"John Doe\"@ext.test User@[192.0.2.1] User@[IPv6:2001:db8::1] A..B@xn--bcher-kva.test" ]
	[ "$(head -n 1 outside/a@one.test.sieve)" = "redirect \"Import.AbCdEf9@in.example.com\";" ]
	[ "$(grep -c "\"bad@one.test\"" report)" = 5 ]
	[ "$(list_of r)" = "x@ext.test" ]
	has report "the server refuses this local part"'

ok 'an alias that is switched off' '
	{
		account a@one.test
		alias_row off@one.test "\"a@one.test\"" "\"active\":false"
		alias_row loff@one.test "\"a@one.test\",\"x@other.test\"" "\"active\":false"
		alias_row l@one.test "\"loff@one.test\",\"off@one.test\",\"y@other.test\""
		end
	} | plan 0
	[ "$(aliases_of a)" = "-off@one.test" ]
	[ "$(list_of l)" = "y@other.test" ]
	[ -z "$(list_of loff)" ]
	notes_are "not-carried l@one.test: the target loff@one.test, which is switched off" \
	    "not-carried l@one.test: the target off@one.test, which is switched off" \
	    "not-carried loff@one.test: an alias to several addresses, or outside, that is switched off"'

ok 'an address belongs to one: the first' '
	{
		account a@one.test "\"aliases\":[\"x@one.test\",\"b@one.test\",\"a@one.test\",\"x@one.test\",\"@one.test\",\"no..dots@one.test\"]"
		account b@one.test "\"aliases\":[\"x@one.test\"]"
		alias_row x@one.test "\"b@one.test\""
		alias_row l@one.test "\"b@one.test\",\"y@other.test\""
		end
	} | plan 0
	[ "$(aliases_of a)" = "x@one.test" ]
	[ "$(aliases_of b)" = "" ]
	notes_are "not-carried a@one.test: the alias no..dots@one.test: the server refuses this local part: a dot at an end, or two in a row" \
	    "not-carried b@one.test: as an alias of a@one.test: the address belongs to b@one.test" \
	    "not-carried @one.test: as an alias of a@one.test: a catch-all is an alias record" \
	    "not-carried x@one.test: as an alias of b@one.test: the address belongs to a@one.test" \
	    "not-carried x@one.test: as an alias of b@one.test: the address belongs to a@one.test"'

ok 'two records of one alias: all their targets' '
	{
		account a@one.test
		account b@one.test
		alias_row l@one.test "\"a@one.test\",\"b@one.test\""
		alias_row l@one.test "\"b@one.test\",\"y@other.test\""
		alias_row L@one.test "\"z@other.test\""
		alias_row @one.test "\"a@one.test\""
		alias_row @one.test "\"a@one.test\""
		end
	} | plan 0
	[ "$(list_of l)" = "a@one.test b@one.test y@other.test z@other.test" ]
	plan_has "any(.[]; .value.catchAllAddress == \"a@one.test\")"
	notes_are "changed l@one.test: joined with the record of the same alias at t:l@one.test" \
	    "changed L@one.test: joined with the record of the same alias at t:l@one.test" \
	    "changed @one.test: joined with the record of the same alias at t:@one.test"'

ok 'a record for each target is no more work than one for all' '
	{
		account a@one.test
		seq -f "{\"v\":1,\"type\":\"alias\",\"address\":\"l@one.test\",\"targets\":[\"t%.0f@other.test\"]}" 20000
		end
	} | counted >many
	run 0 "$top/tests/helper/bounded" 60 400 mkaccounts -q many >plan 2>err
	list_of l | tr " " "\n" >got
	seq -f t%.0f@other.test 20000 >wanted
	same wanted got'

ok 'of two records of one alias the one that is switched on' '
	for off in 1 2; do
		{
			account a@one.test
			account b@one.test
			alias_row l@one.test "\"a@one.test\"" "\"active\":$([ $off = 2 ] && echo true || echo false)"
			alias_row l@one.test "\"b@one.test\"" "\"active\":$([ $off = 1 ] && echo true || echo false)"
			end
		} | plan 0
		[ "$(aliases_of a)" = "$([ $off = 2 ] && echo l@one.test)" ]
		[ "$(aliases_of b)" = "$([ $off = 1 ] && echo l@one.test)" ]
		notes_are "not-carried l@one.test: a second record of the alias, which is switched off"
	done'

ok 'a catch-all waits where an account is refused, left out or not read' '
	for what in refused left unread; do
		{
			account a@one.test
			case $what in
			refused) record account b@one.test "\"secret\":\"{YESCRYPT}x\"" ;;
			left) account b@one.test "\"active\":false" ;;
			unread) record account b@one.test "\"quota\":\"much\"" ;;
			esac
			alias_row @one.test "\"a@one.test\""
			end
		} | counted >dump
		case $what in
		left) run 0 mkaccounts --inactive=skip --report report dump >plan 2>err ;;
		*) run 1 mkaccounts --report report dump >plan 2>err ;;
		esac
		plan_has "all(.[]; .value | has(\"catchAllAddress\") | not)"
		has report "the catch-all: an account of the domain was refused, left out or not read"
	done'

ok 'aliases of an account that is refused or left out are named' '
	{
		record account a@one.test
		account "b c@one.test"
		account bc@one.test
		alias_row al@one.test "\"a@one.test\""
		alias_row bl@one.test "\"bc@one.test\""
		alias_row @one.test "\"bc@one.test\""
		end
	} | plan 1
	plan_has "map(.object) == [\"Domain\"]"
	has report "\"al@one.test\",\"reason\":\"leads to a@one.test, which is not in this plan: "
	has report "\"bl@one.test\",\"reason\":\"leads to bc@one.test, which is not in this plan: "
	has report "\"@one.test\",\"reason\":\"the catch-all: an account of the domain was refused, "'
ok 'an account that is refused keeps its place: among members, and at its address' '
	{
		record account a@one.test
		account b@one.test
		alias_row both@one.test "\"a@one.test\",\"b@one.test\""
		alias_row all@one.test "\"both@one.test\",\"a@one.test\""
		alias_row a@one.test "\"x@other.test\""
		end
	} | plan 1
	plan_has "map(.object) == [\"Domain\",\"Account\",\"MailingList\"]"
	[ "$(list_of both)" = "a@one.test b@one.test" ]
	[ "$(list_of all)" = "a@one.test b@one.test" ]
	has report "\"a@one.test\",\"reason\":\"the forward of an account that is not in this plan: "'

ok 'plus signs: the server takes the rest off' '
	{
		account a@one.test
		account b+c@one.test
		alias_row a+x@one.test "\"a@one.test\""
		alias_row a+y@one.test "\"b+c@one.test\""
		alias_row l+z@one.test "\"x@other.test\",\"y@other.test\""
		alias_row tag@one.test "\"a+news@one.test\""
		alias_row tags@one.test "\"a+news@one.test\",\"x@other.test\""
		end
	} | plan 0
	[ "$(aliases_of a)" = "tag@one.test" ]
	[ -z "$(aliases_of b+c)" ]
	[ "$(list_of tags)" = "a+news@one.test x@other.test" ]
	notes_are "changed b+c@one.test: the server takes off what follows the +, and no mail reaches this address" \
	    "not-carried a+y@one.test: as an alias of b+c@one.test: the server takes off what follows the +" \
	    "not-carried l+z@one.test: the server takes off what follows the +, and no mail reaches this alias" \
	    "changed tag@one.test: leads to a@one.test, not to a+news@one.test"'

ok 'a target that a catch-all takes leads to where that leads' '
	{
		echo "{\"v\":1,\"type\":\"domain\",\"domain\":\"two.test\",\"aliases\":[\"mirror.test\"]}"
		account a@one.test
		account b@two.test "\"aliases\":[\"al@two.test\"]"
		account f@one.test "\"forward\":[\"any@two.test\",\"x@other.test\"]"
		account g@one.test "\"forward\":[\"any@mirror.test\"],\"keep\":false"
		account self@two.test "\"forward\":[\"any@five.test\"],\"keep\":false"
		alias_row one@one.test "\"orders@two.test\""
		alias_row two@one.test "\"orders@two.test\",\"a@one.test\",\"typo@mirror.test\""
		alias_row nest@one.test "\"two@one.test\",\"any@three.test\""
		alias_row out@one.test "\"any@four.test\""
		alias_row @two.test "\"b@two.test\""
		alias_row @three.test "\"a@one.test\",\"x@other.test\""
		alias_row @four.test "\"gone@four.test\""
		alias_row @five.test "\"self@two.test\",\"al@two.test\""
		end
	} | plan 0 --settings settings
	[ "$(aliases_of b)" = "al@two.test one@one.test" ]
	[ "$(list_of two)" = "b@two.test a@one.test" ]
	[ "$(list_of nest)" = "b@two.test a@one.test x@other.test" ]
	[ "$(list_of f-forward)" = "b@two.test x@other.test" ]
	jq -r "select(.type == \"settings\") | \"\(.address) \(.forward[0]) \(.keep)\"" settings >got
	printf "%s\n" "f@one.test f-forward@one.test true" "g@one.test b@two.test false" \
	    "self@two.test b@two.test true" | same - got
	grep -v "four.test\|out@one.test\|leads to several addresses" report | not grep not-carried
	has report "the target gone@four.test leads back to this alias"'
ok 'but not where who has the address may be left out, or elsewhere' '
	bad="\"secret\":\"{SMD5}ZdV0SuLCRbwJXNYYFB9oXCu/e1w=\""
	{
		account b@two.test
		account a@one.test "\"forward\":[\"c@two.test\"]"
		echo "{\"v\":1,\"type\":\"account\",\"address\":\"c@two.test\",$bad}"
		alias_row one@one.test "\"c@two.test\""
		alias_row two@one.test "\"c@two.test\",\"x@other.test\""
		alias_row @two.test "\"b@two.test\""
		end
	} | counted >dump
	for how in skip fail; do
		mkaccounts -q --no-secret=$how --settings settings --report report -o plan dump 2>err || [ $how = fail ]
		[ "$(aliases_of b)" = "" ]
		case " $(list_of two) " in *" b@two.test "*) exit 1 ;; esac
		not grep "\"forward\":" settings
	done
	grep -v c@two.test\",\"secret dump | plan 0 --partial
	[ "$(aliases_of b)" = "" ]'
ok 'catch-alls' '
	{
		account a@one.test "\"aliases\":[\"al@one.test\"]"
		alias_row @one.test "\"AL@one.test\""
		alias_row @two.test "\"x@other.test\""
		alias_row @three.test "\"l@one.test\""
		alias_row @four.test "\"nobody@five.test\""
		alias_row @five.test "\"a@one.test\"" "\"active\":false"
		alias_row @six.test "\"@six.test\""
		alias_row l@one.test "\"a@one.test\",\"y@other.test\""
		end
	} | plan 0
	jq -c "select(.[\"@type\"] == \"update\") | [.object, .id, .value]" plan >got
	cat >want <<-"EOF"
	["Domain","#d-one_2etest",{"catchAllAddress":"a@one.test"}]
	["Domain","#d-two_2etest",{"catchAllAddress":"x@other.test"}]
	EOF
	same want got
	notes_are "not-carried five.test: aliases lead to accounts of it, such as nobody@five.test, and the input has none: see that all of the directory was read; nobody is taken from a list for that" \
	    "not-carried @four.test: the target nobody@five.test: it is not among the accounts of the plan" \
	    "not-carried @six.test: the target @six.test: a whole domain cannot be a target" \
	    "not-carried @three.test: the catch-all: it leads to several addresses; the server takes one" \
	    "not-carried @four.test: the catch-all: it leads nowhere" \
	    "not-carried @five.test: the catch-all: it is switched off" \
	    "not-carried @six.test: the catch-all: it leads nowhere"
	has err " 2 catch-alls, "'

ok 'a catch-all to an address elsewhere is in lower case, as the server writes it, and reported' '
	{
		account a@one.test
		alias_row @one.test "\"John.Doe@Else.Test\""
		alias_row @two.test "\"A@One.Test\""
		alias_row @three.test "\"x@ELSE.test\""
		end
	} | plan 0
	jq -r "select(.[\"@type\"] == \"update\") | .value.catchAllAddress" plan >got
	printf "%s\n" john.doe@else.test a@one.test x@else.test | same - got
	grep -q "@one.test.*the catch-all leads to john.doe@else.test, not to John.Doe@.*: the server writes it in lower case" report
	[ "$(grep -c "lower case" report)" = 1 ]'

ok 'alias domains, from domain records and from rows' '
	{
		domain one.test "\"aliases\":[\"TWO.test\",\"bücher.test\",\"one.test\",\"bad\",\"two.test\"]"
		account a@one.test
		alias_row @three.test "\"@one.test\""
		alias_row @four.test "\"@elsewhere.test\""
		alias_row @five.test "\"@one.test\"" "\"active\":false"
		alias_row info@three.test "\"a@three.test\""
		alias_row l@two.test "\"info@two.test\",\"x@other.test\""
		end
	} | plan 0
	plan_has ".[0].value == {\"d-one_2etest\":{\"name\":\"one.test\",\"aliases\":{\"two.test\":true,\"xn--bcher-kva.test\":true,\"three.test\":true}},
	    \"d-four_2etest\":{\"name\":\"four.test\"},\"d-five_2etest\":{\"name\":\"five.test\"}}"
	[ "$(aliases_of a)" = "info@one.test" ]
	[ "$(list_of l)" = "a@one.test x@other.test" ]
	notes_are "not-carried bad: alias domain of one.test: the server refuses this domain name: bad" \
	    "not-carried @four.test: mail for the whole domain goes to elsewhere.test, which is not here" \
	    "not-carried @five.test: an alias domain that is switched off" \
	    "changed info@one.test: stood in an alias domain, which mirrors this one" \
	    "changed l@one.test: stood in an alias domain, which mirrors this one"'

ok 'alias domains that cannot be' '
	{
		domain one.test "\"aliases\":[\"two.test\",\"three.test\"]"
		domain two.test "\"aliases\":[\"four.test\"]"
		domain five.test "\"aliases\":[\"three.test\",\"one.test\"]"
		account a@one.test
		account b@six.test
		alias_row @six.test "\"@one.test\""
		end
	} | plan 0
	plan_has ".[0].value[\"d-one_2etest\"].aliases == {\"two.test\":true,\"three.test\":true}"
	plan_has ".[0].value | has(\"d-six_2etest\") and has(\"d-five_2etest\") and (has(\"d-two_2etest\") | not)"
	notes_are "not-carried four.test: as an alias domain of two.test, which is one itself" \
	    "not-carried three.test: as an alias domain of five.test: it is one of one.test already" \
	    "not-carried one.test: as an alias domain of five.test: it has alias domains itself" \
	    "not-carried six.test: as an alias domain of one.test: it has 1 account of its own"'

ok 'a row in an alias domain does not take over the account that it mirrors' '
	{
		domain one.test "\"aliases\":[\"two.test\"]"
		account a@one.test
		alias_row a@two.test "\"a@one.test\""
		alias_row b@one.test "\"a@one.test\""
		alias_row b@two.test "\"x@other.test\""
		end
	} | counted >in
	plan 0 <in
	notes_are "not-carried b@two.test: its domain mirrors one.test, where b@one.test is another alias"
	sed "s/\"a@one.test\"\],\"origin\":\"t:a@two.test\"/\"x@other.test\"],\"origin\":\"t:a@two.test\"/" in |
	    plan 0 --sieve-dir scripts
	[ "$(ls -A scripts)" = "" ]
	has report "\"address\":\"a@one.test\",\"reason\":\"the forward to x@other.test: its domain mirrors"'

ok 'a domain that is switched off is named' '
	{
		domain one.test "\"active\":false"
		end
	} | plan 0
	[ "$(wc -l <plan)" -eq 1 ]
	has report "the domain is switched off; the server has no such switch that does anything"'

ok 'a part of a directory: catch-alls wait for the last run' '
	{
		account a@one.test
		alias_row @one.test "\"a@one.test\""
		account b@two.test
		alias_row @two.test "\"x@out.test\""
	} >in
	{ cat in; end; } | counted >all
	# a part, a filtered dump, and recipients that are passed on
	plan 0 --partial <in
	plan_has "all(.[]; .[\"@type\"] != \"update\")"
	has report "the last run, without --partial, brings it"
	{ cat in; echo "{\"v\":1,\"type\":\"end\",\"count\":4,\"part\":\"pick legacy\"}"; } | plan 0
	plan_has "all(.[]; .[\"@type\"] != \"update\")"
	plan 0 --allow-relaying <all
	plan_has "all(.[]; .[\"@type\"] != \"update\")"
	[ "$(grep -c "the last run, without that, brings it" report)" = 2 ]
	# which is this one
	plan 0 <all
	plan_has "[.[] | select(.[\"@type\"] == \"update\") | .value.catchAllAddress] ==
	    [\"a@one.test\", \"x@out.test\"]"
	notes_are'

ok 'the address of an account that cannot be read is not another one of somebody' '
	for bad in "\"quota\":\"5G\"" "\"active\":7" "\"aliases\":\"x@one.test\""; do
		{
			account a@one.test "$bad"
			account b@one.test
			alias_row a@one.test "\"x@out.test\""
			alias_row info@one.test "\"a@one.test\""
			end
		} | plan 1
		plan_has "[.[] | select(.object == \"MailingList\")] == []"
		plan_has "[.[] | select(.object == \"Account\") | .value[].name] == [\"b\"]"
		grep -q "info@one.test.*a@one.test" report
	done
	# What cannot be read at all is nobody: not the one before.
	{
		account b@one.test
		head -c 20000000 /dev/zero | tr "\\0" x
		echo
		alias_row info@one.test "\"b@one.test\""
		end
	} | plan 1
	[ "$(aliases_of b)" = info@one.test ]'

ok 'a part of a directory: an alias of an account of a later part waits for it' '
	{
		account a@one.test
		alias_row info@one.test "\"b@one.test\""
		alias_row deep@one.test "\"info@one.test\""
		alias_row both@one.test "\"a@one.test\",\"b@one.test\""
		alias_row out@one.test "\"b@elsewhere.test\""
	} >in
	plan 0 --partial <in
	plan_has "[.[] | select(.object == \"MailingList\") | .value[].name] == [\"both\", \"out\"]"
	notes_are "not-carried info@one.test: leads to b@one.test, which is not in this part: the part that has it brings the alias" \
	    "not-carried deep@one.test: leads to b@one.test, which is not in this part: the part that has it brings the alias"
	# the whole brings both to their account
	{ cat in; account b@one.test; end; } | plan 0
	[ "$(aliases_of b)" = "info@one.test deep@one.test" ]'

done_testing
