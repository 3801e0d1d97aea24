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

mkdir -p data/mail
cp mail-in-a-box.sqlite data/mail/users.sqlite
printf 'STORAGE_USER=user-data\nSTORAGE_ROOT=%s\nPUBLIC_IP=10.0.0.1\n' \
    "$tmp/data" >mailinabox.conf
ok 'dirdump mail-in-a-box: by its settings, folder or file' '
	for path in mailinabox.conf data data/mail/users.sqlite; do
		dump 0 dirdump mail-in-a-box -v $path
		same_records mail-in-a-box
		same_notes mail-in-a-box
	done
	dump 2 dirdump-mail-in-a-box nowhere
	has err nowhere
	echo STORAGE_USER=x >none.conf
	dump 2 dirdump-mail-in-a-box none.conf
	has err "STORAGE_ROOT is missing"'

done_testing
