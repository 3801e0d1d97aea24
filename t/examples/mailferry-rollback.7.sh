# shellcheck shell=bash
sections=('DESCRIPTION')
prepare() {
	with_procedure
	printf '%s\n' bob@example.org carol@example.org >wave1
	migrate-account -q alice@example.org bob@example.org carol@example.org
}
after_1() {
	said
	grep -q 'alice@example.org.*legacy' /etc/proxy/mappings.tsv
}
after_2() {
	printed
}
after_3() {
	said
}
after_4() {
	printed
}
after_5() {
	said
	grep -q 'bob@example.org.*legacy' /etc/proxy/mappings.tsv
}
after_6() {
	printed
}
after_7() {
	said
}
after_8() {
	printed
}
