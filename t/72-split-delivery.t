#!/bin/sh
# Split delivery as mail sees it: a Postfix with its mailboxes is the old server,
# the stand-in the new one, and each message is followed to where it ends.
. "${0%/*}/lib.sh"
. "$top/t/apply.sh"
. "$top/t/port.sh"
. "$top/t/postfix.sh"
need jq
need doveadm dovecot-core
need /usr/bin/python3 python3

STALWART_PASSWORD=secret
export STALWART_PASSWORD
accounts=$(seq 0 39)
ledger=$top/tests/helper/ledger

# --- the old server: one.test, and uno.test as its other name ---

old=127.0.0.1:$(free_port)
mail=$pf/mail
(umask 022; mkdir -p "$mail")
for i in $accounts; do
	echo "al$i@one.test u$i@one.test"
	echo "al$i@uno.test u$i@one.test"
	echo "u$i@uno.test u$i@one.test"
done >virtual
{
	echo "team@one.test u1@one.test,u11@one.test,u21@one.test"
	echo "all@one.test u0@one.test,u5@one.test,u12@one.test,u25@one.test,u39@one.test"
} >>virtual
for i in $accounts; do
	echo "u$i@one.test u$i/"
done >mailboxes
postfix_split "$mail" "$(id -u nobody)" "$(id -g nobody)"
chown nobody "$mail"

# --- the new server: every account is there already, and nobody has moved ---

serve --resolves --schema "$fixtures/real/stalwart-schema.json.gz" \
    --smtp 127.0.0.1:0 --smtp-log "$tmp/smtp.log" \
    --reach "192.0.2.1:${old#*:}=$old"
new=$(sed -n 's/^smtp:\/\///p' standin.out)
{
	echo '{"v":1,"type":"domain","domain":"one.test","aliases":["uno.test"]}'
	for i in $accounts; do
		echo '{"v":1,"type":"account","address":"u'"$i"'@one.test","secret":"'"$hash"'","aliases":["al'"$i"'@one.test"]}'
	done
	while read -r address targets; do
		echo '{"v":1,"type":"alias","address":"'"$address"'","targets":["'"$(echo "$targets" | sed 's/,/","/g')"'"]}'
	done <<-END
	$(grep -E '^(team|all)@' virtual)
	END
	echo '{"v":1,"type":"end","count":43}'
} >records
mkaccounts records | stalwart-apply -q >applied
mailroute setup --old "192.0.2.1:${old#*:}" >setup.out

# Moves accounts, or brings them back, in the order in which no message loops.
numbers() {
	for i in "$@"; do
		echo "u$i@one.test"
	done
}
table() {
	remap export --format=postfix-transport --file "$pf/moved" \
	    --map-type hash --host "new=$new" --host old=- --to "$1"
}
move() {
	numbers "$@" >those
	mailroute set <those >>set.out
	table new <those >>table.out
	printf '%s\n' "$@" >>mail.moved
}
bring_back() {
	numbers "$@" >those
	table old <those >>table.out
	mailroute unset <those >>set.out
	for i in "$@"; do
		sed -i "/^$i\$/d" mail.moved
	done
}
settle() {
	"$ledger" settle "$pf/queue" smtp.log
}
# Fails where anything bounced, or went in a circle.
bounced() {
	{
		grep -E "status=(bounced|expired)|mail for .* loops back" "$pf/log" || :
		grep -F '"status":"bounced"' smtp.log || :
	} >bad
	not [ -s bad ] || { cat bad; false; }
}
: >mail.ledger
: >mail.moved
"$ledger" send mail.ledger 1 "${MAILFERRY_LEDGER:-200}" 60 "$new" "$old" >sent 2>&1 &
sender=$!
"$ledger" send mail.ledger 2 "${MAILFERRY_LEDGER:-200}" 60 "$new" "$old" >sent2 2>&1 &
sender2=$!
# shellcheck disable=SC2046 # words
ok 'four waves move, five accounts come back, two of them move again, under mail' '
	for wave in 0 10 20 30; do
		move $(seq "$wave" $((wave + 9)))
	done
	bring_back 3 11 21 25 39
	move 11 39
	hasnt set.out failed
	hasnt table.out failed'
wait "$sender" && wait "$sender2"
senders=$?
ok 'the senders met no error' '
	cat sent sent2
	[ "$senders" -eq 0 ]'
ok 'each message is with each of its owners exactly once' '
	settle
	"$ledger" check mail.ledger "$mail" "$url"
	[ "$(wc -l <mail.ledger)" -ge 200 ]'
ok 'none bounced, and none looped' '
	bounced'
ok 'both servers had mail for both sides' '
	grep -q "\"route\":\"mailferry-old\",\"status\":\"relayed\"" smtp.log
	grep -q "\"route\":\"local\",\"status\":\"delivered\"" smtp.log
	grep -q "relay=127.0.0.1.*status=sent" "$pf/log"'
done_testing
