# shellcheck shell=bash
sections=('ONE COMMAND')
prepare() {
	with_dovecot
	with_stalwart
	secret secret admin-word
	mkdir -p docker-data/dms/config
	printf '%s|%s\n' sam@example.org '{SHA}sRZzi/p3eu0PuyOjgiQoia41wkw=' \
	    mallory@notexample.org '{SHA}sRZzi/p3eu0PuyOjgiQoia41wkw=' \
	    >docker-data/dms/config/postfix-accounts.cf
}
after_1() {
	[ "$(grep -c '"status":"created"' "$out")" -eq 4 ]
}
after_2() {
	has "$out" '"sam@example.org","status":"created"'
	hasnt "$out" mallory
}
