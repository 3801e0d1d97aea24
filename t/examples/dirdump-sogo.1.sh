# shellcheck shell=bash
prepare() {
	with_databases
	echo 'CREATE DATABASE sogo CHARACTER SET utf8mb4' | my ''
	{
		echo 'SET NAMES utf8mb4;'
		cat "$fixtures/webmail/sogo.mysql.sql" "$fixtures/webmail/sogo.rows.sql"
		echo "DELETE FROM sogo_user_profile WHERE c_uid IN ('bob', 'carol@example.org');"
	} | my sogo
	cat >accounts.ndjson <<-END
	{"v":1,"type":"account","address":"alice@example.org","secret":"{SHA}sRZzi/p3eu0PuyOjgiQoia41wkw=","aliases":["a@example.org"]}
	{"v":1,"type":"end","count":1}
	END
}
after_1() {
	grep -q '"vacation":{"active":true,"subject":"Away"' settings.ndjson
}
