# shellcheck shell=bash
prepare() {
	mkdir -p /etc/postfix
	cat >/etc/postfix/main.cf <<-END
	virtual_alias_maps = hash:/etc/postfix/virtual
	virtual_mailbox_domains = example.org
	virtual_mailbox_maps = hash:/etc/postfix/vmailbox
	virtual_mailbox_base = /var/vmail
	END
	echo 'info@example.org alice@example.org, x@example.com' |
		tee virtual >/etc/postfix/virtual
	echo 'alice@example.org example.org/alice/' |
		tee vmailbox >/etc/postfix/vmailbox
	echo 'office: alice' >aliases
	postmap /etc/postfix/virtual /etc/postfix/vmailbox
}
after_1() {
	grep -q '"name":"alice"' plan.ndjson
	grep '"object":"MailingList"' plan.ndjson | grep -q x@example.com
}
after_2() {
	[ "$(jq -r 'select(.type == "alias").address' "$out" | sort |
	    tr '\n' ' ')" = 'info@example.org office@example.org ' ]
	has "$out" '"address":"alice@example.org"'
}
