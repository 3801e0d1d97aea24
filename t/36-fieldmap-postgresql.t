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

done_testing
