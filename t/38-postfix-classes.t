#!/bin/sh
# What a Postfix makes of the hosts in targets, and of a domain that is in two of
# its lists. A running one says who gets the mail, and whom it refuses.
. "${0%/*}/lib.sh"
need jq
need /usr/bin/python3 python3
. "$top/t/postfix.sh"
mkdir "$pf"

cat >"$pf/virtual" <<'END'
dot@one.test x@host
bang@one.test two.test!x
percent@one.test x%two.test
both@one.test x%host
end@one.test x@two.test.
short@one.test x@HOST.
quoted@one.test "x%two.test"@two.test
bare@one.test x
here@one.test x@localhost
marked.test anything
info@hidden.test box@hidden.test
u1@name.test u1@good.test
@c1.test @c2.test
@c2.test @c3.test
@c3.test u1@good.test
END
printf '%s x\n' box@hidden.test box@marked.test box@local.test box@good.test >"$pf/boxes"
printf '%s good.test/%s/\n' u1@good.test u1 u2@good.test u2 u1@name.test u1 \
    u2@name.test u2 sales@good.test u2 >>"$pf/boxes"
port=$(/usr/bin/python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
postfix_services() {
	echo "127.0.0.1:$port inet n - n - - smtpd"
}
postfix_start 'mydestination = mx.host.test, localhost.my.test, local.test, also.test' \
    'mydomain = my.test' 'myorigin = origin' 'append_dot_mydomain = yes' \
    'local_recipient_maps = unix:passwd.byname' 'alias_maps =' \
    "virtual_alias_maps = texthash:$pf/virtual" \
    'virtual_alias_domains = one.test, hidden.test, also.test, c1.test, c2.test, c3.test' \
    'virtual_mailbox_domains = hidden.test marked.test local.test good.test name.test' \
    "virtual_mailbox_maps = texthash:$pf/boxes"
dump() {
	run "$1" dirdump-postfix -v -c "$pf" >out 2>err
}
targets() {
	jq -r --arg a "$1" 'select(.type == "alias" and .address == $a) |
	    .targets | join(" ")' out
}
# refused ADDRESS REASON: so says the server.
refused() {
	/usr/bin/python3 -c 'import smtplib, sys
c = smtplib.SMTP("127.0.0.1", int(sys.argv[1]))
c.helo("x")
c.mail("")
print(*c.rcpt(sys.argv[2]))
c.close()' "$port" "$1" >answer
	has answer "$2"
}
# receives ADDRESS VALUE: what the record says.
receives() {
	[ "$(jq --arg a "$1" 'select(.type == "account" and .address == $a) |
	    .receive' out)" = "$2" ]
}
note() {
	jq -r --arg w "$1" 'select(.type == "note" and .what == $w) | .text' out
}

dump 0
ok 'hosts in targets are completed' '
	for name in dot bang percent both end short quoted bare; do
		delivered "$name@one.test" | tr A-Z a-z >want
		echo "$name: $(cat want)"
		targets "$name@one.test" >got
		same want got
	done
	[ "$(targets dot@one.test)" = x@host.my.test ]
	[ "$(targets bare@one.test)" = x@origin.my.test ]'
ok 'this machine is the domain of its mailboxes' '
	[ "$(delivered here@one.test)" = x@localhost.my.test ]
	[ "$(targets here@one.test)" = x@mx.host.test ]'
ok 'a domain in two lists: the mailboxes that get no mail' '
	refused box@hidden.test "User unknown in virtual alias table"
	refused box@local.test "User unknown in local recipient table"
	refused box@good.test Ok
	receives box@hidden.test false
	receives box@local.test false
	receives box@good.test true
	note hidden.test | has /dev/stdin "only aliases get mail"
	note local.test | has /dev/stdin "no virtual mailbox gets any"
	note also.test | has /dev/stdin "an address that is not an alias is a local name"
	[ -z "$(note good.test)" ]'
accounts() {
	jq -r 'select(.type == "account" and (.mail // .address | test("u[0-9]|good"))) |
	    .address' out | sort | paste -sd ' ' -
}
ok 'two addresses of one mailbox are one account' '
	[ "$(delivered u1@name.test)" = u1@good.test ]
	[ "$(targets u1@name.test)" = u1@good.test ]
	[ "$(targets u2@name.test)" = u2@good.test ]
	[ "$(accounts)" = "box@good.test sales@good.test u1@good.test u2@good.test" ]
	# Another name is one only where virtual(8) delivers to the place.
	postconf -c "$pf" -e virtual_transport=virtual
	dump 0
	[ "$(targets sales@good.test)" = u2@good.test ]
	# A table may have another deliver.
	postconf -c "$pf" -e "transport_maps = inline:{ good.test=discard: }"
	dump 0
	[ -z "$(targets sales@good.test)" ]
	postconf -c "$pf" -X transport_maps
	dump 0
	[ "$(accounts)" = "box@good.test u1@good.test u2@good.test" ]'
ok 'a name of a domain that is a name of another' '
	for domain in c1.test c2.test c3.test; do
		[ "$(delivered any@$domain)" = u1@good.test ]
	done
	[ "$(targets @c3.test)" = u1@good.test ]
	jq -c "select(.domain == \"c3.test\").aliases" out >got
	echo "[\"c1.test\",\"c2.test\"]" >want
	same want got
	hasnt out "\"domain\":\"c2.test\""'
ok 'a key that names a domain counts where the list is the preset' '
	refused box@marked.test Ok
	receives box@marked.test true
	postconf -c "$pf" -e "virtual_alias_domains = \$virtual_alias_maps"
	postfix -c "$pf" reload
	tries=0
	until refused box@marked.test "User unknown in virtual alias table"; do
		tries=$((tries + 1))
		[ $tries -lt 600 ]
		sleep 0.1
	done
	dump 0
	receives box@marked.test false'
ok 'hosts stay as they are where the parameters say so' '
	postconf -c "$pf" -e append_dot_mydomain=no swap_bangpath=no \
	    allow_percent_hack=no "virtual_alias_domains = one.test"
	dump 0
	postfix -c "$pf" reload
	sleep 1
	for name in dot end; do
		delivered "$name@one.test" >want
		targets "$name@one.test" >got
		same want got
	done
	[ "$(targets percent@one.test)" = x%two.test@origin ]'

done_testing
