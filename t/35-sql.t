#!/bin/sh
# dirdump sql: PostgreSQL, MariaDB and SQLite, read by a map and by queries.
. "${0%/*}/lib.sh"
. "$top/t/sql.sh"
need sqlite3
start_postgres
start_mariadb

cat >directory.sql <<'END'
CREATE TABLE domain (domain varchar(200) PRIMARY KEY, backupmx int, active int);
CREATE TABLE alias_domain (alias_domain varchar(200), target_domain varchar(200),
	active int);
CREATE TABLE alias (address varchar(200) PRIMARY KEY, goto text, active int);
CREATE TABLE mailbox (username varchar(200) PRIMARY KEY, password varchar(200),
	name varchar(200), quota bigint, active int);
INSERT INTO domain VALUES ('ALL', 0, 1), ('example.org', 0, 1),
	('off.test', 0, 0), ('relay.test', 1, 1);
INSERT INTO alias_domain VALUES ('example.net', 'example.org', 1),
	('dead.test', 'example.org', 0);
INSERT INTO alias VALUES
	('@example.org', 'a@example.org', 1),
	('a@example.org', 'a@example.org', 1),
	('b@example.org',
	    'b@example.org,ext@gmail.com,b#example.org@autoreply.test', 1),
	('info@example.org', 'a@example.org, b@example.org', 1),
	('old@example.org', 'a@example.org', 0);
INSERT INTO mailbox VALUES
	('A@example.org', '{SHA512-CRYPT}$6$x$y', 'Zoë O''Neil', 1024000000, 1),
	('b@example.org', '5f4dcc3b5aa765d61d8327deb882cf99', NULL, 0, 0),
	('c@example.org', '$1$abcdefgh$G/o7O1hI5AS1i4ic1oPUz0', '', -1, 1);
END
cat >map <<'END'
[domain-alias]
needs = alias_domain
table = alias_domain
domain = target_domain
aliases = alias_domain
active = active

[domain]
table = domain
domain = domain
active = active
drop = "the entry that stands for all domains" if domain = ALL
drop = "a domain that this server only relays or is a backup for" if backupmx?

[alias]
table = alias
address = address
targets = goto
active = active
# Each mailbox has such a row.
drop = "an alias that points to itself" if goto = "{address}"
# The vacation program, in a domain of its own (AliasHandler.php).
drop = "a vacation message is not carried" if $target = "{address|local}#{address|domain}@*"

[account]
table = mailbox
address = username
name = name
secret = password
# The scheme is not in the database but in $CONF['encrypt']: a text of 32
# characters is one of md5, and --default-scheme says what else it may be.
default_scheme = "PLAIN-MD5" if password = "????????????????????????????????"
default_scheme = "CRYPT"
active = active
receive = active
# Bytes. A negative number says that there is no mailbox quota at all.
quota = quota

[note]
needs = mailbox_app_password
table = mailbox_app_password
address = username
note = "an app password is not carried"
END
cat >wanted <<'END'
{"v":1,"type":"domain","domain":"example.org","active":true,"aliases":["example.net"],"origin":"sql:DB/domain:2"}
{"v":1,"type":"domain","domain":"off.test","active":false,"origin":"sql:DB/domain:3"}
{"v":1,"type":"account","address":"a@example.org","logins":["A@example.org"],"name":"Zoë O'Neil","secret":"{SHA512-CRYPT}$6$x$y","active":true,"receive":true,"quota":1024000000,"origin":"sql:DB/mailbox:1"}
{"v":1,"type":"account","address":"b@example.org","secret":"5f4dcc3b5aa765d61d8327deb882cf99","default_scheme":"PLAIN-MD5","active":false,"receive":false,"forward":["ext@gmail.com"],"keep":true,"origin":"sql:DB/mailbox:2"}
{"v":1,"type":"account","address":"c@example.org","secret":"$1$abcdefgh$G/o7O1hI5AS1i4ic1oPUz0","default_scheme":"CRYPT","active":true,"receive":true,"origin":"sql:DB/mailbox:3"}
{"v":1,"type":"alias","address":"@example.org","targets":["a@example.org"],"active":true,"origin":"sql:DB/alias:1"}
{"v":1,"type":"alias","address":"info@example.org","targets":["a@example.org","b@example.org"],"active":true,"origin":"sql:DB/alias:4"}
{"v":1,"type":"alias","address":"old@example.org","targets":["a@example.org"],"active":false,"origin":"sql:DB/alias:5"}
{"v":1,"type":"end","count":8,"source":"sql"}
END
pg postgres -c 'CREATE DATABASE mail' && pg mail -f directory.sql
my -e 'CREATE DATABASE mail CHARACTER SET utf8mb4' && my mail <directory.sql
sqlite3 mail.db <directory.sql

for url in "$(pg_url mail)" "$(my_url mail)" sqlite:mail.db; do
	ok "${url%%:*}: a map" '
		run 0 dirdump-sql -m ./map "$url" >out 2>err
		sed -i "s,sql:mail\(.db\)\{0\,1\}/,sql:DB/," out
		same wanted out
		has err "left out: an alias that points to itself: 1 line"'
	ok "${url%%:*}: queries" '
		run 0 dirdump-sql --query "SELECT username AS address,
			password AS secret FROM mailbox WHERE active = 1 -- yes
			ORDER BY 1 DESC" \
		    --alias-query "SELECT address, goto AS targets FROM alias
			WHERE address LIKE '\''info%'\''" "$url" >out
		[ "$(wc -l <out)" -eq 5 ]
		has out "\"address\":\"c@example.org\""
		has out "\"address\":\"info@example.org\",\"targets\""
		run 0 dirdump-sql --query "SELECT '\''a@example.org'\'' AS address,
			'\''acl=vfile:/etc/acl of all'\'' AS acl_settings" "$url" >out
		has out "\"acl_settings\":[\"acl=vfile:/etc/acl of all\"]"
		run 2 dirdump-sql --query "SELECT username AS address,
			name AS nam FROM mailbox" "$url" >out 2>err
		has err "the column \"nam\" is named like no member of account"
		not [ -s out ]'
done

# What COPY writes with a backslash, and what only looks like it.
cat >escapes.sql <<'END'
SELECT address, name, home FROM (VALUES
	(1, 'a@example.org', E'\\N', E'\t\\\n'),
	(2, 'b@example.org', NULL, E'\b\f\r\x0b'),
	(3, 'c@example.org', E'\\tb;', E'\x01\x7f\\')) AS t (n, address, name, home)
	ORDER BY n; -- the end
END
ok 'postgresql: tabs, lines and backslashes in values, a ";" at the end' '
	run 0 dirdump-sql --query "$(cat escapes.sql)" "$(pg_url mail)" >out
	grep -o "\"address\":.*\"active\"\|\"home\":.*,\"orig" out |
		cut -d, -f 1,2 >got
	cat >wanted <<-\END
	"address":"a@example.org","name":"\\N"
	"home":"\t\\\n","orig
	"address":"b@example.org","active"
	"home":"\u0008\u000c\r\u000b","orig
	"address":"c@example.org","name":"\\tb;"
	"home":"\u0001\u007f\\","orig
	END
	same wanted got'
ok 'postgresql: an error after the first rows' '
	run 2 dirdump-sql --query "SELECT username AS address,
		10 / (username <> '\''c@example.org'\'')::int AS quota FROM mailbox
		ORDER BY username" "$(pg_url mail)" >out 2>err
	has err "division by zero"
	hasnt out "\"end\""'
done_testing
