# shellcheck shell=bash
prepare() {
	with_dovecot
	with_stalwart --resolves
	stalwart_ip=127.0.0.3 with_stalwart --resolves
	with_proxy
	procedure_programs
	STALWART_URL=https://new.example.org STALWART_USER=admin
	STALWART_PASSWORD=admin-word
	export STALWART_URL STALWART_USER STALWART_PASSWORD
	echo 'virtual_alias_domains =' >/etc/postfix/main.cf
	for owner in alice bob carol; do
		echo "$owner:$(openssl passwd -6 word):19000:0:99999:7:::"
	done >>/etc/shadow
	mkdir -p docker-data/dms
	cp -r "$fixtures/demo/dms" docker-data/dms/config
	secret old.secret old-word
	"$build/standin-stalwart015" --listen 127.0.0.1:0 --admin admin:old-word \
	    >"$tmp/old" &
	await "$tmp/old"
	with_tls old.example.org "$(cat "$tmp/old")"
	for principal in '{"type":"domain","name":"example.net"}' \
	    '{"type":"individual","name":"zoe","emails":["zoe@example.net"],
	    "secrets":["{SHA}sRZzi/p3eu0PuyOjgiQoia41wkw="],"roles":["user"]}'; do
		curl -sS -u admin:old-word -H 'Content-Type: application/json' \
		    -d "$principal" "$(cat "$tmp/old")/api/principal"
	done
	with_databases
	load_my mailcow mailcow-2026.sql mailcow.rows mailcow-2026.rows
	echo "CREATE USER mailcow@'%' IDENTIFIED BY 'Pa55w0rd';
	    GRANT ALL ON mailcow.* TO mailcow@'%'" | my
	socket=/var/lib/docker/volumes/mailcowdockerized_mysql-socket-vol-1/_data
	mkdir -p $socket /opt/mailcow-dockerized /home/user-data/mail
	ln -s "$my_socket" $socket/mysqld.sock
	cat >/opt/mailcow-dockerized/mailcow.conf <<-END
	DBNAME=mailcow
	DBUSER=mailcow
	DBPASS=Pa55w0rd
	SQL_PORT=127.0.0.1:13306
	COMPOSE_PROJECT_NAME=mailcowdockerized
	END
	cd "$tmp"
	load_sqlite users mail-in-a-box.sql mail-in-a-box.rows
	mv users.sqlite /home/user-data/mail
	echo 'STORAGE_ROOT=/home/user-data' >/etc/mailinabox.conf
	cd work
}
after_1() {
	[ "$(grep -c '"status":"created"' "$out")" -eq 4 ]
}
# Both would build everything once more, and so would the installation.
elsewhere_2='.ci/run t/70-pipeline.t'
elsewhere_12=.ci/run
# The lists, each kept for the commands that follow them.
listed() {
	grep -q '"type":"account"' accounts.ndjson
	tail -n 1 accounts.ndjson | grep -q '"type":"end"'
	[ "$(stat -c %a accounts.ndjson)" = 600 ]
	mv accounts.ndjson "$1"
}
after_3() {
	listed dovecot
}
after_4() {
	listed shadow
}
after_5() {
	listed mailcow
}
after_6() {
	listed mailinabox
}
after_7() {
	listed dms
}
after_8() {
	listed stalwart
	cp stalwart accounts.ndjson
}
after_9() {
	has "$out" SHA
	grep '"address":"zoe@example.net","status":"created"' result.ndjson
	for list in dovecot shadow mailcow mailinabox dms; do
		cp $list accounts.ndjson
		rm left.ndjson settings.ndjson plan.ndjson result.ndjson
		. ../blocks/9 >"$list.out" 2>"$list.err" || :
		# Owners without a password of mailcow's own are refused.
		[ "$(grep -c '"object":"Account".*\(created\|exists\)' result.ndjson)" -ge \
		    "$(($(grep -c '"type":"account"' $list) - 2))" ]
		hasnt result.ndjson '"failed"'
	done
}
after_10() {
	has mailferry.conf "OLD_DUMP='ssh root@old.example.org dirdump dovecot'"
	# Another reader, whose new server has not seen all of these systems.
	sed 's/^127.0.0.2 .*/127.0.0.3 new.example.org/' /etc/hosts >hosts
	cat hosts >/etc/hosts
	procedure_ready
	echo bob@example.org >wave1
}
after_11() {
	has "$out" 'Nothing stops the move.'
	has "$out" 'alice@example.org: has moved'
	has "$err" '1 account: 1 done'
	has report.html '<b>2</b> moved'
	has "$out" 'alice@example.org: is back'
}
