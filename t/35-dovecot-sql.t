#!/bin/sh
# dirdump dovecot where the users are in an SQL database: a real Dovecot 2.3,
# with each of the databases. The records say of every user what the server
# does.
. "${0%/*}/lib.sh"
. "$top/t/dovecot.sh"
. "$top/t/sql.sh"
need sqlite3
for driver in mysql pgsql sqlite; do
	[ -e "$dovecot_root/usr/lib/dovecot/modules/auth/libdriver_$driver.so" ] ||
		need_dovecot "/usr/lib/dovecot/modules/libdriver_$driver.so" "dovecot-$driver"
done

# The table of each database.
cat >table.sql <<END
CREATE TABLE users (username varchar(64), domain varchar(64),
 password varchar(200), home varchar(200), uid int, gid int, mb int,
 active int, note varchar(20));
INSERT INTO users VALUES
('ann', 'one.test', '$(crypt SHA512-CRYPT a1)', '$tmp/home/ann', ${ids%:*}, ${ids#*:}, 5, 1, NULL),
('bob', 'one.test', '$(crypt SSHA256 b1)', '$tmp/home/bob', ${ids%:*}, ${ids#*:}, NULL, 1, NULL),
('bare', 'one.test', '$(crypt PLAIN-MD5 m1 | sed 's/.*}//')', '$tmp/home/bare', ${ids%:*}, ${ids#*:}, NULL, 1, NULL),
('off', 'one.test', '{PLAIN}o1', '$tmp/home/off', ${ids%:*}, ${ids#*:}, NULL, 0, NULL),
('none', 'one.test', NULL, '$tmp/home/none', ${ids%:*}, ${ids#*:}, NULL, 1, NULL),
('o''brien', 'one.test', '{PLAIN}q1', '$tmp/home/q', ${ids%:*}, ${ids#*:}, NULL, 1, NULL),
('ann', 'two.test', '{PLAIN}a2', '$tmp/home/a2', ${ids%:*}, ${ids#*:}, NULL, 1, 'x');
END

# ext NAME DRIVER CONNECT: the file for passdb and userdb.
ext() {
	cat >"$1" <<-END
	# The users.
	driver = $2
	connect = $3
	password_query = SELECT username, domain, password, note AS nologin \\
	  FROM users WHERE username = '%Ln' AND domain = '%Ld' AND active = 1
	user_query = SELECT home, uid, gid, concat('*:storage=', mb, 'M') AS quota_rule FROM users \\
	  WHERE username = '%n' AND domain = '%d'
	END
	chmod 644 "$1"
}
# serve NAME FILE: a Dovecot whose databases are in the file.
serve() {
	start_dovecot "$1" <<-END
	auth_username_chars =
	passdb {
	  driver = sql
	  args = $tmp/$2
	}
	userdb {
	  driver = sql
	  args = $tmp/$2
	  default_fields = quota_rule=*:storage=3G
	}
	END
	doveconf -c "$conf" -nP >"$1/saved"
}
# as_the_server NAME: the dump of a configuration agrees with its Dovecot.
as_the_server() {
	run 0 dirdump-dovecot -c "$1/saved" >out 2>err
	everybody <<-END
	ann@one.test a1
	bob@one.test b1
	bare@one.test m1
	off@one.test o1
	none@one.test x
	o'brien@one.test q1
	ann@two.test a2
	END
	[ "$(member ann@one.test quota)" = 5242880 ]
	[ "$(member bare@one.test default_scheme)" = MD5 ]
}

sqlite3 users.sqlite <table.sql
chmod 755 .
chmod 644 users.sqlite
ext sqlite.ext sqlite "$tmp/users.sqlite"
sed -i "s/concat('\*:storage=', mb, 'M')/'*:storage=' || mb || 'M'/" sqlite.ext
serve sqlite sqlite.ext
ok 'SQLite' '
	as_the_server sqlite
	has out "\"origin\":\"dovecot:sqlite:users.sqlite\""'

start_postgres
echo 'CREATE DATABASE mail' | pg postgres
{
	cat table.sql
	echo "CREATE USER dovecot PASSWORD 'pg-pass'; GRANT SELECT ON users TO dovecot;"
} | pg mail
ext pgsql.ext pgsql "host=127.0.0.1 port=$pg_port dbname=mail user=dovecot password=pg-pass maxconns=3"
# NULL makes the whole NULL, as in the others.
sed -i "s/concat('\*:storage=', mb, 'M')/'*:storage=' || mb || 'M'/" pgsql.ext
serve pgsql pgsql.ext
ok 'PostgreSQL' '
	as_the_server pgsql
	has out "\"origin\":\"dovecot:postgresql:mail\""'

start_mariadb
echo 'CREATE DATABASE mail' | my
{
	cat table.sql
	echo "CREATE USER dovecot IDENTIFIED BY 'my-pass'; GRANT SELECT ON mail.* TO dovecot;"
} | my mail
ext mysql.ext mysql "host=127.0.0.1 port=$my_port dbname=mail user=dovecot password=my-pass"
serve mysql mysql.ext
ok 'MariaDB' '
	as_the_server mysql
	has out "\"origin\":\"dovecot:mysql:mail\""'
ok 'MariaDB: a name with a blank at its end, which its user logs in without' '
	echo "INSERT INTO users VALUES ('"'pad ', 'one.test', '{PLAIN}p1', '$tmp/home/p', ${ids%:*}, ${ids#*:}, NULL, 1, NULL"')" |
	    my mail
	doveadm -c "$conf" auth test pad@one.test p1
	run 1 dirdump-dovecot -c mysql/saved >padded 2>err
	has err "pad@one.test: a listed name with blanks"
	echo "DELETE FROM users WHERE home LIKE '"'%/p'"'" | my mail'
ext socket.ext mysql "host=$my_socket dbname=mail user=dovecot password=my-pass"
ok 'MariaDB over its socket' '
	cp out over.tcp
	sed "s,mysql.ext,socket.ext," mysql/saved >other
	run 0 dirdump-dovecot -c other >out 2>err
	same over.tcp out'

# MariaDB's library reads the caller's own file, if it may.
ok 'MariaDB: option files that the configuration does not name change nothing' '
	mkdir caller
	printf "[client]\ndefault-character-set=latin1\ninit-command=NONSENSE\n" >caller/.my.cnf
	echo "INSERT INTO users VALUES ('"'jörg', 'one.test', '{PLAIN}j1', '$tmp/home/j', ${ids%:*}, ${ids#*:}, NULL, 1, NULL"')" |
	    my mail
	HOME=$tmp/caller run 0 dirdump-dovecot -c mysql/saved >out 2>err
	may_login jörg@one.test j1
	agrees jörg@one.test j1
	agrees ann@one.test a1
	echo "DELETE FROM users WHERE home LIKE '"'%/j'"'" | my mail'

# contents: all that the databases hold.
contents() {
	pg_dump -h "$pg_dir" -p "$pg_port" -U postgres mail | grep -v '^.restrict\|^.unrestrict'
	mariadb-dump --no-defaults --skip-dump-date -S "$my_socket" -u root mail
	sha256sum users.sqlite
}
contents >before

start_standin standin-stalwart --admin admin:secret
ok 'the users go onto a server' '
	run 0 mkaccounts --no-secret=skip --report report out >plan 2>err
	export STALWART_URL="$url" STALWART_USER=admin STALWART_PASSWORD=secret
	run 0 stalwart-apply --canary plan >result 2>>err
	hasnt result failed
	curl -sf -u "o'"'"'brien@one.test:q1" "$url/jmap/session" >session
	has session "brien@one.test"'

# dump_with EDIT: the dump where an edit was made to mysql.ext.
dump_with() {
	sed "$1" mysql.ext >edited.ext
	sed "s,mysql.ext,edited.ext," mysql/saved >other
	dirdump-dovecot -c other >out 2>err
}
cat >pre.ext <<END
driver = sqlite
connect = $tmp/users.sqlite
password_query = SELECT username, domain, password, home AS userdb_home, uid AS userdb_uid, \\
  gid AS userdb_gid FROM users WHERE username = '%n' AND domain = '%d'
user_query = SELECT 1 AS number FROM users WHERE username = '%n' AND domain = '%d'
END
start_dovecot prefetch <<END
passdb {
  driver = sql
  args = $tmp/pre.ext
}
userdb {
  driver = prefetch
}
userdb {
  driver = sql
  args = $tmp/pre.ext
}
END
doveconf -c "$conf" -nP >prefetch/saved
ok 'a prefetch userdb takes what the passdb has found' '
	run 1 dirdump-dovecot -c prefetch/saved >out 2>err
	may_login ann@one.test a1
	[ "$(member ann@one.test home)" = "$tmp/home/ann" ]'
ok 'a name that no login may have' '
	has err "letters that no login may have"
	not doveadm -c "$conf" user "o'"'"'brien@one.test"
	hasnt out brien'
ok 'a wrong password, a missing table or column, no query, a variable' '
	run 2 dump_with "s/my-pass/no-pass/"
	hasnt out "\"end\""
	has err edited.ext
	run 75 dump_with "s/port=[0-9]*/port=$(free_port)/"
	hasnt out "\"end\""
	not [ -s out ]
	run 1 dump_with "s/FROM users/FROM nobody/"
	has err "there is no iterate_query"
	has err "AS user FROM nobody"
	run 2 dump_with "s/SELECT home/SELECT house/"
	has err house
	run 1 dump_with "s/%Ln/%w/"
	has err "query has the variable %w, which the user'"'"'s name does not decide"
	run 2 dump_with "s/^driver.*/driver = cassandra/"
	has err "not mysql, pgsql or sqlite"
	run 2 dump_with "s/^user_query.*/iterate_query = SELECT username AS x FROM users/;/WHERE username = .%n. /d"
	has err "has no column"
	run 2 dump_with "s/^user_query = SELECT/user_query = DELETE/"
	has err edited.ext
	hasnt err my-pass
	hasnt err no-pass'
ok 'a listed name with a NUL, or not UTF-8' '
	run 1 dump_with "\$a iterate_query = SELECT CONVERT(0x610062 USING utf8mb4) AS username"
	has err "a NUL byte in a listed name"
	run 1 dump_with "\$a iterate_query = SELECT 0x61ff62 AS username"
	has err "a listed name is not UTF-8"'
ok 'a query that finds several rows is refused, as Dovecot does' '
	run 1 dump_with "s/ AND domain = .%d.\$/  AND domain IS NOT NULL/"
	has err "ann@one.test: the query finds several rows"
	hasnt out "\"ann@one.test\""
	has out "\"bob@one.test\""
	has out "\"end\""'
ok 'nothing was written' '
	contents >after
	same before after'

{
	cat <<-END
	CREATE TABLE crypted (email varchar(80), pw varbinary(200), scheme varchar(20), nopw char(1), bare varchar(200));
	INSERT INTO crypted VALUES ('ann@one.test', AES_ENCRYPT('a1', 'k'), NULL, NULL, '$(crypt SHA512-CRYPT a1 | sed 's/.*}//')'),
	 ('bob@one.test', AES_ENCRYPT('pä1', 'k'), 'PLAIN-MD5', NULL, NULL),
	 ('cid@one.test', AES_ENCRYPT('c1', 'k'), NULL, 'Y', NULL), ('dan@one.test', NULL, NULL, NULL, NULL);
	GRANT SELECT ON crypted TO dovecot;
	END
} | my mail
# crypted NAME QUERY [LINE]: a Dovecot that asks that table.
crypted() {
	cat >"$1.ext" <<-END
	driver = mysql
	connect = host=127.0.0.1 port=$my_port dbname=mail user=dovecot password=my-pass
	password_query = $2
	user_query = "SELECT ${ids%:*} AS uid, ${ids#*:} AS gid, '$tmp/home/%n' AS home, 'x' AS unknown FROM crypted WHERE email = '%u'"
	iterate_query = "SELECT email AS user FROM crypted"
	${3:-}
	END
	chmod 644 "$1.ext"
	serve "$1" "$1.ext"
}
crypted clear "SELECT AES_DECRYPT(pw, 'k') /* the clear text */ AS password, scheme, nopw AS nopassword \\
    FROM crypted WHERE email = '%u'" 'default_pass_scheme = PLAIN'
ok 'MariaDB: passwords that a query decrypts, fields that mean nothing' '
	run 0 dirdump-dovecot -c clear/saved >out 2>err
	everybody <<-END
	ann@one.test a1
	bob@one.test pä1
	cid@one.test c1
	dan@one.test x
	END
	not may_login cid@one.test other
	has err "other extra fields are not carried"'
crypted bare "SELECT bare AS password FROM crypted WHERE email = '%u'"
ok 'MariaDB: a hash of another scheme than the default lets nobody in' '
	run 0 dirdump-dovecot -c bare/saved >out 2>err
	not may_login ann@one.test a1
	agrees ann@one.test a1'

sqlite3 either.sqlite "CREATE TABLE u (email, login); INSERT INTO u VALUES ('ann@one.test', 'asmith')"
chmod a+r either.sqlite
# either WHERE: a Dovecot that finds users so.
either() {
	cat >either.ext <<-END
	driver = sqlite
	connect = $tmp/either.sqlite
	default_pass_scheme = PLAIN
	password_query = SELECT email AS user, 'a' AS password FROM u WHERE $1
	user_query = SELECT '/h' AS home, 1000 AS uid, 1000 AS gid FROM u WHERE email = '%u'
	iterate_query = SELECT email AS user FROM u
	END
	chmod a+r either.ext
	run 0 dirdump-dovecot -c either/saved >out 2>err
	grep "\"what\":\"passdb 1 (sql)\"" out >note || :
}
: >either.ext
serve either either.ext
ok 'a query that finds users by a second name: it is said' '
	for where in "email = '"'%u' OR login = '%u'"'" "1 AND (LOWER(login)='"'%Ln'"')or(email LIKE '"'%u'"')"; do
		either "$where"
		may_login asmith a
		has note "finds users by other names, too"
		doveadm -c "$conf" reload
	done
	for where in "email = '"'%u' AND (login = 'or' OR '%s' = 'imap')"'" "email='"'%n@%d'"'"; do
		either "$where"
		not [ -s note ]
	done'

done_testing
