# shellcheck shell=bash
prepare() {
	mkdir -p /var/vmail/example.org/alice /var/vmail/example.org/bob
	printf 'require "fileinto";\nfileinto "Junk";\n' >/var/vmail/example.org/alice/.dovecot.sieve
	echo 'keep;' >/var/vmail/example.org/bob/.dovecot.sieve
	{
		echo '{"v":1,"type":"account","address":"alice@example.org","secret":"{SHA}sRZzi/p3eu0PuyOjgiQoia41wkw=","scripts":[{"name":"main","active":true,"text":"keep"}]}'
		echo '{"v":1,"type":"end","count":1}'
	} >accounts.ndjson
}
status_1=1
after_1() {
	has "$out" 'alice/.dovecot.sieve	2	"Junk": over there'
	hasnt "$out" bob
}
status_2=1
after_2() {
	has "$out" 'refused	alice@example.org	main'
}
