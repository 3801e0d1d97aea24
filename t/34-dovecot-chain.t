#!/bin/sh
# dirdump dovecot follows the chain of databases as a running Dovecot 2.3 does:
# each case asks the server for what the record says. The rules one by one are in
# tests/unit/chain.c.
. "${0%/*}/lib.sh"
. "$top/t/dovecot.sh"
need sqlite3 sqlite3
need /usr/bin/python3 python3
need jq

# serve NAME <DATABASES: a Dovecot with them, and what is dumped of it; $got is
# the exit status.
serve() {
	[ -z "${conf:-}" ] || stop_dovecot "${conf%/*}"
	start_dovecot "at.$1"
	got=0
	dirdump-dovecot -v -c "$conf" >out 2>err || got=$?
}

# file NAME <LINES, table NAME <SQL: what the server can read.
file() {
	cat >"$1"
	chmod a+r "$1"
}
table() {
	rm -f "$1.sqlite"
	sqlite3 "$1.sqlite"
	chmod a+r "$1.sqlite"
}
# ext NAME TABLE <QUERIES
ext() {
	{
		printf 'driver = sqlite\nconnect = %s/%s.sqlite\n' "$tmp" "$2"
		cat
	} >"$1.ext"
	chmod a+r "$1.ext"
}
# pass FILE [SETTING...], user FILE [SETTING...]: a block of a passwd-file.
block() {
	kind=$1 path=$tmp/$2
	shift 2
	printf '%s {\n  driver = passwd-file\n  args = %s\n' "$kind" "$path"
	[ $# -eq 0 ] || printf '  %s\n' "$@"
	echo '}'
}
pass() { block passdb "$@"; }
user() { block userdb "$@"; }
# sql KIND EXT [SETTING...]
sql() {
	kind=$1 path=$tmp/$2.ext
	shift 2
	printf '%s {\n  driver = sql\n  args = %s\n' "$kind" "$path"
	[ $# -eq 0 ] || printf '  %s\n' "$@"
	echo '}'
}
# login USER PASSWORD: the fields that a login gives, in fields.
login() {
	doveadm -c "$conf" auth login "$1" "$2" >fields 2>&1
	has fields 'auth succeeded'
}
# is USER KEY VALUE: what the record and the login say.
is() {
	[ "$(member "$1" "$2")" = "$3" ]
	has fields "$2=$3"
}

file one <<END
ann@one.test:{PLAIN}a1:$ids::$tmp/home/ann::
bob@one.test:{PLAIN}b1:$ids::$tmp/home/bob::
END
file two <<END
ann@one.test:{PLAIN}a2:$ids::$tmp/home/ann2::
bob@two.test:{PLAIN}b2:$ids::$tmp/home/bob2::
END
file quota <<END
ann@one.test:{PLAIN}a3:$ids::$tmp/home/ann2::userdb_quota_rule=*:storage=5G
END
file deny <<END
bob@one.test
END

{
	pass one 'username_filter = *@two.test'
	pass two
	user one
	user two
} >settings
serve filter <settings
ok 'username_filter: the other password counts' '
	[ "$got" -eq 0 ]
	not may_login ann@one.test a1
	agrees ann@one.test a2
	agrees bob@one.test b1
	agrees bob@two.test b2'
{
	pass one 'mechanisms = cram-md5'
	pass two
	user one
	echo 'auth_mechanisms = plain cram-md5'
} >settings
serve mechanisms <settings
ok 'mechanisms: a passdb for others than a clear password' '
	not may_login ann@one.test a1
	[ "$(member ann@one.test secret)" = "{PLAIN}a2" ]
	not may_login bob@one.test b1
	[ "$(member bob@one.test secret)" = "{PLAIN}b1" ]
	has err "bob@one.test: no login with a clear password is allowed: cram-md5"'
{
	pass one 'skip = unauthenticated'
	pass two
	user one
	user two
} >settings
serve skip <settings
ok 'skip: a passdb that is never asked' '
	not may_login ann@one.test a1
	agrees ann@one.test a2
	agrees bob@one.test b1
	agrees bob@two.test b2'
for rule in return return-fail continue continue-fail; do
	{
		pass one "result_success = $rule"
		user one
	} >settings
serve "success-$rule" <settings
	ok "result_success = $rule: the right password does not let in" '
		not may_login ann@one.test a1
		agrees ann@one.test a1
		agrees bob@one.test b1'
done
{
	pass one 'result_failure = return-fail'
	pass two
	user one
	user two
} >settings
serve failure <settings
ok 'result_failure = return-fail: the second passdb is for nobody' '
	agrees ann@one.test a1
	agrees bob@one.test b1
	agrees bob@two.test b2'
{
	pass one
	pass two
	user one
	user two 'result_success = continue-ok'
} >settings
serve both <settings
ok 'two passwords: the first is carried, and the other said' '
	may_login ann@one.test a1
	may_login ann@one.test a2
	agrees ann@one.test a1
	has err "ann@one.test: another password lets the user in, too"'
{
	pass one
	pass two
	user one 'result_success = continue-ok'
	user quota
} >settings
serve goes-on <settings
ok 'a userdb that goes on: home and quota are those of the last' '
	[ "$(member ann@one.test home)" = "$tmp/home/ann2" ]
	agrees ann@one.test a1
	agrees bob@one.test b1'
{
	pass one
	pass deny 'deny = yes'
	user one
} >settings
serve deny-after <settings
ok 'deny after the passdb that lets in denies nobody' '
	agrees ann@one.test a1
	[ "$(member bob@one.test active)" = true ]
	agrees bob@one.test b1'
{
	pass deny 'deny = yes'
	pass one
	user one
} >settings
serve deny-before <settings
ok 'deny before it does' '
	agrees ann@one.test a1
	[ "$(member bob@one.test active)" = false ]
	agrees bob@one.test b1'
{
	printf 'passdb {\n  driver = static\n  args = password=for-support\n}\n'
	pass one
	user one
} >settings
serve support <settings
ok 'a password for all before the own one: that is carried' '
	may_login ann@one.test for-support
	agrees ann@one.test a1
	has err "ann@one.test: another password lets the user in, too: only one is carried"'
file nets <<END
ann@one.test:{PLAIN}a1:$ids::$tmp/home/ann::allow_nets=
bob@one.test:{PLAIN}b1:$ids::$tmp/home/bob::allow_nets
cid@one.test:{PLAIN}c1:$ids::$tmp/home/cid::allow_nets=127.0.0.0/8
END
{
	pass nets
	user nets
} >settings
serve nets <settings
ok 'an empty list of networks lets nobody in' '
	for user in ann:a1 bob:b1; do
		not doveadm -c "$conf" auth test -x rip=127.0.0.1 "${user%:*}@one.test" "${user#*:}"
		[ "$(member "${user%:*}@one.test" active)" = false ]
	done
	doveadm -c "$conf" auth test -x rip=127.0.0.1 cid@one.test c1
	[ "$(member cid@one.test active)" = true ]
	dirdump-passwd-file nets >out
	[ "$(member ann@one.test active)" = false ]
	[ "$(member cid@one.test active)" = true ]'

file three <<END
ext@one.test:{PLAIN}e1:$ids::$tmp/home/ext::userdb_home=/x/%d/%n userdb_uid=1001 userdb_gid=1001 userdb_quota_rule=*:storage=1G
ann@one.test:{PLAIN}a1:$ids::$tmp/home/ann::
nopw@one.test::$ids::$tmp/home/nopw::nopassword=y userdb_home=/n
END
{
	pass three 'default_fields = userdb_home=/df/%u userdb_quota_rule=*:storage=2G'
	printf 'userdb {\n  driver = prefetch\n}\n'
} >settings
serve prefetch-default <settings
ok 'prefetch: the line beats default_fields' '
	login ext@one.test e1
	is ext@one.test home /x/one.test/ext
	is ext@one.test uid 1001
	has fields "quota_rule=*:storage=1G"
	[ "$(member ext@one.test quota)" = 1073741824 ]
	login ann@one.test a1
	is ann@one.test home /df/ann@one.test
	[ "$(member ann@one.test quota)" = 2147483648 ]
	login nopw@one.test anything
	is nopw@one.test home /n
	[ "$(member nopw@one.test active)" = true ]'
{
	pass three 'override_fields = userdb_home=/ov/%n userdb_quota_rule=*:storage=7G'
	printf 'userdb {\n  driver = prefetch\n}\n'
} >settings
serve prefetch-override <settings
ok 'prefetch: override_fields beat the line' '
	for user in ext:e1 ann:a1 nopw:x; do
		name=${user%:*}
		login "$name@one.test" "${user#*:}"
		is "$name@one.test" home "/ov/$name"
		[ "$(member "$name@one.test" quota)" = 7516192768 ]
	done'
{
	pass three
	user three 'default_fields = uid=8 gid=8 home=/var/mail/%d/%n quota_rule=*:storage=3G'
} >settings
serve default-fields <settings
ok 'default_fields of a userdb give way to the fields of a line' '
	[ "$(member ann@one.test home)" = "$tmp/home/ann" ]
	[ "$(member ann@one.test uid)" = "${ids%:*}" ]
	agrees ann@one.test a1
	[ "$(member nopw@one.test home)" = /n ]
	doveadm -c "$conf" user -f home ext@one.test >home.of
	has home.of "$(member ext@one.test home)"
	doveadm -c "$conf" user -f uid ext@one.test >uid.of
	has uid.of "$(member ext@one.test uid)"'
file zero <<END
root@one.test:{PLAIN}r1:0:0::/h::
some@one.test:{PLAIN}s1:1:1::/h::
name@one.test:{PLAIN}n1:no-such-user:no-such-user::/h::
END
{
	pass zero 'default_fields = userdb_uid=8 userdb_gid=8'
	user zero 'default_fields = uid=8 gid=8'
} >settings
serve zero <settings
ok 'a line with user 0, or one that is not known, is no user at all' '
	[ "$got" -eq 1 ]
	not may_login root@one.test r1
	not may_login name@one.test n1
	has err "root@one.test: a listed name that the server does not find"
	has err "name@one.test: a listed name that the server does not find"
	hasnt out root@one.test
	hasnt out name@one.test
	agrees some@one.test s1'

# --- names that change ---

file bare <<END
ann:{PLAIN}a1:$ids::$tmp/home/ann::
END
{
	printf 'passdb {\n  driver = passwd-file\n'
	printf '  args = username_format=%%n %s/bare\n' "$tmp"
	printf '  override_fields = user=%%n@two.test\n}\n'
	printf 'userdb {\n  driver = static\n  args = uid=1000 gid=1000 home=/h/%%d/%%n\n}\n'
} >settings
serve override-user <settings
ok 'override_fields = user=: the account goes on under the new name' '
	dirdump-dovecot -d one.test -c "$conf" >out 2>err
	may_login ann@one.test a1
	has "auth.ann@one.test" user=ann@two.test
	login ann@one.test a1
	is ann@two.test home /h/two.test/ann
	[ "$(member ann@two.test active)" = true ]'
file renamed <<END
ann@one.test:{PLAIN}a1:$ids::$tmp/home/ann::
annie@one.test:{PLAIN}x1:$ids::$tmp/home/annie::user=ann@one.test userdb_user=ann@one.test
old@one.test:{PLAIN}o1:$ids::$tmp/home/old::user=new@one.test userdb_user=new@one.test
new@two.test:{PLAIN}n2:$ids::$tmp/home/new::username=newer
newer@two.test:*:$ids::$tmp/home/newer::
END
{
	pass renamed
	user renamed
} >settings
serve renamed <settings
ok 'user= of a line: another name of a mailbox is an alias' '
	may_login annie@one.test x1
	has "auth.annie@one.test" user=ann@one.test
	has out "\"address\":\"annie@one.test\",\"targets\":[\"ann@one.test\"]"
	[ "$(member ann@one.test secret)" = "{PLAIN}a1" ]'
ok 'the password of such a name is not carried, which is said' '
	may_login ann@one.test a1
	not may_login annie@one.test a1
	has out "\"what\":\"annie@one.test\",\"text\":\"a login name of a mailbox has a password of its own, which is not carried\""
	hasnt out "\"what\":\"new@two.test\""
	hasnt out "\"what\":\"old@one.test\""'
file members <<END
bob-box@one.test:{PLAIN}m1::::::user=ann@one.test
sue-box@one.test:{PLAIN}m2::::::userdb_user=ann@one.test
app@one.test:{PLAIN}a1::::::user=ann@one.test
own@one.test:{PLAIN}x1::::::user=newer@two.test
END
{
	pass renamed
	pass members
	user renamed
} >settings
serve members <settings
ok 'nor that of a name in another passdb' '
	for name in bob-box:m1 sue-box:m2 app:a1 own:x1; do
		may_login "${name%:*}@one.test" "${name#*:}"
	done
	jq -r "select(.type == \"note\" and (.text | contains(\"password of its own\"))) | .what" out |
	    sort >got.names
	printf "%s@one.test\n" annie bob-box own sue-box >want
	same want got.names'
ok 'and one that leads to a mailbox that nobody lets in lets its owner in' '
	may_login new@two.test n2
	has "auth.new@two.test" user=newer@two.test
	not may_login newer@two.test n2
	[ "$(member newer@two.test secret)" = "{PLAIN}n2" ]
	[ "$(member newer@two.test active)" = true ]
	has out "\"address\":\"new@two.test\",\"targets\":[\"newer@two.test\"]"'
file own <<END
fay@two.test:{PLAIN}f1
END
file crossed <<END
fay@two.test:{PLAIN}f2:$ids::/h::user=bob@one.test
bob@one.test:{PLAIN}b2:$ids::/h::user=fay@two.test
END
{
	pass own
	pass crossed
	printf 'userdb {\n  driver = static\n  args = uid=1000 gid=1000 home=/h/%%d/%%n\n}\n'
} >settings
serve crossed <settings
ok 'a second mailbox of a login that has no address left is named' '
	may_login fay@two.test f1
	may_login fay@two.test f2
	has "auth.fay@two.test" user=bob@one.test
	[ "$(member fay@two.test secret)" = "{PLAIN}f1" ]
	[ "$(member fay@two.test home)" = /h/two.test/fay ]
	has out "\"address\":\"bob@one.test\",\"targets\":[\"fay@two.test\"]"
	has err "fay@two.test: a second mailbox of a login, whose address opens another one, is not carried: bob@one.test"'
{
	printf 'protocol lmtp {\n'
	pass one 'username_filter = ann@*'
	printf '}\n'
	pass own
	printf 'userdb {\n  driver = static\n  args = uid=1000 gid=1000 home=/h/%%d/%%n\n}\n'
	user one
} >settings
serve receiver <settings
ok 'a passdb of lmtp says whom a static userdb delivers to' '
	for name in ann:/h/one.test/ann bob:$tmp/home/bob; do
		doveadm -c "$conf" user -x service=lmtp -f home "${name%%:*}@one.test" >home.of
		has home.of "${name#*:}"
		[ "$(member "${name%%:*}@one.test" home)" = "${name#*:}" ]
		[ "$(member "${name%%:*}@one.test" active)" = false ]
	done'
table names <<END
CREATE TABLE u (login, addr, pw, active);
INSERT INTO u VALUES ('ann.a', 'ann@one.test', '{PLAIN}a1', 1),
 ('bea.b', 'bea@one.test', '{PLAIN}b1', 1), ('off.o', 'off@one.test', '{PLAIN}o1', 0);
END
ext logins names <<END
password_query = SELECT addr AS user, pw AS password FROM u WHERE login = '%u' AND active = 1
user_query = SELECT '/h/' || addr AS home, 1000 AS uid, 1000 AS gid FROM u WHERE addr = '%u'
iterate_query = SELECT login AS user FROM u
END
{
	sql passdb logins
	sql userdb logins
} >settings
serve logins <settings
ok 'a passdb that makes addresses of logins: the logins are in the record' '
	for name in ann.a:ann:a1 bea.b:bea:b1; do
		login=${name%%:*} rest=${name#*:}
		may_login "$login" "${rest#*:}"
		has "auth.$login" "user=${rest%:*}@one.test"
		grep "\"address\":\"${rest%:*}@one.test\"" out | has /dev/stdin "\"logins\":[\"$login\"]"
		[ "$(member "${rest%:*}@one.test" active)" = true ]
	done
	not may_login off.o o1
	[ "$(member off@one.test active)" != true ]'
ext addresses names <<END
password_query = SELECT addr AS user, pw AS password FROM u WHERE login = '%u'
user_query = SELECT '/h/' || addr AS home, 1000 AS uid, 1000 AS gid FROM u WHERE addr = '%u'
iterate_query = SELECT addr AS user FROM u
END
{
	sql passdb addresses
	sql userdb addresses
} >settings
serve addresses <settings
ok 'a passdb that knows none of the listed names: nobody is inactive for that' '
	[ "$got" -eq 1 ]
	may_login ann.a a1
	for name in ann bea off; do
		[ "$(member "$name@one.test" active)" = true ]
		[ -z "$(member "$name@one.test" secret)" ]
	done
	has err "passdb 1 (sql): it has none of the listed names"
	has out "\"type\":\"note\""'
table mails <<END
CREATE TABLE u (uid, mail, pw);
INSERT INTO u VALUES ('ann', 'ann@one.test', '{PLAIN}a1'), ('gus', 'gustav@one.test', '{PLAIN}g1'),
 ('eve', 'eve@two.test', '{PLAIN}e1'), ('fay', 'fanny@two.test', '{PLAIN}f1');
END
ext mails mails <<END
password_query = SELECT uid AS user, pw AS password FROM u WHERE mail = '%u'
user_query = SELECT '/h/' || uid AS home, 1000 AS uid, 1000 AS gid FROM u WHERE uid = '%u'
iterate_query = SELECT uid AS user FROM u
END
{
	sql passdb mails
	sql userdb mails
} >settings
serve mails <settings
ok 'nor where one listed name happens to be one that it knows' '
	run 1 dirdump-dovecot -v -d one.test -c "$conf" >out 2>err
	for login in ann@one.test:a1 gustav@one.test:g1 eve@two.test:e1; do
		may_login "${login%:*}" "${login#*:}"
	done
	[ "$(member ann@one.test secret)" = "{PLAIN}a1" ]
	for name in gus eve; do
		[ "$(member "$name@one.test" active)" = true ]
		[ -z "$(member "$name@one.test" secret)" ]
	done
	has err "passdb 1 (sql): it has not all of the listed names"'
# Some log in under the name that is listed, too.
ext some mails <<END
password_query = SELECT uid AS user, pw AS password FROM u WHERE mail = '%u' OR (uid = '%u' AND uid = 'ann')
user_query = SELECT '/h/' || uid AS home, 1000 AS uid, 1000 AS gid FROM u WHERE uid = '%u' OR mail = '%u'
iterate_query = SELECT uid AS user FROM u UNION SELECT 'fanny@two.test'
END
{
	sql passdb some
	sql userdb some
} >settings
serve some <settings
ok 'and where it knows some, the others are said one by one' '
	run 0 dirdump-dovecot -v -d one.test -c "$conf" >out 2>err
	may_login ann a1
	may_login gustav@one.test g1
	may_login fanny@two.test f1
	[ "$(member gus@one.test active)" = false ]
	[ "$(member fay@one.test secret)" = "{PLAIN}f1" ]
	has out "\"what\":\"gus@one.test\",\"text\":\"not active, because no passdb has the name"
	hasnt out "\"what\":\"ann@one.test\""'
table office <<END
CREATE TABLE m (name, owner, pw);
INSERT INTO m VALUES ('ann@one.test', 'ann@one.test', '{PLAIN}a1'),
 ('office@one.test', 'ann@one.test', NULL), ('sales@one.test', 'ann@one.test', NULL),
 ('bea@one.test', 'bea@one.test', '{PLAIN}b1');
END
ext office office <<END
password_query = SELECT pw AS password FROM m WHERE name = '%u' AND pw IS NOT NULL
user_query = SELECT owner AS user, '/h/' || owner AS home, 1000 AS uid, 1000 AS gid FROM m WHERE name = '%u'
iterate_query = SELECT name AS user FROM m
END
{
	sql passdb office
	sql userdb office
} >settings
serve office <settings
ok 'a userdb that renames: mail for the office is an alias of its owner' '
	for name in office sales; do
		doveadm -c "$conf" user -f user "$name@one.test" >owner
		has owner ann@one.test
		has out "\"address\":\"$name@one.test\",\"targets\":[\"ann@one.test\"]"
	done
	agrees ann@one.test a1
	agrees bea@one.test b1'
file letters <<END
c-d@one.test:{PLAIN}c1:1000:1000::/h/c::
a_b@one.test:{PLAIN}a1:1000:1000::/h/a::
e@one.test:{PLAIN}e1:1000:1000::/h/e::
END
{
	echo 'auth_username_translation = "_-#@"'
	pass letters
	user letters
} >settings
serve letters <settings
ok 'auth_username_translation: a name with a letter that becomes another is nobody' '
	may_login c_d@one.test c1
	may_login c_d@one.test c1
	may_login e#one.test e1
	not may_login a_b@one.test a1
	run 1 dirdump-dovecot -v -c "$conf" >out 2>err
	agrees c-d@one.test c1
	agrees e@one.test e1
	[ -z "$(member a_b@one.test active)" ]
	has err "a_b@one.test: a listed name that the server does not find, because letters in it become others"
	grep "\"what\":\"auth_username_translation\"" out | has /dev/stdin "other letters"'
table twins <<END
CREATE TABLE t (name);
INSERT INTO t VALUES ('ann@one.test'), ('ann@two.test'), ('bea@one.test'), ('ann@three.test');
END
ext twins twins <<END
user_query = SELECT DISTINCT '/h/%n' AS home, 1000 AS uid, 1000 AS gid FROM t WHERE name LIKE '%n@%%'
iterate_query = SELECT name AS user FROM t
END
file short <<END
ann:{PLAIN}x
bea:{PLAIN}y
END
{
	echo 'auth_username_format = %n'
	pass short
	sql userdb twins
} >settings
serve twins <settings
ok 'auth_username_format = %n: the other addresses of a user are aliases' '
	may_login ann@two.test x
	has "auth.ann@two.test" user=ann
	has out "\"address\":\"ann@two.test\",\"targets\":[\"ann@one.test\"]"
	has out "\"address\":\"ann@three.test\",\"targets\":[\"ann@one.test\"]"
	[ "$(member ann@one.test active)" = true ]
	[ "$(member bea@one.test secret)" = "{PLAIN}y" ]'

{
	echo 'auth_default_realm = one.test'
	printf 'passdb {\n  driver = passwd-file\n  args = username_format=%%Ln %s/short\n}\n' "$tmp"
	printf 'userdb {\n  driver = static\n  args = uid=1000 gid=1000 home=/h/%%Ld/%%Ln\n}\n'
} >settings
serve realm <settings
ok 'auth_default_realm: bare names of a file are addresses' '
	[ "$got" -eq 0 ]
	may_login ann x
	has auth.ann "user=ann@one.test"
	for name in ann:x bea:y; do
		agrees "${name%:*}@one.test" "${name#*:}"
	done'

# --- databases side by side ---

{
	pass one
	sql passdb office
	user one
	printf 'userdb {\n  driver = static\n  args = uid=1000 gid=1000 home=/s/%%d/%%n\n}\n'
} >settings
serve static-beside <settings
ok 'a static userdb beside another: the users of all passdbs' '
	for user in ann:a1 bob:b1 bea:b1; do
		name=${user%:*}@one.test
		may_login "$name" "${user#*:}"
		doveadm -c "$conf" user -f home "$name" >home.of
		has home.of "$(member "$name" home)"
		[ "$(member "$name" active)" = true ]
	done'
{
	pass one
	printf 'protocol imap {\n'
	pass two
	printf '}\n'
	user one
	user two
} >settings
serve protocol <settings
ok 'passdbs of a protocol come before those of all' '
	doveadm -c "$conf" auth test -x service=imap -x rip=127.0.0.1 bob@two.test b2
	[ "$(member bob@two.test active)" = true ]
	[ "$(member bob@two.test secret)" = "{PLAIN}b2" ]
	doveadm -c "$conf" auth test -x service=imap -x rip=127.0.0.1 ann@one.test a2
	[ "$(member ann@one.test secret)" = "{PLAIN}a2" ]
	[ "$(member bob@one.test secret)" = "{PLAIN}b1" ]'
{
	printf 'protocol pop3 {\n'
	pass two
	printf '}\n'
	pass one
	user one
} >settings
serve other-protocol <settings
ok 'databases of another protocol are asked for that' '
	[ "$got" -eq 0 ]
	doveadm -c "$conf" auth test -x service=pop3 -x rip=127.0.0.1 ann@one.test a2
	[ "$(member ann@one.test secret)" = "{PLAIN}a1" ]
	has err "ann@one.test: another password lets the user in, too"'
file deny.imap <<END
bob@one.test
END
file deny.pop3 <<END
ann@one.test
END
table services <<END
CREATE TABLE users (user, pw, imap, pop3);
INSERT INTO users VALUES ('ann@one.test', '{PLAIN}a1', 1, 1), ('bob@one.test', '{PLAIN}b1', 0, 1),
    ('off@one.test', '{PLAIN}o1', 0, 0);
END
ext services services <<END
password_query = SELECT pw AS password FROM users WHERE user='%u' \\
  AND ('%s' = 'imap' AND imap = 1 OR '%Us' = 'POP3' AND pop3 = 1)
END
cp one three
echo "off@one.test:{PLAIN}o1:$ids::$tmp/home/off::" >>three
# over SERVICE USER PASSWORD: Dovecot lets the user in.
over() {
	doveadm -c "$conf" auth test -x "service=$1" -x rip=127.0.0.1 "$2" "$3" >/dev/null 2>&1
}
for asked in deny query; do
	if [ "$asked" = deny ]; then
		pass deny.%s 'deny = yes'
		pass one
		user one
	else
		sql passdb services
		user three
	fi >settings
	serve "service-$asked" <settings
	ok "a database that is asked for the service ($asked): who may use one of IMAP and POP3 alone" '
		over imap ann@one.test a1
		not over imap bob@one.test b1
		over pop3 bob@one.test b1
		for user in ann:a1 bob:b1; do
			[ "$(member "${user%:*}@one.test" active)" = true ]
			[ "$(member "${user%:*}@one.test" secret)" = "{PLAIN}${user#*:}" ]
		done
		for user in ann:a1 bob:b1; do
			name=${user%:*}@one.test
			for protocol in imap pop3; do
				over "$protocol" "$name" "${user#*:}" || printf "%s " "$protocol"
			done >want
			sed -n "s/.*\"address\":\"$name\".*\"disabled\":\[\"\([a-z0-9]*\)\"\].*/\1 /p" out |
			    tr -d "\n" >got
			same want got
		done
		[ "$(grep -c disabled out)" -gt 0 ]
		[ "$asked" = deny ] || {
			not over imap off@one.test o1
			not over pop3 off@one.test o1
			[ "$(member off@one.test active)" = false ]
		}'
done
file system <<END
mail:{PLAIN}m1
daemon:{PLAIN}d1
nosuchuser:{PLAIN}n1
END
{
	pass system
	printf 'userdb {\n  driver = passwd\n}\n'
} >settings
serve passwd <settings
ok 'userdb passwd beside another passdb: the users of this system' '
	dirdump-dovecot -d one.test -c "$conf" >out 2>err || [ $? -eq 1 ]
	for name in mail:m1 daemon:d1; do
		user=${name%:*}
		may_login "$user" "${name#*:}"
		[ "$(member "$user@one.test" home)" = "$(getent passwd "$user" | cut -d: -f6)" ]
		[ "$(member "$user@one.test" uid)" = "$(id -u "$user")" ]
		doveadm -c "$conf" user -f uid "$user" >uid.of
		has uid.of "$(id -u "$user")"
	done
	hasnt out nosuchuser
	has err "dirdump shadow"'

# --- what cannot be read ---

for driver in pam lua oauth2 shadow checkpassword; do
	sed "s/DRIVER/$driver/" >unread <<-END
	# 2.3.19.1 (9b53102964): /etc/dovecot/dovecot.conf
	passdb {
	  driver = DRIVER
	  args = $tmp/nothing
	}
	userdb {
	  driver = passwd-file
	  args = $tmp/one
	}
	END
	ok "passdb $driver: its users stay active, without a secret" '
		run 1 dirdump-dovecot -c unread >out 2>err
		for name in ann bob; do
			[ "$(member "$name@one.test" active)" = true ]
			[ -z "$(member "$name@one.test" secret)" ]
		done
		has err "passdb 1 ($driver): the driver \"$driver\" cannot be listed"
		has err "without a password: 2 lines"
		has out "\"type\":\"note\",\"what\":\"passdb 1 ($driver)\""
		mkaccounts --partial --no-secret=empty out >plan 2>err.plan || :
		has plan ann
		hasnt plan authenticate'
done
ok 'a locked hash elsewhere does not make them inactive, a deny does' '
	echo "ann@one.test:!locked:$ids::$tmp/home/ann::" >locked
	{
		sed -n 1p unread
		pass deny "deny = yes"
		pass locked
		sed 1d unread
	} >mixed
	run 1 dirdump-dovecot -c mixed >out 2>err
	[ "$(member ann@one.test active)" = true ]
	[ "$(member bob@one.test active)" = false ]'
for args in 'password=shared' 'nopassword=y'; do
	{
		printf 'passdb {\n  driver = static\n  args = %s\n}\n' "$args"
		user one
	} >settings
serve "static-${args%=*}" <settings
	ok "passdb static with $args lets everybody in" '
		for name in ann bob; do
			may_login "$name@one.test" shared
			[ "$(member "$name@one.test" active)" = true ]
			[ -z "$(member "$name@one.test" secret)" ]
		done
		hasnt out shared'
done
{
	pass one
	printf 'userdb {\n  driver = static\n  args = uid=1000 gid=1000 home=/s/%%n allow_all_users=yes\n}\n'
} >settings
serve allow-all <settings
ok 'allow_all_users is no field of a user' '
	[ "$got" -eq 0 ]
	hasnt err "extra fields"
	agrees ann@one.test a1
	agrees bob@one.test b1'
cat >odd <<END
# 2.3.19.1 (9b53102964): /etc/dovecot/dovecot.conf
passdb {
  driver = passwd-file
  args = $tmp/one
  surprise = yes
}
userdb {
  driver = passwd-file
  args = $tmp/one
}
END
ok 'a setting that is not understood is named, with its block' '
	run 1 dirdump-dovecot -c odd >out 2>err
	has err "passdb 1 (passwd-file): the setting \"surprise\" is not understood"
	has out "\"what\":\"passdb 1 (passwd-file)\""'

# --- queries ---

table m <<END
CREATE TABLE people (addr, pw, active);
INSERT INTO people VALUES ('ann@one.test', '{PLAIN}a1', 1), ('gone@one.test', '{PLAIN}g1', 0),
 ('bea@one.test', '{PLAIN}b1', 1);
END
ext comment m <<'END'
password_query = SELECT pw AS password FROM people \
  # those who left

  WHERE addr = '%u' \
# stay out
  AND active = 1
user_query = SELECT '/h/%n' AS home, 1000 AS uid, \
    1000 AS gid FROM people WHERE addr = '%u'
iterate_query = SELECT addr AS user FROM people
END
{
	sql passdb comment
	sql userdb comment
} >settings
serve comment <settings
ok 'comments and empty lines between continued lines end nothing' '
	not may_login gone@one.test g1
	agrees gone@one.test g1
	agrees ann@one.test a1
	agrees bea@one.test b1'
ext switched m <<'END'
password_query = SELECT pw AS password FROM people WHERE addr = '%u' AND active = 1
user_query = SELECT '/h/%n' AS home, 1000 AS uid, 1000 AS gid FROM people WHERE addr = '%u' AND active = 1
iterate_query = SELECT addr AS user FROM people
END
{
	sql passdb switched
	sql userdb switched
} >settings
serve switched <settings
ok 'a listed name that the query of one user does not find: its name, and why' '
	[ "$got" -eq 1 ]
	not doveadm -c "$conf" user gone@one.test
	has err "gone@one.test: a listed name that the query of one user does not find (switched off?)"
	hasnt out gone@one.test
	agrees ann@one.test a1
	agrees bea@one.test b1'
ext unlisted m <<'END'
password_query = SELECT pw AS password FROM people WHERE addr = '%Lu'
user_query = SELECT '/h/%n' AS home, 1000 AS uid, 1000 AS gid FROM people WHERE addr = '%Lu'
END
sqlite3 m.sqlite "CREATE TABLE users (username, domain); INSERT INTO users VALUES ('stranger', 'one.test')"
{
	sql passdb unlisted
	sql userdb unlisted
} >settings
serve unlisted <settings
ok 'no iterate_query: the line to add, and nobody of another table' '
	[ "$got" -eq 1 ]
	has err "unlisted.ext: there is no iterate_query"
	has err "iterate_query = SELECT addr AS user FROM people"
	has err "dirdump sql"
	hasnt out stranger
	sed "s/people/virtual_users/g" unlisted.ext >isp.ext
	sed "s/unlisted.ext/isp.ext/" "$conf" >isp.conf
	run 1 dirdump-dovecot -c isp.conf >out 2>err
	has err "the map ispmail"'
if command -v postconf >/dev/null; then
	ok 'and the mailboxes of Postfix are its users' '
		mkdir pf
		printf "%s\n" "ann@one.test one.test/ann/" "gone@one.test one.test/gone/" \
		    "nobody@one.test one.test/nobody/" "@one.test one.test/all/" >pf/boxes
		printf "%s\n" "virtual_mailbox_domains = one.test" "compatibility_level = 2" \
		    "virtual_mailbox_maps = texthash:$tmp/pf/boxes" >pf/main.cf
		: >pf/master.cf
		run 1 dirdump-dovecot --postfix pf -c "$conf" >out 2>err
		agrees ann@one.test a1
		agrees gone@one.test g1
		hasnt out nobody@one.test'
fi

# --- variables ---

for name in '%{orig_user}' '%{auth_user}' '%{orig_username}@%{orig_domain}' '%Lu' \
    '%{if;%d;eq;one.test;%u;x}' '%{if;%{domain};ne;one.test;x;%{user}}' \
    "' || substr('%{sha1:user}%Mu%{md5:user}%1.8Nn%Hn%{lport}%{local_name}%{session}%a%p%{pid}', 1, 0) || '%u"; do
	ext vars m <<-END
	password_query = SELECT pw AS password FROM people WHERE addr = '$name'
	user_query = SELECT '/h/%n' AS home, 1000 AS uid, 1000 AS gid FROM people WHERE addr = '$name'
	iterate_query = SELECT addr AS user FROM people
	END
	{
		sql passdb vars
		sql userdb vars
	} >settings
serve "vars$tap_n" <settings
	ok "a query with $name" '
		[ "$got" -eq 0 ]
		agrees ann@one.test a1
		agrees bea@one.test b1'
done
{
	pass one
	printf 'userdb {\n  driver = static\n'
	printf '  args = uid=1000 gid=1000 home=/%%Mu/%%{sha1:user}/%%2.256Nn/%%4.16Hu/%%{sha256;rounds=3,salt=x:username}/%%3Rn/%%-1.1d/%%Xn/%%{md5;format=base64:domain}\n}\n'
} >settings
serve hashes <settings
ok 'hashes of the name are those of the server' '
	for name in ann bob; do
		doveadm -c "$conf" user -f home "$name@one.test" >home.of
		[ "$(cat home.of)" = "$(member "$name@one.test" home)" ]
	done'
ext password m <<'END'
password_query = SELECT NULL AS password, 'Y' AS nopassword FROM people WHERE addr = '%u' AND pw = '{PLAIN}%w'
user_query = SELECT '/h/%n' AS home, 1000 AS uid, 1000 AS gid FROM people WHERE addr = '%u'
iterate_query = SELECT addr AS user FROM people
END
{
	sql passdb password
	pass one
	sql userdb password
} >settings
serve password <settings
ok 'a variable that only a login decides puts that database out, not the run' '
	[ "$got" -eq 1 ]
	may_login bea@one.test b1
	has err "passdb 1 (sql): password_query has the variable %w"
	[ "$(member bea@one.test active)" = true ]
	[ -z "$(member bea@one.test secret)" ]
	[ "$(member ann@one.test secret)" = "{PLAIN}a1" ]
	has out "\"type\":\"end\""'

# --- 2.4, as saved texts ---

table f <<END
CREATE TABLE users (userid, pw, home, nologin, user);
INSERT INTO users VALUES ('ann@one.test', '{PLAIN}a1', '/wrong', 'x', 'other@one.test'),
 ('bea@one.test', '{PLAIN}b1', '/wrong', 'x', 'other@one.test');
END
saved24() {
	{
		cat <<-END
		# 2.4.1-4 (7d8c0e5759): /etc/dovecot/dovecot.conf
		dovecot_config_version = 2.4.1
		sql_driver = sqlite
		sqlite_path = $tmp/f.sqlite
		passdb_default_password_scheme = PLAIN
		END
		cat
	} >saved
	got=0
	dirdump-dovecot -v -c saved >out 2>err || got=$?
}
saved24 <<'END'
passdb sql {
  query = SELECT pw, nologin, user FROM users WHERE userid = '%{user}'
  passdb_fields_import_all = no
  fields {
    password = %{sql:pw}
  }
}
userdb sql {
  query = SELECT home, 1000 AS uid, 1000 AS gid FROM users WHERE userid = '%{user}'
  iterate_query = SELECT userid AS user FROM users
  userdb_fields_import_all = no
  fields {
    home = /right/%{user | domain}/%{user | username}
    uid = %{sql:uid}
    gid = %{sql:gid}
  }
}
namespace inbox {
  acl "user=bob@one.test" {
    rights = lr
  }
}
END
ok '2.4: fields_import_all = no leaves the columns out; a block whose name has a "="' '
	[ "$got" -eq 0 ]
	for name in ann bea; do
		[ "$(member "$name@one.test" home)" = "/right/one.test/$name" ]
		[ "$(member "$name@one.test" active)" = true ]
	done'
saved24 <<END
mail_plugins {
  quota = yes
}
quota User {
}
passdb passwd-file {
  passwd_file_path = $tmp/one
  username_filter = *@two.test
}
passdb two {
  driver = passwd-file
  passwd_file_path = $tmp/two
  mechanisms_filter = plain
  result_failure = return-fail
}
passdb three {
  driver = passwd-file
  passwd_file_path = $tmp/one
}
userdb passwd-file {
  passwd_file_path = $tmp/one
  fields {
    uid:default = 8
    home:default = /d/%{user}
    quota_storage_size = 5M
  }
}
END
ok '2.4: filters, rules and fields' '
	[ "$(member ann@one.test secret)" = "{PLAIN}a2" ]
	[ "$(member bob@one.test active)" = false ]
	[ "$(member ann@one.test home)" = "$tmp/home/ann" ]
	[ "$(member ann@one.test uid)" = "${ids%:*}" ]
	[ "$(member ann@one.test quota)" = 5242880 ]'

for key in password passdb_static_password; do
	saved24 <<-END
	passdb static {
	  $key = shared
	}
	userdb passwd-file {
	  passwd_file_path = $tmp/one
	}
	END
	ok "2.4: $key of a static passdb lets everybody in" '
		[ "$got" -eq 0 ]
		hasnt err "not understood"
		hasnt out shared
		for name in ann bob; do
			[ "$(member "$name@one.test" active)" = true ]
		done'
done

# --- files ---

ok 'a database that is a FIFO or a device, or has no name, is refused' '
	mkfifo fifo
	{
		sed -n 1p unread
		pass fifo
		user one
	} >other
	run 2 dirdump-dovecot -c other >out 2>err
	has err "fifo: not a regular file"
	sed "s,$tmp/fifo,/dev/zero," other >device
	run 2 dirdump-dovecot -c device >out 2>err
	has err "/dev/zero: not a regular file"
	printf "driver = sqlite\nconnect = %s\npassword_query = SELECT 1\n" "$tmp/fifo" >bad.ext
	{
		sed -n 1p unread
		sql passdb bad
		user one
	} >other
	run 2 dirdump-dovecot -c other >out 2>err
	has err "fifo: not a regular file"
	sed "s/^connect.*//" bad.ext >none.ext
	sed "s/bad.ext/none.ext/" other >none
	run 2 dirdump-dovecot -c none >out 2>err
	has err "no file of the SQLite database is named"'
ok 'a connection string that is not one is not repeated' '
	printf "driver = pgsql\nconnect = host=/nowhere password=my secretword\npassword_query = SELECT 1\n" >pg.ext
	{
		sed -n 1p unread
		sql passdb pg
		user one
	} >other
	run 2 dirdump-dovecot -v -c other >out 2>err
	has err "not a valid connection string"
	hasnt err secretword
	hasnt err "my"'

# --- random chains ---

if [ "$(id -u)" -eq 0 ]; then
	# Those that once were wrong, and a few more.
	for seed in 5 20 25 30 53 115 162 196 211 324 380 419 1156 1178 1181 \
	    1198 1474 3007 3040 3290 3312 5000 5243 5260 5296 \
	    9002 9030 9070 41041 41051 42042; do
		# In the scratch folder, which a Dovecot that lives in another
		# root sees too.
		ok "a random chain: seed $seed" '
			TMPDIR=$tmp /usr/bin/python3 "$top/tests/source/chains.py" "$seed"'
	done
fi

done_testing
