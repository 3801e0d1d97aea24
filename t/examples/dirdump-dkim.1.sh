# shellcheck shell=bash
prepare() {
	with_dovecot
	mkdir -p /etc/dkimkeys
	cp "$fixtures/dkim/rsa.pem" /etc/dkimkeys/mail.private
	echo 'mail._domainkey.example.org example.org:mail:/etc/dkimkeys/mail.private' \
	    >/etc/dkimkeys/KeyTable
	printf 'KeyTable /etc/dkimkeys/KeyTable\n' >/etc/opendkim.conf
}
after_1() {
	grep -q '"object":"DkimSignature"' plan.ndjson
	grep -q '"object":"Account"' plan.ndjson
}
after_2() {
	has "$out" 'mail._domainkey.example.org. IN TXT ( "v=DKIM1; k=rsa; p='
}
