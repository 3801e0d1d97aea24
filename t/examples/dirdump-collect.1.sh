# shellcheck shell=bash
prepare() {
	with_dovecot
	mkdir -p /etc/postfix
	echo 'virtual_alias_domains =' >/etc/postfix/main.cf
	# The old host is this one, under another shell.
	command_of ssh <<-'END'
		#!/bin/sh
		[ "$1" = root@old ] || exit 255
		shift
		exec busybox "$@"
	END
	mkdir -p /tmp/docker-mailserver
	cp "$fixtures"/demo/dms/* /tmp/docker-mailserver
	command_of docker <<-'END'
		#!/bin/sh
		[ "$1 $2 $3" = 'exec -i mailserver' ] || exit 1
		shift 3
		exec "$@"
	END
}
after_1() {
	[ "$(stat -c %a old.tar)" = 600 ]
	dirdump dovecot >here.ndjson
	cmp here.ndjson records.ndjson
	grep -q '"address":"alice@example.org"' records.ndjson
}
after_2() {
	dirdump dms /tmp/docker-mailserver >here.ndjson || :
	cmp here.ndjson dms.ndjson
	grep -q '"type":"account"' dms.ndjson
}
