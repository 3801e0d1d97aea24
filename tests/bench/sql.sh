# The SQL section of tests/bench/run, which reads it: a table of N accounts in
# each database, beside the client's own dump. The servers are those of the
# tests (t/sql.sh).
# shellcheck shell=sh
skip_all() {
	printf '\nsql: %s\n' "$1"
	exit 0
}
need() {
	command -v "$1" >/dev/null 2>&1 || skip_all "$1 is not installed"
}
at_exit=:
trap 'set +e; eval "$at_exit"; rm -rf "$tmp"' EXIT
cd "$tmp" || exit 2
umask 077
# shellcheck source=t/sql.sh
. "$top/t/sql.sh"

# One table, and a map for it; with the other one each row is only counted, so
# that nothing but the driver and the reader takes memory.
fill_databases() {
	awk -v n="$N" 'BEGIN {
		hash = sprintf("%86s", ""); gsub(/ /, "x", hash)
		for (i = 1; i <= n; i++)
			printf "user%d@d%d.example.org\t" \
			    "{SHA512-CRYPT}$6$saltsalt%d$%s\tUser Number %d\t" \
			    "1073741824\t1\n", i, i % 100, i, hash, i }' >rows
	columns='(username varchar(100) PRIMARY KEY, password varchar(200),
	    name varchar(100), quota bigint, active int)'
	pg postgres -c "CREATE TABLE mailbox $columns" -c '\copy mailbox from rows'
	my -e "CREATE DATABASE mail; CREATE TABLE mail.mailbox $columns"
	my --local-infile=1 mail -e "LOAD DATA LOCAL INFILE 'rows' INTO TABLE mailbox"
	sqlite3 db "CREATE TABLE mailbox $columns" '.mode tabs' \
	    '.import rows mailbox'
	cat >accounts <<-END
	[account]
	table = mailbox
	address = username
	name = name
	secret = password
	active = active
	quota = quota
	END
	printf '[note]\ntable = mailbox\nnote = "counted" if active\n' >counted
}

# beside NAME DUMP URL
beside() {
	heading "$N accounts in $1"
	row "$1: its own dump" "$2"
	row "$1: dirdump sql" "dirdump sql -m ./accounts '$3'"
	row "$1: dirdump sql, rows only counted" \
	    "dirdump sql -q -m ./counted '$3'"
}

measure_sql() {
	need sqlite3
	start_postgres
	start_mariadb
	fill_databases
	beside PostgreSQL "psql -X -h $pg_dir -p $pg_port -U postgres -d postgres \
	    -c 'COPY mailbox TO STDOUT'" "$(pg_url postgres)"
	beside MariaDB "mariadb --no-defaults -S $my_socket -u root mail --quick \
	    -B -e 'SELECT * FROM mailbox'" "$(my_url mail)"
	beside SQLite "sqlite3 -readonly -json db 'SELECT * FROM mailbox'" sqlite:db
}
