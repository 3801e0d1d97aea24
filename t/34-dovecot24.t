#!/bin/sh
# dirdump dovecot and Dovecot 2.4: saved texts of its doveconf, and what a
# recorded server made of the same users; and a running server in a folder of
# Debian 13, where tests/helper/dovecot has put it.
. "${0%/*}/lib.sh"
. "$top/t/ldap.sh"
need sqlite3
need doveadm dovecot-core
need /usr/bin/python3 python3

real=$fixtures/real/dovecot-2.4
mkdir dom dom/one.test dom/two.test
cp "$real/users" users
for name in passwdfile perdomain sql; do
	sed -e "s,/etc/dovecot/users,$tmp/users," -e "s,/etc/dovecot/dom,$tmp/dom," \
	    "$real/$name.txt" >$name
	# Without the plugin and a root no quota limits anybody.
	printf 'mail_plugins {\n  quota = yes\n}\nquota User {\n}\n' >>$name
done
echo "ann:{PLAIN}a:5000:5000::/h/ann::" >dom/one.test/passwd
echo "bob:{PLAIN}b:5000:5000::/h/bob::" >dom/two.test/passwd
{
	cat passwdfile
	echo 'passdb_default_password_scheme = PLAIN'
} >whole

# active ADDRESS: whether the account is.
active() {
	sed -n "s/.*\"address\":\"$1\".*\"active\":\([a-z]*\).*/\1/p" out
}
quota() {
	sed -n "s/.*\"address\":\"$1\".*\"quota\":\([0-9]*\).*/\1/p" out
}

ok 'a saved text that does not say the default scheme' '
	run 2 dirdump-dovecot -c passwdfile >out 2>err
	has err "the text does not say the scheme of passwords without one"
	hasnt out "\"end\""
	run 1 dirdump-dovecot -c passwdfile -s CRYPT >out 2>err
	has out "\"default_scheme\":\"CRYPT\""'
ok 'the recorded users' '
	run 1 dirdump-dovecot -c whole >out 2>err
	for name in tagged clear plain quota23 last nonl; do
		[ "$(active $name@one.test)" = true ]
	done
	for name in nohash nologin; do
		[ "$(active $name@one.test)" = false ]
	done
	has err "users:7: upper@one.test: a listed name that the server does not find"
	hasnt out "upper@one.test"
	has out "\"secret\":\"correct horse 7!\",\"default_scheme\":\"PLAIN\""'
ok 'a hash without a scheme is a clear password to 2.4.1: it is said' '
	has err "untagged@one.test: "
	has err "looks like a hash"
	grep "untagged@one.test" out | grep -q "\"default_scheme\":\"PLAIN\""'
ok 'quotas: the default of the fields, and no rule of 2.3' '
	[ "$(quota tagged@one.test)" = 1073741824 ]
	[ "$(quota quota23@one.test)" = 5368709120 ]
	[ "$(quota plain@one.test)" = 5368709120 ]'
ok 'a file for each domain' '
	run 0 dirdump-dovecot -c perdomain -s PLAIN >out 2>err
	grep -o "\"address\":\"[^\"]*\"" out >got
	printf "\"address\":\"%s\"\n" ann@one.test bob@two.test >want
	same want got'

# The users of the recorded run with an SQL database.
crypt=$(doveadm pw -s SHA512-CRYPT -p 'correct horse 7!')
sqlite3 auth.sqlite <<END
CREATE TABLE users (username text, domain text, password text, home text,
 uid int, gid int, quota text, active text);
INSERT INTO users VALUES
('ann', 'one.test', '$crypt', '/h/ann', 5000, 5000, '1G', 'Y'),
('bob', 'one.test', '${crypt#*\}}', '/h/bob', 5000, 5000, NULL, 'Y'),
('off', 'one.test', '{PLAIN}x', '/h/off', 5000, 5000, '5000000', 'N');
END
sed "s,/etc/dovecot/auth.sqlite,$tmp/auth.sqlite," sql >sql.saved
ok 'SQL: the recorded users' '
	run 2 dirdump-dovecot -c sql.saved >out 2>err
	has err "the text does not say the scheme of passwords without one"
	echo "passdb_default_password_scheme = PLAIN" >>sql.saved
	run 1 dirdump-dovecot -c sql.saved >out 2>err
	[ "$(active ann@one.test)" = true ]
	[ "$(active off@one.test)" = false ]
	[ "$(quota ann@one.test)" = 1073741824 ]
	[ "$(quota off@one.test)" = 5000000 ]
	[ -z "$(quota bob@one.test)" ]
	has err "bob@one.test: "
	has err "looks like a hash"'
ok 'SQL: no list, no query, no database' '
	sed "/iterate_query/d" sql.saved >other
	run 1 dirdump-dovecot -c other >out 2>err
	has err "there is no iterate_query"
	sed "/^  query = SELECT home/d" sql.saved >other
	run 2 dirdump-dovecot -c other >out 2>err
	has err "there is no query"
	sed "/^sqlite_path/d" sql.saved >other
	run 2 dirdump-dovecot -c other >out 2>err
	has err "no database is named"
	sed "s/^sql_driver.*/sql_driver = cassandra/" sql.saved >other
	run 2 dirdump-dovecot -c other >out 2>err
	has err "not mysql, pgsql or sqlite"'

root=$("$top/tests/helper/dovecot" 2.4) || root=
[ "$(id -u)" -eq 0 ] || root=
if [ -z "$root" ]; then
	if [ "${FERRY_REQUIRE_ALL:-0}" = 1 ]; then
		ok 'Dovecot 2.4 is there: tests/helper/dovecot 2.4 --install' 'false'
	else
		tap_n=$((tap_n + 1))
		echo "ok $tap_n - a running Dovecot 2.4 # SKIP not there: tests/helper/dovecot 2.4 --install"
	fi
	done_testing
fi

# A folder of this run within the root, so that runs do not meet.
inside=$(mktemp -d "$root/tmp/mailferry-t.XXXXXX")
at_exit="rm -rf '$inside'; $at_exit"
dir=${inside#"$root"}
chmod 755 "$inside"
in24() {
	chroot "$root" "$@"
}
conf=$dir/dovecot.conf
cp "$real/users" "$inside/users"
chmod 644 "$inside/users"
mkdir "$inside/base" "$inside/state"
cat >"$inside/dovecot.conf" <<END
dovecot_config_version = 2.4.1
dovecot_storage_version = 2.4.1
base_dir = $dir/base
state_dir = $dir/state
log_path = $dir/log
protocols =
ssl = no
first_valid_uid = 1
auth_mechanisms = plain
auth_failure_delay = 0
mail_driver = maildir
mail_path = ~/Maildir
mail_uid = 5000
mail_gid = 5000
mail_plugins {
  quota = yes
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
passdb passwd-file {
  passwd_file_path = $dir/users
}
userdb passwd-file {
  passwd_file_path = $dir/users
  fields {
    quota_storage_size:default = 5G
  }
}
quota User {
}
END
in24 dovecot -c "$conf" || { echo 'Bail out! dovecot 2.4 does not start'; exit 2; }
at_exit="chroot '$root' doveadm -c '$conf' stop 2>/dev/null; $at_exit"
{
	in24 doveconf -c "$conf" -nP
	in24 doveconf -c "$conf" passdb_default_password_scheme
} 2>doveconf.err | sed "s,$dir/users,$inside/users," >saved

ok 'a running Dovecot 2.4 lets in whom the records call active' '
	run 1 dirdump-dovecot -c saved >out 2>err
	sed -n "s/.*\"type\":\"account\",\"address\":\"\([^\"]*\)\".*/\1/p" out >names
	[ "$(wc -l <names)" -eq 10 ]
	while read -r name; do
		echo "$name"
		if in24 doveadm -c "$conf" auth test -x rip=127.0.0.1 "$name" "correct horse 7!" >answer 2>&1 </dev/null &&
		    ! grep -q "[[:space:]]nologin" answer; then
			[ "$(active "$name")" = true ]
		else
			case $name in
			# Refused for what the text is, which the record says.
			md5@* | untagged@*) ;;
			*) [ "$(active "$name")" = false ] ;;
			esac
		fi
		in24 doveadm -c "$conf" user "$name" >fields </dev/null
		[ "$(sed -n "s/^home[[:space:]]//p" fields)" = "$(sed -n "s/.*\"address\":\"$name\".*\"home\":\"\([^\"]*\)\".*/\1/p" out)" ]
		size=$(sed -n "s/^quota_storage_size[[:space:]]//p" fields)
		case $size in
		1G) [ "$(quota "$name")" = 1073741824 ] ;;
		5G) [ "$(quota "$name")" = 5368709120 ] ;;
		*) false ;;
		esac
	done <names'

# serve24 NAME <DATABASES: one more server; its settings go to NAME.saved.
serve24() {
	conf=$dir/$1.conf
	mkdir "$inside/$1.base" "$inside/$1.state"
	{
		sed '/^passdb/,$d' "$inside/dovecot.conf" |
		    sed "s,$dir/base,$dir/$1.base,; s,$dir/state,$dir/$1.state,"
		cat
	} >"$inside/$1.conf"
	in24 dovecot -c "$conf" || { echo 'Bail out! dovecot 2.4 does not start'; exit 2; }
	at_exit="chroot '$root' doveadm -c '$conf' stop 2>/dev/null; $at_exit"
	{
		in24 doveconf -c "$conf" -nP
		in24 doveconf -c "$conf" passdb_default_password_scheme
	} 2>doveconf.err | sed "s,$dir/auth.sqlite,$inside/auth.sqlite,; s,$dir/users,$inside/users," >"$1.saved"
}

serve24 hashed <<END
passdb passwd-file {
  passwd_file_path = $dir/users
}
userdb static {
  fields {
    uid = 5000
    gid = 5000
    home = /%{user | sha1 | substr(0,2)}/%{user | domain | md5 | hexlify(4)}/%{user | sha256 | hexlify | substr(-3,2)}/%{user}
  }
}
END
ok 'hashes of names in the homes of a running 2.4' '
	dirdump-dovecot -q -c hashed.saved >out 2>err || [ $? -eq 1 ]
	sed -n "s/.*\"type\":\"account\",\"address\":\"\([^\"]*\)\".*\"home\":\"\([^\"]*\)\".*/\1 \2/p" out >homes
	[ "$(wc -l <homes)" -gt 5 ]
	while read -r name home; do
		[ "$(in24 doveadm -c "$conf" user -f home "$name" </dev/null)" = "$home" ]
	done <homes'

# agrees USER PASSWORD: the record says what the server does.
agrees() {
	in24 doveadm -c "$conf" auth test -x rip=127.0.0.1 "$1" "$2" >answer 2>&1 </dev/null &&
	    test=true || test=false
	[ "$(active "$1")" = "$test" ]
	in24 doveadm -c "$conf" user "$1" >fields </dev/null
	[ "$(sed -n "s/^home[[:space:]]//p" fields)" = "$(sed -n "s/.*\"address\":\"$1\".*\"home\":\"\([^\"]*\)\".*/\1/p" out)" ]
}

cp auth.sqlite "$inside"
chmod 644 "$inside/auth.sqlite"
serve24 sql <<END
auth_default_domain = one.test
sql_driver = sqlite
sqlite_path = $dir/auth.sqlite
passdb sql {
  default_password_scheme = CRYPT
  query = SELECT username, domain, password FROM users WHERE username = '%{user | username | lower}' AND domain = '%{user|domain}' AND active = 'Y'
}
userdb sql {
  iterate_query = SELECT username, domain FROM users
  query = SELECT uid, gid, home AS h, quota AS quota_storage_size FROM users WHERE username = '%{user|username}' AND domain = '%{user|domain}'
  fields {
    home = /vmail%{sql:h}
    mail_path = %{sql:none | default('~/Maildir')}
  }
}
END
ok 'SQL in a running 2.4' '
	run 0 dirdump-dovecot -c sql.saved >out 2>err
	agrees ann@one.test "correct horse 7!"
	agrees bob@one.test "correct horse 7!"
	agrees off@one.test x
	in24 doveadm -c "$conf" auth test ann "correct horse 7!" >answer
	has out "\"address\":\"ann@one.test\",\"logins\":[\"ann\"]"
	has out "\"home\":\"/vmail/h/ann\""
	[ "$(grep -c "\"type\":\"account\"" out)" -eq 3 ]'

# Each limit that the server has for a user, in KiB, and that of the record.
mkdir "$inside/homes"
chmod 777 "$inside/homes"
for user in ann: bob:userdb_quota_storage_size=2G eve:userdb_quota_storage_size=0; do
	name=${user%%:*}
	echo "$name@one.test:{PLAIN}x:5000:5000::$dir/homes/$name::${user#*:}"
done >"$inside/limited"
chmod 644 "$inside/limited"
limits() {
	dirdump-dovecot -c "$1.saved" >out 2>err
	for name in ann bob eve; do
		in24 doveadm -c "$conf" -f tab quota get -u "$name@one.test" |
		    awk -F "\t" "\$2 == \"STORAGE\" { print \$4 }" >want
		bytes=$(quota "$name@one.test")
		echo "${bytes:+$((bytes / 1024))}" | sed "s/^$/-/" >got
		same want got
	done
}
for kind in block whole; do
	size='storage_size = 3G'
	[ "$kind" = block ] || size=
	serve24 "$kind" <<-END
	mail_plugins {
	  quota = yes
	}
	quota_storage_size = 1G
	quota "User quota" {
	  $size
	}
	passdb passwd-file {
	  passwd_file_path = $dir/limited
	}
	userdb passwd-file {
	  passwd_file_path = $dir/limited
	}
	END
	sed "s,$dir/limited,$inside/limited," "$kind.saved" >"$kind.new"
	mv "$kind.new" "$kind.saved"
	ok "quota: a size in the block of a quota beats a user's ($kind)" '
		limits "$kind"'
done

# What limits, and by how much: a message of 60 kB is the judge.
for user in ann: bob:userdb_quota_storage_size=8K eve:userdb_quota_storage_size=0 \
    'fay:userdb_quota_storage_size=4K userdb_quota_storage_percentage=200 userdb_quota_storage_extra=3K' \
    'gus:userdb_quota_storage_size=4K userdb_quota_ignore=yes'; do
	name=${user%%:*}
	echo "$name@one.test:{PLAIN}x:5000:5000::$dir/homes/$name-small::${user#*:}"
done >"$inside/small"
chmod 644 "$inside/small"
{ echo 'Subject: x'; echo; head -c 60000 /dev/zero | tr '\0' x | fold; } >large
# same_limits NAME <SETTINGS
same_limits() {
	{
		echo 'quota_storage_grace = 0'
		cat
		printf '%s {\n  passwd_file_path = %s\n}\n' "passdb passwd-file" "$dir/small" \
		    "userdb passwd-file" "$dir/small"
	} >small.settings
	serve24 "$1" <small.settings
	sed "s,$dir/small,$inside/small," "$1.saved" >small.saved
	dirdump-dovecot -v -c small.saved >out 2>err
	for name in ann bob eve fay gus; do
		in24 doveadm -c "$conf" -f tab quota get -u "$name@one.test" >quotas 2>/dev/null || :
		if in24 doveadm -c "$conf" save -u "$name@one.test" <large 2>/dev/null; then
			echo "$name"
		else
			echo "$name $(awk -F "\t" "\$2 == \"STORAGE\" { print \$4 * 1024 }" quotas | sort -n | head -n 1)"
		fi
	done >want
	for name in ann bob eve fay gus; do
		echo "$name $(quota "$name@one.test")" | sed 's/ $//'
	done >got
	same want got
	rm -rf "$inside"/homes/*-small
	in24 doveadm -c "$conf" stop
}
ok 'quota: no root, or one that enforces nothing, limits nobody' '
	printf "quota_storage_size = 9K\n" | same_limits rootless
	has err "a quota that limits nobody, because the plugin has no quota root"
	printf "quota User {\n  storage_size = 9K\n  enforce = no\n}\n" | same_limits counts
	printf "quota_ignore = yes\nquota User {\n  driver = maildir\n  storage_size = 9K\n}\n" | same_limits ignored'
ok 'quota: a part of a size, and more than it' '
	printf "quota User {\n  driver = maildir\n  storage_size = 8K\n  storage_percentage = 50\n  storage_extra = 1K\n}\n" |
	    same_limits computed
	printf "quota_storage_extra = 2K\nquota_storage_size = 6K\nquota User {\n  driver = maildir\n  storage_percentage = 150\n}\n" |
	    same_limits spread'
ok 'quota: of several roots the smallest; messages and folders are named' '
	printf "quota One {\n  driver = maildir\n  storage_size = 9K\n}\nquota Two {\n  driver = maildir\n  storage_size = 5K\n}\n" |
	    same_limits two
	has err "ann@one.test: several quotas limit the mailbox, of which the smallest is carried"
	printf "quota User {\n  driver = maildir\n  message_count = 7\n}\n" | same_limits messages
	has err "ann@one.test: a quota of one mailbox or of the number of messages is not carried"
	printf "quota User {\n  driver = maildir\n}\nnamespace inbox {\n  inbox = yes\n  mailbox Trash {\n    quota_ignore = yes\n  }\n}\n" |
	    same_limits folders
	has err "ann@one.test: a quota of one mailbox or of the number of messages is not carried"'

serve24 chosen <<END
sql_driver = sqlite
sqlite_path = $dir/auth.sqlite
passdb passwd-file {
  passwd_file_path = $dir/users
  fields {
    allow_nets = %{user | domain | if('eq', 'one.test', '127.0.0.0/8', '10.0.0.0/8')}
  }
}
passdb sql {
  default_password_scheme = CRYPT
  query = SELECT password FROM users WHERE username = '%{user | username}' AND domain = '%{user | domain}'
  fields {
    nologin = %{user | domain | if('eq', 'one.test', 'no', 'yes')}
  }
}
userdb sql {
  iterate_query = SELECT username, domain FROM users
  query = SELECT uid, gid, home FROM users WHERE username = '%{user|username}' AND domain = '%{user|domain}'
  fields {
    home = /q/%{user | md5 | hexlify(2) | upper}/%{user | concat('-', user)}
    quota_storage_size = %{user | domain | if('eq', 'one.test', '1G', '2G')}
  }
}
quota User {
}
END
ok 'conditions in the fields of a running 2.4' '
	dirdump-dovecot -q -c chosen.saved >out 2>err || [ $? -eq 1 ]
	[ "$(quota ann@one.test)" = 1073741824 ]
	for user in ann@one.test bob@one.test; do
		in24 doveadm -c "$conf" user -f quota_storage_size "$user" >size </dev/null
		[ "$(quota "$user")" = $(($(tr -d G <size) << 30)) ]
		in24 doveadm -c "$conf" auth test -x rip=127.0.0.1 "$user" "correct horse 7!" \
		    >answer 2>&1 </dev/null && ! grep -q "[[:space:]]nologin" answer &&
		    now=true || now=false
		[ "$(active "$user")" = $now ]
		in24 doveadm -c "$conf" user -f home "$user" >home </dev/null
		grep -q "\"address\":\"$user\".*\"home\":\"$(cat home)\"" out
	done'

serve24 odd <<END
sql_driver = sqlite
sqlite_path = $dir/auth.sqlite
passdb passwd-file {
  passwd_file_path = $dir/users
  fields {
    allow_nets = %{user | domain | regexp('^one', '127.0.0.0/8')}
  }
}
passdb sql {
  default_password_scheme = CRYPT
  query = SELECT password FROM users WHERE username = '%{user | username}'
  fields {
    nologin = %{user | domain | regexp('^one', 'no')}
  }
}
userdb sql {
  iterate_query = SELECT username, domain FROM users
  query = SELECT uid, gid, home FROM users WHERE username = '%{user|username}'
  fields {
    quota_storage_size = %{user | domain | regexp('^one', '1G')}
  }
}
END
ok 'functions that are not known: the field or the database is named, the rest read' '
	run 1 dirdump-dovecot -v -c odd.saved >out 2>err
	in24 doveadm -c "$conf" user -f home ann@one.test >home
	[ "$(grep -c "\"type\":\"account\"" out)" -eq 3 ]
	grep "\"address\":\"ann@one.test\"" out >ann
	has ann "\"home\":\"$(cat home)\""
	hasnt ann allow_nets
	for what in "passdb 1 (passwd-file)" "passdb 2 (sql)" "userdb 1 (sql)"; do
		grep "\"what\":\"$what\"" out | has /dev/stdin "has the variable %{user | domain | regexp("
	done
	has err "passdb 2 (sql): the field \"nologin\" has the variable"
	has err "userdb 1 (sql): the field \"quota_storage_size\" has the variable"'

start_slapd people '' <<END
dn: uid=ann,dc=example,dc=org
objectClass: inetOrgPerson
objectClass: posixAccount
cn: ann
sn: ann
uid: ann
uidNumber: 5000
gidNumber: 5000
homeDirectory: /h/ann
mail: ann@one.test
userPassword: $(doveadm pw -s SSHA -p a1)
employeeType: 2G

dn: uid=bob,dc=example,dc=org
objectClass: inetOrgPerson
objectClass: posixAccount
cn: bob
sn: bob
uid: bob
uidNumber: 5000
gidNumber: 5000
homeDirectory: /h/bob
mail: bob@one.test
userPassword: {CLEARTEXT}b1
END
serve24 ldap <<END
ldap_uris = $ldap
ldap_auth_dn = $reader
ldap_auth_dn_password = reader-pass
ldap_base = dc=example,dc=org
passdb ldap {
  filter = (&(objectClass=posixAccount)(mail=%{user}))
  fields {
    user = %{ldap:mail}
    password = %{ldap:userPassword}
  }
}
userdb ldap {
  filter = (&(objectClass=posixAccount)(mail=%{user}))
  iterate_filter = (objectClass=posixAccount)
  iterate_fields {
    user = %{ldap:mail}
  }
  fields {
    home = /vmail/%{ldap:uid}
    quota_storage_size = %{ldap:employeeType | default('7M')}
  }
}
quota User {
}
END
ok 'LDAP in a running 2.4' '
	run 0 dirdump-dovecot -c ldap.saved >out 2>err
	agrees ann@one.test a1
	agrees bob@one.test b1
	[ "$(quota ann@one.test)" = 2147483648 ]
	[ "$(quota bob@one.test)" = 7340032 ]
	hasnt err reader-pass'

{
	printf '\357\273\277ann@one.test:{PLAIN}correct horse 7!:1000:1000::/h/ann::\n'
	echo 'bob@one.test:{PLAIN}correct horse 7!:1000:1000::/h/bob::'
} >"$inside/marked"
chmod 644 "$inside/marked"
serve24 marked <<END
passdb passwd-file {
  passwd_file_path = $dir/marked
}
userdb passwd-file {
  passwd_file_path = $dir/marked
}
END
ok 'a byte order mark before the first name' '
	sed -i "s,$dir/,$inside/,g" marked.saved
	not in24 doveadm -c "$conf" auth test ann@one.test "correct horse 7!"
	in24 doveadm -c "$conf" auth test bob@one.test "correct horse 7!"
	run 1 dirdump-dovecot -c marked.saved >out 2>err
	hasnt out ann@one.test
	[ "$(active bob@one.test)" = true ]
	has err "marked:1: a byte order mark before the first name"'

# --- random chains: those that once were wrong (CHAINS24_SEEDS: others) ---

for seed in ${CHAINS24_SEEDS:-1 6 17 19 33 80 106 141 9022 9033 9095 9239 9298 41154 42041 150136 150140}; do
	ok "a random chain: seed $seed" '
		/usr/bin/python3 "$top/tests/source/chains24.py" "$root" "$seed"'
done

done_testing
