# shellcheck shell=bash
prepare() {
	with_databases
	echo 'CREATE DATABASE roundcube CHARACTER SET utf8mb4' | my ''
	{
		echo "SET NAMES utf8mb4; SET SESSION sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES,ANSI_QUOTES');"
		cat "$fixtures/webmail/roundcube-1.6.mysql.sql" "$fixtures/webmail/roundcube.rows.sql"
		# All that cannot be listed is taken away.
		echo "DELETE FROM contacts WHERE contact_id = 14; DELETE FROM identities WHERE user_id = 3;
		    DELETE FROM users WHERE user_id = 3;
		    UPDATE users SET username = 'bob@example.org' WHERE user_id = 2;"
	} | my roundcube
	cat >accounts.ndjson <<-END
	{"v":1,"type":"account","address":"alice@example.org","secret":"{SHA}sRZzi/p3eu0PuyOjgiQoia41wkw=","aliases":["a@example.org"]}
	{"v":1,"type":"account","address":"bob@example.org","secret":"{SHA}sRZzi/p3eu0PuyOjgiQoia41wkw="}
	{"v":1,"type":"end","count":2}
	END
}
after_1() {
	[ "$(grep -c '"identities"' settings.ndjson)" = 2 ]
}
after_2() {
	[ -f books/alice@example.org/contacts/Contacts/10.vcf ]
}
