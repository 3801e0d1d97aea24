# shellcheck shell=bash
prepare() {
	with_procedure
}
after_1() {
	has mailferry.conf 'STATE=/var/lib/mailferry'
	house_procedure
}
after_2() {
	has "$out" '# login'
	has "$out" 'remap set --token-file /etc/proxy/admin.token'
	not [ -e /var/lib/mailferry ]
}
after_3() {
	[ "$(cat "$out")" = 'alice@example.org: check is done' ]
	not grep -q alice /etc/proxy/mappings.tsv
}
after_4() {
	[ "$(cat "$out")" = 'alice@example.org: has moved' ]
	grep -q 'alice@example.org.*stalwart' /etc/proxy/mappings.tsv
}
