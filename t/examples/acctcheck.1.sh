# shellcheck shell=bash
prepare() {
	with_dovecot
	with_stalwart
	with_proxy
	for owner in alice bob carol; do
		message "/home/$owner/Maildir" one
		message "/home/$owner/Maildir" two
		message "/home/$owner/Maildir/.Sent" three
		chown -R 5000:5000 "/home/$owner"
		sent=1
		[ "$owner" != bob ] || sent=0
		echo '{"account":"'$owner'@example.org","mailboxes":[
		    {"id":"a","name":"Inbox","parentId":null,"role":"inbox","totalEmails":2},
		    {"id":"b","name":"Sent Items","parentId":null,"role":"sent","totalEmails":'$sent'}]}' |
			jq -c . >>"$tmp/mail.ndjson"
	done
	dirdump passwd-file /etc/dovecot/users | mkaccounts |
	    stalwart-apply --url https://new.example.org --user admin \
		--password-file admin.secret
	(umask 077; printf 'alice@example.org\tcorrect horse\n' >handed-out)
}
# Bob falls short.
status_1=1
after_1() {
	[ "$(jq -r '.address + " " + .status' checked.ndjson)" = 'alice@example.org ok
bob@example.org short
carol@example.org ok' ]
}
after_2() {
	[ "$(cat "$out")" = 'bob@example.org	Sent: 0 of 1 message' ] ||
	[ "$(cat "$out")" = 'bob@example.org	Sent: 0 of 1 messages' ]
}
after_3() {
	grep -q '^alice@example.org stalwart$' /etc/proxy/mappings.tsv ||
	grep -q '^alice@example.org	stalwart$' /etc/proxy/mappings.tsv
}
after_4() {
	has "$out" '"status":"ok"'
}
