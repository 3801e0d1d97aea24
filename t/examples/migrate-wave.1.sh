# shellcheck shell=bash
prepare() {
	with_procedure
}
# Carol's password is kept in clear, and Postfix does not pass mail on here.
after_1() {
	has "$out" 'Nothing stops the move.'
	has "$out" '3 accounts'
	not grep -q stalwart /etc/proxy/mappings.tsv
}
after_2() {
	has "$err" '2 accounts: 2 done'
	grep -q 'bob@example.org.*stalwart' /etc/proxy/mappings.tsv
	not grep -q 'carol@example.org.*stalwart' /etc/proxy/mappings.tsv
}
after_3() {
	has "$err" '2 accounts: 2 done'
}
