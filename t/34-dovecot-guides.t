#!/bin/sh
# Three installations as usual guides make them: dirdump dovecot lists all, or names
# what is missing with the command that brings it.
. "${0%/*}/lib.sh"
. "$top/t/dovecot23.sh"
need postconf postfix
need jq
. "$top/t/sql.sh"
. "$top/t/fieldmap.sh"

start_mariadb
load_my mailserver ispmail.sql ispmail.rows
my <<-END
	CREATE USER mailserver@localhost IDENTIFIED BY 'Pa55w0rd';
	GRANT SELECT ON mailserver.* TO mailserver@localhost;
END

# map NAME QUERY: a table as those of the guides.
map() {
	cat >"pf/$1.cf" <<-END
	user = mailserver
	password = Pa55w0rd
	hosts = unix:$my_socket
	dbname = mailserver
	query = $2
	END
}
mkdir pf
: >pf/master.cf
cp /etc/postfix/dynamicmaps.cf pf 2>/dev/null || :
map domains "SELECT 1 FROM virtual_domains WHERE name='%s'"
map boxes "SELECT 1 FROM virtual_users WHERE email='%s'"
map aliases "SELECT destination FROM virtual_aliases WHERE source='%s'"
map email2email "SELECT email FROM virtual_users WHERE email='%s'"

# without_place FILE: records that two readers may be compared by.
without_place() {
	jq -cS 'select(.type != "end" and .type != "note")
	    | del(.origin, .home, .mail, .uid, .gid, .default_scheme, .logins)' \
	    "$1" | sort
}

# --- ISPmail (workaround.org): SQL for all, with iterate_query ---

cat >pf/main.cf <<END
compatibility_level = 3.6
myorigin = mx.one.test
mydestination = localhost
virtual_mailbox_domains = mysql:$tmp/pf/domains.cf
virtual_mailbox_maps = mysql:$tmp/pf/boxes.cf
virtual_alias_maps = mysql:$tmp/pf/aliases.cf,mysql:$tmp/pf/email2email.cf
END
cat >ispmail.ext <<END
driver = mysql
connect = host=$my_socket dbname=mailserver user=mailserver password=Pa55w0rd
user_query = SELECT email as user, concat('*:bytes=', quota) AS quota_rule, '/var/vmail/%d/%n' AS home, 5000 AS uid, 5000 AS gid FROM virtual_users WHERE email='%u'
password_query = SELECT password FROM virtual_users WHERE email='%u'
iterate_query = SELECT email AS user FROM virtual_users
default_pass_scheme = CRYPT
END
cat >ispmail.conf <<END
mail_plugins = quota
plugin {
  quota = count:User quota
  quota_vsizes = yes
}
passdb {
  driver = sql
  args = $tmp/ispmail.ext
}
userdb {
  driver = sql
  args = $tmp/ispmail.ext
}
ssl = no
END
ok 'ISPmail: all of it, as the map of its tables has it' '
	# The guide has no domains and capitals of other alphabets.
	echo "DELETE FROM virtual_users WHERE domain_id = 3; DELETE FROM virtual_domains WHERE id = 3" | my mailserver
	run 0 dirdump dovecot -c ispmail.conf --postfix pf >out 2>err
	dirdump-sql -q --map ispmail "$(my_url mailserver)" >want.records
	without_place want.records >want
	without_place out >got
	same want got
	[ "$(grep -c "\"type\":\"account\"" got)" -eq 3 ]
	hasnt err Pa55w0rd'

# --- Arch and Linode: SQL passwords, a static userdb, nothing that lists ---

cat >linode.ext <<END
driver = mysql
connect = host=$my_socket dbname=mailserver user=mailserver password=Pa55w0rd
default_pass_scheme = CRYPT
password_query = SELECT email as user, password FROM virtual_users WHERE email='%u';
END
cat >linode.conf <<END
passdb {
  driver = sql
  args = $tmp/linode.ext
}
userdb {
  driver = static
  args = uid=5000 gid=5000 home=/var/mail/vhosts/%d/%n
}
ssl = no
END
ok 'Linode, Arch: the names are those of the mailboxes of Postfix' '
	run 1 dirdump dovecot -c linode.conf --postfix pf >out 2>err
	has err "iterate_query = SELECT email AS user FROM virtual_users"
	jq -r "select(.type == \"account\") | \"\(.address) \(.active) \(.secret != null) \(.home)\"" out | sort >got
	cat >want <<-END
	alice@one.test true true /var/mail/vhosts/one.test/alice
	bob@one.test true true /var/mail/vhosts/one.test/bob
	carol@one.test true true /var/mail/vhosts/one.test/carol
	END
	same want got
	without_place want.records | jq -cS "del(.quota)" >want
	without_place out >got
	same want got'
ok 'the line that the message has makes it complete' '
	sed -n "s/.*\(iterate_query = SELECT email AS user FROM virtual_users\).*/\1/p" err | head -n 1 >>linode.ext
	run 0 dirdump dovecot -c linode.conf --postfix pf >out 2>err
	without_place out >got
	same want got'

# --- Debian's own configuration: PAM, and mail for the users of the system ---

cat >debian.conf <<END
passdb {
  driver = pam
}
userdb {
  driver = passwd
}
mail_location = mbox:~/mail:INBOX=/var/mail/%u
ssl = no
END
cat >pf/main.cf <<END
compatibility_level = 3.6
myorigin = one.test
mydestination = one.test, localhost
alias_maps = hash:$tmp/pf/aliases
END
printf 'postmaster: root\ninfo: alice, x@away.test\n' >pf/aliases
postalias -c pf hash:pf/aliases
cat >passwd <<-\END
	alice:x:1000:1000:Alice:/home/alice:/bin/sh
END
printf 'alice:%s:19000:0:99999:7:::\n' "$(openssl passwd -6 'correct horse')" >shadow
ok 'Debian: what is missing is named, with the command that brings it' '
	run 1 dirdump dovecot -c debian.conf --postfix pf >out 2>err
	has err "passdb 1 (pam)"
	has err "userdb 1 (passwd)"
	has err "dirdump shadow"
	jq -r "select(.type == \"note\") | .what" out | sort >got
	printf "%s\n" "passdb 1 (pam)" "userdb 1 (passwd)" >want
	same want got
	has out "\"address\":\"info@one.test\",\"targets\":[\"alice@one.test\",\"x@away.test\"]"'
ok 'and the two together are all' '
	run 0 dirdump shadow -q -d one.test passwd shadow >users
	mkaccounts --partial -o plan users out 2>err || [ $? -eq 1 ]
	has plan "\"alice\""
	has plan "info"'

done_testing
