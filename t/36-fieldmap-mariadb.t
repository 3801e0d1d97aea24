#!/bin/sh
# The shipped field maps on MariaDB.
. "${0%/*}/lib.sh"
. "$top/t/sql.sh"
. "$top/t/fieldmap.sh"
start_mariadb

load_my mailcow21 mailcow-2021.sql mailcow.rows
load_my mailcow26 mailcow-2026.sql mailcow.rows mailcow-2026.rows
ok 'mailcow of 2021' '
	maps mailcow21 mailcow-2021 "$(my_url mailcow21)" mailcow'
ok 'mailcow of 2026; -v names what stays behind once' '
	maps mailcow26 mailcow-2026 "$(my_url mailcow26)" mailcow
	[ "$(grep -c "bob@one.test: a right to send as anybody is not carried" err)" = 1 ]'
for name in postfixadmin iredmail modoboa mailu; do
	load_my $name $name.mysql.sql $name.rows
done
for name in ispconfig vimbadmin froxlor ispmail ispmail-linode leister; do
	load_my $name $name.sql $name.rows
done
ok 'PostfixAdmin' 'maps postfixadmin postfixadmin "$(my_url postfixadmin)"'
ok 'iRedMail; the report names what has no place on the server, by owner' '
	maps iredmail iredmail "$(my_url iredmail)" iredmail 1
	mkaccounts --partial --no-secret=empty --report report out >plan 2>err || :
	grep "a moderator of a list is not carried" report | grep -q "\"address\":\"[^\"]*@one.test\""
	has err "not-carried: 2 times, such as "
	has err ": a BCC rule is not carried"
	has err ": a moderator of a list is not carried"'
ok 'Modoboa' 'maps modoboa modoboa "$(my_url modoboa)"'
ok 'Mailu' '
	maps mailu mailu "$(my_url mailu)" mailu 1
	has err "sales%@one.test: an alias for a pattern of addresses is not"'
ok 'ISPConfig, and its filters are whole scripts' '
	maps ispconfig ispconfig "$(my_url ispconfig)"
	run 0 sievecheck --records out'
ok 'ViMbAdmin' 'maps vimbadmin vimbadmin "$(my_url vimbadmin)"'
ok 'Froxlor' 'maps froxlor froxlor "$(my_url froxlor)"'
ok 'ISPmail' 'maps ispmail ispmail "$(my_url ispmail)"'
ok 'the tables of Linode' '
	maps ispmail-linode ispmail-linode "$(my_url ispmail-linode)" ispmail'
ok 'Thomas Leister'"'"'s tables' 'maps leister leister "$(my_url leister)"'

# The forms of mailcow.conf, as generate_config.sh wrote it then and writes it
# now.
my <<-\END
	CREATE USER mailcow@'%' IDENTIFIED BY 'Pa55w0rd';
	GRANT ALL ON `mailcow%`.* TO mailcow@'%';
	CREATE USER vmail@'%' IDENTIFIED BY 'Pa55w0rd';
	GRANT SELECT ON iredmail.* TO vmail@'%';
END
mkdir -p old new docker/volumes/mycow_mysql-socket-vol-1/_data \
    docker/volumes/mailcowdockerized_mysql-socket-vol-1/_data
ln -s "$my_socket" docker/volumes/mycow_mysql-socket-vol-1/_data/mysqld.sock
cat >old/mailcow.conf <<-END
	# ------------------------------
	# mailcow web ui configuration
	# ------------------------------
	# example.org is _not_ supported, use a fqdn!
	MAILCOW_HOSTNAME=mail.one.test
	# SQL database configuration
	DBNAME=mailcow21
	DBUSER=mailcow
	# Please use long, random alphanumeric strings (A-Za-z0-9)
	DBPASS=Pa55w0rd
	DBROOT=Other
	SQL_PORT=127.0.0.1:$my_port
	COMPOSE_PROJECT_NAME=mailcowdockerized
END
cat >new/mailcow.conf <<-END
	MAILCOW_HOSTNAME=mail.one.test
	MAILCOW_PASS_SCHEME=BLF-CRYPT
	DBNAME="mailcow26"
	DBUSER='mailcow'
	DBPASS=Pa55w0rd	# kept
	DBROOT=Other
	SQL_PORT=127.0.0.1:1
	COMPOSE_PROJECT_NAME=mycow
	COMPOSE_PROJECT_NAME_OLD=x
END
ok 'dirdump mailcow: over the port, with the mailcow.conf of 2021' '
	dump 0 dirdump mailcow -v --docker-root docker old
	hasnt err Pa55w0rd
	same_records mailcow-2021
	same_notes mailcow-2021'
ok 'dirdump mailcow: over the socket, with the mailcow.conf of 2026' '
	dump 0 dirdump-mailcow -v --docker-root docker new/mailcow.conf
	same_records mailcow-2026
	has out "\"origin\":\"mailcow:mailcow26/mailbox:1\""
	dump 0 dirdump-mailcow --docker-root . --socket "$my_socket" new
	same_records mailcow-2026'
ok 'dirdump mailcow: the filters for all mailboxes are named' '
	mkdir -p new/data/conf/dovecot
	printf "# nothing\n\n" >new/data/conf/dovecot/global_sieve_before
	printf "# spam\nkeep;\n" >new/data/conf/dovecot/global_sieve_after
	for place in new new/mailcow.conf; do
		dump 0 dirdump-mailcow -v --docker-root docker "$place"
		[ "$(grep -c "a Sieve filter for all mailboxes is not carried: new/data/conf/dovecot/global_sieve_after$" err)" = 1 ]
		has err "a Sieve filter for all mailboxes is not carried: 1 line"
	done'
ok 'more rights to send as others than GROUP_CONCAT joins' '
	for i in $(seq 60); do
		echo "INSERT INTO sender_acl (logged_in_as, send_as) VALUES
		    ('"'alice@one.test', 'a-rather-long-local-part-$i@one.test'"');"
	done | my mailcow26
	dirdump-sql --map mailcow "$(my_url mailcow26)" >out
	[ "$(grep -c a-rather-long out)" -eq 60 ]'
ok 'dirdump mailcow: what can be wrong' '
	dump 2 dirdump-mailcow nowhere
	has err "nowhere"
	mkdir -p bad
	sed "s/Pa55w0rd/wrong/" old/mailcow.conf >bad/mailcow.conf
	dump 2 dirdump-mailcow --docker-root docker bad
	hasnt err wrong
	not [ -s out ]
	sed "/DBPASS/d" old/mailcow.conf >bad/mailcow.conf
	dump 2 dirdump-mailcow --docker-root docker bad
	has err "DBNAME, DBUSER or DBPASS is missing"
	sed "s/:$my_port/:x/" old/mailcow.conf >bad/mailcow.conf
	dump 2 dirdump-mailcow --docker-root docker bad
	has err "not a port"
	sed "s/:$my_port/:1/" old/mailcow.conf >bad/mailcow.conf
	dump 75 dirdump-mailcow --docker-root docker bad
	not [ -s out ]'

mkdir -p postfix/mysql
cat >postfix/mysql/virtual_mailbox_maps.cf <<-END
	user        = vmail
	password    = Pa55w0rd
	hosts       = 127.0.0.1
	port        = $my_port
	dbname      = iredmail
	query       = SELECT 1 FROM mailbox WHERE username='%s'
END
ok 'dirdump iredmail: the tables of its Postfix' '
	dump 1 dirdump iredmail -v postfix
	has err "a mailing list of mlmmj is not carried"
	hasnt err Pa55w0rd
	same_records iredmail
	same_notes iredmail
	for hosts in "unix:$my_socket" "inet:127.0.0.1:$my_port" \
	    "127.0.0.1:$my_port 10.0.0.1"; do
		mkdir -p other/mysql
		sed "/^port/d; s,^hosts .*,hosts = $hosts," \
		    postfix/mysql/virtual_mailbox_maps.cf \
		    >other/mysql/virtual_mailbox_maps.cf
		dump 1 dirdump-iredmail other
		same_records iredmail
	done
	dump 2 dirdump-iredmail new
	has err "not a folder of iRedMail"'

done_testing
