# shellcheck shell=bash
prepare() {
	with_procedure
	migrate-account -q alice@example.org
}
after_1() {
	[ "$(cat "$out")" = 'alice@example.org: is back' ]
	grep -q 'alice@example.org.*legacy' /etc/proxy/mappings.tsv
	migrate-account -q alice@example.org
}
after_2() {
	[ "$(cat "$out")" = 'alice@example.org: mail is done' ]
	grep -q 'alice@example.org.*legacy' /etc/proxy/mappings.tsv
}
