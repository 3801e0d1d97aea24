# shellcheck shell=bash
prepare() {
	with_users
	with_stalwart
	with_proxy
	mkdir -p /etc/postfix
	command_of postmap <<-'END'
		#!/bin/sh
		sed '/^#/d' "$1" >"$1.db"
	END
	command_of postfix <<-'END'
		#!/bin/sh
		exit 1
	END
}
after_1() {
	[ "$(jq -r .status "$out" | uniq)" = set ]
	[ "$(jq -r .destination "$out" | tr '\n' ' ')" = 'stalwart legacy ' ]
	echo 'bob@example.org stalwart' >>/etc/proxy/mappings.tsv
	remap kick --token-file /etc/proxy/admin.token bob@example.org
	remap set --no-kick --token-file /etc/proxy/admin.token stalwart \
	    bob@example.org
}
after_2() {
	has "$out" '"address":"alice@example.org","status":"created"'
	hasnt "$out" bob@example.org
}
after_3() {
	[ "$(grep -c 'stalwart$' /etc/proxy/mappings.tsv)" -eq 3 ]
}
after_4() {
	[ "$(jq -r .status "$out" | tr '\n' ' ')" = 'set unset ' ]
	[ -f /etc/postfix/moved.db ]
}
