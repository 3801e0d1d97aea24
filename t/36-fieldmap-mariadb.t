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
ok 'mailcow of 2026' '
	maps mailcow26 mailcow-2026 "$(my_url mailcow26)" mailcow'
for name in postfixadmin iredmail modoboa mailu; do
	load_my $name $name.mysql.sql $name.rows
done
for name in ispconfig vimbadmin froxlor ispmail ispmail-linode leister; do
	load_my $name $name.sql $name.rows
done
ok 'PostfixAdmin' 'maps postfixadmin postfixadmin "$(my_url postfixadmin)"'
ok 'iRedMail' 'maps iredmail iredmail "$(my_url iredmail)" iredmail 1'
ok 'Modoboa' 'maps modoboa modoboa "$(my_url modoboa)"'
ok 'Mailu' 'maps mailu mailu "$(my_url mailu)" mailu 1'
ok 'ISPConfig' 'maps ispconfig ispconfig "$(my_url ispconfig)"'
ok 'ViMbAdmin' 'maps vimbadmin vimbadmin "$(my_url vimbadmin)"'
ok 'Froxlor' 'maps froxlor froxlor "$(my_url froxlor)"'
ok 'ISPmail' 'maps ispmail ispmail "$(my_url ispmail)"'
ok 'the tables of Linode' '
	maps ispmail-linode ispmail-linode "$(my_url ispmail-linode)" ispmail'
ok 'Thomas Leister'"'"'s tables' 'maps leister leister "$(my_url leister)"'

done_testing
