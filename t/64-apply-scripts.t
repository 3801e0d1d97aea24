#!/bin/sh
# stalwart-apply --sieve-dir and --check, the schema and its cache, requests at a
# time and calls in a request.
. "${0%/*}/lib.sh"
need curl
need jq

hash='$6$abcdefgh$/XCiCfTM0UGraA4Ts4u/apdyzqmUv7c1jaAAFEpP3KKxX443sXPtnGOhYnJBtSpsD7pZiT9YCOKyFUTXdEMuB1'
schema=$fixtures/real/stalwart-schema.json.gz
echo secret >admin.secret
serve() {
	[ -z "${standin_pid:-}" ] || end_process "$standin_pid" "$standin_born"
	rm -f requests
	start_standin standin-stalwart --admin admin:secret --log "$tmp/requests" "$@"
	STALWART_URL=$url STALWART_USER=admin
	export STALWART_URL STALWART_USER
}
apply() {
	: >requests
	stalwart-apply --password-file admin.secret "$@"
}
# jmap METHOD ARGUMENTS: prints the arguments of the answer.
jmap() {
	printf '{"using":["urn:stalwart:jmap"],"methodCalls":[["%s",%s,"0"]]}' "$1" "$2" >jmap.json
	curl -s -u admin:secret --data-binary @jmap.json -H 'Content-Type: application/json' \
	    "$STALWART_URL/jmap/" | jq -c '.methodResponses[0][1]'
}
results() {
	jq -rc 'select(.type == "result") | [.object, .status, (.address // .ref // .id)] | join(" ")' out | sort
}
posts() {
	grep -c '"method":"POST"' requests || :
}
# users N: a plan of a domain and N accounts, 50 a line.
users() {
	jq -nc --argjson n "$1" --arg h "$hash" '
	    {"@type":"upsert",object:"Domain",matchOn:["name"],value:{d:{name:"one.test"}}},
	    (range(0; $n; 50) as $s | {"@type":"upsert",object:"Account",matchOn:["name","domainId"],
		value:([range($s; [$s+50,$n]|min) | {key:"u\(.)",value:{"@type":"User",name:"u\(.)",domainId:"#d",
		    credentials:{"0":{"@type":"Password",secret:$h}}}}] | from_entries)})'
}

# --- scripts ---
record() {
	type=$1 address=$2
	shift 2
	printf '{"v":1,"type":"%s","address":"%s"%s,"origin":"t"}\n' "$type" "$address" "$*"
}
{
	echo '{"v":1,"type":"domain","domain":"one.test","origin":"t"}'
	for n in a b c d e f g h i j; do
		record account "$n@one.test" ",\"secret\":\"$hash\",\"forward\":[\"$n@else.test\"],\"keep\":true"
	done
	record account z@one.test ",\"secret\":\"$hash\""
} | mkaccounts -q --partial --sieve-dir scripts >plan 2>mkaccounts.err
serve --schema "$schema"
ok 'forwards of mkaccounts become active scripts, several accounts in a request' '
	[ "$(ls scripts | wc -l)" = 10 ]
	run 0 apply --sieve-dir scripts plan >out 2>err
	[ "$(results | grep -c "SieveScript created")" = 10 ]
	# Eight accounts at most: two calls for each, of sixteen.
	[ "$(grep -c "Blob/upload" requests)" = 2 ]
	[ "$(jq -r "select(.method == \"POST\").body | fromjson.methodCalls | length" requests | sort -n | tail -n 1)" = 16 ]
	jmap SieveScript/get "{\"accountId\":\"b\",\"ids\":null}" | jq -c "[.list[] | [.name, .isActive]]" >got
	echo "[[\"forward\",true]]" >want
	same want got
	jq -r "select(.body // \"\" | contains(\"Blob/upload\")).body" requests |
	    jq -r ".methodCalls[] | select(.[0] == \"Blob/upload\") | .[1].create.b.data[0][\"data:asText\"]" >texts
	has texts "redirect :copy \"a@else.test\";"'
ok 'the request is as the recorded one' '
	jq -r "select(.body // \"\" | contains(\"Blob/upload\")).body" requests | tail -n 1 |
	    jq -c "[.using, (.methodCalls[:2] | map([.[0], (.[1] | keys)]))]" >got
	jq -c "select(.note == \"upload and create in one request, by an administrator\").body |
	    [.using, (.methodCalls[:2] | map([.[0], (.[1] | keys)]))]" \
	    "$fixtures/real/stalwart-exchanges.ndjson" >want
	same want got'
ok 'a second run leaves them alone' '
	run 0 apply --sieve-dir scripts plan >out 2>err
	[ "$(results | grep -c "SieveScript exists")" = 10 ]
	not grep -q Blob/upload requests'
serve --schema "$schema"
ok 'a script of the owner is never replaced, and is reported' '
	run 0 apply plan >out 2>err
	for i in b:b c:c; do
		jmap Blob/upload "{\"accountId\":\"${i#*:}\",\"create\":{\"b\":{\"data\":[{\"data:asText\":\"keep;\"}]}}}" |
		    jq -r .created.b.id >blob
		name=mine active=",\"onSuccessActivateScript\":\"#f\""
		[ "${i%:*}" = b ] || name=forward active=
		jmap SieveScript/set "{\"accountId\":\"${i#*:}\",\"create\":{\"f\":{\"name\":\"$name\",\"blobId\":\"$(cat blob)\"}}$active}" >/dev/null
	done
	run 0 apply --sieve-dir scripts plan >out 2>err
	has err "a@one.test: another script is active: it is left alone, and the forward is not put in"
	has err "b@one.test: the script \"forward\" is there, and not active: it is left alone"
	[ "$(results | grep -c "SieveScript created")" = 8 ]
	jmap SieveScript/get "{\"accountId\":\"b\",\"ids\":null}" | jq -c "[.list[] | [.name, .isActive]]" >got
	echo "[[\"mine\",true]]" >want
	same want got'
serve --schema "$schema"
ok 'a bad script, and a script of nobody; the others go in' '
	cp -r scripts scripts2
	echo "nonsense" >scripts2/c@one.test.sieve
	cp scripts2/a@one.test.sieve scripts2/q@two.test.sieve
	printf "keep; # \377\n" >scripts2/d@one.test.sieve
	run 1 apply --sieve-dir scripts2 plan >out 2>err
	has err "c@one.test: the script has an error (invalidScript)"
	has err "d@one.test.sieve: not UTF-8"
	has err "scripts2: q@two.test.sieve: no account of the plan has this address"
	[ "$(results | grep -c "SieveScript created")" = 8 ]
	run 2 apply --sieve-dir nowhere plan >out 2>err
	has err "nowhere: No such file"'
serve --schema "$schema"
ok 'a dry run puts nothing in' '
	run 0 apply -n --sieve-dir scripts plan >out 2>err
	[ "$(results | grep -c "SieveScript planned")" = 10 ]
	run 0 apply plan >out 2>err
	run 0 apply -n --sieve-dir scripts plan >out 2>err
	[ "$(results | grep -c "SieveScript planned")" = 10 ]
	not grep -q Blob/upload requests'
# 2 requests for the plan, 1 for the list of scripts; the next puts them in.
for fault in reset-after cut mid-set reset-before 503; do
	serve --schema "$schema" --fault "4:$fault" --fault "5:$fault"
	ok "scripts and $fault: each is there and active in the end" '
		run 0 apply --sieve-dir scripts plan >out 2>err
		[ "$(results | grep -c "SieveScript created")" = 10 ]
		for id in b c d e f g h i j k; do
			jmap SieveScript/get "{\"accountId\":\"$id\",\"ids\":null}"
		done | jq -c "[.list[] | [.name, .isActive]]" | sort -u >got
		echo "[[\"forward\",true]]" >want
		same want got'
done

# --- the check before any work ---
checks() {
	jq -rc '[.what, .status] | join(" ")' out
}
serve --schema "$schema"
ok '--check: all will do, and nothing is changed' '
	run 0 apply --check --sieve-dir scripts plan >out 2>err
	checks >got
	printf "%s\n" "login ok" "limits ok" "edition ok" "permissions ok" "default role ok" "default domain ok" "grant ok" >want
	same want got
	jmap x:Account/get "{\"ids\":null}" >state
	grep -q "\"list\":\[\]" state
	run 0 apply --check </dev/null >out 2>err'
serve --schema "$schema" --lacks sysMailingListCreate --lacks impersonate --lacks emailSend
ok '--check names the permissions that are missing, for the plan' '
	run 1 apply --check --sieve-dir scripts plan >out 2>err
	has err "permissions: lacks: impersonate"
	has err "grant: lacks: the account may not do that (forbidden): You are not authorized to grant permissions: emailSend"
	run 1 apply --check </dev/null >out 2>err
	has err "permissions: lacks: sysMailingListCreate"
	hasnt err impersonate'
serve --schema "$schema" --hides emailSend --hides imapAuthenticate
ok '--check believes what the server does, not what its list leaves out' '
	run 0 apply --check --sieve-dir scripts plan >out 2>err
	has err "grant: users can be created"
	hasnt err lacks
	run 0 apply plan >out 2>err'
# What the recovery administrator and an account with the role Admin were seen to
# lack in the list of a real server, each of which created users.
gaps='--hides jmapPrincipalGet --hides jmapPrincipalQuery --hides jmapPrincipalChanges --hides emailSend'
# shellcheck disable=SC2086 # words
serve --schema "$schema" $gaps
ok 'so for the recovery administrator, and for an account with the role Admin' '
	jmap x:Domain/set "{\"create\":{\"d\":{\"name\":\"adm.test\"}}}" >made
	id=$(jq -r .created.d.id made)
	jmap x:Account/set "{\"create\":{\"a\":{\"@type\":\"User\",\"name\":\"boss\",\"domainId\":\"$id\",\"roles\":{\"@type\":\"Admin\"},\"credentials\":{\"0\":{\"@type\":\"Password\",\"secret\":\"correct horse 7!\"}}}}}" >made
	has made created
	echo "correct horse 7!" >boss.secret
	for who in admin:admin.secret boss@adm.test:boss.secret; do
		run 0 stalwart-apply --user "${who%:*}" --password-file "${who#*:}" --check --sieve-dir scripts plan >out 2>err
		has err "login: ${who%:*}"
		has err "grant: users can be created"
		hasnt err lacks
	done
	run 0 stalwart-apply --user boss@adm.test --password-file boss.secret plan >out 2>err
	grep -q "\"status\":\"created\"" out'
ok '--check says which domain is the default one' '
	run 0 apply --check plan >out 2>err
	has err "default domain: none: "
	id=$(jmap x:Domain/query "{\"filter\":{\"name\":\"adm.test\"}}" | jq -r ".ids[0]")
	jmap x:SystemSettings/set "{\"update\":{\"singleton\":{\"defaultDomainId\":\"$id\"}}}" >set
	run 0 apply --check plan >out 2>err
	has err "default domain: adm.test"
	jq -r "select(.what == \"default domain\") | .text" out >got
	echo adm.test >want
	same want got
	# What is not told is said, and no failure.
	jmap x:SystemSettings/set "{\"update\":{\"singleton\":{\"defaultDomainId\":\"zz\"}}}" >set
	run 0 apply --check plan >out 2>err
	has err "default domain: none: "'
serve --schema "$schema" --no-default-role
ok '--check warns of a default role without authenticate' '
	run 0 apply --check plan >out 2>err
	has err "default role: warning: new users may not log in"
	checks | grep -q "default role warning"'
ok '--check: wrong credentials, nobody there' '
	echo wrong >wrong.secret
	run 2 stalwart-apply --check --password-file wrong.secret >out 2>err
	has err "wrong user or password"
	run 75 apply --check --retry-budget 0 --url http://127.0.0.1:9 >out 2>err'

# --- the schema ---
serve --schema "$schema"
ok 'the schema is fetched once, and kept by its hash' '
	rm -rf "$XDG_CACHE_HOME"
	run 0 apply plan >out 2>err
	[ "$(grep -c "\"path\":\"/api/schema/" requests)" = 1 ]
	run 0 apply plan >out 2>err
	[ "$(grep -c "\"path\":\"/api/schema/" requests)" = 0 ]
	[ "$(grep -c "\"path\":\"/api/schema\"" requests)" = 1 ]
	echo "{" >"$(ls "$XDG_CACHE_HOME"/mailferry/schema-*)"
	run 0 apply plan >out 2>err
	[ "$(grep -c "\"path\":\"/api/schema/" requests)" = 1 ]'
cp -r "$XDG_CACHE_HOME" kept
port=${url##*:}
kill "$standin_pid"
wait "$standin_pid" 2>/dev/null
ok 'a server without one: the kept one, or what is built in, with a warning' '
	"$build/standin-stalwart" --listen "127.0.0.1:$port" --admin admin:secret --no-schema >url 2>/dev/null &
	pid=$!
	trap "kill $pid" EXIT
	until [ -s url ]; do kill -0 "$pid"; sleep 0.05; done
	echo "{\"@type\":\"update\",\"object\":\"SystemSettings\",\"value\":{}}" >settings
	run 0 apply -n plan >out 2>err
	has err "the one of an earlier run is taken"
	rm -rf "$XDG_CACHE_HOME"
	run 0 apply plan >out 2>err
	has err "only domains, accounts and lists are known"
	run 2 apply settings >out 2>err
	has err "the server has no such type of objects"'

# --- how many requests, and how many at a time ---
serve --fault '*:slow:300'
users 400 >many
ok 'as many requests at a time as the session allows, or -j' '
	run 0 apply many >out 2>err
	[ "$(jq .under_way requests | sort -n | tail -n 1)" = 4 ]
	run 0 apply -j 2 many >out 2>err
	[ "$(jq .under_way requests | sort -n | tail -n 1)" = 2 ]
	run 2 apply -j 0 many >out 2>err'
serve
ok 'a second run, -n and -u need far fewer requests than objects' '
	run 0 apply many >out 2>err
	[ "$(posts)" = 10 ]
	run 0 apply many >out 2>err
	[ "$(wc -l <out)" = 401 ]
	[ "$(posts)" -le 18 ]
	run 0 apply -n many >out 2>err
	[ "$(results | grep -c exists)" = 401 ]
	[ "$(posts)" -le 5 ]
	run 0 apply -u many >out 2>err
	[ "$(results | grep -c updated)" = 400 ]
	[ "$(posts)" -le 27 ]'
ok 'a small plan on a large server: looked up by name, several in a request' '
	users 20 >few
	jq -nc --arg h x "{\"@type\":\"create\",object:\"Account\",value:([range(9000)|{key:\"x\(.)\",value:{\"@type\":\"User\",name:\"x\(.)\",domainId:\"b\"}}]|from_entries)}" >big
	run 0 apply --no-invalidate big >/dev/null 2>err
	users 6 >few
	run 0 apply -n few >out 2>err
	[ "$(results | grep -c exists)" = 7 ]
	[ "$(grep -o "x:Account/query[^,]*,{" requests | wc -l)" = 7 ]
	[ "$(posts)" -le 5 ]'
ok 'a plan of one long line is carried out like one of many' '
	run 0 apply big >out 2>err
	[ "$(results | grep -c exists)" = 9000 ]'
ok 'the plan may come from a pipe; TMPDIR holds nothing afterwards' '
	mkdir -p tmp
	cat many | TMPDIR=$tmp/tmp stalwart-apply --password-file admin.secret >out 2>err
	[ "$(wc -l <out)" = 401 ]
	[ -z "$(ls tmp)" ]'
ok 'SIGTERM: what is under way is finished and reported; the next run goes on' '
	kill "$standin_pid"
	start_standin standin-stalwart --admin admin:secret --log "$tmp/requests" --fault "*:slow:100"
	STALWART_URL=$url
	trap "kill $standin_pid" EXIT
	: >requests
	stalwart-apply -j 1 --password-file admin.secret many >out 2>err &
	pid=$!
	until [ "$(posts)" -ge 3 ]; do kill -0 "$pid"; sleep 0.02; done
	kill -TERM "$pid"
	run 2 wait "$pid"
	has err "stopped; run it again to go on"
	n=$(wc -l <out)
	[ "$n" -gt 1 ]
	[ "$n" -lt 401 ]
	jmap x:Account/query "{\"calculateTotal\":true,\"limit\":1}" | jq .total >total
	[ "$(cat total)" = $((n - 1)) ]
	run 0 apply many >out 2>err
	[ "$(results | grep -c exists)" = "$n" ]
	[ "$(results | grep -c created)" = $((401 - n)) ]'

done_testing
