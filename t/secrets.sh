# Secrets that a test looks for. Read after apply.sh.
# shellcheck shell=sh
need /usr/bin/python3 python3

secret='Zahn+arzt/7&Tür' # has encodings
unset STALWART_PASSWORD STALWART_TOKEN DAV_PASSWORD DAV_TOKEN PROXY_ADMIN_TOKEN

# look_for SECRET: by secretless, from here on, in all forms.
look_for() {
	/usr/bin/python3 "$top/tests/helper/forms.py" "$1" >"$tmp/forms"
	case $1 in
	????????*) whole= ;;
	*) whole=-w ;;
	esac
}
# secretless FILE...: none of them holds the secret.
secretless() {
	for f; do
		[ -e "$f" ] || continue
		if grep -aqF $whole -f "$tmp/forms" "$f"; then
			echo "a secret is in $f:"
			tr '\0' '\n' <"$f" | grep -aF $whole -f "$tmp/forms" | head -n 5
			return 1
		fi
	done
}
look_for "$secret"
printf '%s\n' "$secret" >secret
{ echo "$domain"; accounts "$(user alice)"; } >plan
mkdir -p tree/calendars/W
printf '%s\r\n' BEGIN:VCALENDAR VERSION:2.0 PRODID:-//t//t//EN BEGIN:VEVENT UID:u1 \
    DTSTAMP:20260101T000000Z DTSTART:20260101T000000Z SUMMARY:x END:VEVENT \
    END:VCALENDAR >tree/calendars/W/1.ics
mkdir scripts
echo 'redirect "x@two.test";' >scripts/alice@one.test.sieve
echo '{"v":1,"type":"settings","address":"alice@one.test","scripts":[{"name":"mine","active":true,"text":"keep;"}],"app_passwords":[{"name":"Phone"}]}' >settings
echo '{"v":1,"type":"end","count":1,"source":"mkaccounts"}' >>settings
echo alice@one.test >addresses
echo '{"v":1,"type":"account","address":"alice@one.test","home":"/nowhere"}' >records

# with_secret COMMAND...: by the environment. As "with_secret_exec ... &" its
# process is the command's.
with_secret() {
	(with_secret_exec "$@")
}
with_secret_exec() {
	exec env STALWART_PASSWORD="$secret" DAV_USER=admin DAV_PASSWORD="$secret" \
	    DAV_FROM_PASSWORD="$secret" PROXY_ADMIN_URL="$url" \
	    PROXY_ADMIN_TOKEN="$secret" MAILCOW_API_KEY="$secret" \
	    PGPASSWORD="$secret" "$@"
}
# Each tool, one a line, with its secret from a file, a configuration or the
# environment; $url and $ports are the servers.
tools() {
	# shellcheck disable=SC2086 # the four ports
	set -- $ports
	pg=postgresql://u@127.0.0.1:$3/d my=mysql://u@127.0.0.1:$4/d
	configurations "$3" "$4"
	cat <<-X
	stalwart-apply -vv --retry-budget 1 -E rejects ../plan
	stalwart-apply --check ../plan
	stalwart-apply -n -u ../plan
	stalwart-apply -vv --retry-budget 1 --settings ../settings --app-passwords app.out ../plan
	stalwart-apply -vv --retry-budget 1 --sieve-dir ../scripts ../plan
	davmerge -vv --retry-budget 1 $url ../tree
	davmerge -vv --retry-budget 1 --from-user admin $url $url/to
	remap -v get alice@one.test
	remap -v --mapping-file mapped set stalwart alice@one.test
	remap -v -E rejects set stalwart alice@one.test
	mailroute -vv --retry-budget 1 --proxy-url $url check alice@one.test
	mailroute -vv --retry-budget 1 -E rejects set alice@one.test
	mailroute -vv --retry-budget 1 setup --old old.test
	acctcheck -v --retry-budget 1 -E rejects --source imap://127.0.0.1:$1 --source-user m --source-password-file ../secret ../addresses
	acctcheck -v --retry-budget 1 --target imap://127.0.0.1:$1 --target-user m --source $url --source-user m --source-password-file ../secret --with scripts ../addresses
	dirdump-stalwart -v $url
	dirdump-mailcow-api -v $url
	dirdump-ldap --map qmail -D cn=a --password-file ../secret ldap://127.0.0.1:$2/dc=a
	dirdump-sql --map postfixadmin --password-file ../secret $pg
	dirdump-sql --map postfixadmin $pg
	dirdump-sql --map postfixadmin --password-file ../secret $my
	dirdump-roundcube --password-file ../secret $pg
	dirdump-sogo --password-file ../secret $my
	dirdump-acl --shared-dict $pg --password-file ../secret ../records
	dirdump-dkim --from ispconfig --password-file ../secret $my
	dirdump-mailcow mailcow
	dirdump-iredmail .
	dirdump-postfix -v pgsql:$PWD/pg.cf
	dirdump-postfix -v mysql:$PWD/my.cf
	dirdump-dovecot -v -c dovecot.saved
	X
}
# configurations PG MYSQL: files of mail servers that hold the secret.
configurations() {
	mkdir -p mailcow mysql
	printf '%s\n' DBNAME=d DBUSER=u "DBPASS=$secret" "SQL_PORT=127.0.0.1:$2" >mailcow/mailcow.conf
	for kind in "my $2" "pg $1"; do
		printf '%s\n' "hosts = 127.0.0.1:${kind#* }" 'user = u' "password = $secret" \
		    'dbname = d' "query = SELECT a FROM t WHERE b = '%s'" >"${kind% *}.cf"
	done
	cp my.cf mysql/virtual_mailbox_maps.cf
	printf '%s\n' 'driver = pgsql' "connect = host=127.0.0.1 port=$1 dbname=d user=u password=$secret" \
	    "password_query = SELECT user, password FROM u WHERE user = '%u'" \
	    "user_query = SELECT home FROM u WHERE user = '%u'" \
	    "iterate_query = SELECT user FROM u" >sql.ext
	printf '%s\n' '# 2.3.19' 'passdb {' "  args = $PWD/sql.ext" '  driver = sql' '}' \
	    'userdb {' "  args = $PWD/sql.ext" '  driver = sql' '}' >dovecot.saved
}
# hostile_logins MODE: servers of IMAP, LDAP, PostgreSQL and MySQL, whose ports are
# in $ports.
hostile_logins() {
	: >"$tmp/logins.out"
	/usr/bin/python3 "$top/tests/helper/hostile-logins" "$1" >"$tmp/logins.out" 2>/dev/null &
	end_with_test "$!"
	tries=0
	while ! [ -s "$tmp/logins.out" ]; do
		[ "$tries" -lt 1200 ] || return 1
		tries=$((tries + 1))
		sleep 0.05
	done
	ports=$(head -n 1 "$tmp/logins.out")
}
