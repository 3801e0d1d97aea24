# shellcheck shell=bash
prepare() {
	with_databases
	load_my mailcow mailcow-2026.sql mailcow.rows mailcow-2026.rows
	echo "CREATE USER mailcow@'%' IDENTIFIED BY 'Pa55w0rd';
	    GRANT ALL ON mailcow.* TO mailcow@'%'" | my
	socket=/var/lib/docker/volumes/mailcowdockerized_mysql-socket-vol-1/_data
	mkdir -p $socket /opt/mailcow-dockerized /srv/mailcow
	ln -s "$my_socket" $socket/mysqld.sock
	cat >/opt/mailcow-dockerized/mailcow.conf <<-END
	DBNAME=mailcow
	DBUSER=mailcow
	DBPASS=Pa55w0rd
	SQL_PORT=127.0.0.1:13306
	COMPOSE_PROJECT_NAME=mailcowdockerized
	END
	cp /opt/mailcow-dockerized/mailcow.conf /srv/mailcow
}
# Two passwords are those of another service.
status_1=1
after_1() {
	grep -q '"object":"Account"' plan.ndjson
}
after_2() {
	has "$err" 'mail that teaches the spam filter: not carried'
}
