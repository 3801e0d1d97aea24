#!/bin/sh
# dirdump acl --shared-dict: the dictionary of a real Dovecot in each database.
. "${0%/*}/lib.sh"
. "$top/t/sql.sh"
. "$top/t/dovecot.sh"
. "$top/t/acl.sh"
for driver in pgsql mysql sqlite; do
	need_dovecot /usr/lib/dovecot/modules/dict/libdriver_$driver.so dovecot-$driver
done

for name in alice bob carol dave fs; do
	person $name ''
done
chmod 644 users

start_postgres
start_mariadb
# The tables of Dovecot's pages.
tables='CREATE TABLE user_shares (
  from_user varchar(100) not null,
  to_user varchar(100) not null,
  dummy char(1) DEFAULT '"'1'"',
  primary key (from_user, to_user)
);
CREATE INDEX to_user ON user_shares (to_user);
CREATE TABLE anyone_shares (
  from_user varchar(100) not null,
  dummy char(1) DEFAULT '"'1'"',
  primary key (from_user)
);'
echo 'CREATE DATABASE acl' | pg postgres
echo "$tables" | pg acl
echo 'CREATE DATABASE acl CHARACTER SET utf8mb4' | my ''
echo "$tables" | my acl
# SQLite's journal is beside it.
mkdir -m 777 lite
echo "$tables" | sqlite3 lite/acl.db
chmod 666 lite/acl.db

# dict DRIVER CONNECT: a Dovecot of that name, with its dictionary there
dict() {
	cat >"$1.dict" <<-END
	connect = $2
	map {
	  pattern = shared/shared-boxes/user/\$to/\$from
	  table = user_shares
	  value_field = dummy
	  fields {
	    from_user = \$from
	    to_user = \$to
	  }
	}
	map {
	  pattern = shared/shared-boxes/anyone/\$from
	  table = anyone_shares
	  value_field = dummy
	  fields {
	    from_user = \$from
	  }
	}
	END
	chmod 644 "$1.dict"
	start_shares "$1" vfile 'acl_anyone = allow
	  acl_shared_dict = proxy::acl' "dict {
	  acl = $1:$tmp/$1.dict
	}
	service dict {
	  unix_listener dict {
	    mode = 0666
	  }
	}"
}
# in_dict DRIVER: what is in the tables
in_dict() {
	query='SELECT from_user, to_user FROM user_shares UNION SELECT from_user, '"'anyone'"' FROM anyone_shares ORDER BY 1, 2'
	case $1 in
	pgsql) echo "$query" | pg acl -At -F ' ' ;;
	mysql) echo "$query" | my -N acl | tr '\t' ' ' ;;
	sqlite) sqlite3 -separator ' ' lite/acl.db "$query" ;;
	esac
}
url() {
	case $1 in
	pgsql) pg_url acl ;;
	mysql) my_url acl ;;
	sqlite) echo "sqlite:$tmp/lite/acl.db" ;;
	esac
}

dict pgsql "host=$pg_dir port=$pg_port dbname=acl user=postgres"
dict mysql "host=$my_socket dbname=acl user=root"
dict sqlite "$tmp/lite/acl.db"

# Dave's line is written past Dovecot: he never saw the folder.
ok 'what Dovecot writes to its dictionary is found there' '
	for driver in pgsql mysql sqlite; do
		echo "$driver"
		rm -rf home/alice home/fs
		acl() { doveadm -c "$tmp/$driver/dovecot.conf" "$@"; }
		acl mailbox create -u alice@one.test Work
		acl acl set -u alice@one.test Work user=bob@one.test lookup read
		acl mailbox create -u fs@one.test All
		acl acl set -u fs@one.test All anyone lookup read
		acl acl set -u fs@one.test All user=carol@one.test lookup read insert
		in_dict $driver >got
		printf "%s\n" "alice@one.test bob@one.test" "fs@one.test anyone" "fs@one.test carol@one.test" >want
		same want got
		echo "user=dave@one.test lr" >>home/alice/Maildir/.Work/dovecot-acl
		run 0 dirdump acl -v --shared-dict "$(url $driver)" records >out 2>err
		jq -r "select(.shares) | .address as \$a | .shares[] | [\$a, .folder, .with, .rights] | join(\" \")" out >got
		printf "%s\n" "alice@one.test Work bob@one.test lr" "alice@one.test Work dave@one.test lr" \
		    "fs@one.test All carol@one.test lri" | same - got
		sed -n "s/^dirdump-acl: .*: \(.*\): a share that the other was not shown: .*: /\1 /p" err >got
		echo "alice@one.test dave@one.test" | same - got
	done'
ok 'with a password; without the table of everybody; and with no table at all' '
	{ echo "CREATE USER reader PASSWORD '"'s3cret'"'; GRANT SELECT ON user_shares, anyone_shares TO reader;"; } | pg acl
	echo "CREATE USER reader IDENTIFIED BY '"'s3cret'"'; GRANT SELECT ON acl.* TO reader;" | my acl
	(umask 077; echo s3cret >password)
	for place in "$(pg_tcp reader acl)" "$(my_tcp reader acl)"; do
		run 0 dirdump acl -v --shared-dict "$place" --password-file password records >out 2>err
		[ "$(grep -c "was not shown.*: dave@one.test" err)" = 1 ]
		hasnt err s3cret
	done
	echo "DROP TABLE anyone_shares" | tee drop | pg acl
	my acl <drop
	sqlite3 lite/acl.db <drop
	for driver in pgsql mysql sqlite; do
		run 0 dirdump acl -v --shared-dict "$(url $driver)" records >out 2>err
		[ "$(grep -c "was not shown.*: dave@one.test" err)" = 1 ]
	done
	echo "DROP TABLE user_shares" | tee drop | pg acl
	my acl <drop
	sqlite3 lite/acl.db <drop
	for driver in pgsql mysql sqlite; do
		run 2 dirdump acl --shared-dict "$(url $driver)" records >out 2>err
		hasnt out "\"end\""
	done'
done_testing
