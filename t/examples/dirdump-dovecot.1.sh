# shellcheck shell=bash
prepare() {
	with_dovecot
	mkdir -p /etc/postfix
	echo 'virtual_alias_domains =' >/etc/postfix/main.cf
}
after_1() {
	[ "$(jq -r 'select(.object == "Account").value[].name' plan.ndjson |
	    sort | tr '\n' ' ')" = 'alice bob carol ' ]
	# The doveconf of another machine, as it was recorded.
	command_of doveconf <<-END
		#!/bin/sh
		case "\$*" in
		-nP) cat "$fixtures/real/dovecot-2.4/passwdfile.txt" ;;
		passdb_default_password_scheme) echo "\$1 = CRYPT" ;;
		*) exit 2 ;;
		esac
	END
	cp "$fixtures/real/dovecot-2.4/users" /etc/dovecot/users
}
status_2=1
after_2() {
	grep -q '"type":"account"' records.ndjson
	tail -n 1 records.ndjson | grep -q '"type":"end"'
}
