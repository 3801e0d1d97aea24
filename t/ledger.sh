# A move as mail sees it, by the scripts: an old server that takes mail (Postfix)
# and shows it (Dovecot), the stand-ins of the new one and of its proxy, and mail
# that arrives all the while. Read after lib.sh and with $n, the number of accounts.
# shellcheck shell=sh
. "$top/t/procedure.sh"
. "$top/t/port.sh"
. "$top/t/postfix.sh"
need_dovecot /usr/lib/dovecot/managesieve-login dovecot-managesieved
need parallel
ledger=$top/tests/helper/ledger
LEDGER_ACCOUNTS=$n LEDGER_ADMIN=admin:admin-Zx
export LEDGER_ACCOUNTS LEDGER_ADMIN
homes=$tmp/homes/old

# --- the old server: one.test, and uno.test as its other name ---

for i in $(seq 0 $((n - 1))); do
	echo "u$i@one.test:{PLAIN}u$i-Zx-long" >>old.users
	[ $((i % 4)) -ne 1 ] || echo "u$i@one.test u$i@one.test,away@two.test" >>virtual
	for alias in "al$i@one.test" "al$i@uno.test" "u$i@uno.test"; do
		echo "$alias u$i@one.test" >>virtual
	done
	echo "u$i@one.test u$i@one.test/Maildir/" >>mailboxes
done
"$ledger" lists >>virtual
sieve_port=$(free_ports | cut -d ' ' -f 1)
serve_imap old 'protocols = imap sieve' 'mail_plugins = quota' \
    'service managesieve-login {' '  chroot =' '  inet_listener sieve {' \
    '    address = 127.0.0.1' "    port = $sieve_port" '  }' '}' \
    'plugin {' '  sieve = file:~/sieve;active=~/.dovecot.sieve' '}' \
    'protocol sieve {' '  mail_plugins =' '}'
old_conf=$conf
"$ledger" start mail.ledger "$homes"
own
echo 'keep;' >main.sieve
chmod 644 main.sieve
filtered=$(seq 0 3 $((n - 1)))
for i in $filtered; do
	doveadm -c "$old_conf" sieve put -u "u$i@one.test" -a main <main.sieve
done

old=127.0.0.1:$(free_port)
(umask 022; mkdir -p "$pf")
postfix_split "$homes" "${ids%:*}" "${ids#*:}"

# --- the new server, and who is to move ---

new_options="--smtp 127.0.0.1:0 --smtp-log $tmp/smtp.log"
new_options="$new_options --reach 192.0.2.1:${old#*:}=$old"
new_server
new=$smtp
{
	echo '{"v":1,"type":"domain","domain":"one.test","aliases":["uno.test"]}'
	for i in $(seq 0 $((n - 1))); do
		forward=
		[ $((i % 4)) -ne 1 ] || forward=',"forward":["away@two.test"],"keep":true'
		echo '{"v":1,"type":"account","address":"u'"$i"'@one.test","secret":"{PLAIN}u'"$i"'-Zx-long","aliases":["al'"$i"'@one.test"]'"$forward"'}'
	done
	grep -E '^(team|all)@' virtual | while read -r address targets; do
		echo '{"v":1,"type":"alias","address":"'"$address"'","targets":["'"$(echo "$targets" | sed 's/,/","/g')"'"]}'
	done
	echo '{"v":1,"type":"end","count":'$((n + 3))'}'
} >records
configure
settings "OLD_DUMP='cat $tmp/records'" "OLD_TRANSPORT=hash:$pf/moved" \
    "NEW_SMTP=$new" "OLD_SIEVE=sieve://127.0.0.1:$sieve_port" \
    MKACCOUNTS_OPTIONS=--allow-relaying
STALWART_USER=admin STALWART_PASSWORD=admin-Zx STALWART_URL=$new_url
export STALWART_USER STALWART_PASSWORD STALWART_URL
# Mail for the domain comes in before anybody has moved.
echo '{"@type":"upsert","object":"Domain","matchOn":["name"],"value":{"d":{"name":"one.test","aliases":{"uno.test":true},"allowRelaying":true}}}' |
    stalwart-apply -q >domain.out
mailroute setup --old "192.0.2.1:${old#*:}" >setup.out

# --- what happens, and what is looked at ---

: >mail.ledger.moved
mail_arrives() {
	for seed in 1 2; do
		"$ledger" send mail.ledger $seed 0 "${LEDGER_RATE:-2}" "$new" "$old" >sent.$seed 2>&1 &
		senders="${senders:-} $!"
	done
	for sender in $senders; do
		end_with_test "$sender"
	done
}
# mail_ends: $sent is 0 where no sender met an error and all mail has arrived.
mail_ends() {
	: >mail.ledger.enough
	sent=0
	for sender in $senders; do
		wait "$sender" || sent=1
	done
	"$ledger" settle "$pf/queue" smtp.log >settled 2>&1 || sent=1
}
# plan_waves: sets how many move at a time, who goes back, and who moves again.
plan_waves() {
	size=$(((n + 3) / 4)) step=$((n / 5))
	[ "$size" -ge 2 ] || size=2
	[ "$step" -ge 2 ] || step=2
	back=$(seq $((step - 1)) "$step" $((n - 1)) | paste -sd ' ' -)
	again=${back##* }
	[ "$n" -lt 8 ] || again="$again ${back%% *}"
}
addresses() {
	for i; do
		echo "u$i@one.test"
	done
}
has_moved() {
	printf '%s\n' "$@" >>mail.ledger.moved
}
is_back() {
	for i; do
		sed -i "/^$i\$/d" mail.ledger.moved
	done
}
# Fails where anything bounced, or went in a circle.
bounced() {
	{
		grep -E "status=(bounced|expired)|mail for .* loops back" "$pf/log" || :
		grep -F '"status":"bounced"' smtp.log || :
	} >bad
	not [ -s bad ] || { cat bad; false; }
}
# Each owner logs in with the old password, where the mail is.
passwords() {
	for i in $(seq 0 $((n - 1))); do
		if grep -qx "$i" mail.ledger.moved; then
			echo "user = \"u$i@one.test:u$i-Zx-long\"" >login
			[ "$(curl -s -o /dev/null -w "%{http_code}" -K login "$new_url/jmap/session")" = 200 ]
			[ "$(routes "u$i@one.test")" = stalwart ]
		else
			doveadm -c "$old_conf" auth test "u$i@one.test" "u$i-Zx-long"
			[ "$(routes "u$i@one.test")" = legacy ]
		fi
	done
}
# Filters as they were: the same text, and active, alone or joined to a forward.
filters() {
	for i in $(seq 0 $((n - 1))); do
		filter=$([ $((i % 3)) -ne 0 ] || echo main)
		forward=$([ $((i % 4)) -ne 1 ] || echo forward)
		if grep -qx "$i" mail.ledger.moved; then
			jmap SieveScript/get "{\"accountId\":\"$(new_id "u$i@one.test")\",\"ids\":null}" |
			    jq -r '.methodResponses[0][1].list[] | "\(.name) \(.isActive)"' | sort >got
			case "$forward $filter" in
			"forward main") printf '%s\n' 'forward false' 'mailferry true' 'main false' ;;
			' ') ;;
			*) echo "$forward$filter true" ;;
			esac >want
		elif [ -n "$filter" ]; then
			doveadm -c "$old_conf" sieve get -u "u$i@one.test" main | grep -v '^sieve script:' >got
			cp main.sieve want
		else
			continue
		fi
		same want got
	done
}
all_is_well() {
	"$ledger" read mail.ledger "$homes" "$new_url"
	bounced
	passwords
	filters
}
