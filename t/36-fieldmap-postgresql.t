#!/bin/sh
# The shipped field maps on PostgreSQL.
. "${0%/*}/lib.sh"
. "$top/t/sql.sh"
. "$top/t/fieldmap.sh"
start_postgres

for name in postfixadmin iredmail modoboa mailu; do
	load_pg $name $name.pgsql.sql $name.rows
done
ok 'PostfixAdmin' 'maps postfixadmin postfixadmin "$(pg_url postfixadmin)"'
ok 'iRedMail' 'maps iredmail iredmail "$(pg_url iredmail)" iredmail 1'
ok 'Modoboa' 'maps modoboa modoboa "$(pg_url modoboa)"'
ok 'Mailu' 'maps mailu mailu "$(pg_url mailu)" mailu 1'

pg postgres <<-\END
	CREATE USER vmail PASSWORD 'Pa55w0rd';
END
echo 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO vmail' | pg iredmail
mkdir -p postfix/pgsql
cat >postfix/pgsql/virtual_mailbox_maps.cf <<-END
	user        = vmail
	password    = Pa55w0rd
	hosts       = 127.0.0.1
	port        = $pg_port
	dbname      = iredmail
END
ok 'dirdump iredmail: the tables of its Postfix' '
	dump 1 dirdump iredmail -v postfix
	hasnt err Pa55w0rd
	same_records iredmail
	same_notes iredmail'

done_testing
