# shellcheck shell=bash
prepare() {
	with_users
	with_stalwart
	dirdump passwd-file /etc/dovecot/users >accounts.ndjson
	printf '%s\n' '{"v":1,"type":"alias","address":"bob@example.org","targets":["bob@example.org","x@example.com"]}' \
		'{"v":1,"type":"settings","address":"bob@example.org","app_passwords":[{"name":"Phone"}]}' |
		cat accounts.ndjson - | sed '/"end"/d; $a {"v":1,"type":"end","count":6}' >with
	mv with accounts.ndjson
	mkaccounts -o plan accounts.ndjson
	command_of editor <<-'END'
		#!/bin/sh
		sed -i 's/"name":"alice"/"name":"eve2"/' "$1"
	END
	export EDITOR=editor
	command_of sendmail <<-'END'
		#!/bin/sh
		cat >"mail.$1"
	END
}
after_1() {
	[ "$(jq -r .status "$out" | sort | uniq -c | tr -s ' ')" = ' 4 created' ]
}
after_2() {
	[ "$(wc -l <"$out")" -eq 4 ]
	has "$out" 'exists	alice@example.org'
}
after_3() {
	has "$out" '"type":"check"'
	hasnt "$out" '"status":"failed"'
}
after_4() {
	grep '"object":"SieveScript"' "$out" | grep -q '"bob@example.org".*"created"'
}
after_5() {
	has mail.bob@example.org 'Subject: New password for Phone'
	grep -q '^app_' mail.bob@example.org
	# An account that wants alice's address as an alias.
	echo '{"v":1,"type":"account","address":"eve@example.org","aliases":["eve1@example.org"],"secret":"{SHA}sRZzi/p3eu0PuyOjgiQoia41wkw="}' |
		mkaccounts -q --partial | sed 's/"name":"eve1"/"name":"alice"/' >plan
}
status_6=1
after_6() {
	grep '"failed"' result | has - 'is taken by the Account alice@example.org' ||
		{ cat result; false; }
	has "$out" '"address":"eve@example.org","status":"created"'
}
