#!/bin/sh
# dirdump dovecot on what simple-nixos-mailserver makes of its settings: two
# passwd-files below /run/dovecot2, and tables of Postfix.
. "${0%/*}/lib.sh"
. "$top/t/dovecot.sh"
need postmap postfix
need jq

mkdir run pf
chmod 755 run
cat >run/passwd <<END
ann@one.test:$(doveadm pw -s BLF-CRYPT -p 'correct horse' | sed 's,{.*},,')::::::
bob@two.test:$(openssl passwd -6 'battery staple')::::::
send@one.test:$(openssl passwd -6 'only sends')::::::
END
cat >run/userdb <<END
ann@one.test:::::::userdb_quota_rule=*:storage=2G
bob@two.test:::::::
send@one.test:::::::
END
chmod 644 run/*
start_dovecot nixos <<END
passdb {
  driver = passwd-file
  args = $tmp/run/passwd
}
userdb {
  driver = passwd-file
  args = $tmp/run/userdb
  default_fields = uid=5000 gid=5000 home=$tmp/home
}
mail_location = maildir:$tmp/home/%d/%n
END

# Each account stands among the aliases, too; an address of several owners is
# there once for all; what was asked for all of a domain comes last.
cat >pf/valias <<END
info@one.test ann@one.test
ann@one.test ann@one.test
bob@two.test bob@two.test
send@one.test send@one.test
team@one.test ann@one.test, bob@two.test
away@two.test carol@away.test
@two.test bob@two.test
END
echo 'send@one.test REJECT This account cannot receive emails.' >pf/denied_recipients
printf 'one.test\ntwo.test' >pf/vhosts
cat >pf/main.cf <<END
compatibility_level = 3.6
myhostname = mx.one.test
mydestination =
recipient_delimiter = +
virtual_mailbox_domains = $tmp/pf/vhosts
virtual_mailbox_maps = hash:$tmp/pf/valias
virtual_alias_maps = hash:$tmp/pf/valias
smtpd_recipient_restrictions = check_recipient_access hash:$tmp/pf/denied_recipients
END
: >pf/master.cf
cp /etc/postfix/dynamicmaps.cf pf 2>/dev/null || :
postmap -c pf hash:pf/valias hash:pf/denied_recipients

ok 'simple-nixos-mailserver: the accounts are those of the server' '
	got=0
	dirdump dovecot -v -c "$conf" --postfix pf >out 2>err || got=$?
	cat err
	[ "$got" -eq 0 ]
	everybody <<-END
	ann@one.test correct horse
	bob@two.test battery staple
	send@one.test only sends
	END
	[ "$(member ann@one.test quota)" = 2147483648 ]'
ok 'and the aliases are those of Postfix' '
	jq -r "select(.type == \"alias\") | \"\(.address) \(.targets | join(\",\"))\"" out | sort >got
	while read -r address targets; do
		[ "$(postmap -c pf -q "$address" hash:pf/valias)" = "$(echo "$targets" | sed "s/,/, /g")" ]
	done <got
	cat >want <<-END
	@two.test bob@two.test
	away@two.test carol@away.test
	info@one.test ann@one.test
	team@one.test ann@one.test,bob@two.test
	END
	same want got
	jq -r "select(.type == \"domain\") | .domain" out | sort >got
	printf "%s\n" one.test two.test >want
	same want got'
ok 'whom Postfix refuses mail is said' '
	jq -r "select(.type == \"note\") | .what" out >got
	has got smtpd_recipient_restrictions'

done_testing
