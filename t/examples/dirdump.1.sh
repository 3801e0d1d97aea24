# shellcheck shell=bash
sections=('MAIL SYSTEMS' EXAMPLES)
prepare() {
	with_dovecot
	echo 'virtual_alias_domains =' >/etc/postfix/main.cf
	mkdir -p /etc/dovecot/example.org
	cp /etc/dovecot/users /etc/dovecot/example.org/passwd
	mkdir -p docker-data/dms
	cp -r "$fixtures/demo/dms" docker-data/dms/config
	sed -i 's/^sam@shop.test|/&!/' docker-data/dms/config/postfix-accounts.cf
	prepare_panels
	prepare_databases
	prepare_servers
}
# The files of panels, and what Plesk prints.
prepare_panels() {
	hash=$(openssl passwd -6 'correct horse')
	mkdir -p /home/admin/conf/mail/example.com /etc/virtual/example.com \
	    /home/owner/etc/example.com /etc/valiases /etc/postfix
	echo "dora:{CRYPT}$hash:admin:mail::/home/admin:100:" \
	    >/home/admin/conf/mail/example.com/passwd
	echo "dora:$hash:5000:5000::/home/u/imap/example.com/dora:" \
	    >/etc/virtual/example.com/passwd
	echo "dora:$hash:18000::::::" >/home/owner/etc/example.com/shadow
	echo 'alice@example.com alice' >/etc/postfix/virtual
	command_of plesk <<-'END'
		#!/bin/sh
		[ "$1 $2" = 'sbin mail_auth_view' ] || exit 1
		echo '|     address      | flags |   password    |'
		echo '| gil@example.com  |       | correct horse |'
	END
}
# Everything in an SQL database, under the names that the systems use.
prepare_databases() {
	with_databases
	load_my mailcow mailcow-2026.sql mailcow.rows mailcow-2026.rows
	load_my iredmail iredmail.mysql.sql iredmail.rows
	load_my postfix postfixadmin.mysql.sql postfixadmin.rows
	load_my dbispconfig ispconfig.sql ispconfig.rows
	load_my vimbadmin vimbadmin.sql vimbadmin.rows
	load_my froxlor froxlor.sql froxlor.rows
	load_my mailserver ispmail.sql ispmail.rows
	load_my vmail leister.sql leister.rows
	load_my cyberpanel cyberpanel.sql cyberpanel.rows
	load_my mail jeboehm.sql jeboehm.rows
	my <<-'END'
	CREATE USER mailcow@'%' IDENTIFIED BY 'Pa55w0rd';
	GRANT ALL ON mailcow.* TO mailcow@'%';
	CREATE USER vmail@'%' IDENTIFIED BY 'Pa55w0rd';
	GRANT SELECT ON iredmail.* TO vmail@'%';
	END
	socket=/var/lib/docker/volumes/mailcowdockerized_mysql-socket-vol-1/_data
	mkdir -p $socket /opt/mailcow-dockerized /etc/postfix/mysql
	ln -s "$my_socket" $socket/mysqld.sock
	cat >/opt/mailcow-dockerized/mailcow.conf <<-END
	DBNAME=mailcow
	DBUSER=mailcow
	DBPASS=Pa55w0rd
	SQL_PORT=127.0.0.1:13306
	COMPOSE_PROJECT_NAME=mailcowdockerized
	END
	cat >/etc/postfix/mysql/virtual_mailbox_maps.cf <<-END
	user        = vmail
	password    = Pa55w0rd
	hosts       = unix:$my_socket
	dbname      = iredmail
	query       = SELECT 1 FROM mailbox WHERE username='%s'
	END
	cd "$tmp"
	start_postgres
	echo 'CREATE ROLE root SUPERUSER LOGIN' | pg postgres
	load_pg modoboa modoboa.pgsql.sql modoboa.rows
	load_pg billionmail billionmail.sql billionmail.rows
	mkdir -p /run/postgresql
	ln -s "$pg_dir/.s.PGSQL.$pg_port" /run/postgresql/.s.PGSQL.5432
	HOME=/root
	load_sqlite users mail-in-a-box.sql mail-in-a-box.rows
	mkdir -p /home/user-data/mail /mailu/data
	mv users.sqlite /home/user-data/mail
	echo 'STORAGE_ROOT=/home/user-data' >/etc/mailinabox.conf
	load_sqlite postfixadmin billionmail.sql billionmail.rows
	mkdir -p /www/vmail
	mv postfixadmin.sqlite /www/vmail/postfixadmin.db
	load_sqlite main mailu.sqlite.sql mailu.rows
	mv main.sqlite /mailu/data/main.db
	cd work
	sqlite3 file "CREATE TABLE users (mail, hash); INSERT INTO users VALUES
	    ('alice@example.org', '{SHA}sRZzi/p3eu0PuyOjgiQoia41wkw=')"
}
prepare_servers() {
	/usr/bin/python3 "$top/tests/helper/standin-mailcow" \
	    "$fixtures/mailcow-api/tables.json" >"$tmp/api" &
	await "$tmp/api"
	with_tls mail.example.org "$(cat "$tmp/api")"
	secret key "$(jq -r .key "$fixtures/mailcow-api/tables.json")"
	"$build/standin-stalwart015" --listen 127.0.0.1:0 --admin admin:pw-word \
	    >"$tmp/old" &
	await "$tmp/old"
	with_tls old.example.org "$(cat "$tmp/old")"
	for principal in '{"type":"domain","name":"example.org"}' \
	    '{"type":"individual","name":"alice","emails":["alice@example.org"],
	    "secrets":["{SHA}sRZzi/p3eu0PuyOjgiQoia41wkw="],"roles":["user"]}'; do
		curl -sS -u admin:pw-word -H 'Content-Type: application/json' \
		    -d "$principal" "$(cat "$tmp/old")/api/principal"
	done
	secret pw pw-word
	for owner in alice bob carol; do
		echo "$owner:$(openssl passwd -6 word):19000:0:99999:7:::"
	done >>/etc/shadow
	echo 'TLS_CACERT /etc/ssl/certs/ca-certificates.crt' >/etc/ldap/ldap.conf
	cd "$tmp"
	. "$top/t/ldap.sh"
	cd work
}
# serve_ldap NAME URI: the one LDAP server that there is.
serve_ldap() {
	cd "$tmp"
	# shellcheck disable=SC2046 # two words
	[ ! -s slapd.pids ] || end_process $(tail -n 1 slapd.pids)
	schema=$1
	[ -f "$fixtures/ldap/$1.schema" ] || schema=
	[ -d "$1" ] || {
		slapd_conf "$1" "$schema" <<-END
		rootdn $3
		rootpw pw-word
		END
		slapd_load "$1" <"$fixtures/ldap/$1.ldif"
	}
	mkdir -p /run/slapd
	chown openldap /run/slapd
	slapd -d 0 -u openldap -g openldap -f "$1/slapd.conf" -h "$2" 2>"$1/err" &
	born $!
	echo "$! $born" >>slapd.pids
	tries=0
	until ldapsearch -x -H "$2" -s base -b '' 1.1 >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 200 ] || { cat "$1/err"; return 1; }
		sleep 0.05
	done
	cd work
}
# What each system lists, to its end.
listed() {
	has "$out" '"type":"account"'
	tail -n 1 "$out" | grep '"type":"end"'
}
for n in {1..43}; do
	eval "after_$n() { listed; }"
done
# What some of the fixtures hold cannot be carried.
status_7=1 status_11=1
after_27() {
	listed
	serve_ldap iredmail-ldap ldap://localhost cn=Manager,dc=example,dc=org
}
# Servers that Debian does not have: the tests of the field maps have their
# entries.
elsewhere_33="t/37-ldap-maps.t t/37-ldif-systems.t"
elsewhere_34="t/37-ldap-maps.t t/37-ldif-systems.t"
elsewhere_35="t/37-ldap-maps.t t/37-ldif-systems.t"
elsewhere_36="t/37-ldap-maps.t t/37-ldif-systems.t"
elsewhere_37="t/37-ldap-maps.t t/37-ldif-systems.t"
elsewhere_38="t/37-ldap-maps.t t/37-ldif-systems.t"
after_28() {
	listed
	serve_ldap yunohost ldapi:/// cn=admin,dc=example,dc=org
}
after_29() {
	listed
	serve_ldap postfixbook ldap://ldap.example.org cn=admin,dc=example,dc=org
}
after_30() {
	listed
	serve_ldap qmail ldapi:/// cn=admin,dc=example,dc=org
}
after_31() {
	listed
	serve_ldap mailaccount ldapi:/// cn=admin,dc=example,dc=org
}
after_32() {
	listed
	serve_ldap inetorgperson ldap://ldap.example.org cn=admin,dc=example,dc=org
	rm -rf /etc/ldap/slapd.d
	cp "$tmp/inetorgperson/slapd.conf" /etc/ldap/slapd.conf
}
# Postfix knows no accounts but those that it delivers to itself.
after_41() {
	tail -n 1 "$out" | grep '"type":"end"'
}
after_44() {
	(cd "$top/bin" && ls dirdump-*.c) | sed 's/dirdump-//; s/\.c$//' |
	    sort >../want
	sort "$out" >../got
	same ../want ../got
}
after_45() {
	[ "$(stat -c %a accounts.ndjson)" = 600 ]
	has "$out" '  SHA512-CRYPT'
}
after_46() {
	[ "$(cat "$out")" = sam@shop.test ]
}
