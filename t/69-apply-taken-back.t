#!/bin/sh
# What a directory does not have any more, with --reconcile and -u: taken back, and
# without -u named.
. "${0%/*}/lib.sh"
need curl
need jq
. "$top/t/apply.sh"

# dump DOMAIN-MEMBERS A-MEMBERS [MORE...]: one.test with a and b.
dump() {
	domain=$1
	account=$2
	shift 2
	{
		echo "{\"v\":1,\"type\":\"domain\",\"domain\":\"one.test\"$domain}"
		echo '{"v":1,"type":"domain","domain":"two.test"}'
		echo "{\"v\":1,\"type\":\"account\",\"address\":\"a@one.test\",\"secret\":\"$hash\"$account}"
		echo "{\"v\":1,\"type\":\"account\",\"address\":\"b@one.test\",\"secret\":\"$hash\",\"name\":\"B\",\"send_as\":[\"x@ext.test\"]}"
		echo "{\"v\":1,\"type\":\"account\",\"address\":\"c@two.test\",\"secret\":\"$hash\",\"send_as\":[\"two@ext.test\"]}"
		echo '{"v":1,"type":"alias","address":"team@one.test","targets":["a@one.test","e@ext.test"]}'
		for record; do
			echo "$record"
		done
	} >records
	echo "{\"v\":1,\"type\":\"end\",\"count\":$(wc -l <records)}" >>records
	cat records
}
full() {
	dump ',"aliases":["alias.test"]' ',"name":"Alice","allow_nets":["10.0.0.0/8"],"send_as":["boss@one.test","@ext.test"]' \
	    '{"v":1,"type":"alias","address":"@one.test","targets":["a@one.test"]}'
}
# shellcheck disable=SC2120 # most have options
make() {
	mkaccounts -q --networks --send-as "$@"
}
# state: what of it the server has.
state() {
	jmap x:Domain/get '{"ids":null}' | jq -c '.methodResponses[0][1].list[] | select(.name == "one.test")
	    | [.catchAllAddress, (.aliases | keys), .allowRelaying]'
	jmap x:Account/get '{"ids":null}' | jq -c '.methodResponses[0][1].list[] | select(.name == "a")
	    | [.description, .credentials["0"].allowedIps]'
	jmap x:MemoryLookupKey/get '{"ids":null}' | jq -c '[.methodResponses[0][1].list[] | .key] | sort'
}
# shellcheck disable=SC2119 # no options
filled() {
	serve --schema "$fixtures/real/stalwart-schema.json.gz"
	full | make | apply -q >/dev/null
	state >full.state
}
cat >full.want <<'E'
["a@one.test",["alias.test"],false]
["Alice",{"10.0.0.0/8":true}]
["a@one.test *@ext.test","a@one.test boss@one.test","b@one.test x@ext.test","c@two.test two@ext.test"]
E
cat >bare.want <<'E'
[null,[],false]
[null,{}]
["b@one.test x@ext.test","c@two.test two@ext.test"]
E
filled
ok 'without -u all of it stays, and is said to differ' '
	same full.want full.state
	dump "" "" | make --reconcile >plan
	for again in "" -n; do
		# shellcheck disable=SC2086
		run 0 apply $again plan >out 2>err
		has err "one.test: it differs from the plan, and is left alone"
		grep "\"object\":\"Domain\"" out | grep -q "\"differs\":\[\"catchAllAddress\"\]"
		grep "\"object\":\"Domain\"" out | grep -q "\"differs\":\[\"aliases\"\]"
		grep "\"address\":\"a@one.test\"" out | grep -q "\"allowedIps\""
		grep "\"address\":\"a@one.test\"" out | grep -q "description"
		has err "2 rights to send as others, such as \"a@one.test"
		state | same full.want -
	done'
ok 'with -q: what is in no result is said, and nothing else' '
	dump "" "" | grep -v b@one.test | sed "s/:6/:5/" | make --reconcile >plan
	for how in -q -nq; do
		status=1
		[ $how = -q ] || status=0
		run $status apply $how plan >out 2>err
		grep -q "MemoryLookupKey: [23] rights to send as others, such as" err
		grep -v -e "rights to send" -e "needs --destroy" err >rest || true
		[ ! -s rest ]
	done'
for options in -u '-u --keep-passwords'; do
	filled
	ok "with $options it is taken back, and once" '
		dump "" "" | make --reconcile >plan
		# shellcheck disable=SC2086
		run 0 apply $options plan >out 2>err
		case $options in
		*passwords) sed "s/\[null,{}/[null,{\"10.0.0.0\/8\":true}/" bare.want ;;
		*) cat bare.want ;;
		esac >want
		state | same want -
		[ "$(grep -c "MemoryLookupKey.*destroyed" out)" = 2 ]
		run 0 apply -u --keep-passwords plan >out 2>err
		[ "$(statuses out)" = "$(wc -l <out) exists " ]
		grep "differ" err >rest || true
		case $options in
		*passwords) [ "$(grep -c "the networks" rest)" = "$(wc -l <rest)" ] ;;
		*) [ ! -s rest ] ;;
		esac'
done
ok 'an account that was never shut out, and a name that the directory has, stay so' '
	run 0 apply -u --keep-passwords plan >out 2>err
	jmap x:Account/get "{\"ids\":null}" | jq -r ".methodResponses[0][1].list[] | select(.name == \"b\") | .description" >got
	[ "$(cat got)" = B ]
	hasnt out updated'

# What the input does not prove gone.
filled
ok 'without --reconcile' '
	dump "" "" | make >plan
	run 0 apply -u --keep-passwords plan >out 2>err
	state | sed "s/{\"10.0.0.0.8\":true}/{}/; s/{}/{\"10.0.0.0\\/8\":true}/" | same full.want -'
filled
ok 'rights where the plan has none at all, and networks without the option' '
	dump "" "" | sed "s/,\"send_as\":\[[^]]*\]//" | mkaccounts -q --reconcile >plan
	run 0 apply -u --keep-passwords plan >out 2>err
	has err "4 rights to send as others"
	has err "it has none at all"
	state | tail -n 1 >got
	tail -n 1 full.want | same got -
	state | grep -q "10.0.0.0"'
filled
ok 'names and aliases in a directory that has none' '
	dump "" "" | sed "s/,\"name\":\"B\"//; /\"alias\"/d; s/\"count\":6/\"count\":5/" | make --reconcile >plan
	run 0 apply -u --keep-passwords plan >out 2>err
	state | head -n 1 >got
	head -n 1 full.want | same got -
	state | grep -q Alice'
filled
ok 'a catch-all that leads to several, networks that are none' '
	dump "" ",\"allow_nets\":[\"nonsense\"]" "{\"v\":1,\"type\":\"alias\",\"address\":\"@one.test\",\"targets\":[\"a@one.test\",\"b@one.test\"]}" |
	    make --reconcile >plan
	run 0 apply -u --keep-passwords plan >out 2>err
	state | head -n 1 | grep -q "\"a@one.test\""
	state | grep -q "10.0.0.0"'
filled
ok 'a domain of which an account is refused' '
	dump "" "" | sed "/b@one.test/s/\"secret\":\"[^\"]*\"/\"secret\":\"*\"/" >refused
	run 1 make --reconcile refused >plan 2>err
	run 0 apply -u --keep-passwords plan >out 2>err
	state | grep -v Alice | sed "s/{}/{\"10.0.0.0\\/8\":true}/" >got
	grep -v Alice full.want | same - got'
filled
ok 'the rights of a domain that is not in the input' '
	dump "" "" | grep -v "two.test" >one
	sed -i "s/\"count\":6/\"count\":4/" one
	run 0 make --reconcile one >plan
	run 0 apply -u --keep-passwords plan >out 2>err
	state | tail -n 1 | grep -q "\[\"b@one.test x@ext.test\",\"c@two.test two@ext.test\"\]"'

# --- the catch-all of an account that goes ---
left() {
	dump '' '' "$@" | grep -v '"address":"a@one\|"team@one\|"type":"end"' >some
	echo "{\"v\":1,\"type\":\"end\",\"count\":$(wc -l <some)}" >>some
	make --reconcile some
}
says="a@one.test: .*the catch-all of one.test leads to it, as a@one.test: without it that mail reaches nobody"
filled
ok 'what the input does not prove gone is named with the account to which it leads' '
	left >plan
	run 1 apply -u --keep-passwords plan >out 2>err
	grep -q "$says" err
	run 0 apply -n -u --destroy --keep-passwords plan >out 2>err
	grep -q "$says" err
	grep -q "\"address\":\"a@one.test\",\"status\":\"planned\".*catchAllAddress" out
	run 0 apply -u --destroy --keep-passwords plan >out 2>err
	grep -q "$says" err
	grep -q "\"address\":\"a@one.test\",\"status\":\"destroyed\".*catchAllAddress" out
	state | head -n 1 | grep -q "^.\"a@one.test\""'
filled
ok 'also by an alias, and from several domains' '
	id=$(jmap x:Account/query "{\"filter\":{\"name\":\"a\"}}" | jq -r ".methodResponses[0][1].ids[0]")
	one=$(jmap x:Domain/query "{\"filter\":{\"name\":\"one.test\"}}" | jq -r ".methodResponses[0][1].ids[0]")
	two=$(jmap x:Domain/query "{\"filter\":{\"name\":\"two.test\"}}" | jq -r ".methodResponses[0][1].ids[0]")
	jmap x:Account/set "{\"update\":{\"$id\":{\"aliases\":{\"0\":{\"name\":\"al\",\"domainId\":\"$one\"}}}}}" >/dev/null
	jmap x:Domain/set "{\"update\":{\"$one\":{\"catchAllAddress\":\"al@one.test\"},\"$two\":{\"catchAllAddress\":\"al@one.test\"}}}" >/dev/null
	echo "{\"@type\":\"destroy\",\"object\":\"Account\",\"value\":{\"name\":\"a\"}}" >gone
	run 0 apply --destroy gone >out 2>err
	grep -q "a@one.test: the catch-all of \(one\|two\).test and others leads to it, as al@one.test" err'
for to in '' b@one.test e@ext.test; do
	filled
	ok "not one that is taken back, or leads elsewhere: $to" '
		if [ -n "$to" ]; then
			left "{\"v\":1,\"type\":\"alias\",\"address\":\"@one.test\",\"targets\":[\"$to\"]}" >plan
		else
			dump "" "" | grep -v "a@one.test\",\"s" | sed "s/\"count\":6/\"count\":5/; s/a@one/b@one/" | make --reconcile >plan
		fi
		run 0 apply -u --destroy --keep-passwords plan >out 2>err
		has out "\"address\":\"a@one.test\",\"status\":\"destroyed\""
		hasnt err "the catch-all of"
		state | head -n 1 | grep -q "^.\(null\|\"$to\"\)"'
done

# --- the catch-all in a directory that has no alias at all ---
bare() {
	dump "" "" | grep -v "\"alias\"" | sed "s/\"count\":6/\"count\":5/"
}
filled
ok 'one that nothing proves gone is named, whoever it leads to' '
	bare | make --reconcile >plan
	for options in "" -q -n "-u --keep-passwords"; do
		# shellcheck disable=SC2086
		run 0 apply $options plan >out 2>err
		has err "one.test: its catch-all, which leads to a@one.test, is left"
		hasnt err "two.test: its catch-all"
		state | head -n 1 | grep -q "a@one.test"
	done'
ok 'not where the plan says what it is, or has not all accounts' '
	dump "" "" | make --reconcile >plan
	run 0 apply plan >out 2>err
	hasnt err "its catch-all"
	bare | make >plan
	run 0 apply plan >out 2>err
	hasnt err "its catch-all"'

# --- rights of an account that goes ---
keys() {
	jmap x:MemoryLookupKey/get '{"ids":null}' | jq -r '.methodResponses[0][1].list[] | .key' | sort
}
for how in none some; do
	filled
	ok "they go with it, and no other: the plan has $how" '
		case $how in
		none) dump "" "" | sed "s/,\"send_as\":\[[^]]*\]//" ;;
		some) dump "" "" ;;
		esac | grep -v "a@one.test\",\"s" | sed "s/\"count\":6/\"count\":5/; s/a@one/b@one/" | make --reconcile >plan
		run 1 apply plan >out 2>err
		[ "$(keys | wc -l)" = 4 ]
		run 0 apply -n --destroy plan >out 2>err
		[ "$(grep -c "MemoryLookupKey.*\"would\":\"destroyed\"" out)" = 2 ]
		[ "$(keys | wc -l)" = 4 ]
		run 0 apply --destroy plan >out 2>err
		keys >got
		printf "%s\n" "b@one.test x@ext.test" "c@two.test two@ext.test" | same - got
		[ "$(grep -c "MemoryLookupKey.*\"address\":\"a@one.test .*destroyed" out)" = 2 ]'
done
filled
ok 'also by an operation "destroy", and where the address becomes another' '
	echo "{\"@type\":\"destroy\",\"object\":\"Account\",\"value\":{\"name\":\"c\"}}" >gone
	run 0 apply --destroy gone >out 2>err
	keys | not grep c@two.test
	dump "" "" | sed "s/\"address\":\"a@one.test\",\"secret\":\"[^\"]*\"/\"address\":\"d@one.test\",\"secret\":\"x\"/" |
	    sed "s/\"d@one.test\",\"secret\":\"x\"/\"a@one.test\"/; /\"a@one.test\"}/s/account/group/" | make --reconcile >plan
	run 0 apply -u --keep-passwords --destroy plan >out 2>err
	jmap x:Account/get "{\"ids\":null}" | grep -q "Group"
	keys | not grep ^a@one.test'

# --- relaying ---
serve --schema "$fixtures/real/stalwart-schema.json.gz"
relays() {
	jmap x:Domain/get '{"ids":null}' | jq -c '[.methodResponses[0][1].list[].allowRelaying]'
}
ok 'allowRelaying: both servers serve a domain until --reconcile says that one has all' '
	full | make --allow-relaying | apply -q >/dev/null
	[ "$(relays)" = "[true,true]" ]
	mkaccounts -q records >plan
	run 0 apply -u --keep-passwords plan >out 2>err
	hasnt err allowRelaying
	[ "$(relays)" = "[true,true]" ]
	recfilter -q -a a@one.test records | mkaccounts -q >part
	run 0 apply -u --keep-passwords part >out 2>err
	[ "$(relays)" = "[true,true]" ]
	mkaccounts -q --reconcile records >plan
	run 0 apply plan >out 2>err
	has err "one.test: it differs from the plan: allowRelaying, and is left alone"
	run 0 apply -u --keep-passwords plan >out 2>err
	[ "$(relays)" = "[false,false]" ]'
ok 'not while an account of the domain is refused or left out' '
	full | make --allow-relaying | apply -q -u --keep-passwords >/dev/null
	sed "/a@one.test/s/\"v\"/\"active\":false,&/" records | mkaccounts -q --reconcile --inactive=skip >plan
	run 0 apply -u --keep-passwords plan >out 2>err
	[ "$(relays)" = "[true,false]" ]'

done_testing
