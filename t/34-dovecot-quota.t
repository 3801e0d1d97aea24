#!/bin/sh
# dirdump dovecot: whose limit is one. A running Dovecot 2.3 is the judge.
. "${0%/*}/lib.sh"
. "$top/t/dovecot.sh"
need sqlite3 sqlite3

# What a login gets is in the passdb; what a delivery gets, in the userdb.
sqlite3 users.sqlite <<END
CREATE TABLE u (name, pw, login_rule, rule, home);
INSERT INTO u VALUES ('ann@one.test', '{PLAIN}a', NULL, '*:storage=2G', '$tmp/home/ann'),
 ('bob@one.test', '{PLAIN}b', '*:storage=3G', '*:storage=1G', '$tmp/home/bob'),
 ('eve@one.test', '{PLAIN}', NULL, '*:storage=4G', '$tmp/home/eve'),
 ('zoe@one.test', '{PLAIN}z', NULL, NULL, '$tmp/home/zoe');
END
cat >sql.ext <<END
driver = sqlite
connect = $tmp/users.sqlite
password_query = SELECT pw AS password, home AS userdb_home, ${ids%:*} AS userdb_uid, \\
  ${ids#*:} AS userdb_gid, login_rule AS userdb_quota_rule FROM u WHERE name = '%u'
user_query = SELECT home, ${ids%:*} AS uid, ${ids#*:} AS gid, rule AS quota_rule \\
  FROM u WHERE name = '%u'
iterate_query = SELECT name AS user FROM u
END
chmod a+r users.sqlite sql.ext
cat >settings <<END
passdb {
  driver = sql
  args = $tmp/sql.ext
}
userdb {
  driver = prefetch
}
userdb {
  driver = sql
  args = $tmp/sql.ext
}
END
start_dovecot prefetch <settings
run 0 dirdump-dovecot -v -c "$conf" >out 2>err
# limit USER: of a delivery, in bytes.
limit() {
	doveadm -c "$conf" -f tab quota get -u "$1" |
	    awk -F "\t" '$2 == "STORAGE" && $4 != "-" { print $4 * 1024 }'
}
ok 'a limit that deliveries have and logins, answered by prefetch, have not' '
	doveadm -c "$conf" auth login ann@one.test a >fields
	hasnt fields quota_rule
	for user in ann@one.test zoe@one.test eve@one.test; do
		[ "$(member "$user" quota)" = "$(limit "$user")" ]
	done
	[ "$(member ann@one.test quota)" = 2147483648 ]'
ok 'two that differ: that of logins, and it is said' '
	doveadm -c "$conf" auth login bob@one.test b >fields
	has fields "quota_rule=*:storage=3G"
	[ "$(limit bob@one.test)" = 1073741824 ]
	[ "$(member bob@one.test quota)" = 3221225472 ]
	has err "bob@one.test: a delivery has another quota than a login, which is the one that is carried: *:storage=1G"'
stop_dovecot "${conf%/*}"
cat >elsewhere.ext <<END
driver = sqlite
connect = $tmp/users.sqlite
user_query = SELECT CASE name WHEN 'ann@one.test' THEN '/other/ann' ELSE home END AS home, \\
  CASE name WHEN 'zoe@one.test' THEN 'bob@one.test' ELSE name END AS user, \\
  ${ids%:*} AS uid, ${ids#*:} AS gid, '*:storage=2G' AS quota_rule \\
  FROM u WHERE name = '%u'
iterate_query = SELECT name AS user FROM u
END
chmod a+r elsewhere.ext
sed "/^userdb/,\$ s,sql.ext,elsewhere.ext," settings >elsewhere.settings
ok 'the limit of a delivery into another mailbox is none of a login' '
	start_dovecot elsewhere <elsewhere.settings
	run 0 dirdump-dovecot -v -c "$conf" >out 2>err
	for name in ann:a zoe:z; do
		doveadm -c "$conf" auth login "${name%:*}@one.test" "${name#*:}" >fields
		hasnt fields quota_rule
		doveadm -c "$conf" user "${name%:*}@one.test" >fields
		has fields "*:storage=2G"
		[ -z "$(member "${name%:*}@one.test" quota)" ]
	done
	grep -q "^user.*bob@one.test" fields
	[ "$(member eve@one.test quota)" = 2147483648 ]
	stop_dovecot "${conf%/*}"'

# doveadm save, as a delivery does it.
save() {
	printf 'Subject: x\n\n%s\n' "$(printf '%04000d' 0)" >mail
	chmod a+r mail
	doveadm -c "$conf" save -u "$1" <mail
}
sqlite3 users.sqlite "UPDATE u SET rule = '*:bytes=1000', login_rule = rule"
ok 'no plugin, no limit: no quota is invented' '
	{
		cat settings
		echo "mail_plugins ="
	} >off.settings
	start_dovecot off <off.settings
	save zoe@one.test
	run 0 dirdump-dovecot -v -c "$conf" >out 2>err
	for user in ann bob eve zoe; do
		[ -z "$(member $user@one.test quota)" ]
	done
	has err "zoe@one.test: a quota that limits nobody, because mail_plugins has no quota"
	stop_dovecot "${conf%/*}"'
ok 'a plugin without a root limits nobody' '
	{
		cat settings
		printf "plugin {\n  quota =\n}\n"
	} >rootless.settings
	start_dovecot rootless <rootless.settings
	save zoe@one.test
	run 0 dirdump-dovecot -v -c "$conf" >out 2>err
	[ -z "$(member zoe@one.test quota)" ]
	has err "zoe@one.test: a quota that limits nobody, because the plugin has no quota root"
	stop_dovecot "${conf%/*}"'
ok 'nor does a root that only counts, or one of another namespace' '
	for root in maildir:User:noenforcing "maildir:Public:ns=Public/"; do
		{
			cat settings
			printf "plugin {\n  quota = %s\n}\n" "$root"
			printf "namespace inbox {\n  inbox = yes\n  separator = /\n}\n"
			printf "namespace pub {\n  prefix = Public/\n  separator = /\n"
			printf "  location = maildir:%s/home/pub\n}\n" "$tmp"
		} >other.settings
		start_dovecot "other${#root}" <other.settings
		save zoe@one.test
		run 0 dirdump-dovecot -v -c "$conf" >out 2>err
		[ -z "$(member zoe@one.test quota)" ]
		stop_dovecot "${conf%/*}"
	done
	sed -i "s,maildir:Public:ns=Public/,maildir:Own:ns=," other.settings
	start_dovecot own <other.settings
	not save zoe@one.test
	run 0 dirdump-dovecot -v -c "$conf" >out 2>err
	[ "$(member zoe@one.test quota)" = 1000 ]
	stop_dovecot "${conf%/*}"'
ok 'but one that the userdb gives does' '
	sed -i "s/rule AS quota_rule/rule AS quota_rule, '"'maildir:User'"' AS quota/; s/login_rule AS userdb_quota_rule/&, '"'maildir:User'"' AS userdb_quota/" sql.ext
	start_dovecot given <rootless.settings
	not save zoe@one.test
	run 0 dirdump-dovecot -v -c "$conf" >out 2>err
	[ "$(member zoe@one.test quota)" = 1000 ]
	stop_dovecot "${conf%/*}"'
ok 'the plugin for one protocol is a limit' '
	{
		cat settings
		printf "mail_plugins =\nprotocol lmtp {\n  mail_plugins = \$mail_plugins quota\n}\n"
	} >lmtp.settings
	start_dovecot lmtp <lmtp.settings
	run 0 dirdump-dovecot -v -c "$conf" >out 2>err
	[ "$(member zoe@one.test quota)" = 1000 ]
	stop_dovecot "${conf%/*}"
	start_dovecot on <settings
	not save zoe@one.test
	stop_dovecot "${conf%/*}"'

n=0
for rule in '' userdb_quota_rule=*:messages=100 userdb_quota_rule=*:ignore \
    userdb_quota_rule=INBOX:storage=+1G userdb_quota_rule=*:storage=3G \
    'userdb_quota_rule=*:storage=3G userdb_quota_rule2=*:ignore' \
    userdb_quota_rule2=Trash:storage=+100M userdb_quota_rule2=*:storage=5G \
    userdb_quota_rule3=*:storage=5G userdb_mail_plugins=acl \
    'userdb_mail_plugins=acl quota' userdb_quota= userdb_quota=maildir:Own; do
	n=$((n + 1))
	echo "u$n@one.test:{PLAIN}a:$ids::$tmp/home/u$n::$rule" >>rules
done
chmod a+r rules
cat >rules.settings <<END
plugin {
  quota_rule = *:storage=2G
}
passdb {
  driver = passwd-file
  args = $tmp/rules
}
userdb {
  driver = passwd-file
  args = $tmp/rules
}
END
ok 'a rule of a user takes the place of that of all, whatever it limits' '
	start_dovecot each <rules.settings
	run 0 dirdump-dovecot -v -c "$conf" >out 2>err
	cut -d: -f1 rules | while read -r user; do
		echo "$user $(limit "$user" 2>/dev/null)" >&3
		echo "$user $(member "$user" quota)"
	done 3>want >got
	same want got
	stop_dovecot "${conf%/*}"'

done_testing
