#!/bin/sh
# dirdump sql where something is wrong: what it says, that the dump then has no
# end, and that nothing is ever written.
. "${0%/*}/lib.sh"
. "$top/t/sql.sh"
need sqlite3
need openssl

mkdir tls
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
	-keyout tls/key -out tls/cert 2>/dev/null
cp tls/cert ca
chmod 755 tls
own mysql tls
my_options="--ssl-cert=$tmp/tls/cert --ssl-key=$tmp/tls/key"
start_mariadb
start_postgres
cp tls/cert pg/server.crt
cp tls/key pg/server.key
own postgres pg

# The same rows in each: a good one, an odd but good one, one that is not UTF-8
# (added to each in its own way), a good one.
cat >mailbox.sql <<'END'
CREATE TABLE mailbox (username varchar(100) PRIMARY KEY, password varchar(200),
	name varchar(200), quota bigint, active int);
INSERT INTO mailbox VALUES
	('a@example.org', '{PLAIN}GEHEIM', NULL, NULL, 1),
	('b@example.org', '{PLAIN}GEHEIM', 'line
feed "quotes" ''single'' back\\slash	tab', 5, 1),
	('d@example.org', '', '', 0, 1);
END
# A backslash is doubled in MySQL's texts only.
sed 's/\\\\/\\/' mailbox.sql >plain.sql
cat >map <<'END'
[account]
table = mailbox
address = username
secret = password
name = name
quota = quota
active = active
END

pg postgres >setup.log 2>&1 <<-END || cat setup.log
	ALTER SYSTEM SET ssl = on;
	SELECT pg_reload_conf();
	CREATE ROLE reader LOGIN PASSWORD 'open sesame';
	CREATE DATABASE bytes TEMPLATE template0 ENCODING SQL_ASCII LC_COLLATE 'C' LC_CTYPE 'C';
	CREATE DATABASE latin TEMPLATE template0 ENCODING LATIN1 LC_COLLATE 'C' LC_CTYPE 'C';
	\\c bytes
	\\i plain.sql
	INSERT INTO mailbox VALUES ('c@example.org', '{PLAIN}GEHEIM', E'Zo\\xeb', 0, 1);
	CREATE TABLE log (a int);
	CREATE SEQUENCE counter;
	CREATE FUNCTION noted() RETURNS int LANGUAGE sql VOLATILE AS
	    'INSERT INTO log VALUES (1) RETURNING a';
	GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
	\\c latin
	SET client_encoding = 'UTF8';
	CREATE TABLE mailbox AS SELECT 'z@example.org'::text AS username,
	    '{PLAIN}GEHEIM'::text AS password, 'Zoë'::text AS name,
	    0 AS quota, true AS active;
END
my >setup.log 2>&1 <<-'END' || cat setup.log
	CREATE USER reader@'127.0.0.1' IDENTIFIED BY 'open sesame';
	CREATE DATABASE bytes CHARACTER SET utf8mb4;
	USE bytes;
	source mailbox.sql
	ALTER TABLE mailbox MODIFY name varbinary(200);
	INSERT INTO mailbox VALUES ('c@example.org', '{PLAIN}GEHEIM', x'5a6feb', 0, 1);
	CREATE TABLE log (a int) ENGINE=MyISAM;
	SET GLOBAL log_bin_trust_function_creators = 1;
	delimiter //
	CREATE FUNCTION noted() RETURNS int MODIFIES SQL DATA BEGIN
	    INSERT INTO log VALUES (1); RETURN 1; END//
	delimiter ;
	GRANT SELECT, EXECUTE ON bytes.* TO reader@'127.0.0.1';
	CREATE DATABASE latin CHARACTER SET latin1;
	USE latin;
	CREATE TABLE mailbox AS SELECT 'z@example.org' AS username,
	    '{PLAIN}GEHEIM' AS password, 'Zoë' AS name, 0 AS quota, 1 AS active;
END
sqlite3 bytes <plain.sql
sqlite3 bytes "INSERT INTO mailbox VALUES ('c@example.org', '{PLAIN}GEHEIM',
	CAST(x'5a6feb' AS TEXT), 0, 1); CREATE TABLE log (a int)"
dump() {
	pg_dump -h "$pg_dir" -p "$pg_port" -U postgres bytes | sed '/^.restrict/d; /^.unrestrict/d' &&
	mariadb-dump --no-defaults -S "$my_socket" -u root --routines \
	    --skip-comments bytes && sqlite3 bytes .dump && cksum bytes
}
dump >before

cat >wanted <<'END'
{"v":1,"type":"domain","domain":"example.org","active":true,"origin":"sql:bytes/mailbox:1"}
{"v":1,"type":"account","address":"a@example.org","secret":"{PLAIN}GEHEIM","active":true,"receive":true,"origin":"sql:bytes/mailbox:1"}
{"v":1,"type":"account","address":"b@example.org","name":"line\nfeed \"quotes\" 'single' back\\slash\ttab","secret":"{PLAIN}GEHEIM","active":true,"receive":true,"quota":5,"origin":"sql:bytes/mailbox:2"}
{"v":1,"type":"account","address":"d@example.org","active":true,"receive":true,"origin":"sql:bytes/mailbox:N"}
{"v":1,"type":"end","count":4,"failed":1,"source":"sql"}
END

# fails STATUS TEXT ARGUMENT...: dirdump sql ends so, says so, and writes no
# end and no secret.
fails() {
	fails_status=$1 fails_text=$2
	shift 2
	fails_got=0
	dirdump-sql "$@" >out 2>err || fails_got=$?
	[ "$fails_got" -eq "$fails_status" ] || {
		echo "exit $fails_got, wanted $fails_status: $*"
		cat err
		return 1
	}
	has err "$fails_text"
	hasnt out '"type":"end"'
	hasnt err GEHEIM
	hasnt err sesame
}

for url in "$(pg_url bytes)" "$(my_url bytes)" sqlite:bytes; do
	kind=${url%%:*}
	ok "$kind: NULL, quotes, lines, and a row that is not UTF-8" '
		run 1 dirdump-sql -m ./map "$url" >out 2>err
		sed "s,mailbox:[34],mailbox:N," out >got
		same wanted got
		grep -q "bytes/mailbox:[34]: the column \"name\" is not UTF-8 text" err
		hasnt err GEHEIM'
	ok "$kind: -x stops there" '
		fails 1 "is not UTF-8 text" -x -m ./map "$url"'
	ok "$kind: a table or a column that is not there" '
		sed "s/table = .*/table = mailboxes/" map >map2
		fails 2 "bytes/mailboxes: bytes: " -m ./map2 "$url"
		grep -qE "mailboxes.? (does not|doesn.t) exist|no such table" err
		sed "s/quota = .*/quota = kvota/" map >map2
		fails 2 "bytes/mailbox: the table has no column \"kvota\"" -m ./map2 "$url"
		sed "s/quota = .*/quota = kvota?/" map >map2
		run 1 dirdump-sql -m ./map2 "$url" >out
		has out "\"type\":\"end\""
		fails 2 kvota --query "SELECT username AS address, kvota AS quota FROM mailbox" "$url"'
	ok "$kind: a query with an error in it" '
		fails 2 "bytes/account: bytes: " --query "SELECT FROM WHERE" "$url"'
	ok "$kind: nothing that writes is run" '
		for query in "DELETE FROM mailbox" "SELECT 1 INTO log" \
		    "SELECT 1 AS address; DELETE FROM mailbox" \
		    "UPDATE mailbox SET active = 0" "COMMIT" \
		    "WITH x AS (SELECT 1) DELETE FROM mailbox"; do
			fails 2 "bytes/account: " --query "$query" "$url"
		done'
done
ok 'functions that write' '
	fails 2 "read-only transaction" --query "SELECT noted() AS address" "$(pg_url bytes)"
	fails 2 "read-only transaction" --query "SELECT nextval('\''counter'\'') AS address" "$(pg_url bytes)"
	fails 2 "must be set before any query" --query \
	    "SELECT set_config('\''transaction_read_only'\'', '\''off'\'', true) AS address" "$(pg_url bytes)"
	fails 2 "READ ONLY transaction" --query "SELECT noted() AS address" "$(my_url bytes)"'
ok 'text in another encoding' '
	run 0 dirdump-sql -m ./map "$(pg_url latin)" >out
	has out "\"name\":\"Zoë\""
	run 0 dirdump-sql -m ./map "$(my_url latin)" >out
	has out "\"name\":\"Zoë\""'

# --- passwords ---

echo 'open sesame' >good
echo 'open barley' >bad
ok 'postgresql: passwords' '
	url=$(pg_tcp reader bytes)
	run 1 dirdump-sql -m ./map --password-file good "$url" >out
	has out "\"type\":\"end\""
	run 1 dirdump-sql -m ./map --password-command "cat good" "$url" >out
	fails 2 "password authentication failed" -m ./map --password-file bad "$url"
	fails 2 "no password supplied" -m ./map "$url"
	echo "127.0.0.1:*:*:reader:open sesame" >pass
	PGPASSFILE=pass run 1 dirdump-sql -m ./map "$url" >out
	has out "\"type\":\"end\""
	printf "[mail]\nhost=127.0.0.1\nport=$pg_port\nuser=reader\ndbname=bytes\npassword=open sesame\n" >service
	PGSERVICEFILE=service run 1 dirdump-sql -m ./map "postgresql:///?service=mail" >out
	has out "\"type\":\"end\""'
ok 'mysql: passwords' '
	url=$(my_tcp reader bytes)
	run 1 dirdump-sql -m ./map --password-file good "$url" >out
	has out "\"type\":\"end\""
	fails 2 "Access denied" -m ./map --password-file bad "$url"
	fails 2 "Access denied" -m ./map "$url"
	printf "[client]\nuser=reader\npassword=open sesame\n" >.my.cnf
	run 1 dirdump-sql -m ./map "$url" >out
	has out "\"type\":\"end\""
	mv .my.cnf options
	run 1 dirdump-sql -m ./map --defaults-file options "${url%reader@*}${url#*reader@}" >out
	has out "\"type\":\"end\""'
ok 'a password in the URL is refused' '
	for url in postgresql://reader:sesame@127.0.0.1/bytes \
	    "postgresql:///bytes?password=sesame" mysql://reader:sesame@h/bytes; do
		fails 2 "--password-file" -m ./map "$url"
	done'
ok 'no server, no database, no file' '
	fails 75 "onnect" -m ./map "postgresql://127.0.0.1:$(free_port)/bytes"
	fails 75 "onnect" -m ./map "mysql://127.0.0.1:$(free_port)/bytes"
	fails 2 "database \"none\" does not exist" -m ./map "$(pg_url none)"
	fails 2 "Unknown database" -m ./map "$(my_url none)"
	fails 2 "the URL has no database: mysql://HOST/DATABASE" -m ./map "$(my_url "")"
	fails 2 "./none: unable to open" -m ./map sqlite:./none
	not [ -e none ]
	echo "this is no database, it only looks long enough to be one" >text
	fails 2 "not a database" -m ./map sqlite:text'
ok 'TLS' '
	url=$(pg_tcp reader bytes)
	run 1 dirdump-sql -m ./map --password-file good "$url?sslmode=verify-full&sslrootcert=$tmp/ca" >out
	has out "\"type\":\"end\""
	fails 2 certificate -m ./map --password-file good "$url?sslmode=verify-full&sslrootcert=/etc/hostname"
	url=$(my_tcp reader bytes)
	run 1 dirdump-sql -m ./map --password-file good "$url?ssl-ca=$tmp/ca" >out
	has out "\"type\":\"end\""
	run 1 dirdump-sql -m ./map --password-file good "$url?ssl=1" >out
	has out "\"type\":\"end\""
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	    -subj /CN=other -keyout /dev/null -out other 2>/dev/null
	fails 2 TLS -m ./map --password-file good "$url?ssl-ca=$tmp/other&ssl-verify-server-cert=1"
	# With no CA, libmariadb 3.4 lets the password prove the certificate.
	if pkg-config --atleast-version=3.4 libmariadb; then
		run 1 dirdump-sql -m ./map --password-file good "$url?ssl-verify-server-cert=1" >out
		fails 2 . -m ./map --password-file bad "$url?ssl-verify-server-cert=1"
	else
		fails 2 TLS -m ./map --password-file good "$url?ssl-verify-server-cert=1"
	fi'
my -e 'ALTER USER reader@127.0.0.1 REQUIRE NONE'

# --- the connection is lost ---

pg bytes -c "CREATE TABLE many AS SELECT 'u' || n || '@example.org' AS username,
	'{PLAIN}GEHEIM' AS password FROM generate_series(1, 300000) AS n"
my bytes -e "CREATE TABLE many ENGINE=MyISAM AS SELECT
	concat('u', seq, '@example.org') AS username,
	'{PLAIN}GEHEIM' AS password FROM seq_1_to_300000"
printf '[account]\ntable = many\naddress = username\nsecret = password\n' >many
mkfifo pipe
# lost URL COMMAND: runs COMMAND when the first rows have come.
lost() {
	dirdump-sql -m ./many "$1" >pipe 2>err &
	pid=$!
	{
		head -n 10 >/dev/null
		eval "$2" >/dev/null
		cat >rest
	} <pipe
	got=0
	wait "$pid" || got=$?
	[ "$got" -eq 2 ]
	grep -q "bytes/many:[0-9]*: bytes: " err
	hasnt rest "\"type\":\"end\""
	hasnt err GEHEIM
}
ok 'postgresql: the connection is lost' '
	lost "$(pg_url bytes)" "pg postgres -c \"SELECT pg_terminate_backend(pid)
	    FROM pg_stat_activity WHERE application_name = '\''mailferry'\''\""
	grep -qE "terminating connection|closed the connection" err'
ok 'mysql: the connection is lost' '
	lost "$(my_url bytes)" "my -N -e \"SELECT concat('\''KILL '\'', id, '\'';'\'')
	    FROM information_schema.processlist WHERE info LIKE '\''%many%'\''
	    AND id <> connection_id()\" | my"'
ok 'mysql: the query is cancelled' '
	lost "$(my_url bytes)" "my -N -e \"SELECT concat('\''KILL QUERY '\'', id, '\'';'\'')
	    FROM information_schema.processlist WHERE info LIKE '\''%many%'\''
	    AND id <> connection_id()\" | my"
	has err interrupted'
ok 'sqlite: a damaged file' '
	cp bytes torn
	sqlite3 torn "CREATE TABLE many (username text, password text);
	    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
		WHERE i < 20000) INSERT INTO many
		SELECT '\''u'\'' || i || '\''@example.org'\'', '\''{PLAIN}GEHEIM'\'' FROM n"
	size=$(wc -c <torn)
	dd if=/dev/zero of=torn bs=1024 seek=$((size / 2048)) count=64 conv=notrunc 2>/dev/null
	fails 2 "torn/many:" -m ./many sqlite:torn
	has err malformed
	grep -q "\"type\":\"account\"" out'
pg bytes -c 'DROP TABLE many'
my bytes -e 'DROP TABLE many'

# --- the rest ---

ok 'sqlite: a write-ahead log is read' '
	sqlite3 wal >/dev/null <<-END
	.dbconfig no_ckpt_on_close on
	PRAGMA journal_mode = wal;
	CREATE TABLE mailbox (username, password, name, quota, active);
	INSERT INTO mailbox VALUES ('\''w@example.org'\'', NULL, NULL, 1.0, 1);
	END
	[ -s wal-wal ]
	cksum wal wal-wal >sum
	run 1 dirdump-sql -m ./map sqlite:wal >out 2>err
	has err "the quota is not a number of bytes: \"1.0\""
	sed "s/quota = .*//" map >map2
	run 0 dirdump-sql -m ./map2 sqlite:wal >out
	has out "w@example.org"
	cksum wal wal-wal >sum2
	same sum sum2'
ok 'a schema; one SQL for all' '
	pg bytes -c "CREATE SCHEMA other" -c "CREATE TABLE other.mailbox AS
	    SELECT '\''s@example.org'\''::text AS \"user\""
	my -e "CREATE DATABASE other; CREATE TABLE other.mailbox AS
	    SELECT '\''s@example.org'\'' AS user"
	printf "[account]\ntable = other.mailbox\naddress = user\n" >map2
	run 0 dirdump-sql -m ./map2 "$(pg_url bytes)" >out
	has out s@example.org
	run 0 dirdump-sql -m ./map2 "$(my_url bytes)" >out
	has out s@example.org
	pg bytes -c "DROP SCHEMA other CASCADE"
	my -e "DROP DATABASE other"
	printf "[account]\nquery = SELECT \047\134\047 || \"active\" || \047@example.org\047 AS a
		FROM \"mailbox\"\naddress = \"x{a}\"\n" >map2
	for url in "$(pg_url bytes)" "$(my_url bytes)" sqlite:bytes; do
		dirdump-sql -q -m ./map2 "$url" >out 2>/dev/null || :
		grep -F "\"address\":\"x\\\\1@example.org\"" out
	done'
ok 'PostgreSQL: an end is understood, however the database writes dates' '
	pg bytes -c "CREATE TABLE ends (email text, until timestamp)" -c "INSERT INTO ends VALUES
	    ('\''gone@example.org'\'', '\''2020-02-01'\''), ('\''stay@example.org'\'', '\''infinity'\''),
	    ('\''past@example.org'\'', '\''-infinity'\'')" \
	    -c "ALTER DATABASE bytes SET datestyle = '\''German'\''"
	run 0 dirdump-sql --query "SELECT email AS address, until FROM ends" "$(pg_url bytes)" >out
	jq -r "select(.address) | \"\(.address) \(.active)\"" out >got
	printf "%s\n" "gone@example.org false" "stay@example.org true" "past@example.org false" | same - got
	pg bytes -c "ALTER DATABASE bytes RESET datestyle" -c "DROP TABLE ends"'
ok 'PostgreSQL: rows that a policy hides from the reader are not taken for gone' '
	pg bytes -c "CREATE TABLE shared AS SELECT * FROM mailbox" \
	    -c "GRANT SELECT ON shared TO reader" \
	    -c "ALTER TABLE shared ENABLE ROW LEVEL SECURITY" \
	    -c "CREATE POLICY own ON shared USING (username < '\''b'\'')"
	[ "$(echo "SET ROLE reader; SELECT count(*) FROM shared" | pg bytes -qAt)" = 1 ]
	sed "s/^table.*/table = shared/" map >map2
	PGPASSWORD="open sesame" run 2 dirdump-sql -m ./map2 "$(pg_tcp reader bytes)" >out 2>err
	has err "query would be affected by row-level security policy for table \"shared\""
	hasnt out "\"type\":\"end\""
	pg bytes -c "DROP TABLE shared"'
ok 'a map with an error, and none' '
	sed "s/quota = .*/quota = quota | parsecs/" map >map2
	fails 2 "./map2:6: no transform is named \"parsecs\"" -m ./map2 sqlite:bytes
	fails 2 "no field map \"none\" in " -m none sqlite:bytes
	fails 2 "usage: " sqlite:bytes
	fails 2 "usage: " -m ./map --query "SELECT 1" sqlite:bytes
	sed "s/^table/filter/" map >map2
	fails 2 "one for LDAP" -m ./map2 sqlite:bytes'
ok 'a full disk' '
	run 2 dirdump-sql -m ./map sqlite:bytes >/dev/full 2>err
	has err "standard output"'
ok 'all databases are as they were' '
	dump >after
	[ -s before ]
	same before after'
done_testing
