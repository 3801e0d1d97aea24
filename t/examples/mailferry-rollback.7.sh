# shellcheck shell=bash
sections=('DESCRIPTION')
prepare() {
	with_procedure
	printf '%s\n' bob@example.org carol@example.org >wave1
	migrate-account -q alice@example.org bob@example.org carol@example.org
}
after_1() {
	[ "$(cat "$out")" = 'alice@example.org: mail is done' ]
	grep -q 'alice@example.org.*legacy' /etc/proxy/mappings.tsv
}
after_2() {
	[ "$(cat "$out")" = 'alice@example.org: is back' ]
}
after_3() {
	has "$err" '2 accounts: 2 done'
	grep -q 'bob@example.org.*legacy' /etc/proxy/mappings.tsv
}
after_4() {
	[ "$(cat "$out")" = 'alice@example.org: has moved' ]
}
