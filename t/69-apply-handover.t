#!/bin/sh
# stalwart-apply: an address that is something else in the next dump has somebody
# at any time: who had it, or who gets it.
. "${0%/*}/lib.sh"
need curl
need jq
. "$top/t/apply.sh"

# shellcheck disable=SC2120 # some tests have options
real() {
	serve --schema "$fixtures/real/stalwart-schema.json.gz" "$@"
}
# directory KIND [MORE...]: x@one.test is that, between three that stay; more records.
directory() {
	kind=$1
	shift
	{
		echo '{"v":1,"type":"domain","domain":"one.test"}'
		echo '{"v":1,"type":"domain","domain":"two.test"}'
		for who in a b; do
			more=
			[ "$kind" != "own$who" ] || more=',"aliases":["x@one.test"]'
			echo "{\"v\":1,\"type\":\"account\",\"address\":\"$who@one.test\",\"secret\":\"$hash\"$more}"
		done
		echo '{"v":1,"type":"alias","address":"team@one.test","targets":["a@one.test","b@one.test"]}'
		case $kind in
		account) echo "{\"v\":1,\"type\":\"account\",\"address\":\"x@one.test\",\"secret\":\"$hash\"}" ;;
		group) echo '{"v":1,"type":"group","address":"x@one.test"}' ;;
		alias) echo '{"v":1,"type":"alias","address":"x@one.test","targets":["a@one.test"]}' ;;
		list) echo '{"v":1,"type":"alias","address":"x@one.test","targets":["a@one.test","e@ext.test"]}' ;;
		esac
		for record; do
			echo "$record"
		done
	} >records
	echo "{\"v\":1,\"type\":\"end\",\"count\":$(wc -l <records)}" >>records
	cat records
}
# holder [NAME]: what has the address on the server.
holder() {
	{
		jmap x:Account/get '{"ids":null}'
		echo
		jmap x:MailingList/get '{"ids":null}'
	} | jq -r --arg x "${1:-x}" '.methodResponses[0] | .[0] as $m | .[1].list[]
	    | if .name == $x then "\(.["@type"] // "List")"
	      elif any(.aliases[]?; .name == $x) then "alias of \(.name)" else empty end'
}
is() {
	case $1 in
	account) echo User ;;
	group) echo Group ;;
	list) echo List ;;
	owna | alias) echo 'alias of a' ;;
	ownb) echo 'alias of b' ;;
	esac
}
kinds='account group alias list ownb'
for to in $kinds; do
	directory "$to" | mkaccounts -q --reconcile >"to-$to"
done
for from in $kinds; do
	real
	directory "$from" | mkaccounts -q | apply -q >/dev/null
	ok "from $from to all others and back, in one run each" '
		for to in $kinds; do
			[ $to != $from ] || continue
			run 0 apply -q -u --keep-passwords --destroy "to-$to" >out 2>err
			[ "$(holder)" = "$(is $to)" ]
			run 0 apply -q -u --keep-passwords --destroy "to-$to" >out 2>err
			hasnt out "\"updated\""
			hasnt out "\"destroyed\""
			run 0 apply -q -u --keep-passwords --destroy "to-$from" >out 2>err
			[ "$(holder)" = "$(is $from)" ]
		done'
done
real
ok 'the holder goes in the request that brings the successor' '
	directory list | mkaccounts -q | apply -q >/dev/null
	: >requests
	run 0 apply -q to-account >out 2>err
	grep "destroy" requests | grep "create" | grep -c "\"x\\\\*\"" >n
	[ "$(cat n)" = 1 ]
	[ "$(grep -c destroy requests)" = 1 ]'

# Without what it takes to make the change, all stays as it is, and is named.
for from in $kinds; do
	real
	directory "$from" | mkaccounts -q | apply -q >/dev/null
	ok "from $from, without -u and --destroy: somebody has it" '
		for to in $kinds; do
			got=0
			apply -q "to-$to" >out 2>err || got=$?
			[ $got -le 1 ]
			[ -n "$(holder)" ]
			if [ $to = alias ] || [ $to = ownb ]; then
				[ "$(holder)" = "$(is $from)" ] || [ $from = list ]
			fi
			apply -q --destroy "to-$to" >out 2>err || true
			[ -n "$(holder)" ]
			directory $from | mkaccounts -q --reconcile >back
			apply -q -u --destroy back >out 2>err
			[ "$(holder)" = "$(is $from)" ]
		done'
done
real
directory list | mkaccounts -q | apply -q >/dev/null
ok 'a list stays while the account does not have its address as an alias' '
	run 0 apply to-alias >out 2>err
	has err "x@one.test: it stays: by the plan the address x@one.test is that of a@one.test"
	[ "$(holder)" = List ]
	run 0 apply --add-aliases to-alias >out 2>err
	[ "$(holder)" = "alias of a" ]'
ok 'an account that has to go first is named, with what lets it' '
	run 0 apply -q -u --destroy to-account >out 2>err
	run 1 apply -u to-list >out 2>err
	has err "is taken by the Account x@one.test"
	has err "that goes with --destroy"
	[ "$(holder)" = User ]'

# The successor is refused.
for to in account list alias; do
	for from in account list alias; do
		[ $from != $to ] || continue
		real
		ok "from $from to $to, which the server refuses: who had it has it" '
			directory $from | mkaccounts -q | apply -q >/dev/null
			case $to in
			account) sed "s/\"name\":\"x\",/&\"nonsense\":1,/" to-$to ;;
			list) sed "/MailingList/s/\"name\":\"x\",/&\"nonsense\":1,/" to-$to ;;
			alias) sed "/Account/s/\"name\":\"a\",/&\"nonsense\":1,/" to-$to ;;
			esac >refused
			run 1 apply -q -u --destroy refused >out 2>err
			[ "$(holder)" = "$(is $from)" ]
			has err "the server refuses a member"'
	done
done

# It is refused only when the address is free: it has another one that is taken.
real
ok 'what was taken away for nothing is given back: a list, with its members' '
	directory list | mkaccounts -q | apply -q >/dev/null
	two=$(jmap x:Domain/query "{\"filter\":{\"name\":\"two.test\"}}" | sed "s/.*\"ids\":\[\"\([^\"]*\)\".*/\1/")
	jmap x:Account/set "{\"create\":{\"o\":{\"@type\":\"User\",\"name\":\"other\",\"domainId\":\"$two\"}}}" >/dev/null
	directory none "{\"v\":1,\"type\":\"account\",\"address\":\"x@one.test\",\"secret\":\"$hash\",\"aliases\":[\"other@two.test\"]}" |
	    mkaccounts -q --reconcile >plan
	run 1 apply -u --destroy plan >out 2>err
	has err "x@one.test: "
	hasnt err "reaches nobody"
	[ "$(holder)" = List ]
	jmap x:MailingList/get "{\"ids\":null}" | grep -q "e@ext.test"'
ok 'an alias' '
	directory owna | mkaccounts -q --reconcile >first
	run 0 apply -q -u first >out 2>err
	[ "$(holder)" = "alias of a" ]
	run 1 apply -u --destroy plan >out 2>err
	hasnt err "reaches nobody"
	[ "$(holder)" = "alias of a" ]'
ok 'an account cannot come back, and that is said' '
	directory account | mkaccounts -q --reconcile >first
	run 0 apply -q -u first >out 2>err
	directory none "{\"v\":1,\"type\":\"group\",\"address\":\"x@one.test\",\"aliases\":[\"other@two.test\"]}" |
	    mkaccounts -q --reconcile >plan
	run 1 apply -u --destroy plan >out 2>err
	has err "mail for it reaches nobody now: it was taken from x@one.test"'

# Who has the name elsewhere, or has it and is of another kind, is not the successor.
real
directory list '{"v":1,"type":"account","address":"x@two.test","secret":"'"$hash"'"}' |
    mkaccounts -q | apply -q >/dev/null
ok 'the same name in another domain is somebody else' '
	directory none "{\"v\":1,\"type\":\"account\",\"address\":\"x@one.test\",\"secret\":\"$hash\",\"aliases\":[\"x@two.test\"]}" |
	    mkaccounts -q --reconcile >plan
	run 1 apply -u --destroy plan >out 2>err
	has err "x@one.test: a name or address of it is taken by the Account x@two.test"
	not grep "\"x@one.test\".*created" out
	[ "$(holder | sort | tr "\n" " ")" = "List User " ]'
real
directory owna "{\"v\":1,\"type\":\"account\",\"address\":\"y@one.test\",\"secret\":\"$hash\"}" |
    mkaccounts -q | apply -q >/dev/null
# stays_with_y ADDRESS RECORD: who wants y's address does not get it, nor that of a.
stays_with_y() {
	directory none "$2" | mkaccounts -q >plan
	run 1 apply -u plan >out 2>err
	has err "$1: a name or address of it is taken by the Account y@one.test"
	[ "$(holder)" = "alias of a" ]
	[ "$(holder y)" = User ]
}
ok 'a person of that name is not the group' '
	stays_with_y y@one.test "{\"v\":1,\"type\":\"group\",\"address\":\"y@one.test\",\"aliases\":[\"x@one.test\"]}"'
ok 'nor one who wants that name as an alias' '
	stays_with_y z@one.test "{\"v\":1,\"type\":\"account\",\"address\":\"z@one.test\",\"secret\":\"$hash\",\"aliases\":[\"x@one.test\",\"y@one.test\"]}"'

# Who has to go for one address has others, too.
real
directory none "{\"v\":1,\"type\":\"account\",\"address\":\"x@one.test\",\"secret\":\"$hash\",\"aliases\":[\"also@one.test\"]}" |
    mkaccounts -q | apply -q >/dev/null
directory none '{"v":1,"type":"alias","address":"x@one.test","targets":["a@one.test","e@ext.test"]}' \
    '{"v":1,"type":"alias","address":"also@one.test","targets":["b@one.test"]}' |
    mkaccounts -q --reconcile >plan
ok 'an account does not go while another of its addresses has no new owner' '
	run 1 apply --destroy plan >out 2>err
	has err "that has another address, whose new owner does not have it"
	[ "$(holder)" = User ]
	[ "$(holder also)" = "alias of x" ]'
ok 'and goes when both have theirs' '
	run 0 apply --add-aliases --destroy plan >out 2>err
	[ "$(holder)" = List ]
	[ "$(holder also)" = "alias of b" ]'

# In a part nobody gives up what others have: they are named.
for from in account group list alias; do
	real
	directory "$from" | mkaccounts -q | apply -q >/dev/null
	case $from in
	list) who='MailingList x@one.test' ;;
	alias) who='Account a@one.test' ;;
	*) who='Account x@one.test' ;;
	esac
	ok "an alias in a part with its new owner alone: who has it is named, $from" '
		directory ownb | grep -e "\"b@one" | mkaccounts -q --partial >plan
		run 1 apply -u --keep-passwords plan >out 2>err
		has err "b@one.test: a name or address of it is taken by the $who (id "
		[ "$(holder)" = "$(is $from)" ]'
done

# An alias of which the server can make nothing keeps the list that may be there, and
# no other.
real
for who in info sales; do
	echo "{\"v\":1,\"type\":\"alias\",\"address\":\"$who@one.test\",\"targets\":[\"a@one.test\",\"e@ext.test\"]}"
done >lists
old='{"v":1,"type":"alias","address":"old@one.test","targets":["a@one.test","e@ext.test"]}'
dead=$(sed 's/a@one.test","e@ext.test/gone@one.test/' lists)
directory list "$(cat lists)" "$old" | mkaccounts -q | apply -q >/dev/null
ok 'a dead alias keeps its list; others go, or become an account' '
	directory account "$dead" | mkaccounts -q --reconcile >plan
	run 0 apply -n -u --keep-passwords --destroy plan >out 2>err
	grep "old@one.test" out | grep -q "\"would\":\"destroyed\""
	for again in 1 2; do
		run 0 apply -u --keep-passwords --destroy plan >out 2>err
		[ "$(holder)" = User ]
		[ -z "$(holder old)" ]
		[ "$(holder info) $(holder sales) $(holder team)" = "List List List" ]
	done
	[ "$(statuses out)" = "$(wc -l <out) exists " ]'
ok 'and a list of which the server refuses a member stays as it is' '
	sed "/MailingList/s/\"name\":\"team\",/&\"nonsense\":1,/" plan >refused
	run 1 apply -u --keep-passwords --destroy refused >out 2>err
	[ "$(holder team)" = List ]'
ok 'stalwart-cli takes nothing away by that line: no object has such a name' '
	grep "\"reconcile\",\"object\":\"MailingList\".*one_2etest" plan >line
	[ "$(wc -l <line)" = 1 ]
	[ "$(jq -c "[.[\"@type\"], .value, .scope.name]" line)" = "[\"reconcile\",{},\"! info sales\"]" ]'

# Many at a time, and who has left.
real --max-objects-in-set 3
ok 'the aliases of one who has left go to others, and he goes' '
	n=$(seq 1 9)
	# shellcheck disable=SC2046,SC2086
	directory none "{\"v\":1,\"type\":\"account\",\"address\":\"left@one.test\",\"secret\":\"$hash\",\"aliases\":[$(printf "\"n%d@one.test\"," $n | sed "s/,\$//")]}" |
	    mkaccounts -q | apply -q >/dev/null
	{
		for i in $n; do
			echo "{\"v\":1,\"type\":\"account\",\"address\":\"p$i@one.test\",\"secret\":\"$hash\",\"aliases\":[\"n$i@one.test\"]}"
		done
		directory none
	} >all
	sed -i "\$s/.*/{\"v\":1,\"type\":\"end\",\"count\":$(($(wc -l <all) - 1))}/" all
	mkaccounts -q --reconcile all >plan
	run 0 apply -u --destroy plan >out 2>err
	for i in $n; do
		[ "$(holder n$i)" = "alias of p$i" ]
	done
	[ -z "$(holder left)" ]'

# An answer that is lost.
directory list | mkaccounts -q >first
real
apply -q first >/dev/null
apply -q to-account >/dev/null
at=$(grep '"method":"POST"' requests | grep -n 'destroy' | cut -d: -f1)
for fault in reset-after reset-before cut 500 mid-set 503:0; do
	real --fault "$at:$fault"
	ok "a server that fails in the middle of it: $fault" '
		run 0 apply -q first >/dev/null
		run 0 apply -q --retry-budget 20 to-account >out 2>err
		[ "$(holder)" = User ]
		grep "\"method\":\"POST\"" requests | sed -n ${at}p | grep "destroy" | grep -q "create"
		[ $fault = mid-set ] || [ "$(grep -c "destroy.*create" requests)" -gt 1 ]'
done

done_testing
