#!/bin/sh
# The forms that the queries of Postfix tables have in the wild: what dirdump
# makes of each is what postmap(1) answers for every key.
. "${0%/*}/lib.sh"
. "$top/t/postmap.sh"

cat >tables.sql <<\END
CREATE TABLE alias (address varchar(80), goto varchar(200), domain varchar(40), active int, n int);
INSERT INTO alias VALUES
('info@one.test', 'ann@one.test', 'one.test', 1, 1),
('info@one.test', 'ext@other.test', 'one.test', 1, 2),
('sales@one.test', 'bob@one.test', 'one.test', 1, 3),
('off@one.test', 'ann@one.test', 'one.test', 0, 4),
('@two.test', 'ann@one.test', 'two.test', 1, 5),
('x@two.test', 'bob@one.test', 'two.test', 1, 6),
('odd_name@one.test', 'carl@one.test', 'one.test', 1, 7);
CREATE TABLE alias_domain (alias_domain varchar(40), target_domain varchar(40), active int);
INSERT INTO alias_domain VALUES ('al.test', 'one.test', 1), ('al2.test', 'two.test', 1), ('gone.test', 'one.test', 0);
CREATE TABLE box (username varchar(80), local varchar(40), domain varchar(40), active int);
INSERT INTO box VALUES ('ann@one.test', 'ann', 'one.test', 1),
('bob@one.test', 'bob', 'one.test', 1), ('carl@one.test', 'carl', 'one.test', 0);
END
echo 'info@one.test sales@one.test off@one.test @two.test x@two.test y@two.test
odd_name@one.test oddxname@one.test info@al.test sales@al.test ann@al.test
@al.test @al2.test y@al2.test x@al2.test info@gone.test ann@one.test bob@one.test
carl@one.test carl@al.test info nobody@one.test root@one.test' |
    tr ' ' '\n' >every

# forms CONCAT: name and query, the setting that follows a "+".
forms() {
	cat <<-END
	distinct	SELECT DISTINCT goto FROM alias WHERE address='%s' AND active=1 ORDER BY goto;
	lower	SELECT goto FROM alias WHERE address=lower('%s') AND active=1
	parts	SELECT goto FROM alias WHERE address='%u@%d' AND active=1
	whole-and-domain	SELECT goto FROM alias WHERE address='%s' AND domain='%d'
	alias-domain	SELECT goto FROM alias, alias_domain WHERE alias_domain.alias_domain = '%d' AND alias.address = $1 AND alias.active = 1 AND alias_domain.active = 1
	alias-domain-box	SELECT username FROM box, alias_domain WHERE alias_domain.alias_domain = '%d' AND box.username = $1 AND box.active = 1 AND alias_domain.active = 1
	at-domain	SELECT goto FROM alias WHERE address='@%d' AND active=1
	union	SELECT goto FROM alias WHERE address='%s' AND active=1 UNION SELECT username FROM box WHERE username='%s' AND active=1
	max	SELECT max(goto) FROM alias WHERE address='%s' AND active=1
	two-columns	SELECT goto, address FROM alias WHERE address='%s' AND domain='one.test'
	and-myself	SELECT goto FROM alias WHERE address='%s' AND domain='one.test'+result_format = %s, %S
	labels	SELECT local FROM box WHERE username='%s'+result_format = %s@%2.%1
	key-user	SELECT domain FROM box WHERE username='%s'+result_format = %U-copy@%s
	END
}
# Queries that only one key at a time can ask.
cat >asked <<\END
limit	SELECT goto FROM alias WHERE address='%s' AND active=1 ORDER BY n DESC LIMIT 1
or	SELECT goto FROM alias WHERE (address='%s' OR address='@%d') AND active=1
subselect	SELECT goto FROM alias WHERE address IN (SELECT '%s') AND active=1
local	SELECT username FROM box WHERE local='%u' AND active=1
END

# file TYPE NAME QUERY[+LINE]: the table's file.
file() {
	printf '%s\nquery = %s\n%s\n' "$connection" "${3%%+*}" \
	    "$(printf %s "$3" | sed -n 's/.*+//p')" >"$1-$2.cf"
}

# same_for TABLE: each key of "every" has the entry that Postfix answers with;
# one that has none has the one of its domain (virtual(5)). A target that is the
# key itself is no alias.
same_for() {
	answers "$1" <every >want.all
	put_entries >got.all
	[ -s want.all ]
	awk '
	function domain(key) { return substr(key, index(key, "@")) }
	function targets(of, key,  at, n, i, v, text) {
		at = key in of ? key : domain(key)
		n = at in of ? split(of[at], v, ",") : 0
		for (i = 1; i <= n; i++)
			if (v[i] != key)
				text = text "," v[i]
		return substr(text, 2)
	}
	FILENAME == "want.all" { want[$1] = $2; next }
	FILENAME == "got.all" { got[$1] = $2; next }
	!/@/ || (/^@/ && !($1 in want)) { next }
	targets(want, $1) != targets(got, $1) {
		printf "%s: Postfix says \"%s\", the records \"%s\"\n", $1,
		    targets(want, $1), targets(got, $1)
		bad = 1
	}
	END { exit bad }' want.all got.all every
}

# check TYPE CONCAT: every form.
check() {
	forms "$2" >list
	while IFS="	" read -r name query; do
		echo "$name"
		file "$1" "$name" "$query"
		run 0 dirdump-postfix -d one.test "$1:$tmp/$1-$name.cf" >out 2>err
		same_for "$1:$tmp/$1-$name.cf"
	done <list
	while IFS="	" read -r name query; do
		echo "$name"
		file "$1" "$name" "$query"
		cp -r conf "conf-$1-$name"
		cat >>"conf-$1-$name/main.cf" <<-EOT
		virtual_alias_maps = texthash:$tmp/known, $1:$tmp/$1-$name.cf
		virtual_mailbox_domains = one.test two.test al.test
		virtual_mailbox_maps = texthash:$tmp/boxes
		EOT
		cooled "conf-$1-$name/main.cf"
		run 1 dirdump-postfix -c "conf-$1-$name" >out 2>err
		has err "$1-$name.cf: the query looks one key up in a way that cannot be turned into a list: only addresses that are known from elsewhere are looked up"
		has out "\"type\":\"note\",\"what\":\"$1:$tmp/$1-$name.cf\""
		answers "$1:$tmp/$1-$name.cf" <every >want.all
		for key in info@one.test sales@one.test x@two.test; do
			sed -n "s/^$key //p" want.all >want
			put_entries | sed -n "s/^$key //p" >got
			same want got
		done
	done <asked
}
echo 'all@one.test info@one.test, x@two.test, sales@one.test' >known
printf 'ann@one.test ann/\nsales@one.test sales/\n' >boxes
sed -i '/sales/d' boxes
cooled known boxes

ok 'SQLite' '
	sqlite3 mail.sqlite <tables.sql
	chmod 644 mail.sqlite
	connection="dbpath = $tmp/mail.sqlite"
	check sqlite "'\''%u'\'' || '\''@'\'' || alias_domain.target_domain"'

start_mariadb
ok 'MariaDB' '
	echo "CREATE DATABASE mail" | my
	{
		cat tables.sql
		echo "CREATE USER postfix IDENTIFIED BY '\''my-pass'\''; GRANT SELECT ON mail.* TO postfix;"
	} | my mail
	connection="hosts = inet:127.0.0.1:$my_port
user = postfix
password = my-pass
dbname = mail"
	check mysql "CONCAT('\''%u'\'', '\''@'\'', alias_domain.target_domain)"
	name=group_concat
	file mysql group "SELECT GROUP_CONCAT(goto) FROM alias WHERE address='\''%s'\'' AND active=1"
	run 0 dirdump-postfix -d one.test "mysql:$tmp/mysql-group.cf" >out 2>err
	same_for "mysql:$tmp/mysql-group.cf"'

start_postgres
ok 'PostgreSQL' '
	echo "CREATE DATABASE mail" | pg postgres
	{
		cat tables.sql
		echo "CREATE USER postfix PASSWORD '\''pg-pass'\''; GRANT SELECT ON ALL TABLES IN SCHEMA public TO postfix;"
	} | pg mail
	connection="hosts = 127.0.0.1:$pg_port
user = postfix
password = pg-pass
dbname = mail"
	check pgsql "CONCAT('\''%u'\'', '\''@'\'', alias_domain.target_domain)"'

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
title: off
mail: ann@one.test
mailAlternateAddress: smtp:Sales@one.test
mailAlternateAddress: info@one.test

dn: uid=bob,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
objectClass: qmailUser
cn: bob
sn: bob
uid: bob
mail: bob@one.test
mailAlternateAddress: info@one.test
mailAlternateAddress: smtp:x@two.test
END
# filter NAME FILTER [BASE [FORMAT]]
filter() {
	cat >"ldap-$1.cf" <<-EOT
	server_host = $ldap
	search_base = ${3:-ou=people,dc=example,dc=org}
	bind_dn = $reader
	bind_pw = reader-pass
	query_filter = $2
	result_attribute = mail
	result_format = ${4:-%s}
	version = 3
	EOT
}
ok 'LDAP: any filter that has the key in an attribute' '
	while read -r name text; do
		echo "$name"
		filter "$name" "$text"
		run 0 dirdump-postfix -d one.test "ldap:$tmp/ldap-$name.cf" >out 2>err
		same_for "ldap:$tmp/ldap-$name.cf"
	done <<-\EOT
	plain (mailAlternateAddress=%s)
	prefix (mailAlternateAddress=smtp:%s)
	either (|(mailAlternateAddress=%s)(mailAlternateAddress=smtp:%s))
	branches (|(&(mailAlternateAddress=%s)(title=on))(&(mail=%s)(uid=bob)))
	not (&(mailAlternateAddress=%s)(!(title=off)))
	not-key (&(mailAlternateAddress=%s)(!(mail=%s)))
	parts (&(mail=%u@%d)(mail=%s))
	upper (&(objectClass=qmailUser)(mailAlternateAddress=%S))
	EOT'
ok 'LDAP: a result with parts of the key' '
	filter key "(mailAlternateAddress=%s)" "" "%s, %S, %U-copy@%2.%1"
	run 0 dirdump-postfix -d one.test "ldap:$tmp/ldap-key.cf" >out 2>err
	put_entries | has /dev/stdin "info@one.test ann@one.test,bob@one.test,info-copy@one.test"
	same_for "ldap:$tmp/ldap-key.cf"'
ok 'LDAP: a filter without one, and a base with a variable, are asked' '
	filter uid "(uid=%u)"
	filter base "(mailAlternateAddress=%s)" "ou=people,dc=%2,dc=org"
	cp -r conf conf-ldap
	cat >>conf-ldap/main.cf <<-EOT
	virtual_alias_maps = texthash:$tmp/known, ldap:$tmp/ldap-uid.cf, ldap:$tmp/ldap-base.cf
	virtual_mailbox_domains = two.test
	virtual_mailbox_maps = texthash:$tmp/boxes
	EOT
	echo "all@two.test bob@two.test, ann@two.test" >known
	run 1 dirdump-postfix -c conf-ldap >out 2>err
	put_entries | grep two.test | sort >got
	printf "%s\n" "all@two.test ann@two.test,bob@two.test" \
	    "ann@two.test ann@one.test" "bob@two.test bob@one.test" >want
	same want got
	has err "the search_base depends on the key"'
ok 'a sqlite table without a file; a FIFO for a table' '
	printf "query = SELECT goto FROM alias WHERE address = '\''%%s'\''\n" >nodbpath.cf
	run 2 dirdump-postfix "sqlite:$tmp/nodbpath.cf" >out 2>err
	has err "nodbpath.cf: the file has no dbpath"
	mkfifo fifo
	run 2 dirdump-postfix fifo >out 2>err
	has err "fifo: not a regular file"
	connection="dbpath = $tmp/fifo"
	file sqlite fifo "SELECT goto FROM alias WHERE address = '\''%s'\''"
	run 2 timeout 120 dirdump-postfix "sqlite:$tmp/sqlite-fifo.cf" >out 2>err
	has err "fifo"'

done_testing
