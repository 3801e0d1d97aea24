# shellcheck shell=bash
prepare() {
	with_users
	mkdir -p /etc/auth/example.org /etc/auth/example.net
	sed 's/@example.org//' /etc/dovecot/users >/etc/auth/example.org/passwd
	head -n 1 /etc/auth/example.org/passwd >/etc/auth/example.net/passwd
	mkdir -p /home/admin/conf/mail/example.org /home/owner/etc/example.com \
	    /etc/valiases
	hash=$(openssl passwd -1 -salt saltsalt 'correct horse')
	echo "dora:{MD5}$hash:admin:mail::/home/admin:100:userdb_quota_rule=*:storage=100M" \
	    >/home/admin/conf/mail/example.org/passwd
	echo 'info@example.org:dora@example.org' \
	    >/home/admin/conf/mail/example.org/aliases
	mkdir -p /etc/virtual/example.com
	echo "fay:$(openssl passwd -6 'correct horse'):1:1::/home/u/imap/example.com/fay:" \
	    >/etc/virtual/example.com/passwd
	echo 'fay:1048576' >/etc/virtual/example.com/quota
	echo '*: fay@example.com' >/etc/virtual/example.com/aliases
	command_of plesk <<-'END'
		#!/bin/sh
		[ "$1 $2" = 'sbin mail_auth_view' ] || exit 1
		echo '+------------------+-------+---------------+'
		echo '|     address      | flags |   password    |'
		echo '+------------------+-------+---------------+'
		echo '| gil@example.com  |       | correct horse |'
		echo '+------------------+-------+---------------+'
	END
	echo "emil:$(openssl passwd -6 'correct horse'):18000::::::" \
	    >/home/owner/etc/example.com/shadow
	echo 'emil:x:1001:1001::/home/owner/mail/example.com/emil:' \
	    >/home/owner/etc/example.com/passwd
	echo 'emil:1048576' >/home/owner/etc/example.com/quota
	echo 'shop@example.com: emil@example.com' >/etc/valiases/example.com
}
after_1() {
	[ "$(jq 'select(.object == "Account").value[].name' plan.ndjson |
	    wc -l)" -eq 3 ]
}
after_2() {
	[ "$(jq -r 'select(.type == "account").address' accounts.ndjson |
	    tr '\n' ' ')" = \
	    'alice@example.net alice@example.org bob@example.org carol@example.org ' ]
}
after_3() {
	has "$out" '"address":"dora@example.org"'
	has "$out" '"address":"info@example.org"'
}
after_4() {
	has "$out" '"address":"fay@example.com"'
	has "$out" '"quota":1048576'
	has "$out" '"address":"@example.com"'
	has "$out" '"secret":"{PLAIN}correct horse"'
}
after_5() {
	has "$out" '"address":"emil@example.com"'
	has "$out" '"quota":1048576'
	has "$out" '"address":"shop@example.com"'
}
