# shellcheck shell=bash
prepare() {
	with_procedure
	migrate-account -q alice@example.org
}
after_1() {
	has "$out" '1  moved'
	has "$out" '2  not begun'
	has report.html '<b>1</b> moved'
}
