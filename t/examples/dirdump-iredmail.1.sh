# shellcheck shell=bash
prepare() {
	with_databases
	# Without the list of mlmmj, which cannot be carried.
	load_my iredmail iredmail.mysql.sql iredmail.rows
	my iredmail <<-'END'
	DELETE FROM forwardings WHERE is_maillist = 1;
	CREATE USER vmail@'%' IDENTIFIED BY 'Pa55w0rd';
	GRANT SELECT ON iredmail.* TO vmail@'%';
	END
	mkdir -p /etc/postfix/mysql
	cat >/etc/postfix/mysql/virtual_mailbox_maps.cf <<-END
	user        = vmail
	password    = Pa55w0rd
	hosts       = unix:$my_socket
	dbname      = iredmail
	query       = SELECT 1 FROM mailbox WHERE username='%s'
	END
	mkdir -p /usr/local/etc/postfix
	cp -r /etc/postfix/mysql /usr/local/etc/postfix
}
after_1() {
	grep -q '"object":"Account"' plan.ndjson
	mv plan.ndjson first
	rm -r /etc/postfix/mysql
}
after_2() {
	same first plan.ndjson
}
