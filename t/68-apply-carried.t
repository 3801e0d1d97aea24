#!/bin/sh
# What mkaccounts carries beyond accounts, put onto a server and read back: keys,
# protocols, networks, rights to send as others, languages. A second run changes
# nothing.
. "${0%/*}/lib.sh"
. "$top/t/apply.sh"
. "$top/t/mkaccounts.sh"
. "$top/t/keys.sh"
need jq
need openssl

# objects TYPE: all of them, without ids
objects() {
	jmap "x:$1/get" '{"ids":null}' | jq -c ".methodResponses[0][1].list[] | del(.id)"
}
dkim() {
	jq -nc --rawfile key "$fixtures/dkim/$2.pem" --arg s "$1" \
	    '{v: 1, type: "dkim", domain: "one.test", selector: $s, key: $key}'
}
{
	domain one.test
	dkim mail rsa
	dkim ed ed25519
	account alice@one.test '"disabled":["imap","pop3"],"allow_nets":["10.0.0.0/8"],"send_as":["bob@one.test","@two.test"],"locale":"de","time_zone":"Europe/Berlin"'
	account bob@one.test '"locale":"pt-BR","time_zone":"Mars/Phobos"'
	account carol@one.test '"locale":"tlh"'
	account dave@one.test
	end
} | counted >in
mkaccounts -q --protocols --networks --send-as --locale in >plan

serve --schema "$fixtures/real/stalwart-schema.json.gz"
ok 'everything is there, as it was asked for' '
	run 0 apply plan >out 2>err
	[ "$(statuses out)" = "9 created " ]
	objects DkimSignature | jq -c "[.[\"@type\"], .selector]" | sort >got
	cat >want <<-EOF
	["Dkim1Ed25519Sha256","ed"]
	["Dkim1RsaSha256","mail"]
	EOF
	same want got
	jmap x:Domain/get "{\"ids\":null,\"properties\":[\"dkimManagement\"]}" |
	    jq -e ".methodResponses[0][1].list[0].dkimManagement == {\"@type\": \"Manual\"}"
	objects MemoryLookupKey | jq -c "[.namespace, .key, .isGlobPattern]" | sort >got
	cat >want <<-EOF
	["send-as","alice@one.test *@two.test",true]
	["send-as","alice@one.test bob@one.test",false]
	EOF
	same want got
	objects Account | jq -c "[.name, .locale, .timeZone, (.permissions.disabledPermissions // {} | keys),
	    .credentials[\"0\"].allowedIps]" | sort >got
	cat >want <<-EOF
	["alice","de_DE","Europe/Berlin",["imapAuthenticate","pop3Authenticate"],{"10.0.0.0/8":true}]
	["bob","pt_BR",null,[],{}]
	["carol","en_US",null,[],{}]
	["dave","en_US",null,[],{}]
	EOF
	same want got
	has err "bob@one.test: timeZone \"Mars/Phobos\" is left out"
	has err "carol@one.test: locale \"tlh\" is left out"'
ok 'a second run, and one that updates, change nothing and make no key twice' '
	run 0 apply plan >out 2>err
	[ "$(statuses out)" = "9 exists " ]
	not grep differs out
	run 0 apply -u --keep-passwords plan >out 2>err
	not grep created out
	[ "$(objects DkimSignature | wc -l)" = 2 ]
	[ "$(objects MemoryLookupKey | wc -l)" = 2 ]'
serve --schema "$fixtures/real/stalwart-schema.json.gz"
ok 'a domain that makes keys by itself is named as such' '
	echo "{\"@type\":\"create\",\"object\":\"Domain\",\"value\":{\"d\":{\"name\":\"one.test\"}}}" >domain
	run 0 apply domain >out 2>err
	run 0 apply plan >out 2>err
	jq -se "any(.object == \"Domain\" and .status == \"exists\" and .differs == [\"dkimManagement\"])" out
	# Those that the server made stay beside them.
	objects DkimSignature | jq -r .selector | grep -cx -e mail -e ed >got
	[ "$(cat got)" = 2 ]'
# rules: conditions of the expression for senders, in their order
rules() {
	jmap x:MtaStageAuth/get "{\"ids\":[\"singleton\"]}" |
	    jq -c '.methodResponses[0][1].list[0].mustMatchSender | [(.match | to_entries | sort_by(.key | tonumber)[] | .value.if), .else]'
}
actions() {
	jq -r 'select(.method == "POST").body | fromjson? | .methodCalls[] | select(.[0] == "x:Action/set") | .[1].create.a["@type"]' \
	    "$tmp/requests" | tr '\n' ' '
}
serve --schema "$fixtures/real/stalwart-schema.json.gz" --resolves
ours="key_exists('send-as', authenticated_as + ' ' + sender)"
ok 'the rule for senders comes before those that are there, once' '
	jmap x:MtaStageAuth/set "{\"update\":{\"singleton\":{\"mustMatchSender\":{\"match\":{\"0\":{\"if\":\"sender == '"'a@b.test'"'\",\"then\":\"false\"},\"1\":{\"if\":\"local_port == 25\",\"then\":\"false\"}},\"else\":\"true\"}}}}" >set
	rules >before
	run 0 apply -n --send-as=add plan >out 2>err
	grep -q "\"object\":\"MtaStageAuth\",\"status\":\"planned\"" out
	rules >after
	same before after
	run 0 apply --send-as=add plan >out 2>err
	grep -q "\"object\":\"MtaStageAuth\",\"status\":\"updated\"" out
	[ "$(rules)" = "[\"$ours\",\"sender == '"'a@b.test'"'\",\"local_port == 25\",\"true\"]" ]
	[ "$(actions)" = "ReloadSettings ReloadLookupStores " ] || [ "$(actions | grep -c "ReloadSettings ReloadLookupStores")" = 1 ]
	rules >with
	: >requests
	run 0 apply --send-as=add plan >out 2>err
	[ "$(actions)" = "ReloadLookupStores " ]
	grep -q "\"object\":\"MtaStageAuth\",\"status\":\"exists\"" out
	rules >again
	same with again'
ok 'and is taken away again, with the keys that it asks for' '
	jmap x:MemoryLookupKey/set "{\"create\":{\"k\":{\"namespace\":\"other\",\"key\":\"x\"}}}" >set
	run 0 apply -n --send-as=remove >out 2>err </dev/null
	[ "$(objects MemoryLookupKey | wc -l)" = 3 ]
	run 0 apply --send-as=remove >out 2>err </dev/null
	rules >after
	same before after
	objects MemoryLookupKey | jq -r .namespace >got
	[ "$(cat got)" = other ]
	run 0 apply --send-as=remove >out 2>err </dev/null
	grep -q "\"status\":\"exists\"" out'
serve --schema "$fixtures/real/stalwart-schema.json.gz"
unloaded="the rule is written, but the server does not load its settings: restart it, and run it again with --restarted"
ok 'a server that does not load its settings has to be restarted' '
	for what in add remove; do
		# A run that was killed before the server was asked is as one that failed.
		for again in first next; do
			run 1 apply --send-as=$what plan >out 2>err
			has err "$unloaded"
		done
		run 0 apply -n --send-as=$what plan >out 2>err
		grep -q "\"object\":\"MtaStageAuth\",\"status\":\"planned\"" out
		run 0 apply --send-as=$what --restarted plan >out 2>err
		grep -q "\"object\":\"MtaStageAuth\",\"status\":\"updated\"" out
		run 0 apply --send-as=$what plan >out 2>err
		[ $what = remove ] || [ "$(rules)" = "[\"$ours\",\"true\"]" ]
		objects MemoryLookupKey >keys
		hasnt keys mailferry-send-as
	done
	[ "$(rules)" = "[\"true\"]" ]
	run 2 apply --restarted plan >out 2>err
	has err "--restarted is for --send-as"'
nth=$(grep '"method":"POST"' requests | grep -n -m 1 ReloadSettings | cut -d: -f1)
serve --schema "$fixtures/real/stalwart-schema.json.gz" --resolves --fault "$nth:503"
ok 'or does not answer then: the next run has it loaded' '
	run 1 apply --retry-budget 0 --no-invalidate --send-as=add plan >out 2>err
	has err "$unloaded"
	[ "$(rules)" = "[\"$ours\",\"true\"]" ]
	: >requests
	run 0 apply --send-as=add plan >out 2>err
	[ "$(actions)" = "ReloadSettings ReloadLookupStores " ]
	grep -q "\"object\":\"MtaStageAuth\",\"status\":\"updated\"" out'
ok 'no key is in any output' '
	for f in rsa ed25519; do
		key_forms "$fixtures/dkim/$f.pem" >forms
		keyed forms plan
		keyless forms out err
	done'
zcat "$fixtures/real/stalwart-schema.json.gz" |
    jq -c '.enums.Locale |= map(.name |= sub("_"; "-"))' | gzip >schema.gz
serve --schema "$PWD/schema.gz"
ok 'a server of another release: the words that its schema has' '
	run 0 apply plan >out 2>err
	objects Account | jq -c "[.name, .locale]" | sort | head -n 2 >got
	printf "%s\n" "[\"alice\",\"de-DE\"]" "[\"bob\",\"pt-BR\"]" >want
	same want got'
# --- a selector that has another key there ---
there() {
	jmap x:DkimSignature/get "{\"ids\":null}" | jq -c ".methodResponses[0][1].list | map([.selector, .publicKey, .id]) | sort"
}
serve --schema "$fixtures/real/stalwart-schema.json.gz"
ok 'a selector that has another key on the server: it stays, and is named' '
	apply plan >out 2>err
	for n in 1 2; do
		case $n in
		1) dkim mail rsa-other; dkim ed ed25519 ;;
		2) dkim mail ed25519; dkim ed rsa-pkcs8 ;;
		esac | { domain one.test; cat; end; } | counted | mkaccounts -q >others.$n
	done
	there >before
	for how in "" "-n" "-u" "-u -n"; do
		# shellcheck disable=SC2086
		run 0 apply $how others.1 >out 2>err
		jq -c "select(.object == \"DkimSignature\") | [.status, .address, .differs]" out | sort >got
		printf "%s\n" "[\"exists\",\"ed._domainkey.one.test\",null]" \
		    "[\"exists\",\"mail._domainkey.one.test\",[\"privateKey\"]]" | sort | same - got
		[ "$(grep -c "^stalwart-apply: mail._domainkey.one.test: the server has another key under this selector" err)" = 1 ]
		# shellcheck disable=SC2086
		run 0 apply $how others.2 >out 2>err
		[ "$(grep -c "the server has another kind under this name" err)" = 2 ]
	done
	there | same before -
	for f in rsa-other ed25519 rsa-pkcs8; do
		key_forms "$fixtures/dkim/$f.pem" >forms
		keyless forms out err
	done'
ok 'a key that the plan does not have, of a domain of which it has another: named' '
	jmap x:Domain/set "{\"create\":{\"o\":{\"name\":\"two.test\"},\"p\":{\"name\":\"three.test\"}}}" >/dev/null
	{ domain one.test; domain two.test; domain three.test; dkim ed rsa-pkcs8; dkim ed rsa-pkcs8 | sed s/one.test/two.test/
		end; } | counted | mkaccounts -q >rolled
	{ echo mail._domainkey.one.test
		printf "%s._domainkey.two.test\n" v1-ed25519-20261128 v1-rsa-20261128; } >want
	for how in -q -nq -u -u; do
		run 0 apply $how rolled >out 2>err
		jq -r "select(.note // \"\" | test(\"signs with this key too .id\")) | .address" out | sort | same want -
	done
	grep -q "^stalwart-apply: mail._domainkey.one.test: the server signs with this key too (id .*destroy it there" err
	jmap x:DkimSignature/set "{\"destroy\":[\"$(jq -r "select(.address == \"mail._domainkey.one.test\").id" out)\"]}" >/dev/null
	sed -i 1d want
	run 0 apply -q rolled >out 2>err
	jq -r "select(.note // \"\" | test(\"signs with\")) | .address" out | sort | same want -'
ok 'the RSA keys that the server made are of 2048 bits, and each domain has its own' '
	jmap x:DkimSignature/get "{\"ids\":null}" |
	    jq -r ".methodResponses[0][1].list[] | select(.selector == \"v1-rsa-20261128\") | .publicKey" >made
	[ "$(grep -c . made)" -ge 2 ]
	[ "$(sort -u made | grep -c .)" -eq "$(grep -c . made)" ]
	while read -r key; do
		echo "$key" | base64 -d | openssl pkey -pubin -inform DER -noout -text >key.text
		has key.text "(2048 bit)"
	done <made'
# --- networks that somebody has changed there ---
nets() {
	objects Account | jq -c 'select(.name == "alice").credentials["0"].allowedIps'
}
serve --schema "$fixtures/real/stalwart-schema.json.gz"
ok 'networks that were changed on the server stay, and are named' '
	run 0 apply plan >out 2>err
	id=$(jq -r "select(.address == \"alice@one.test\").id" out)
	for now in "{\"192.0.2.0/24\":true}" "{}" "{\"10.0.0.0/8\":true,\"192.0.2.1\":true}"; do
		jmap x:Account/set "{\"update\":{\"$id\":{\"credentials/0/allowedIps\":$now}}}" >/dev/null
		for how in "" "-u --keep-passwords"; do
			# shellcheck disable=SC2086
			run 0 apply $how plan >out 2>err
			[ "$(nets)" = "$now" ]
			jq -r "select(.differs // [] | index(\"allowedIps\")).address" out >got
			echo alice@one.test | same - got
			has err "alice@one.test: the networks that it may log in from differ from the plan, and are left alone"
		done
	done
	run 0 apply -u plan >out 2>err
	[ "$(nets)" = "{\"10.0.0.0/8\":true}" ]
	run 0 apply plan >out 2>err
	hasnt out allowedIps'

# --- a selector that has a key there ---
jq -c 'select(.object == "DkimSignature").value | to_entries[] | [.value.selector, .value]' plan >pairs
for case in ed:mail mail:ed mail:mail; do
	serve --schema "$fixtures/real/stalwart-schema.json.gz"
	ok "a selector with a key on the server gets no second one ($case)" '
		grep "\"Domain\"" plan >domain.plan
		run 0 apply domain.plan >out 2>err
		id=$(jq -r "select(.object == \"Domain\").id" out)
		jq -c --arg d "$id" --arg from "${case%:*}" --arg to "${case#*:}" \
		    "select(.[0] == \$from)[1] | .domainId = \$d | .selector = \$to | {create: {k: .}}" pairs >key.json
		jmap x:DkimSignature/set "$(cat key.json)" | grep -q "\"created\""
		objects DkimSignature >was
		for how in "" -u; do
			# shellcheck disable=SC2086
			run 0 apply $how plan >out 2>err
			[ "$(objects DkimSignature | jq -r .selector | sort | tr "\n" " ")" = "ed mail " ]
			objects DkimSignature >now
			grep -qFx -f was now
			jq -c "select(.object == \"DkimSignature\" and .differs).differs" out >got
			[ "${case%:*}" = "${case#*:}" ] || echo "[\"@type\"]" | same - got
			[ "${case%:*}" != "${case#*:}" ] || [ ! -s got ]
		done'
done

# --- two first runs at a time ---
# Which request looks for the keys that are there.
serve --schema "$fixtures/real/stalwart-schema.json.gz"
run 0 apply plan >out 2>err
looks=$(jq -r 'select(.method == "POST").body | test("DkimSignature/query")' requests |
    grep -n true | head -n 1 | cut -d: -f1)
selectors() {
	objects DkimSignature | jq -r .selector | sort | tr '\n' ' '
}
serve --schema "$fixtures/real/stalwart-schema.json.gz" --fault "$looks:slow:3000"
ok 'a key that another run has made meanwhile is there once; ours goes' '
	stalwart-apply --password-file admin.secret plan >first 2>first.err &
	pid=$!
	n=0
	while ! grep -q "DkimSignature/query" requests; do
		n=$((n + 1))
		[ $n -lt 1200 ]
		sleep 0.05
	done
	kill -STOP $pid
	run 0 apply plan >second 2>err
	jmap x:DkimSignature/get "{\"ids\":null}" | jq -c ".methodResponses[0][1].list" >theirs
	kill -CONT $pid
	wait $pid
	[ "$(selectors)" = "ed mail " ]
	jmap x:DkimSignature/get "{\"ids\":null}" | jq -c ".methodResponses[0][1].list" | same theirs -
	has first.err "ed._domainkey.one.test: another run has made it at the same time"
	jq -r "select(.object == \"DkimSignature\") | [.status, .note != null] | @csv" first | sort -u >got
	echo "\"exists\",true" | same - got
	jq -r "select(.object == \"DkimSignature\").id" second first | sort | uniq -c | tr -s " " | cut -d" " -f2 | sort -u >got
	echo 2 | same - got
	run 0 apply plan >out 2>err
	not grep -q created out'
serve --schema "$fixtures/real/stalwart-schema.json.gz"
ok 'runs that go side by side leave one of each key' '
	for n in 1 2 3 4; do
		for run in 1 2 3; do
			apply -q plan >side.$run 2>side.err.$run &
		done
		wait
		[ "$(selectors)" = "ed mail " ]
		[ "$(objects MemoryLookupKey | wc -l)" = 2 ]
		[ "$(cat side.[123] | jq -r "select(.object == \"DkimSignature\" and .status == \"created\").id" | wc -l)" = 2 ]
		ids=$(jmap x:DkimSignature/get "{\"ids\":null}" | jq -c ".methodResponses[0][1].list | map(.id)")
		jmap x:DkimSignature/set "{\"destroy\":$ids}" >/dev/null
		ids=$(jmap x:MemoryLookupKey/get "{\"ids\":null}" | jq -c ".methodResponses[0][1].list | map(.id)")
		jmap x:MemoryLookupKey/set "{\"destroy\":$ids}" >/dev/null
	done'
done_testing
