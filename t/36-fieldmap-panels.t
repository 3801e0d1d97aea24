#!/bin/sh
# The field maps of CyberPanel, jeboehm's docker-mailserver, BillionMail and
# aaPanel, on their tables; and what the Dovecot and the Postfix of each say.
. "${0%/*}/lib.sh"
. "$top/t/sql.sh"
. "$top/t/fieldmap.sh"
start_mariadb
start_postgres

load_my cyberpanel cyberpanel.sql cyberpanel.rows
load_my jeboehm jeboehm.sql jeboehm.rows
load_pg billionmail billionmail.sql billionmail.rows
load_sqlite aapanel billionmail.sql billionmail.rows
ok 'CyberPanel' 'maps cyberpanel cyberpanel "$(my_url cyberpanel)"'
ok 'jeboehm' 'maps jeboehm jeboehm "$(my_url jeboehm)"'
ok 'BillionMail' 'maps billionmail billionmail "$(pg_url billionmail)"'
ok 'aaPanel' 'maps aapanel billionmail sqlite:aapanel.sqlite'
ok 'CyberPanel before it had catch-alls and patterns' '
	echo "DROP TABLE e_catchall; DROP TABLE e_pattern_forwarding" | my cyberpanel
	dump 0 dirdump-sql -v --map cyberpanel "$(my_url cyberpanel)"
	[ "$(grep -c "\"type\":\"alias\"" out)" -eq 1 ]'

done_testing
