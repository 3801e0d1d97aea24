# What the tests of dirdump acl have: people, and a Dovecot in which they share
# folders. Read after dovecot.sh.
# shellcheck shell=sh
need jq
need sqlite3
need_dovecot /usr/lib/dovecot/modules/lib01_acl_plugin.so dovecot-core

uid=${ids%:*} gid=${ids#*:}
# person NAME GROUPS [FIELDS]: a user of Dovecot, and a record.
person() {
	echo "$1@one.test:{PLAIN}x:$uid:$gid::$tmp/home/$1::userdb_acl_groups=$2${3:+ userdb_mail=$3}" >>users
	jq -nc --arg a "$1@one.test" --arg h "$tmp/home/$1" --arg g "$2" --arg m "${3-}" \
	    '{v: 1, type: "account", address: $a, home: $h}
	     + (if $m == "" then {} else {mail: ($m | sub("~"; $h))} end)
	     + (if $g == "" then {} else {groups: ($g / ",")} end)' >>records
}
# start_shares NAME ACL PLUGIN [SETTINGS]: a Dovecot with acl = ACL, PLUGIN beside it,
# and more settings.
start_shares() {
	start_dovecot "$1" <<-END
	passdb {
	  driver = passwd-file
	  args = $tmp/users
	}
	userdb {
	  driver = passwd-file
	  args = $tmp/users
	}
	mail_plugins = acl
	namespace inbox {
	  inbox = yes
	  separator = /
	}
	namespace {
	  type = shared
	  separator = /
	  prefix = shared/%%u/
	  location = maildir:%%h/Maildir
	  subscriptions = no
	  list = children
	}
	plugin {
	  acl = $2
	  $3
	}
	${4-}
	END
}
