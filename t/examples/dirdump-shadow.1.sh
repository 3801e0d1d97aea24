# shellcheck shell=bash
prepare() {
	hash=$(openssl passwd -6 'correct horse')
	echo 'alice:x:1500:1500:Alice:/home/alice:/bin/sh' >>/etc/passwd
	echo "alice:$hash:19000:0:99999:7:::" >>/etc/shadow
	mkdir -p /etc/postfix
	echo 'alice@example.com alice' >/etc/postfix/virtual
	echo "bob:$hash:1501:1501::0:0:Bob:/home/bob:/bin/sh" >master.passwd
}
after_1() {
	grep '"alice@example.org"' accounts.ndjson | grep '"active":true'
}
after_2() {
	grep '"alice@example.com"' "$out" | grep '"logins":\["alice"\]'
}
after_3() {
	grep '"bob@example.org"' "$out" | grep '"active":true'
}
