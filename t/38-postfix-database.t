#!/bin/sh
# dirdump postfix and tables in databases: real servers, and the answers of
# Postfix's own postmap for each key.
. "${0%/*}/lib.sh"
. "$top/t/postmap.sh"

cat >tables.sql <<\END
CREATE TABLE alias (address varchar(80), goto varchar(200), domain varchar(40), active int);
INSERT INTO alias VALUES
('info@one.test', 'ann@one.test, ext@other.test', 'one.test', 1),
('Team@one.test', 'ann@one.test', 'one.test', 1),
('team@one.test', 'bob@one.test', 'one.test', 1),
('off@one.test', 'ann@one.test', 'one.test', 0),
('@two.test', 'ann@one.test', 'two.test', 1),
('nothing@one.test', '', 'one.test', 1),
('null@one.test', NULL, 'one.test', 1),
('o''brien@one.test', 'ann@one.test', 'one.test', 1),
('pad@one.test ', 'ann@one.test', 'one.test', 1),
('info@one.test  ', 'eve@one.test', 'one.test', 1),
(' info@one.test', 'bob@one.test', 'one.test', 1),
(' lead@one.test', 'ann@one.test', 'one.test', 1),
('in side@one.test', 'ann@one.test', 'one.test', 1),
('other@three.test', 'ann@one.test', 'three.test', 1);
CREATE TABLE box (local_part varchar(80), domain varchar(40), maildir varchar(80), goto varchar(80));
INSERT INTO box VALUES
('ann', 'one.test', 'one.test/ann/', 'ann@one.test'),
('bob', 'one.test', 'one.test/bob/', 'bob@one.test'),
('info', 'one.test', 'one.test/info/', 'hidden@one.test');
CREATE TABLE domain (name varchar(40), active int);
INSERT INTO domain VALUES ('one.test', 1), ('two.test', 1), ('gone.test', 0);
END

# cf TYPE NAME CONNECTION QUERY [LINES]: a table's file.
cf() {
	printf '# %s\n%s\nquery = %s\n%s\n' "$2" "$3" "$4" "${5:-}" >"$1-$2.cf"
}
# tables TYPE CONNECTION: the files of a database.
tables() {
	cf "$1" alias "$2" "SELECT goto FROM alias
  WHERE address='%s' AND active = '1'"
	cf "$1" here "$2" "SELECT goto FROM alias WHERE address='%s' AND active=1" \
	    'domain = one.test, two.test'
	cf "$1" format "$2" "SELECT local_part FROM box WHERE local_part='%u' AND domain='%d'" \
	    'result_format = %s@else.test'
	cf "$1" self "$2" "SELECT goto FROM box WHERE local_part='%u' AND domain='%d'"
	cf "$1" box "$2" "SELECT maildir FROM box WHERE local_part = '%u' AND (domain = '%d')"
	cf "$1" domain "$2" "SELECT name FROM domain WHERE name='%s' AND active = '1'"
	cf "$1" hard "$2" "SELECT goto FROM alias WHERE address = CONCAT('%u', '@two.test')"
	cat >"$1-old.cf" <<-END
	$2
	table = alias
	select_field = goto
	where_field = address
	additional_conditions = and active = '1'
	END
}

# agrees TABLE: each key gives what postmap(1) says, and no key is missing.
agrees() {
	run "${2:-0}" dirdump-postfix -d one.test "$1" >out 2>err
	put_entries >entries
	cut -d " " -f 1 entries | answers "${1#proxy:}" >want
	same want entries
	cut -d " " -f 1 entries | tr "\n" " " >keys
}

# check TYPE: all tables of a database.
check() {
	agrees "$1:$tmp/$1-alias.cf"
	# MySQL passes over blanks at the end: postmap(1) finds both addresses.
	never=5 pad=
	[ "$1" != mysql ] || never=2 pad=pad@one.test
	printf "%s\n" @two.test info@one.test "o'brien@one.test" other@three.test ${pad:+"$pad"} team@one.test >want.keys
	tr -s " " "\n" <keys | sort >got.keys
	same want.keys got.keys
	[ "$1" = mysql ] || has err "a key with capitals, which Postfix never finds: 1"
	has err "a key with a blank, which Postfix never finds: $never"
	cp entries alias.entries
	agrees "$1:$tmp/$1-old.cf"
	same alias.entries entries
	agrees "$1:$tmp/$1-here.cf"
	not grep -q three.test keys
	agrees "proxy:$1:$tmp/$1-format.cf"
	grep -q "ann@else.test" entries
	run 1 dirdump-postfix "$1:$tmp/$1-hard.cf" >out 2>err
	has err "cannot be turned into a list"
	has out "\"end\""
	run 0 dirdump-postfix --base /v --mailboxes "$1:$tmp/$1-box.cf" >out 2>err
	has out "\"address\":\"ann@one.test\",\"active\":true,\"receive\":true,\"mail\":\"maildir:/v/one.test/ann/\""
}
# uses TYPE: a Postfix that names them.
uses() {
	cp -r conf "conf.$1"
	cat >>"conf.$1/main.cf" <<-END
	virtual_alias_maps = $1:$tmp/$1-alias.cf, proxy:$1:$tmp/$1-self.cf
	virtual_mailbox_domains = $1:$tmp/$1-domain.cf
	virtual_mailbox_maps = $1:$tmp/$1-box.cf
	virtual_mailbox_base = /var/vmail
	END
	run 0 dirdump-postfix -vc "conf.$1" >out 2>err
	has err "info@one.test: left out: an entry that an earlier table hides"
	grep -q "\"address\":\"info@one.test\".*\"forward\":\[\"ann@one.test\",\"ext@other.test\"" out
	sed -n "s/.*\"type\":\"domain\",\"domain\":\"\([^\"]*\)\".*/\1/p" out | sort | tr "\n" " " >got
	echo "one.test two.test " | tr -d "\n" >want
	same want got
	# A domain of aliases alone, which Postfix looks up in their table and does not
	# find: it takes no mail for it.
	[ -z "$(echo three.test | answers "$1:$tmp/$1-alias.cf")" ]
	has err "other@three.test: left out: an alias in a domain that this server takes no mail for"
}

sqlite3 mail.sqlite <tables.sql
chmod 644 mail.sqlite
tables sqlite "dbpath = $tmp/mail.sqlite"
sed -i "s/CONCAT('%u', '@two.test')/'%u' || '@two.test'/" sqlite-hard.cf
ok 'SQLite' 'check sqlite'
ok 'SQLite, named by postconf' 'uses sqlite'

start_mariadb
echo 'CREATE DATABASE mail' | my
{
	cat tables.sql
	echo "CREATE USER postfix IDENTIFIED BY 'my-pass'; GRANT SELECT ON mail.* TO postfix;"
} | my mail
tables mysql "hosts = inet:127.0.0.1:$my_port
user = postfix
password = my-pass
dbname = mail"
ok 'MariaDB' 'check mysql'
ok 'MariaDB, named by postconf' 'uses mysql'

start_postgres
echo 'CREATE DATABASE mail' | pg postgres
{
	cat tables.sql
	echo "CREATE USER postfix PASSWORD 'pg-pass'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO postfix;"
} | pg mail
tables pgsql "hosts = 127.0.0.1:$pg_port
user = postfix
password = pg-pass
dbname = mail"
ok 'PostgreSQL' 'check pgsql'
ok 'PostgreSQL, named by postconf' 'uses pgsql'
ok 'PostgreSQL that hides rows from this user: no dump that looks complete' '
	echo "ALTER TABLE alias ENABLE ROW LEVEL SECURITY;
	    CREATE POLICY own ON alias USING (true)" | pg mail
	run 2 dirdump-postfix "pgsql:$tmp/pgsql-alias.cf" >out 2>err
	has err "query would be affected by row-level security"
	hasnt out "\"end\""
	echo "ALTER TABLE alias DISABLE ROW LEVEL SECURITY" | pg mail'

start_slapd directory qmail <<\END
dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: people

dn: uid=ann,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
objectClass: qmailUser
cn: ann
sn: ann
uid: ann
mail: ann@one.test
mailAlternateAddress: Sales@one.test
mailAlternateAddress: info@one.test

dn: uid=bob,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
objectClass: qmailUser
cn: bob
sn: bob
uid: bob
mail: bob@one.test
mailAlternateAddress: info@one.test
END
cat >ldap.cf <<END
server_host = $ldap
search_base = ou=people,dc=example,dc=org
bind_dn = $reader
bind_pw = reader-pass
query_filter = (&(objectClass=qmailUser)(mailAlternateAddress=%s))
result_attribute = mail
version = 3
END
ok 'LDAP' '
	agrees "ldap:$tmp/ldap.cf"
	[ "$(cat keys)" = "sales@one.test info@one.test " ]
	grep -q "info@one.test ann@one.test,bob@one.test" entries'
ok 'LDAP that Postfix looks up more than once is named' '
	{ cat ldap.cf; echo "special_result_attribute = member"; } >special.cf
	run 1 dirdump-postfix "ldap:$tmp/special.cf" >out 2>err
	has err "special_result_attribute, and cannot be listed"
	sed "s/=%s)/=%u)/" ldap.cf >part.cf
	run 1 dirdump-postfix "ldap:$tmp/part.cf" >out 2>err
	has err "cannot be turned into a list"'

ok 'what cannot be read: a clear error, no end, no password' '
	for edit in "s/my-pass/no-pass/" "s/FROM alias/FROM none/" "s/SELECT goto/SELECT none/" "/^query/d;/^  WHERE/d"; do
		sed "$edit" mysql-alias.cf >bad.cf
		run 2 dirdump-postfix "mysql:$tmp/bad.cf" >out 2>err
		hasnt out "\"end\""
		[ -s err ]
		hasnt err my-pass
		hasnt err no-pass
	done
	run 2 dirdump-postfix "mysql:$tmp/nowhere.cf" >out 2>err
	has err nowhere.cf
	run 1 dirdump-postfix mysql:inline >out 2>err
	has err "not described in a file of its own"
	echo nonsense >bad.cf
	run 2 dirdump-postfix "pgsql:$tmp/bad.cf" >out 2>err
	has err "bad.cf:1: not a setting"
	sed "s/reader-pass/wrong/" ldap.cf >bad.cf
	run 2 dirdump-postfix "ldap:$tmp/bad.cf" >out 2>err
	hasnt out "\"end\""'

done_testing
