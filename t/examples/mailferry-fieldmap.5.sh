# shellcheck shell=bash
prepare() {
	sqlite3 db <<-'END'
	CREATE TABLE domains (id, name);
	INSERT INTO domains VALUES (1, 'example.org');
	CREATE TABLE users (domain_id, user, first_name, last_name, password,
	    active, quota, kind);
	INSERT INTO users VALUES
	    (1, 'alice', 'Alice', 'A', '{SHA}sRZzi/p3eu0PuyOjgiQoia41wkw=', 1, 10, ''),
	    (1, 'bob', NULL, 'B', '{SHA}sRZzi/p3eu0PuyOjgiQoia41wkw=', 2, 0, ''),
	    (1, 'room', NULL, NULL, 'x', 1, 0, 'resource');
	CREATE TABLE aliases (domain, localpart, source, destination);
	INSERT INTO aliases VALUES
	    ('example.org', '%', '%@example.org', 'alice@example.org'),
	    ('example.org', 'info', 'info@example.org', 'alice@example.org'),
	    ('example.org', 'a%b', 'a%b@example.org', 'alice@example.org');
	END
}
after_1() {
	cp "$text" map
	dirdump sql --map ./map sqlite:db >records
	jq -c 'select(.type == "account") |
	    [.address, .name, .active, .receive, .quota]' records >../got
	same - ../got <<-'END'
	["alice@example.org","Alice A",true,true,10485760]
	["bob@example.org","B",false,true,null]
	END
}
after_2() {
	cat "$text" >>map
	run 1 dirdump sql --map ./map sqlite:db >records
	jq -r 'select(.type == "alias").address' records | sort >../got
	printf '@example.org\ninfo@example.org\n' | same - ../got
}
