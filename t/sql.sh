# Database servers for a test, on loopback and a socket in the scratch folder,
# with a data folder of their own. Read after lib.sh.
#
#	start_postgres	sets pg_dir (the folder of the socket), pg_port
#	start_mariadb	sets my_socket, my_port; my_options are more of its options
#	pg DB, my DB	run SQL from standard input, as the administrator
#	pg_url DB, my_url DB	over the socket, as the administrator
#	pg_tcp USER DB, my_tcp USER DB	over TCP; USER needs a password
#
# An empty data folder takes seconds to make: it is kept in the build folder and
# copied. Run by root, the servers run as the users of their packages.
# shellcheck shell=sh

. "$top/t/port.sh"
# The path of a socket has at most 107 bytes (unix(7)).
[ ${#tmp} -lt 70 ] || skip_all 'the scratch folder has too long a name'
chmod 711 .
unset PGHOST PGPORT PGUSER PGDATABASE PGPASSWORD PGPASSFILE PGSERVICE
unset MYSQL_HOST MYSQL_TCP_PORT MYSQL_UNIX_PORT MYSQL_PWD
# No option file and no password file of the person who runs the tests.
HOME=$tmp
export HOME

# become USER COMMAND...: ends in the command, run as that user if root runs the
# tests. as USER COMMAND...: comes back.
become() {
	become_user=$1
	shift
	[ "$(id -u)" -eq 0 ] || exec "$@"
	exec setpriv --reuid "$become_user" --regid "$become_user" \
	    --clear-groups "$@"
}
as() {
	(become "$@")
}

# own USER PATH: gives a folder to that user.
own() {
	[ "$(id -u)" -ne 0 ] || chown -R "$1:$1" "$2"
}

# template NAME USER COMMAND...: makes build/cache/NAME by running COMMAND with
# the folder as its last word, if it is not there, and copies it to $tmp/NAME.
template() {
	template_name=$1 template_user=$2
	shift 2
	template_dir=$build/cache/$template_name-$(id -u)
	if ! [ -d "$template_dir" ]; then
		mkdir -m 700 "$template_name.new"
		own "$template_user" "$template_name.new"
		as "$template_user" "$@" "$tmp/$template_name.new" \
		    >template.log 2>&1 || {
			echo "Bail out! $1 failed"
			cat template.log
			exit 2
		}
		mkdir -p "$build/cache"
		# Beside another test that does the same, one of them wins.
		cp -a "$template_name.new" "$template_dir.$$"
		mv -T "$template_dir.$$" "$template_dir" 2>/dev/null ||
			rm -rf "$template_dir.$$"
		rm -rf "$template_name.new"
	fi
	cp -a "$template_dir" "$template_name"
}

start_postgres() {
	# Debian keeps the server's programs out of PATH.
	pg_bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)
	[ -x "${pg_bin:=$(dirname "$(command -v initdb)")}/initdb" ] ||
		skip_all 'PostgreSQL is not installed (Debian: postgresql)'
	need psql postgresql-client
	template "postgres-$("$pg_bin/postgres" --version | tr -dc 0-9.)" \
	    postgres "$pg_bin/initdb" -U postgres -E UTF8 --locale=C.UTF-8 \
	    --no-sync -A trust -D
	pg_dir=$tmp/pg
	mv "$template_name" pg
	cat >pg/pg_hba.conf <<-END
	local all all trust
	host all all 127.0.0.1/32 scram-sha-256
	END
	pg_tries=0
	while
		pg_port=$(free_port)
		! as postgres "$pg_bin/pg_ctl" -s -w -D "$pg_dir" -l "$pg_dir/log" \
		    -o "-h 127.0.0.1 -p $pg_port -k $pg_dir -F" \
		    start >pg.start 2>&1
	do
		pg_tries=$((pg_tries + 1))
		[ $pg_tries -lt 5 ] || {
			echo 'Bail out! PostgreSQL does not start'
			cat pg.start "$pg_dir/log"
			exit 2
		}
	done
	chmod 711 pg
	at_exit="as postgres '$pg_bin/pg_ctl' -s -m immediate -D '$pg_dir' stop \
	    >/dev/null 2>&1; $at_exit"
}

pg() {
	psql -X -q -v ON_ERROR_STOP=1 -h "$pg_dir" -p "$pg_port" -U postgres \
	    -d "$@"
}
pg_url() {
	echo "postgresql://postgres@/$1?host=$pg_dir&port=$pg_port"
}
pg_tcp() {
	echo "postgresql://$1@127.0.0.1:$pg_port/$2"
}

start_mariadb() {
	need mariadbd mariadb-server
	need mariadb-install-db mariadb-server
	my_size='--innodb-log-file-size=4M --innodb-buffer-pool-size=8M'
	my_size="$my_size --innodb-data-file-path=ibdata1:4M:autoextend"
	# shellcheck disable=SC2016 # for a sh of its own
	template "mariadb-$(mariadbd --no-defaults --version | tr -dc 0-9.)" \
	    mysql sh -c 'mariadb-install-db --no-defaults --skip-test-db \
		--auth-root-authentication-method=normal '"$my_size"' \
		--datadir="$1"' sh
	mv "$template_name" my
	my_dir=$tmp/my
	my_socket=$my_dir/socket
	my_tries=0
	while
		my_port=$(free_port)
		# shellcheck disable=SC2086 # one word an option
		become mysql mariadbd --no-defaults --datadir="$my_dir" \
		    --socket="$my_socket" --bind-address=127.0.0.1 \
		    --port="$my_port" --pid-file="$my_dir/pid" $my_size \
		    --innodb-flush-log-at-trx-commit=0 --skip-name-resolve ${my_options:-} \
		    >"my.log" 2>&1 &
		my_pid=$!
		! wait_mariadb
	do
		my_tries=$((my_tries + 1))
		[ $my_tries -lt 5 ] || {
			echo 'Bail out! MariaDB does not start'
			cat my.log
			exit 2
		}
	done
	chmod 711 my
	# The server is not our child where another program changed the user.
	at_exit="kill -9 \$(cat '$my_dir/pid') 2>/dev/null; wait $my_pid 2>/dev/null; $at_exit"
}

# True when the server answers, false when it has ended.
wait_mariadb() {
	while ! [ -S "$my_socket" ] || ! mariadb-admin --no-defaults -s \
	    -S "$my_socket" -u root ping >/dev/null 2>&1; do
		kill -0 "$my_pid" 2>/dev/null || return 1
		sleep 0.05
	done
}

my() {
	mariadb --no-defaults --default-character-set=utf8mb4 -S "$my_socket" \
	    -u root "$@"
}
my_url() {
	echo "mysql://root@/$1?socket=$my_socket"
}
my_tcp() {
	echo "mysql://$1@127.0.0.1:$my_port/$2"
}
