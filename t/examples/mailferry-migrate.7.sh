# shellcheck shell=bash
sections=('BEFORE THE FIRST ACCOUNT' 'THE WAVES' 'THE LAST WAVE')
prepare() {
	with_procedure
	export STALWART_URL=https://mail.example.org STALWART_USER=admin
	printf '%s\n' bob@example.org carol@example.org >wave1
}
after_1() {
	printf 'protocols =\nlog_path = /dev/null\n' >../dovecot.conf
	cat "$text" >>../dovecot.conf
	case $(dovecot --version) in
	2.3.*) doveconf -c ../dovecot.conf -n | grep 'master = yes' ;;
	esac
}
after_2() {
	bash -n "$text"
	has "$text" 'postmap hash:/etc/postfix/mailferry'
	has mailferry.conf DELAY
}
after_3() {
	has mailferry.conf 'OLD_TRANSPORT=hash:/etc/postfix/mailferry'
	house_procedure
}
after_4() {
	has "$out" '"object":"MtaRoute"'
}
after_5() {
	has "$out" 'Nothing stops the move.'
}
after_6() {
	[ "$(cat "$out")" = 'alice@example.org: has moved' ]
	has "$err" 'alice@example.org: again: done'
}
after_7() {
	has "$err" '2 accounts: 2 done'
	not grep -q 'bob@example.org.*stalwart' /etc/proxy/mappings.tsv
}
after_8() {
	has "$err" '2 accounts: 2 done'
	grep -q 'bob@example.org.*stalwart' /etc/proxy/mappings.tsv
}
after_9() {
	has "$err" '2 accounts: 2 done'
}
after_10() {
	has "$out" '3  moved'
	has report.html '<b>3</b> moved'
}
after_11() {
	[ "$(grep -c '"status":"exists"' "$out")" -ge 4 ]
	hasnt "$out" '"status":"failed"'
}
after_12() {
	[ -z "$(mailroute list --password-file admin.secret 2>/dev/null)" ]
}
