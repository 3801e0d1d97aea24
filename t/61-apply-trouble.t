#!/bin/sh
# stalwart-apply when something is wrong: the plan, the credentials, the
# network, the server; and the exit status for each.
. "${0%/*}/lib.sh"
need openssl
need curl
. "$top/t/apply.sh"

{
	echo '{"@type":"upsert","object":"Domain","matchOn":["name"],"value":{"d":{"name":"one.test"}}}'
	echo "{\"@type\":\"upsert\",\"object\":\"Account\",\"matchOn\":[\"name\",\"domainId\"],\"value\":{\"u\":{\"@type\":\"User\",\"name\":\"alice\",\"domainId\":\"#d\",\"credentials\":{\"0\":{\"@type\":\"Password\",\"secret\":\"$hash\"}}}}}"
} >plan

serve
# bad LINE MESSAGE: a plan with that second line is refused before any request.
bad() {
	{ head -n 1 plan; printf '%s\n' "$1"; } >bad.plan
	: >requests
	run 2 apply bad.plan >out 2>err
	has err "bad.plan:2: $2"
	not [ -s requests ]
	not [ -s out ]
}
ok 'a bad plan is refused before the first request, by line' '
	bad "{" "not JSON"
	bad "[]" "not a JSON object"
	bad "{\"@type\":\"frob\",\"object\":\"Account\",\"value\":{}}" "@type: not create, update, upsert, reconcile or destroy"
	bad "{\"@type\":\"create\",\"object\":\"Account\",\"value\":{}}" "value: not an object, or empty"
	bad "{\"@type\":\"create\",\"object\":\"Account\",\"values\":{}}" "a member that the operation does not have"
	bad "{\"@type\":\"create\",\"value\":{\"a\":{}}}" "object: is missing"
	bad "{\"@type\":\"create\",\"object\":\"Account\",\"value\":{\"a\":{\"domainId\":\"#nope\"}}}" "#nope refers to nothing"
	: >requests
	run 2 apply plan bad.plan >out 2>err
	not [ -s requests ]
	printf "%s" "$(cat plan)" >cut.plan
	run 2 apply cut.plan >out 2>err
	has err "cut.plan:2: the last line has no newline"'
ok 'a description may begin with #' '
	sed "s/\"name\":\"alice\"/&,\"description\":\"#nope\"/" plan >hash.plan
	run 0 apply hash.plan >out 2>err'
ok 'an empty plan is that of a program that failed: nothing is done, unless it may be' '
	: >requests
	printf "\n\n" >blank
	for call in "" blank "plan blank" "-n blank" "--check blank"; do
		# shellcheck disable=SC2086
		run 1 apply $call </dev/null >out 2>err
		has err "no operations: the program that makes the plan may have failed (--partial)"
		not [ -s out ]
		not [ -s requests ]
	done
	run 0 apply --partial </dev/null >out 2>err
	not [ -s out ]
	run 0 apply -n --partial blank plan >out 2>err
	[ -s out ]
	echo "{\"@type\":\"destroy\",\"object\":\"Account\",\"value\":{\"name\":\"nobody\"}}" >one
	run 0 apply one >out 2>err'
ok 'wrong credentials: exit 2 after exactly one attempt' '
	echo wrong >wrong.secret
	: >requests
	run 2 stalwart-apply --password-file wrong.secret plan >out 2>err
	has err "wrong user or password"
	[ "$(wc -l <requests)" = 1 ]
	hasnt err wrong.secret'
ok 'no credentials, no server, bad options' '
	run 2 stalwart-apply plan 2>err
	has err "stalwart-apply: no credentials: --user and --password-file, --token-file, or"
	[ "$(wc -l <err)" = 1 ]
	run 2 env -u STALWART_URL stalwart-apply --password-file admin.secret plan 2>err
	has err "stalwart-apply: no server: --url or STALWART_URL"
	[ "$(wc -l <err)" = 1 ]
	run 2 apply --invalidate=all-of-it plan 2>err
	has err "not one of: all, negative"
	chmod 644 admin.secret
	run 2 apply plan 2>err
	has err "admin.secret: others can use it (mode 644)"
	chmod 600 admin.secret'
ok 'a password by command and by variable' '
	run 0 stalwart-apply --password-command "echo secret" plan >out 2>err
	STALWART_PASSWORD=secret run 0 stalwart-apply plan >out 2>err
	run 2 stalwart-apply --password-command "false" plan >out 2>err
	has err "the command for the secret"'
ok 'plain http goes to this host only' '
	run 2 apply --url http://192.0.2.1:8080 plan 2>err
	has err "use https (or --insecure-http)"
	run 2 apply --url ftp://127.0.0.1 plan 2>err
	has err "not an https:// URL"'
ok 'a password in the URL is refused, and not shown' '
	run 2 apply --url http://admin:TOPSECRET@127.0.0.1:9 plan >out 2>err
	has err "for which there are options"
	hasnt err TOPSECRET'
ok 'nobody listens: exit 75' '
	run 75 apply --retry-budget 0 --url http://127.0.0.1:9 plan >out 2>err'
ok 'output that cannot be written: exit 2' '
	run 2 apply plan >/dev/full 2>err'
ok 'a dead pipe: exit 2, not a signal' '
	{
		sleep 0.2
		rc=0
		apply plan 2>err || rc=$?
		echo "$rc" >status
	} | true
	[ "$(cat status)" -eq 2 ]'

# trouble NAME STATUSES FAULT...: the plan goes through all the same, and is
# there exactly once.
trouble() {
	name=$1 want=$2
	shift 2
	faults=
	for fault in "$@"; do
		faults="$faults --fault $fault"
	done
	# shellcheck disable=SC2086
	serve $faults
	ok "$name" '
		run 0 apply plan >out 2>err
		[ "$(statuses out)" = "$want" ] || { statuses out; cat err; false; }
		run 0 apply plan >out 2>err
		[ "$(statuses out)" = "2 exists " ]'
}
trouble '429 with Retry-After' '2 created ' 2:429:1
trouble '429 without' '2 created ' 1:429
trouble '503' '2 created ' 2:503:1
trouble 'a slow answer' '2 created ' 2:slow:300
trouble 'a connection closed before the request' '2 created ' 2:reset-before
trouble 'a connection closed after the server has written' '1 created 1 exists ' 2:reset-after
trouble 'half an answer' '1 created 1 exists ' 2:cut
trouble 'an answer that is no JSON' '1 created 1 exists ' 2:badjson
trouble 'serverUnavailable' '2 created ' 2:method-error:serverUnavailable

for call in 1 2; do
	serve --fault $call:202
	ok "a success that cannot be one (call $call): not passed over" '
		run 2 apply plan >out 2>err
		has err "an answer that this request does not have (202)"
		run 0 apply plan >out 2>err'
done
for fault in 503 method-error:forbidden cut no-list; do
	serve --fault 3:$fault
	ok "caches that are not dropped ($fault): exit 1, and a result of their own" '
		run 1 apply --retry-budget 0 plan >out 2>err
		[ "$(statuses out)" = "2 created 1 failed " ]
		has err "InvalidateCaches: the server has not dropped its caches"
		has out "\"object\":\"Action\",\"name\":\"InvalidateCaches\",\"status\":\"failed\",\"error\":{\"kind\":\"data\""
		has err "2 created, 0 exist, 0 updated, 0 destroyed, 0 planned, 1 failed"'
done
serve --fault 2:reset-after
ok 'a request is never sent twice without our knowing' '
	echo "{\"@type\":\"create\",\"object\":\"Domain\",\"value\":{\"a\":{\"name\":\"two.test\"}}}" >create.plan
	run 0 apply plan >out 2>err
	[ "$(grep -c "x:Account/set" requests)" = 2 ]'
serve --fault 1:reset-after
ok 'a create whose fate nobody knows is made once all the same: names are unique' '
	run 0 apply create.plan >out 2>err
	[ "$(statuses out)" = "1 exists " ]
	[ "$(grep -c "x:Domain/set" requests)" = 2 ]'
serve --schema "$fixtures/real/stalwart-schema.json.gz" --fault 1:reset-after
ok 'where they are not, what it made is looked for before it is sent again' '
	echo "{\"@type\":\"create\",\"object\":\"Tenant\",\"value\":{\"a\":{\"name\":\"T\"},\"b\":{\"name\":\"U\"}}}" >tenant.plan
	run 0 apply tenant.plan >out 2>err
	[ "$(statuses out)" = "2 exists " ]
	[ "$(grep -c "x:Tenant/set" requests)" = 1 ]'
serve --schema "$fixtures/real/stalwart-schema.json.gz" --fault 1:mid-set
ok 'and only what is not there is sent' '
	run 0 apply tenant.plan >out 2>err
	[ "$(statuses out)" = "1 created 1 exists " ]
	[ "$(grep -c "x:Tenant/set" requests)" = 2 ]
	grep "x:Tenant/set" requests | tail -n 1 >last
	has last "U\\\""
	hasnt last "T\\\""'
serve --schema "$fixtures/real/stalwart-schema.json.gz"
apply tenant.plan >out 2>err
before=$(grep -c '"method":"POST"' requests)
sed 's/"create"/"upsert","matchOn":["name"]/' tenant.plan >upsert.plan
for nth in 1 2; do
	serve --schema "$fixtures/real/stalwart-schema.json.gz" --fault "$((before + nth)):no-list"
	apply tenant.plan >out 2>err
	ok "an answer without its list (request $nth): nothing is made twice" '
		run 75 apply upsert.plan >out 2>err
		has err "an answer without its list"
		run 0 apply upsert.plan >out 2>err
		[ "$(statuses out)" = "2 exists " ]'
done
serve --fault 3:reset-after
ok 'the canary is removed, even when its creation was not answered' '
	run 0 apply --canary plan >out 2>err || cat err
	[ "$(grep -c destroy requests)" = 1 ]
	run 0 apply plan >out 2>err
	[ "$(statuses out)" = "2 exists " ]'
serve
ok 'one object that the server fails at does not hold up the others' '
	head -n 1 plan >roles.plan
	echo "{\"@type\":\"upsert\",\"object\":\"Account\",\"matchOn\":[\"name\",\"domainId\"],\"value\":{\"a\":{\"@type\":\"User\",\"name\":\"a\",\"domainId\":\"#d\"},\"b\":{\"@type\":\"User\",\"name\":\"b\",\"domainId\":\"#d\",\"roles\":{\"@type\":\"Custom\",\"roleIds\":{\"zz\":true}}},\"c\":{\"@type\":\"User\",\"name\":\"c\",\"domainId\":\"#d\"}}}" >>roles.plan
	run 75 apply roles.plan >out 2>err
	grep "\"address\":\"b@one.test\"" out | grep -q "\"status\":\"failed\""
	[ "$(grep -c "\"status\":\"failed\"" out)" = 1 ]
	[ "$(wc -l <out)" = 4 ]'
ok 'what was rejected is applied again on its own, references and all' '
	head -n 1 plan >some.plan
	echo "{\"@type\":\"upsert\",\"object\":\"Account\",\"matchOn\":[\"name\",\"domainId\"],\"value\":{\"x\":{\"@type\":\"User\",\"name\":\".bad\",\"domainId\":\"#d\"}}}" >>some.plan
	run 1 apply -E rejected some.plan >out 2>err
	sed "s/\.bad/good/" rejected >mended
	run 0 apply mended >out 2>err || cat err
	[ "$(statuses out)" = "1 created " ]'
serve --fault '*:503'
ok 'a server that stays away: exit 75' '
	run 75 apply --retry-budget 1 plan >out 2>err
	has err "the server asks to wait (503)"'
ok 'each wait is told at -vv' '
	run 75 apply -vv --retry-budget 1 plan >out 2>err
	has err "waiting 0.25 s"'

openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 \
    -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 2>/dev/null
serve --tls cert.pem key.pem
ok 'a certificate that nobody vouches for: exit 2, and no password is sent' '
	run 2 apply plan >out 2>err
	has err "certificate cannot be trusted"
	not [ -s requests ]'
ok '--cacert trusts it, -k does not look' '
	run 0 apply --cacert cert.pem plan >out 2>err
	run 0 apply -k plan >out 2>err'

hostile nothing
ok 'what needs a domain that failed for now fails for now, down the line' '
	{
		echo "{\"@type\":\"create\",\"object\":\"Domain\",\"value\":{\"d\":{\"name\":\"one.test\"}}}"
		echo "{\"@type\":\"create\",\"object\":\"Account\",\"value\":{\"g\":{\"@type\":\"Group\",\"name\":\"sales\",\"domainId\":\"#d\"}}}"
		echo "{\"@type\":\"create\",\"object\":\"Account\",\"value\":{\"u\":{\"@type\":\"User\",\"name\":\"alice\",\"domainId\":\"#d\",\"memberGroupIds\":{\"#g\":true}}}}"
		echo "{\"@type\":\"create\",\"object\":\"MailingList\",\"value\":{\"l\":{\"name\":\"info\",\"domainId\":\"#d\",\"recipients\":{\"a@b.test\":true}}}}"
	} >line.plan
	for p in plan line.plan; do
		run 75 apply --retry-budget 1 $p >out 2>err || { cat out err; exit 1; }
		[ "$(grep -c "\"kind\":\"temporary\"" out)" = "$(grep -c . out)" ]
		has err "it needs one.test, which failed: "
		hasnt err "#d"
	done
	has err "it needs sales@one.test, which failed: "'

serve
start_server "$top/tests/helper/growing" "$url"
STALWART_URL=$url
ok 'a server that counts on and gives the same objects again is left alone' '
	echo "{\"@type\":\"destroy\",\"object\":\"Domain\",\"value\":{\"name\":\"one.test\"}}" >domain.plan
	run 75 apply domain.plan >out 2>err || { cat out err; exit 1; }
	has err "x:Domain/query: the server counts " && has err "000000 objects and gives "'

done_testing
