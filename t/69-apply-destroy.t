#!/bin/sh
# stalwart-apply destroys no account and no domain unless it is told to.
. "${0%/*}/lib.sh"
need curl
need jq
. "$top/t/apply.sh"

gzip -dc "$fixtures/real/stalwart-schema.json.gz" >schema.json
here() {
	jmap "x:$1/get" '{"ids":null,"properties":["name"]}' |
	    grep -o '"name":"[^"]*"' | sort | tr '\n' ' '
}
filled() {
	serve --schema "$tmp/schema.json"
	{ echo "$domain"; accounts "$(user alice),$(user bob),$(user carol)"; } >plan
	run 0 apply -q plan >/dev/null
	run 0 apply -q >/dev/null <<-'X'
	{"@type":"create","object":"Domain","value":{"e":{"name":"empty.test"}}}
	{"@type":"upsert","object":"MailingList","matchOn":["name","domainId"],"value":{"l":{"name":"team","domainId":"b","recipients":{"x@y.test":true}}}}
	X
	: >requests
}
{
	echo "$domain"
	printf '{"@type":"reconcile","object":"Account","matchOn":["name","domainId"],"scope":{"domainId":"#d"},"value":{%s}}\n' "$(user alice),$(user dave)"
} >reconcile

filled
ok 'a reconcile names what it would destroy, and how many; the rest is done' '
	run 1 apply reconcile >out 2>err
	grep -n "2 accounts would be destroyed, and are left" err | grep -q "^[12]:"
	has err "bob@one.test: the plan destroys it: that needs --destroy"
	has err "carol@one.test: the plan destroys it: that needs --destroy"
	grep -q "\"address\":\"bob@one.test\",\"status\":\"failed\"" out
	[ "$(here Account)" = "\"name\":\"alice\" \"name\":\"bob\" \"name\":\"carol\" \"name\":\"dave\" " ]
	not grep -q "destroy" requests'
ok 'a dry run says the same number, and plans it' '
	run 0 apply -n reconcile >out 2>err
	has err "2 accounts would be destroyed"
	[ "$(statuses out)" = "3 exists 2 planned " ]
	[ "$(jq -r .would out | sort | uniq -c | tr -s " \n" " ")" = " 2 destroyed 3 null " ]'
ok 'a dry run says of each what it would be' '
	sed "s/\"alice\"/\"amy\"/; s/\"dave\",/&\"description\":\"D\",/" reconcile >other
	run 0 apply -n -u other >out 2>err
	jq -r "select(.would) | .would + \" \" + .address" out | sort >got
	printf "%s\n" "created amy@one.test" "destroyed alice@one.test" \
	    "destroyed bob@one.test" "destroyed carol@one.test" "updated dave@one.test" >want
	same want got
	not grep -q "destroy" requests'
ok 'with --destroy they go, and are counted first' '
	run 0 apply --destroy reconcile >out 2>err
	has err "2 accounts are destroyed"
	[ "$(grep -c "\"status\":\"destroyed\"" out)" = 2 ]
	[ "$(here Account)" = "\"name\":\"alice\" \"name\":\"dave\" " ]
	run 0 apply reconcile >out 2>err
	hasnt err "destroyed:"
	hasnt err "accounts"'

filled
ok 'the operation destroy, of a domain and of accounts' '
	echo "{\"@type\":\"destroy\",\"object\":\"Domain\",\"value\":{\"name\":\"empty.test\"}}" >one
	run 1 apply one >out 2>err
	has err "1 domain would be destroyed"
	has err "empty.test: the plan destroys it: that needs --destroy"
	echo "{\"@type\":\"destroy\",\"object\":\"x:account\"}" >all
	run 1 apply all >out 2>err
	has err "3 accounts would be destroyed"
	[ "$(grep -c "\"status\":\"failed\"" out)" = 3 ]
	not grep -q "\"destroy" requests
	run 0 apply --destroy one >out 2>err
	has err "1 domain is destroyed"
	[ "$(here Domain)" = "\"name\":\"one.test\" " ]'
# A domain that the server signs for has keys of its own, which hang on it.
real() {
	serve --schema "$fixtures/real/stalwart-schema.json.gz"
	jmap x:Domain/set '{"create":{"a":{"name":"one.test"},"b":{"name":"two.test","dkimManagement":{"@type":"Manual"}},"c":{"name":"three.test"}}}' >made
	jmap x:DkimSignature/get '{"ids":null}' >keys
	jmap x:Account/set "{\"create\":{\"u\":{\"@type\":\"User\",\"name\":\"dora\",\"domainId\":\"$(id_of three.test)\"}}}" >made
}
id_of() {
	jmap x:Domain/query "{\"filter\":{\"name\":\"$1\"}}" | sed 's/.*"ids":\["\([^"]*\)".*/\1/'
}
# signing: whose keys there are, and how many.
signing() {
	jmap x:DkimSignature/get '{"ids":null,"properties":["domainId"]}' |
	    grep -o '"domainId":"[^"]*"' | sort | uniq -c | sed 's/^ *//'
}
real
ok 'the server refuses to destroy a domain that has signing keys' '
	has keys "\"selector\""
	jmap x:Domain/set "{\"destroy\":[\"$(id_of one.test)\"]}" >answer
	has answer "\"type\":\"objectIsLinked\""
	has answer "\"object\":\"DkimSignature\""'
ok 'what hangs on a domain alone goes with it; what keeps the domain keeps its keys' '
	three=$(id_of three.test)
	[ "$(signing | wc -l)" = 2 ]
	printf "{\"@type\":\"destroy\",\"object\":\"Domain\",\"value\":{\"name\":\"%s\"}}\n" one.test two.test three.test >domains
	run 1 apply domains >out 2>err
	[ "$(signing | wc -l)" = 2 ]
	run 0 apply -n domains >out 2>err
	[ "$(statuses out)" = "3 planned " ]
	[ "$(signing | wc -l)" = 2 ]
	run 1 apply --destroy domains >out 2>err
	[ "$(statuses out)" = "2 destroyed 1 failed " ]
	has err "one.test: its signing keys are destroyed with it"
	has err "three.test: other objects refer to it (objectIsLinked)"
	[ "$(signing)" = "2 \"domainId\":\"$three\"" ]
	[ "$(here Domain)" = "\"name\":\"three.test\" " ]'
ok 'all domains at once, and an account before its domain' '
	{
		echo "{\"@type\":\"destroy\",\"object\":\"Domain\"}"
		echo "{\"@type\":\"destroy\",\"object\":\"Account\"}"
	} >all
	run 0 apply --destroy all >out 2>err
	[ "$(here Domain)" = "" ]
	[ "$(signing)" = "" ]'
filled
ok 'other objects go as the plan says' '
	echo "{\"@type\":\"destroy\",\"object\":\"MailingList\"}" >lists
	run 0 apply lists >out 2>err
	[ "$(statuses out)" = "1 destroyed " ]
	[ "$(here MailingList)" = "" ]'
filled
ok 'a failure between the count and the deed leaves all' '
	run 1 apply -x reconcile >out 2>err
	[ "$(here Account)" = "\"name\":\"alice\" \"name\":\"bob\" \"name\":\"carol\" \"name\":\"dave\" " ]'

# --- from records, to the end ---

# people [ADDRESS [MEMBERS]]: a dump of six people in two domains; one of them is
# otherwise, or left out where MEMBERS is "-".
# shellcheck disable=SC2120 # the tests name some
people() {
	n=1
	echo '{"v":1,"type":"domain","domain":"one.test"}'
	for p in alice@one.test bob@one.test carol@one.test gone@one.test dora@two.test gone@two.test; do
		case $p in
		gone*) [ $# -eq 0 ] || continue ;;
		esac
		if [ "$p" = "${1-}" ]; then
			[ "$2" != - ] || continue
			echo "{\"v\":1,\"type\":\"account\",\"address\":\"$p\"$2}"
		else
			echo "{\"v\":1,\"type\":\"account\",\"address\":\"$p\",\"secret\":\"$hash\"}"
		fi
		n=$((n + 1))
	done
	echo "{\"v\":1,\"type\":\"alias\",\"address\":\"team@one.test\",\"targets\":[\"bob@one.test\",\"dora@two.test\"]}"
	echo "{\"v\":1,\"type\":\"end\",\"count\":$((n + 1))${3-}}"
}
# accounts_here: all addresses, of lists too.
accounts_here() {
	{
		jmap x:Account/get '{"ids":null,"properties":["emailAddress"]}'
		jmap x:MailingList/get '{"ids":null,"properties":["emailAddress"]}'
	} | grep -o '"emailAddress":"[^"]*"' | sed 's/.*:"\(.*\)"/\1/' | sort | tr '\n' ' '
}
all='alice@one.test bob@one.test carol@one.test dora@two.test team@one.test '
everybody='alice@one.test bob@one.test carol@one.test dora@two.test gone@one.test gone@two.test team@one.test '
# moved [ARGS]: a new server, on which all people are.
# shellcheck disable=SC2119 # all people
moved() {
	serve --schema "$fixtures/real/stalwart-schema.json.gz" "$@"
	people | mkaccounts -q | apply -q >out
}
yescrypt=',"secret":"$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7"'
while IFS='|' read -r what options members gone; do
	moved
	ok "--reconcile, carried out with --destroy: $what" '
		[ "$(accounts_here)" = "$everybody" ]
		status=1
		case $what in skipped*) status=0 ;; esac
		# shellcheck disable=SC2086
		people bob@one.test "$(eval "echo $members")" >records
		run $status mkaccounts -q --reconcile $options records >plan 2>err
		run 0 apply -q --destroy plan >out 2>err
		[ "$(accounts_here)" = "$(printf "%s\n" $all $gone | sort | tr "\n" " ")" ] || {
			accounts_here
			cat records err
			exit 1
		}
		grep -c destroyed out >n || true
		[ "$(cat n)" = $((2 - $(echo $gone | wc -w))) ]'
done <<-'END'
	a hash that cannot be carried||$yescrypt|gone@one.test
	no password at all||""|gone@one.test
	skipped for its password|--no-secret=skip|$yescrypt|gone@one.test
	skipped as it is switched off|--inactive=skip|',"active":false'|gone@one.test
	a member of another type, so that nobody knows whose it is||',"quota":"much"'|gone@one.test gone@two.test
	an account that is there twice||',"secret":"x","secret":"y"'|gone@one.test gone@two.test
	END
# An address of somebody who was refused is not gone: a list, an account of another
# domain.
moved
ok '--reconcile: who has an address that is to be a refused owner'\''s keeps it' '
	people bob@one.test ",\"secret\":\"*\",\"aliases\":[\"gone@two.test\",\"team@one.test\"]" |
	    grep -v "\"alias\"," | sed "s/\"count\":[0-9]*/\"count\":5/" >records
	run 1 mkaccounts -q --reconcile records >plan 2>err
	run 0 apply -q -u --keep-passwords --destroy plan >out 2>err
	[ "$(accounts_here)" = "$everybody" ]'
moved
ok '--reconcile: nor that of an alias of his' '
	people bob@one.test ",\"secret\":\"*\"" |
	    sed "s/.*team@one.test.*/{\"v\":1,\"type\":\"alias\",\"address\":\"gone@two.test\",\"targets\":[\"bob@one.test\"]}/" >records
	run 1 mkaccounts -q --reconcile records >plan 2>err
	run 0 apply -q -u --keep-passwords --destroy plan >out 2>err
	accounts_here | grep -q "gone@two.test"'
moved
ok '--reconcile: an inactive account that is carried stays, without its login' '
	people bob@one.test ",\"secret\":\"$hash\",\"active\":false" | mkaccounts -q --reconcile >plan
	run 0 apply -q --destroy plan >out 2>err
	[ "$(accounts_here)" = "$all" ]
	[ "$(grep -c destroyed out)" = 2 ]'
moved
ok '--reconcile of a dump with entries that could not be read, or cut: no plan, nothing gone' '
	before=$(accounts_here)
	for dump in ",\"failed\":1" cut filtered; do
		case $dump in
		cut) people bob@one.test - | sed "\$d" >records ;;
		filtered) people | grep -v bob@ >records ;;
		*) people bob@one.test - "$dump" >records ;;
		esac
		status=2
		case $dump in *failed*) status=1 ;; esac
		run $status mkaccounts -q --reconcile records >plan 2>err
		run 1 apply -q --destroy plan >out 2>err
		has err "no operations"
		[ "$(accounts_here)" = "$before" ]
	done'
moved
ok '--reconcile takes away who has left, and nobody else' '
	people bob@one.test - >records
	sed "s/\"bob@one.test\",//" records | mkaccounts -q --reconcile >plan
	run 1 apply -q plan >out 2>err
	[ "$(grep -c "needs --destroy" err)" = 3 ]
	run 0 apply -q --destroy plan >out 2>err
	case $(accounts_here) in *bob* | *gone*) exit 1 ;; esac'

moved
ok '--reconcile takes the last list of a domain away' '
	people | sed "s/.*team@one.test.*/{\"v\":1,\"type\":\"alias\",\"address\":\"al@two.test\",\"targets\":[\"dora@two.test\"]}/" >all
	mkaccounts -q --reconcile all >plan
	run 0 apply -q --destroy plan >out 2>err
	case $(accounts_here) in *team*) exit 1 ;; esac'

# The first signal ends it after the request in flight.
for sig in TERM INT HUP KILL; do
	moved --fault '*:slow:300'
	ok "a signal between the count and the deed leaves all: $sig" "
		people - | mkaccounts -q --reconcile >plan
		: >requests
		env --default-signal stalwart-apply --password-file admin.secret --destroy plan >out 2>err &
		pid=\$!
		tries=0
		until grep -q 'account is destroyed' err; do
			kill -0 \$pid
			[ \$tries -lt 1200 ]
			tries=\$((tries + 1))
			sleep 0.05
		done
		kill -$sig \$pid
		got=0
		wait \$pid || got=\$?
		case $sig in
		KILL) [ \$got = 137 ] ;;
		*)
			[ \$got = 2 ]
			has err 'stopped; run it again to go on'
			;;
		esac
		not grep -q '\\\\\"destroy\\\\\":\\[' requests
		[ \"\$(accounts_here)\" = '$everybody' ]
		run 0 apply -q --destroy plan >out 2>err
		grep -q '\\\\\"destroy\\\\\":\\[' requests
		[ \"\$(accounts_here)\" = '$all' ]"
done

# A domain that fails, for it is an alias domain of another: what is in it.
serve --schema "$fixtures/real/stalwart-schema.json.gz"
ok '--reconcile: what is in a domain that failed is named, and its rejects bring it' '
	reply=$(jmap x:Domain/set "{\"create\":{\"a\":{\"name\":\"one.test\",\"aliases\":{\"two.test\":true}}}}")
	id=$(echo "$reply" | sed "s/.*\"id\":\"\([^\"]*\).*/\1/")
	{
		people | grep -v "\"end\""
		echo "{\"v\":1,\"type\":\"alias\",\"address\":\"all@two.test\",\"targets\":[\"dora@two.test\",\"x@else.example\"]}"
	} >records
	echo "{\"v\":1,\"type\":\"end\",\"count\":$(wc -l <records)}" >>records
	mkaccounts -q --reconcile records >plan
	run 1 apply -q --destroy -E failed plan >out 2>err
	grep "\"failed\"" out | grep -o "\"address\":\"[^\"]*\"" >got
	printf "\"address\":\"%s\"\n" two.test dora@two.test gone@two.test all@two.test two.test >want
	same want got
	jmap x:Domain/set "{\"update\":{\"$id\":{\"aliases\":{}}}}" >/dev/null
	run 0 apply -q failed >out 2>err
	[ "$(accounts_here)" = "$(printf "%s\n" $everybody all@two.test | sort | tr "\n" " ")" ]'

done_testing
