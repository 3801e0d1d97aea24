# shellcheck shell=bash
prepare() {
	with_databases
	load_my postfix postfixadmin.mysql.sql postfixadmin.rows
	with_trust
	cd "$tmp"
	start_postgres
	cp "$tmp/server.pem" "$tmp/server.key" pg
	own postgres pg
	chmod 700 pg
	echo 'hostssl all all 127.0.0.0/8 scram-sha-256' >>pg/pg_hba.conf
	as postgres "$pg_bin/pg_ctl" -s -w -D "$pg_dir" -l "$pg_dir/log" \
	    -o "-h 127.0.0.6 -p 5432 -k $pg_dir -F -c ssl=on -c ssl_cert_file=server.pem -c ssl_key_file=server.key" restart || { cat "$pg_dir/log"; false; }
	pg_port=5432
	pg postgres <<-'END'
	CREATE DATABASE staff;
	CREATE USER reader PASSWORD 'read-word';
	END
	pg staff <<-'END'
	CREATE TABLE people (login text, hash text, full_name text, limit_mb int);
	INSERT INTO people VALUES ('alice', '{SHA}sRZzi/p3eu0PuyOjgiQoia41wkw=',
	    'Alice', 100);
	GRANT SELECT ON people TO reader;
	END
	secret work/pw read-word
	mkdir -p /root/.postgresql
	cp "$tmp/ca.pem" /root/.postgresql/root.crt
	HOME=/root
	cd work
}
after_1() {
	grep -q '"object":"Account"' plan.ndjson
}
after_2() {
	grep '"address":"alice@example.org"' "$out" | grep '"quota":104857600'
}
