#!/bin/sh
# dirdump | remap pick legacy | mkaccounts | stalwart-apply -u: an account that
# has moved is left alone, with the password that its owner has set since.
. "${0%/*}/lib.sh"
need curl
need jq
need openssl

echo secret >admin.secret
echo good >token
hash() {
	openssl passwd -6 -salt saltsalt "$1"
}
cat >users <<-END
alice@one.test:{SHA512-CRYPT}$(hash alice-old)
bob@one.test:{SHA512-CRYPT}$(hash bob-old)
END
: >store
start_standin standin-proxy --token good --store "$tmp/store"
PROXY_ADMIN_URL=$url
start_standin standin-stalwart --admin admin:secret --log "$tmp/requests"
STALWART_URL=$url STALWART_USER=admin
export PROXY_ADMIN_URL STALWART_URL STALWART_USER

# login USER PASSWORD: the status of the session.
login() {
	printf 'user = "%s:%s"\n' "$1" "$2" |
	    curl -s -K - -o session -w '%{http_code}' "$STALWART_URL/jmap/session" >status
	[ "$(cat status)" = 200 ] && [ "$(jq -r .username session)" = "$1" ]
}
move() {
	dirdump passwd-file users | remap pick --token-file token legacy |
	    mkaccounts -q 2>mkaccounts.err |
	    stalwart-apply --password-file admin.secret "$@" >result 2>err
}

ok 'all accounts are created while nobody has moved' '
	move
	jq -r "select(.object == \"Account\") | .address + \" \" + .status" result >got
	printf "alice@one.test created\nbob@one.test created\n" >want
	same want got
	login alice@one.test alice-old
	login bob@one.test bob-old'
ok 'alice moves, and sets a new password' '
	run 0 remap set --token-file token stalwart alice@one.test >out
	{
		printf "{\"@type\":\"upsert\",\"object\":\"Domain\",\"matchOn\":[\"name\"],\"value\":{\"d\":{\"name\":\"one.test\"}}}\n"
		printf "{\"@type\":\"upsert\",\"object\":\"Account\",\"matchOn\":[\"name\",\"domainId\"],\"value\":{\"a\":{\"@type\":\"User\",\"name\":\"alice\",\"domainId\":\"#d\",\"credentials\":{\"0\":{\"@type\":\"Password\",\"secret\":\"%s\"}}}}}\n" "$(hash alice-new)"
	} >plan
	run 0 stalwart-apply --password-file admin.secret -u plan >out 2>err
	login alice@one.test alice-new'
ok 'bob changes his on the old server' '
	sed -i "s|^bob@.*|bob@one.test:{SHA512-CRYPT}$(hash bob-new)|" users'
: >requests
ok 'the pipeline with -u brings bob up to date and does not touch alice' '
	move -u
	jq -r "select(.object == \"Account\") | .address + \" \" + .status" result >got
	printf "bob@one.test updated\n" >want
	same want got
	hasnt requests alice
	not [ -s mkaccounts.err ]
	login alice@one.test alice-new
	not login alice@one.test alice-old
	login bob@one.test bob-new'
ok 'and mkaccounts does not take her for gone' '
	dirdump passwd-file users | remap pick --token-file token legacy >picked
	run 2 mkaccounts --reconcile picked >plan 2>err
	has err "--reconcile would take the rest away"
	run 0 mkaccounts -q picked >plan'
ok 'without pick alice would have her old password again' '
	dirdump passwd-file users | mkaccounts -q 2>mkaccounts.err |
	    stalwart-apply --password-file admin.secret -u >result 2>err
	login alice@one.test alice-old'
ok 'what the proxy cannot say moves nobody' '
	kill "$standin_pid" 2>/dev/null || :
	dirdump passwd-file users >dump
	run 75 env PROXY_ADMIN_URL=http://127.0.0.1:1 remap pick --token-file token legacy dump >out 2>err
	not [ -s out ]'

ok 'a list keeps a member that is an alias of one who has moved' '
	{
		for user in alice bob; do
			echo "{\"v\":1,\"type\":\"account\",\"address\":\"$user@one.test\",\"secret\":\"$(hash x)\"}"
		done
		alias() { echo "{\"v\":1,\"type\":\"alias\",\"address\":\"$1@one.test\",\"targets\":[$2]}"; }
		alias info "\"Alice@one.test\""
		alias l "\"INFO@one.test\",\"bob@one.test\""
		alias big "\"late@one.test\",\"bob@one.test\""
		alias late "\"alice@one.test\""
		alias own "\"alice@one.test\""
		alias alice "\"x@other.test\",\"alice@one.test\""
		echo "{\"v\":1,\"type\":\"end\",\"count\":8}"
	} >dump
	run 0 remap pick --token-file token legacy dump >part 2>err
	jq -r "[.type, .address // .count] | join(\" \")" part | sort >got
	printf "%s\n" "account bob@one.test" "alias big@one.test" "alias info@one.test" \
	    "alias l@one.test" "alias late@one.test" "end 5" | same - got
	run 0 mkaccounts -q -o plan part 2>err
	jq -rs "[.[] | select(.object == \"MailingList\").value[] | .name + \":\" +
	    (.recipients | keys | join(\",\"))] | sort | join(\" \")" plan >got
	echo "big:alice@one.test,bob@one.test l:alice@one.test,bob@one.test" | same - got'
done_testing
