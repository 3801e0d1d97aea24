#!/bin/sh
# dirdump dovecot: who may log in for which service, and what nobody says of it. A
# running Dovecot 2.3 is asked for each.
. "${0%/*}/lib.sh"
. "$top/t/dovecot.sh"
. "$top/t/sql.sh"
need sqlite3 sqlite3

services='imap pop3 smtp sieve'
delivery=lmtp offered='imap pop3 lmtp sieve'

# serve NAME <DATABASES: a Dovecot with them, and what is dumped of a server that
# offers all services; $got is the exit status.
serve() {
	start_dovecot "at.$1"
	sed "s/^protocols =$/protocols = $offered/" "$conf" >whole.conf
	printf 'service auth {\n  unix_listener /var/spool/postfix/private/auth {\n    mode = 0660\n  }\n}\n' >>whole.conf
	got=0
	dirdump-dovecot -v -c "$tmp/whole.conf" >out 2>err || got=$?
}
# over SERVICE USER PASSWORD: Dovecot lets the user in.
over() {
	doveadm -c "$conf" auth test -x "service=$1" -x rip=127.0.0.1 "$2" "$3" >/dev/null 2>&1
}
# gets USER: mail for the user is delivered.
gets() {
	[ "$(doveadm -c "$conf" user -x "service=$delivery" "$1" 2>/dev/null | grep -c home)" -eq 1 ]
}
# as_asked USER...: the record of each says what the server does for each service.
# The password of ann@one.test is ann.
as_asked() {
	for user; do
		shut=
		for service in $services; do
			over "$service" "$user" "${user%%@*}" || shut="$shut $service"
		done
		echo "$user: not${shut:- one}"
		active=true
		if [ "$shut" = " ${services% *}" ] || [ "$shut" = " $services" ]; then
			active=false shut=
		fi
		[ "$(member "$user" active)" = "$active" ]
		[ "$active" = false ] || [ "$(member "$user" secret)" = "{PLAIN}${user%%@*}" ]
		receive=true
		gets "$user" || receive=false
		[ "$(member "$user" receive)" = "$receive" ]
		echo "$shut" | sed 's/^ //; s/ /\n/g' | sed '/^$/d' >want
		sed -n "s/.*\"address\":\"$user\".*\"disabled\":\[\([^]]*\)\].*/\1/p" out |
		    sed 's/,/\n/g; s/"//g' >got
		same want got
	done
}
file() {
	cat >"$1"
	chmod a+r "$1"
}
# block KIND DRIVER ARGS [SETTING]
block() {
	printf '%s {\n  driver = %s\n  args = %s\n%s\n}\n' "$1" "$2" "$tmp/$3" "${4-}"
}

# Whether a service is open is a column of its own name.
table='CREATE TABLE users (address VARCHAR(50), pw VARCHAR(50), home VARCHAR(50), allow_imap INT, allow_pop3 INT, allow_smtp INT, allow_sieve INT, allow_lmtp INT, allow_lda INT);'
{
	echo "$table"
	for user in all:1:1:1:1:1:0 mail:1:1:0:1:1:1 post:0:0:1:0:1:1 pop:0:1:0:0:1:1 filter:0:0:0:1:1:1 \
	    none:0:0:0:0:1:1 gone:0:0:0:0:0:0 sends:1:1:1:1:0:1 asks:0:1:0:0:0:1; do
		echo "$user" | sed "s,^\([a-z]*\):\(.*\),INSERT INTO users VALUES ('\1@one.test'\, '{PLAIN}\1'\, '$tmp/home/\1'\, \2);,; s,:\([01]\), \, \1,g"
	done
} >users.sql
sqlite3 users.sqlite <users.sql
chmod a+r users.sqlite
queries() {
	cat <<-END
	password_query = SELECT address AS user, pw AS password FROM users \\
	  WHERE address = '%u' AND allow_%s = 1
	user_query = SELECT home, ${ids%:*} AS uid, ${ids#*:} AS gid FROM users \\
	  WHERE address = '%u' AND allow_%Ls = 1
	iterate_query = SELECT address AS user FROM users
	END
}
{
	printf 'driver = sqlite\nconnect = %s\n' "$tmp/users.sqlite"
	queries
} >sql.ext
chmod a+r sql.ext
{
	block passdb sql sql.ext
	block userdb sql sql.ext
} >settings
serve query <settings
ok 'a query that names the service' '
	[ "$got" -eq 1 ]
	as_asked all@one.test mail@one.test pop@one.test filter@one.test none@one.test
	[ "$(member post@one.test home)" = "$tmp/home/post" ]'
ok 'who may only send is active' '
	over smtp post@one.test post
	as_asked post@one.test'
ok 'mail for somebody who may log in nowhere is delivered' '
	[ "$(member none@one.test home)" = "$tmp/home/none" ]
	[ "$(member none@one.test active)" = false ]
	[ -z "$(member gone@one.test active)" ]
	has err "gone@one.test: a listed name that the query of one user does not find (switched off?)"
	[ "$(grep -c "listed name" err)" -eq 1 ]'
ok 'who may log in and gets no mail' '
	as_asked sends@one.test asks@one.test
	not gets sends@one.test
	[ "$(member sends@one.test receive)" = false ]
	has err "sends@one.test: a mailbox that gets no mail: a delivery finds no such user: lmtp"
	[ "$(grep -c "gets no mail: a" err)" -eq 3 ]'
ok 'nothing is said of deliveries that the configuration does not speak of' '
	for names in "" " = imap pop3"; do
		sed "s/^protocols = .*/${names:+protocols$names}/" whole.conf >unsaid.conf
		run 1 dirdump-dovecot -v -c "$tmp/unsaid.conf" >out 2>err
		hasnt out "\"receive\":false"
	done'
ok 'mail that Postfix delivers itself asks no Dovecot' '
	mkdir pf
	cp /etc/postfix/dynamicmaps.cf pf 2>/dev/null || :
	: >pf/master.cf
	printf "%s\n" "compatibility_level = 3.6" "myhostname = mx.host.test" \
	    "virtual_mailbox_domains = one.test" >pf/main.cf
	run 1 dirdump-dovecot -q --postfix pf -c "$tmp/whole.conf" >out 2>err
	hasnt out "\"receive\":false"
	echo "virtual_transport = lmtp:unix:private/dovecot-lmtp" >>pf/main.cf
	run 1 dirdump-dovecot -q --postfix pf -c "$tmp/whole.conf" >out 2>err
	[ "$(member sends@one.test receive)" = false ]'
ok 'a server without LMTP delivers by dovecot-lda' '
	printf "protocol lda {\n  mail_plugins = quota\n}\n" >>whole.conf
	sed -i "s/^protocols = .*/protocols = imap pop3 sieve/" whole.conf
	run 1 dirdump-dovecot -v -c "$tmp/whole.conf" >out 2>err
	delivery=lda
	as_asked all@one.test mail@one.test none@one.test sends@one.test asks@one.test
	[ "$(member all@one.test receive)" = false ]
	has err "all@one.test: a mailbox that gets no mail: a delivery finds no such user: lda"'
ok 'a service that is not offered is not asked for' '
	sed "s/^protocols = .*/protocols = imap/; /private.auth/d" whole.conf >small.conf
	sed "/^service auth/,/^}/d" small.conf >smaller.conf
	run 1 dirdump-dovecot -v -c "$tmp/smaller.conf" >out 2>err
	[ "$(member all@one.test active)" = true ]
	[ "$(member pop@one.test active)" = false ]
	[ "$(member post@one.test active)" = false ]
	hasnt out disabled'
stop_dovecot "${conf%/*}"

file one <<END
ann@one.test:{PLAIN}ann:$ids::$tmp/home/ann::
bob@one.test:{PLAIN}bob:$ids::$tmp/home/bob::
eve@one.test:{PLAIN}none:$ids::$tmp/home/eve::
END
file two <<END
eve@one.test:{PLAIN}eve
printer:{PLAIN}printer
END
# Without a passdb of all the server does not start.
file other <<END
zoe@one.test:{PLAIN}zoe
END
file out.list <<END
bob@one.test
END
{
	printf 'protocol smtp {\n'
	block passdb passwd-file two
	printf '}\nprotocol sieve {\n'
	block passdb passwd-file out.list '  deny = yes'
	printf '}\nprotocol !pop3 {\n'
	block passdb passwd-file one
	printf '}\n'
	block passdb passwd-file other
	block userdb passwd-file one
} >settings
serve blocks <settings
ok 'databases in the blocks of protocols' '
	[ "$got" -eq 0 ]
	as_asked ann@one.test bob@one.test
	over imap eve@one.test none
	over smtp eve@one.test eve
	[ "$(member eve@one.test secret)" = "{PLAIN}none" ]
	has err "eve@one.test: another password lets the user in, too: only one is carried"
	[ "$(grep -c "\"disabled\":\[\"pop3\"" out)" -eq 3 ]'
stop_dovecot "${conf%/*}"
{
	block passdb passwd-file one
	printf 'protocol pop3 {\n'
	printf 'userdb {\n  driver = static\n  args = uid=%s gid=%s home=%s/pop/%%n\n}\n}\n' \
	    "${ids%:*}" "${ids#*:}" "$tmp"
	block userdb passwd-file one
	printf 'protocol lda {\n'
	block userdb passwd-file one
	printf '}\n'
} >settings
serve mailbox <settings
ok 'another mailbox over POP3, and a protocol that is not followed, are named' '
	[ "$got" -eq 1 ]
	doveadm -c "$conf" user -x service=pop3 -f home ann@one.test >home.of
	has home.of "$tmp/pop/ann"
	[ "$(member ann@one.test home)" = "$tmp/home/ann" ]
	has err "ann@one.test: a login over POP3 opens another mailbox than one over IMAP"
	[ "$(grep -c "is not carried" err)" -gt 0 ]
	has err "of protocol lda: only logins over IMAP, POP3, SMTP and ManageSieve and deliveries by lmtp are followed"'
stop_dovecot "${conf%/*}"

# --- databases of dovecot-lda ---

file three <<END
ann@one.test:{PLAIN}ann:$ids::$tmp/home/other::
END
file four <<END
ann@one.test:{PLAIN}ann:$ids::$tmp/home/ann::
pat@one.test:{PLAIN}pat:$ids::$tmp/home/pat::
END
offered='imap pop3' delivery=lda services='imap pop3 smtp'
{
	block passdb passwd-file one
	printf 'protocol lda {\n'
	block userdb passwd-file three
	printf '}\nprotocol !lda {\n'
	block userdb passwd-file one
	printf '}\n'
} >settings
serve lda <settings
ok 'the userdb of dovecot-lda: another home, and no mail' '
	[ "$got" -eq 0 ]
	as_asked ann@one.test bob@one.test
	[ "$(member bob@one.test receive)" = false ]
	doveadm -c "$conf" user -x service=lda -f home ann@one.test >home.of
	has home.of "$tmp/home/other"
	has err "ann@one.test: mail is delivered to another home than a login opens, which is the one that is carried: $tmp/home/other"'
stop_dovecot "${conf%/*}"
{
	printf 'protocol !lda {\n'
	block passdb passwd-file four
	printf '}\nprotocol lda {\n'
	block passdb passwd-file one
	printf '}\nuserdb {\n  driver = static\n  args = uid=%s gid=%s home=%s/home/%%n\n}\n' \
	    "${ids%:*}" "${ids#*:}" "$tmp"
} >settings
serve static <settings
ok 'a static userdb asks the passdbs of dovecot-lda who is there' '
	[ "$got" -eq 0 ]
	as_asked ann@one.test pat@one.test
	gets ann@one.test
	not gets pat@one.test
	[ "$(member bob@one.test active)" = false ]
	[ "$(member bob@one.test receive)" = true ]'
stop_dovecot "${conf%/*}"
services='imap pop3 smtp sieve' offered='imap pop3 lmtp sieve' delivery=lmtp

# --- a table without a column for each service ---

lacks() {
	[ "$(grep -c '"type":"note".*fails for the service' out)" -eq 3 ]
	has err 'password_query fails for the service "sieve", which is taken to be as IMAP:'
	has err 'user_query fails for the service "lmtp", which is taken to be as IMAP:'
	for user in all mail pop; do
		[ "$(member "$user@one.test" active)" = true ]
	done
	grep 'mail@one.test' out | has /dev/stdin '"disabled":["smtp"]'
	grep 'pop@one.test' out | has /dev/stdin '"disabled":["imap","smtp","sieve"]'
	has out '"type":"end"'
}
{
	cat users.sql
	printf 'ALTER TABLE users DROP COLUMN %s;\n' allow_sieve allow_lmtp
} >short.sql
rm users.sqlite
sqlite3 users.sqlite <short.sql
chmod a+r users.sqlite
{
	block passdb sql sql.ext
	block userdb sql sql.ext
} >settings
serve sqlite <settings
ok 'a query that fails for a service does not end the run' lacks
stop_dovecot "${conf%/*}"
start_postgres
pg postgres <short.sql
{
	printf 'driver = pgsql\nconnect = host=%s port=%s dbname=postgres user=postgres\n' "$pg_dir" "$pg_port"
	queries
} >sql.ext
serve postgresql <settings
ok 'nor over PostgreSQL, where it ends the transaction' lacks

done_testing
