#!/bin/sh
# stalwart-apply: what it says of objects that exist and differ, and what it
# changes of them.
. "${0%/*}/lib.sh"
need curl
. "$top/t/apply.sh"

list='{"@type":"upsert","object":"MailingList","matchOn":["name","domainId"],"value":{"l":{"name":"info","domainId":"#d"'
cat >first <<EOF
{"v":1,"type":"domain","domain":"one.test"}
{"v":1,"type":"account","address":"alice@one.test","name":"Alice","secret":"$hash","quota":1000,"aliases":["ali@one.test"]}
{"v":1,"type":"account","address":"bob@one.test","secret":"$hash"}
{"v":1,"type":"alias","address":"info@one.test","targets":["alice@one.test","ext@x.test"]}
{"v":1,"type":"end","count":4}
EOF
cat >second <<EOF
{"v":1,"type":"domain","domain":"one.test","aliases":["two.test"]}
{"v":1,"type":"account","address":"alice@one.test","name":"Alice","secret":"$other","quota":5000,"active":false,"aliases":["al@one.test","ali@one.test"]}
{"v":1,"type":"account","address":"bob@one.test","secret":"$other"}
{"v":1,"type":"alias","address":"info@one.test","targets":["alice@one.test","bob@one.test","ext2@x.test"]}
{"v":1,"type":"end","count":4}
EOF
for i in first second; do mkaccounts -q $i >$i.plan; done
state() {
	for t in Domain Account MailingList; do
		jmap x:$t/get '{"ids":null}'
	done
}
# a server with the first directory, whose owners changed their passwords
began() {
# shellcheck disable=SC2119 # no options
	serve
	run 0 apply -q first.plan >/dev/null
	jmap x:Account/set '{"update":{"b":{"credentials/0/secret":"Another word 99"}}}' >/dev/null
	state >before
}

began
ok 'what is the same is said to exist, and nothing more' '
	run 0 apply first.plan >out 2>err
	[ "$(statuses out)" = "4 exists " ]
	hasnt out "\"note\""
	hasnt out "\"differs\""
	hasnt err one.test'
ok 'what differs is named, by its members; nothing is changed' '
	run 0 apply second.plan >out 2>err
	[ "$(statuses out)" = "4 exists " ]
	has err "one.test: it lacks the aliases two.test"
	has err "alice@one.test: it lacks the aliases al@one.test (--add-aliases adds them); it differs from the plan:"
	for m in aliases permissions quotas; do
		grep "\"address\":\"alice@one.test\"" out | grep -q "\"differs\":\[.*\"$m\""
	done
	has err "info@one.test: it differs from the plan: recipients, and is left alone"
	hasnt err "bob@one.test"
	state | same before -'
ok 'no secret is compared, or shown' '
	hasnt out secret
	hasnt out "$other"
	hasnt err "$other"'
ok 'a dry run says the same' '
	run 0 apply -n second.plan >out.n 2>err.n
	sed "s/\"planned\",\"would\":\"[a-z]*\"/\"exists\"/" out.n | sort >a
	sort out >b
	same b a
	state | same before -'
ok '--add-aliases adds what is missing, and nothing else' '
	run 0 apply --add-aliases -n second.plan >out 2>err
	[ "$(statuses out)" = "2 exists 2 planned " ]
	state | same before -
	run 0 apply --add-aliases second.plan >out 2>err
	[ "$(statuses out)" = "2 exists 2 updated " ]
	has err "alice@one.test: it gets the aliases al@one.test"
	jmap x:Account/get "{\"ids\":null}" >now
	has now "\"name\":\"ali\""
	has now "\"name\":\"al\""
	has now "\"maxDiskQuota\":1000"
	hasnt now disabledPermissions
	jmap x:Domain/get "{\"ids\":null}" | grep -q two.test
	[ "$(login alice@one.test "Another word 99")" = 200 ]
	run 0 apply --add-aliases second.plan >out 2>err
	[ "$(statuses out)" = "4 exists " ]
	hasnt err "lacks the aliases"'
ok 'aliases that somebody added stay, in any order' '
	began
	jmap x:Account/set "{\"update\":{\"b\":{\"aliases/7\":{\"name\":\"mine\",\"domainId\":\"b\"}}}}" >/dev/null
	run 0 apply --add-aliases second.plan >out 2>err
	jmap x:Account/get "{\"ids\":null}" >now
	for n in ali al mine; do has now "\"name\":\"$n\""; done'
began
ok '-u --keep-passwords changes all but credentials' '
	: >requests
	run 0 apply -u --keep-passwords second.plan >out 2>err
	[ "$(statuses out)" = "1 exists 3 updated " ]
	jmap x:Account/get "{\"ids\":null}" >now
	has now "\"maxDiskQuota\":5000"
	has now "\"name\":\"al\""
	has now "\"authenticate\":true"
	jmap x:Account/set "{\"update\":{\"b\":{\"permissions\":{\"@type\":\"Inherit\"}}}}" >/dev/null
	[ "$(login alice@one.test "Another word 99")" = 200 ]
	not grep -q "credentials/" requests
	run 0 apply -u --keep-passwords first.plan >out 2>err
	run 0 apply -u --keep-passwords second.plan >out 2>err
	run 0 apply -u --keep-passwords second.plan >out 2>err
	[ "$(statuses out)" = "4 exists " ]
	run 2 apply --keep-passwords second.plan 2>err
	has err "--keep-passwords is for -u"'

hostile nothing
ok 'a domain that failed for now makes its accounts fail for now' '
	run 75 apply -E rejects first.plan >out 2>err
	[ "$(grep -c "\"kind\":\"temporary\"" out)" = 4 ]
	has err "alice@one.test: it needs one.test, which failed: the server says nothing about it"
	has err "info@one.test: it needs one.test"
	[ "$(wc -l <rejects)" = 4 ]'
ok 'and its catch-all' '
	{ echo "$domain"; echo "{\"@type\":\"update\",\"object\":\"Domain\",\"id\":\"#d\",\"value\":{\"catchAllAddress\":\"a@one.test\"}}"; } >catch
	run 75 apply catch >out 2>err
	has err "it needs one.test, which failed"'
ok 'one that failed for good makes them fail for good' '
	serve
	sed "s/one.test/bad.example/g" first.plan >bad.plan
	run 1 apply bad.plan >out 2>err
	[ "$(grep -c "\"kind\":\"data\"" out)" = 4 ]
	has err "alice@bad.example: it needs bad.example, which failed: the server refuses a member"'

# What the directory does not have any more goes from the server as well.
cat >much <<EOF
{"v":1,"type":"domain","domain":"one.test"}
{"v":1,"type":"account","address":"alice@one.test","secret":"$hash","quota":5000,"active":false,"receive":false,"aliases":["al@one.test"],"groups":["team@one.test"]}
{"v":1,"type":"account","address":"bob@one.test","secret":"$hash","active":false,"receive":false}
{"v":1,"type":"group","address":"team@one.test","quota":7,"aliases":["t@one.test"]}
{"v":1,"type":"end","count":4}
EOF
cat >little <<EOF
{"v":1,"type":"domain","domain":"one.test"}
{"v":1,"type":"account","address":"alice@one.test","secret":"$hash"}
{"v":1,"type":"account","address":"bob@one.test","secret":"$hash","active":false}
{"v":1,"type":"group","address":"team@one.test"}
{"v":1,"type":"end","count":4}
EOF
for i in much little; do mkaccounts -q $i >$i.plan; done
held() {
	jmap x:Account/get '{"ids":null}' | jq -c '.methodResponses[0][1].list[] |
	    [.name, .quotas, (.aliases | length), (.memberGroupIds // {} | length), .permissions]' | sort
}
serve
apply -q little.plan >/dev/null
held >little.held
serve
apply -q much.plan >/dev/null
held >much.held
ok 'what an account has no more is said' '
	run 0 apply little.plan >out 2>err
	has err "alice@one.test: it differs from the plan: quotas aliases memberGroupIds permissions, and is left alone"
	has err "bob@one.test: it differs from the plan: permissions, and is left alone"
	has err "team@one.test: it differs from the plan: quotas aliases, and is left alone"
	held | same much.held -'
ok 'a plan of what grep left does not take it for gone' '
	grep -v "bob@one.test" little | mkaccounts -q >part.plan
	run 0 apply -u part.plan >out 2>err
	hasnt out "\"differs\""
	held | same much.held -
	grep "alice@one.test\|\"domain\"" little | mkaccounts -q --partial >part.plan
	run 0 apply -u part.plan >out 2>err
	held | same much.held -'
ok 'of what recfilter left, it goes with -u, but for aliases: she can log in again' '
	[ "$(login alice@one.test "$clear")" = 403 ]
	recfilter -q -a alice@one.test little | mkaccounts -q >part.plan
	run 0 apply -u --keep-passwords part.plan >out 2>err
	[ "$(login alice@one.test "$clear")" = 200 ]
	has err "alice@one.test: it keeps the aliases al@one.test: a part of a directory"
	held | grep alice >got
	grep alice little.held | sed "s/{},0,/{},1,/" | same - got'
ok 'and of the whole dump' '
	run 0 apply -u --keep-passwords little.plan >out 2>err
	held | same little.held -
	run 0 apply little.plan >out 2>err
	hasnt out "\"differs\""'

# A directory that shows no password any more: nobody is locked out, and it is
# said that the old one works.
{
	echo '{"v":1,"type":"domain","domain":"one.test"}'
	echo '{"v":1,"type":"account","address":"bob@one.test","quota":9}'
	echo '{"v":1,"type":"account","address":"new@one.test"}'
	echo '{"v":1,"type":"account","address":"alice@one.test","quota":9}'
	echo '{"v":1,"type":"group","address":"team@one.test"}'
	echo '{"v":1,"type":"end","count":5}'
} | mkaccounts -q --no-secret=empty >empty.plan
serve
apply -q little.plan >/dev/null
jmap x:AppPassword/set '{"accountId":"b","create":{"p":{"description":"Phone"}}}' >/dev/null
# left: who keeps a password that the plan does not have
left() {
	jq -r 'select(.differs // [] | index("credentials")) | [.status, .address] | join(" ")' out | sort
}
ok '-u with no password in the plan: the old one stays, and is named' '
	run 0 apply -u empty.plan >out 2>err
	printf "%s\n" "updated alice@one.test" "updated bob@one.test" >want
	left | same want -
	has err "alice@one.test: the plan has no password for it, and the one that it has stays in force"
	[ "$(login alice@one.test "$clear")" = 200 ]
	run 0 apply -u empty.plan >out 2>err
	[ "$(left | cut -d" " -f1 | uniq)" = exists ]
	run 0 apply -u -n empty.plan >out 2>err
	[ "$(left | wc -l)" = 2 ]'
ok 'not where passwords are left alone; one that was set since stays as well' '
	for how in "" "-u --keep-passwords"; do
		run 0 apply $how empty.plan >out 2>err
		hasnt out credentials
		hasnt err "in force"
	done
	jmap x:Account/set "{\"update\":{\"$(jq -r "select(.address == \"new@one.test\").id" out)\":{\"credentials/0/secret\":\"Another word 99\"}}}" >/dev/null
	run 0 apply -u empty.plan >out 2>err
	left | grep -q new@one.test
	[ "$(login new@one.test "Another word 99")" = 200 ]'

# An address that goes from one to the other, in both directions of the order.
swap() {
	{
		echo '{"v":1,"type":"domain","domain":"one.test"}'
		for who in a b c; do
			printf '{"v":1,"type":"account","address":"%s@one.test","secret":"%s","aliases":["%s"]}\n' "$who" "$hash" "$1@one.test"
			shift
		done
		echo '{"v":1,"type":"end","count":4}'
	} | mkaccounts -q
}
for order in "y z x" "new x y" "y z new"; do
	serve
	swap x y z | apply -q >/dev/null
	# shellcheck disable=SC2086
	swap $order >swapped.plan
	ok "addresses that change hands are changed in one run ($order)" '
		run 0 apply -u --keep-passwords swapped.plan >out 2>err
		[ "$(statuses out)" = "1 exists 3 updated " ]
		run 0 apply -u --keep-passwords swapped.plan >out 2>err
		[ "$(statuses out)" = "4 exists " ]'
done
serve
ok 'a temporary password that is not set is said, and only that' '
	record() { echo "{\"v\":1,\"type\":\"account\",\"address\":\"$1@temp.test\"$2}"; }
	of() { mkaccounts -q --partial --no-secret=temp --temp-file new 2>err; }
	{ record old ",\"secret\":\"{SHA}sRZzi/p3eu0PuyOjgiQoia41wkw=\""; } | of >plan
	run 0 stalwart-apply -q --password-file admin.secret plan >out 2>err
	{ record old; record new; } | of >plan
	said() {
		run 0 stalwart-apply --password-file admin.secret "$@" plan >out 2>err
		jq -r "select(.object == \"Account\" and .note) | \"\(.address) \(.note)\"" out >got
	}
	for how in "" "-u --keep-passwords"; do
		# shellcheck disable=SC2086
		said $how
		grep "^old@temp.test the temporary password of the plan is not set" got
		has err "old@temp.test: the temporary password of the plan is not set"
		[ -n "$how" ] || not grep "^new" got
	done
	said -u
	not grep temporary got'
# --- the password is not the first of the credentials ---
phone() { # HASH [QUOTA]: the directory
	printf '{"v":1,"type":"account","address":"pia@one.test"%s,"app_passwords":[{"name":"phone"}]%s}\n{"v":1,"type":"end","count":1}\n' "$1" "${2-}"
}
# shellcheck disable=SC2119 # no options
serve
ok 'an owner with an app password alone gets the password beside it' '
	phone "" | mkaccounts -q --no-secret=empty --settings s >plan
	run 0 apply -q --settings s --app-passwords apps plan >out
	app=$(grep -o "app_[a-z0-9]*" apps | tail -n 1)
	phone ",\"secret\":\"$hash\"" ",\"quota\":5000" | mkaccounts -q --settings s >plan
	for again in 1 2; do
		run 0 apply -u --settings s --app-passwords apps plan >out 2>err
		[ "$(login pia@one.test "$clear")" = 200 ]
		[ "$(login pia@one.test "$app")" = 200 ]
	done
	jmap x:Account/get "{\"ids\":null}" >now
	has now "\"maxDiskQuota\":5000"'

otp() { # MEMBER
	printf '{"v":1,"type":"account","address":"ola@one.test","secret":"%s"%s}\n{"v":1,"type":"end","count":1}\n' "$hash" "$1"
}
ok 'a second factor that the directory has no more stays, and that is said' '
	otp ",\"otp\":\"otpauth://totp/A:a?secret=AAAAY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=A\"" | mkaccounts -q --otp=carry >with
	otp "" | mkaccounts -q --otp=carry >without
	run 0 apply with >out 2>err
	run 0 apply -u with >out 2>err
	hasnt err "second factor"
	run 0 apply -u without >out 2>err
	has err "second factors: the plan has none for 1 account that exists: one that the server has"
	[ "$(login ola@one.test "$clear")" = 402 ]
	run 0 apply -u --keep-passwords without >out 2>err
	hasnt err "second factor"'

done_testing
