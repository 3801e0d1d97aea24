#!/bin/sh
# migrate-wave --rehearse on dumps of real tables: what has no place on the new
# server is named by kind, with how many and whose.
. "${0%/*}/lib.sh"
. "$top/t/sql.sh"
. "$top/t/fieldmap.sh"
need jq
need parallel

start_mariadb
load_my mailcow mailcow-2026.sql mailcow.rows mailcow-2026.rows
load_my iredmail iredmail.mysql.sql iredmail.rows
# Two owners of one kind, one of whom has three.
my mailcow <<-\END
	SET SESSION sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES');
	INSERT INTO spamalias (address, goto, validity, permanent) VALUES
	    ('t1@one.test', 'bob@one.test', 2000000000, 0),
	    ('t2@one.test', 'bob@one.test', 2000000000, 0);
	INSERT INTO alias (address, goto, domain, active) VALUES
	    ('learn1@one.test', 'spam@localhost', 'one.test', 1),
	    ('learn2@one.test', 'ham@localhost', 'one.test', 1);
END
my iredmail <<-\END
	INSERT INTO moderators (address, moderator, domain, dest_domain) VALUES
	    ('club@one.test', 'm1@one.test', 'one.test', 'one.test'),
	    ('club@one.test', 'm2@one.test', 'one.test', 'one.test'),
	    ('crew@one.test', 'm1@one.test', 'one.test', 'one.test');
END
cat >lists <<-\END
	news@lists.test: "|/usr/lib/mailman/mail/mailman post news"
	news-bounces@lists.test: "|/usr/lib/mailman/mail/mailman bounces news"
END

. "$top/t/procedure.sh"
mail ann@one.test '' 1 1
old_server ann
sed -i 's/^protocols = imap$/protocols = imap pop3/' "$old_conf"
own
new_server
configure
# dumped SOURCE...: its records, without the end.
dumped() {
	"$@" 2>/dev/null | grep -v '"type":"end"'
}
{
	dumped dirdump sql -q "$(my_url mailcow)" --map mailcow
	dumped dirdump sql -q "$(my_url iredmail)" --map iredmail | grep '"note"'
	dumped dirdump postfix -q --domain lists.test --aliases lists
	dumped dirdump passwd-file -q directory
} | awk '!(/"type":"domain"/ && $0 in seen) { print; seen[$0] }' >records
printf '{"v":1,"type":"end","count":%d}\n' "$(grep -c . records)" >>records
settings "OLD_DUMP='cat $tmp/records'" NO_SECRET=temp

# of TEXT: the line of the rehearsal that ends with it.
of() {
	grep -F "$1" out >line || { echo "nothing says: $1"; grep -e not-carried out; return 1; }
	cat line
}
ok 'each kind that has no place is named, with how many and whose' '
	run 1 migrate-wave --rehearse -c ferry.conf >out 2>err
	of "a moderator of a list is not carried" | grep -F "4 times (club@one.test 2, crew@one.test, list@one.test)"
	of "an alias for some time becomes one for good" | grep -E "[0-9] times \(.*t1@one.test, .*"
	of "its mail goes to a command (Mailman" | grep -F "2 times (news-bounces@lists.test, news@lists.test)"
	of "mail that teaches the spam filter: not carried" | grep -F "learn1@one.test, learn2@one.test"
	of "what the spam filter has learnt stays behind"
	of "POP3 is on: programs that leave mail on the server will load all of it again" | grep "accounts* (.*@one.test"'
ok 'the file that is named has all owners' '
	awk -F "\t" "\$2 == \"a moderator of a list is not carried\" { print \$3, \$4 }" state/rehearsal/left >got
	has got "club@one.test 1"
	has got "crew@one.test 1"
	[ "$(grep -c "club@one.test" got)" -eq 2 ]'
done_testing
