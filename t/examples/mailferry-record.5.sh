# shellcheck shell=bash
prepare() {
	with_users
}
after_1() {
	joined "$text" >accounts.ndjson
	mkaccounts -x accounts.ndjson >plan
}
after_2() {
	[ "$(cat "$out")" = alice@example.org ]
}
after_3() {
	grep -q '"name":"bob"' "$out"
}
