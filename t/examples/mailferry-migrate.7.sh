# shellcheck shell=bash
sections=('BEFORE THE FIRST ACCOUNT' 'THE WAVES' 'THE LAST WAVE')
prepare() {
	with_procedure
	export STALWART_URL=https://mail.example.org STALWART_USER=admin
	printf '%s\n' bob@example.org carol@example.org >wave1
}
# master_user VERSION [LINE...]: the text is one of that Dovecot, after these lines.
master_user() {
	root=$("$top/tests/helper/dovecot" "$1") || return 0
	shift
	conf=$(mktemp "$root/tmp/mailferry-t.XXXXXX")
	printf '%s\n' "$@" 'protocols =' 'log_path = /dev/null' | cat - "$text" >"$conf"
	got=0
	chroot "$root" doveconf -c "${conf#"${root%/.}"}" -n passdb >../doveconf || got=$?
	rm -f "$conf"
	[ $got = 0 ]
	grep 'master = yes' ../doveconf
}
after_1() {
	master_user 2.3
}
after_2() {
	master_user 2.4 'dovecot_config_version = 2.4.1' 'dovecot_storage_version = 2.4.1'
}
after_3() {
	bash -n "$text"
	has "$text" 'postmap hash:/etc/postfix/mailferry'
	has mailferry.conf DELAY
}
after_4() {
	has mailferry.conf 'OLD_TRANSPORT=hash:/etc/postfix/mailferry'
	house_procedure
}
after_5() {
	has "$out" '"object":"MtaRoute"'
}
after_6() {
	has "$out" 'Nothing stops the move.'
}
after_7() {
	[ "$(cat "$out")" = 'alice@example.org: has moved' ]
	has "$err" 'alice@example.org: again: done'
}
after_8() {
	has "$err" '2 accounts: 2 done'
	not grep -q 'bob@example.org.*stalwart' /etc/proxy/mappings.tsv
}
after_9() {
	has "$err" '2 accounts: 2 done'
	grep -q 'bob@example.org.*stalwart' /etc/proxy/mappings.tsv
}
after_10() {
	has "$err" '2 accounts: 2 done'
}
after_11() {
	has "$out" '3  moved'
	has report.html '<b>3</b> moved'
}
after_12() {
	[ "$(grep -c '"status":"exists"' "$out")" -ge 4 ]
	hasnt "$out" '"status":"failed"'
}
after_13() {
	[ -z "$(mailroute list --password-file admin.secret 2>/dev/null)" ]
}
