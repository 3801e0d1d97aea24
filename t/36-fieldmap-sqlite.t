#!/bin/sh
# The shipped field maps on SQLite.
. "${0%/*}/lib.sh"
. "$top/t/fieldmap.sh"
need sqlite3

for name in postfixadmin modoboa mailu; do
	load_sqlite $name $name.sqlite.sql $name.rows
done
for name in mail-in-a-box mail-in-a-box-old; do
	load_sqlite $name $name.sql $name.rows
done
ok 'PostfixAdmin' 'maps postfixadmin postfixadmin sqlite:postfixadmin.sqlite'
ok 'Modoboa' 'maps modoboa modoboa sqlite:modoboa.sqlite'
ok 'Mailu' 'maps mailu mailu sqlite:mailu.sqlite mailu 1'
ok 'Mail-in-a-Box' 'maps mail-in-a-box mail-in-a-box sqlite:mail-in-a-box.sqlite'
ok 'an old Mail-in-a-Box' '
	maps mail-in-a-box-old mail-in-a-box-old sqlite:mail-in-a-box-old.sqlite \
	    mail-in-a-box'

done_testing
