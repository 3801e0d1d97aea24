# shellcheck shell=bash
sections=('A MOVE, STEP BY STEP' 'BACK, STEP BY STEP' 'FROM AN OLDER STALWART')
# A journal has a name of its own.
edit() {
	set -- ~/.local/state/mailferry/*.journal
	echo "s,JOURNAL,$1,"
}
prepare() {
	with_dovecot
	# The older Stalwart: what is asked of it is JMAP, and IMAP.
	stalwart_ip=127.0.0.4 with_stalwart
	with_stalwart
	with_proxy
	with_radicale
	with_vandelay
	secret secret admin-word
	secret alice.secret alice-word
	secret known 'alice@example.org:correct horse'
	for owner in alice bob carol; do
		message "/home/$owner/Maildir" old
		chown -R 5000:5000 "/home/$owner"
		echo '{"account":"'$owner'@example.org","mailboxes":[{"id":"a",
		    "name":"Inbox","parentId":null,"role":"inbox","totalEmails":1}]}' |
			jq -c . >>"$tmp/mail.ndjson"
	done
}
# How many lines of the output have a status.
status_is() {
	[ "$(grep -c "\"status\":\"$1\"" "${3:-$out}")" -eq "$2" ]
}
inbox_holds() {
	doveadm -f flow mailbox status -u alice@example.org messages INBOX |
		grep "messages=$1\$"
}
after_1() {
	has "$out" SHA512-CRYPT
}
after_2() {
	has "$out" '"password":"matches"'
}
after_3() {
	grep -q '"object":"Account"' plan.ndjson
	[ -e left.ndjson ]
}
after_4() {
	[ -e left.ndjson ]
}
after_5() {
	status_is planned 4
}
after_6() {
	status_is created 4 result.ndjson
}
after_7() {
	[ "$(tr -s ' ' <"$out")" = ' 4 exists' ]
}
after_8() {
	has "$out" '3 accounts'
	grep 'alice@example.org.*stalwart' /etc/proxy/mappings.tsv
}
after_9() {
	grep 'alice@example.org.*legacy' /etc/proxy/mappings.tsv
}
after_10() {
	[ -d alice-rollback/mail ]
}
after_11() {
	has "$out" /home/alice
}
after_12() {
	inbox_holds 34
}
after_13() {
	not grep -E 'Error|Fatal|Panic' "$err"
}
after_14() {
	grep ' 0 *33 .* INBOX$' "$out"
	has "$out" 'messages=34'
}
after_15() {
	inbox_holds 1
}
after_16() {
	has "$out" '"object":"event"'
	has "$out" '"object":"card"'
	procedure_programs
	secret zoe.secret zoe-word
	printf '%s\n' '{"v":1,"type":"domain","domain":"example.net"}' \
	    '{"v":1,"type":"account","address":"zoe@example.net","logins":["zoe"],"secret":"{PLAIN}zoe-word"}' \
	    '{"v":1,"type":"end","count":2}' >accounts.ndjson
	mkaccounts -q -o plan.zoe accounts.ndjson
	for server in old new; do
		stalwart-apply -q --url "https://$server.example.org" --password-file secret plan.zoe
	done
	message /home/zoe/Maildir first
	message /home/zoe/Maildir second
	vandelay import maildir /home/zoe/Maildir before.sqlite
	VANDELAY_PASSWORD=admin-word vandelay export --url https://old.example.org \
	    --auth-basic admin --account-name zoe@example.net before.sqlite
	# Its IMAP is a Dovecot here.
	chown -R 5000:5000 /home/zoe
	echo 'zoe@example.net:{PLAIN}zoe-word:5000:5000::/home/zoe::' >>/etc/dovecot/users
}
after_17() {
	has "$out" 'email: created=2 '
}
after_18() {
	has "$out" '1 account: 1 ok'
	has "$out" '2 messages on the old server, 2 on the new one'
	grep 'zoe@example.net.*stalwart' /etc/proxy/mappings.tsv
	grep '^zoe[[:space:]]*stalwart' /etc/proxy/mappings.tsv
}
