#!/bin/sh
# dirdump dovecot where LDAP filters take other names than the listed one: each is
# a login, an alias where mail may come for it, or is said. A real Dovecot 2.3 and a
# real slapd are the judges.
. "${0%/*}/lib.sh"
. "$top/t/dovecot.sh"
. "$top/t/ldap.sh"
need jq
need postconf postfix
need /usr/bin/python3 python3
need_dovecot /usr/lib/dovecot/modules/auth/libauthdb_ldap.so dovecot-ldap
chmod 755 .

names() {
	TMPDIR=$tmp /usr/bin/python3 "$top/tests/source/ldapnames.py" "$@"
}
# person UID MAIL...: an entry.
person() {
	cat <<-END
	dn: uid=$1,ou=people,dc=example,dc=org
	objectClass: inetOrgPerson
	objectClass: posixAccount
	cn: $1
	sn: $1
	uid: $1
	uidNumber: ${ids%:*}
	gidNumber: ${ids#*:}
	homeDirectory: /v/$1
	userPassword: $1-pw
	END
	shift
	printf 'mail: %s\n' "$@"
	echo
}
{
	printf 'dn: ou=people,dc=example,dc=org\nobjectClass: organizationalUnit\nou: people\n\n'
	person ann ann@one.test ann@elsewhere.test
	person bea bea@one.test bea.long@one.test
	person gus gustav.gans@one.test
	person office info@one.test
	person sales info@one.test sales@one.test
	names ldif 1 60
	for seed in 124 300 320; do
		names ldif "$seed" 1
	done
} >people.ldif
start_slapd people '' <people.ldif

# serve NAME LOGIN BOX [USER [LOCATION]]: a Dovecot with two filters, the field user of
# passwords, and a place of mail; and a Postfix that passes all mail to it.
serve() {
	cat >"$1.ext" <<-END
	uris = $ldap
	dn = $reader
	dnpass = reader-pass
	base = ou=people,dc=example,dc=org
	default_pass_scheme = PLAIN
	pass_filter = (&(objectClass=posixAccount)$2)
	pass_attrs = ${4:+$4,}userPassword=password
	user_filter = (&(objectClass=posixAccount)$3)
	user_attrs = homeDirectory=home
	iterate_attrs = uid=user
	END
	start_dovecot "at.$1" <<-END
	mail_location = ${5:-maildir:~/Maildir}
	passdb {
	  driver = ldap
	  args = $tmp/$1.ext
	}
	userdb {
	  driver = ldap
	  args = $tmp/$1.ext
	}
	END
	sed 's/^protocols =$/protocols = lmtp/' "$conf" >"$1.conf"
}
mkdir pf
: >pf/master.cf
cat >pf/main.cf <<END
compatibility_level = 3.6
myorigin = host.test
mydestination =
alias_maps =
virtual_mailbox_domains = one.test
virtual_transport = lmtp:unix:private/dovecot-lmtp
END
# dump NAME [STATUS]: the records, in short.
dump() {
	run "${2:-0}" dirdump-dovecot -v -d one.test --postfix pf -c "$1.conf" >out 2>err || {
		cat err
		return 1
	}
	jq -r 'select(.address) | [.type, .address, (.active | tostring),
	    .secret // "-", (.logins // .targets // [] | join(","))] | join(" ")' out |
	    sort >got
}
gets_mail() {
	doveadm -c "$conf" user -x service=lmtp -f home "$1"
}

serve apart '(mail=%u)' '(uid=%u)' uid=user
ok 'a login by mail, a mailbox by uid: the login is that of the account' '
	dump apart
	may_login gustav.gans@one.test gus-pw
	not may_login gus gus-pw
	not gets_mail gustav.gans@one.test
	has got "account gus@one.test true gus-pw gus,gustav.gans@one.test"
	hasnt got "alias gustav"
	may_login sales@one.test sales-pw
	has got "account sales@one.test true sales-pw"
	# Two people have that address: nobody logs in with it.
	not may_login info@one.test office-pw
	has got "account office@one.test false - office"
	has err "info@one.test: a second name of several users, which nobody can log in with"'
ok 'but of an attribute that does not say the name nobody knows' '
	sed "s/(mail=%u)/(mail=*%u)/" apart.ext >part.ext
	sed "s,$tmp/apart.ext,$tmp/part.ext," apart.conf >part.conf
	dump part 1
	has got "account gus@one.test true - gus"
	has err "passdb 1 (ldap): it has not all of the listed names"'

for user in '' uid=user mail=user; do
	name=either${user%%=*}
	serve "$name" '(|(uid=%u)(mail=%u))' '(|(uid=%u)(mail=%u))' $user
	ok "one filter for both names, ${user:-no user field}: login and alias" '
		conf=$tmp/at.$name/dovecot.conf
		# The field finds two people by one address.
		dump "$name" "$([ "$user" != mail=user ] || echo 1)"
		may_login gustav.gans@one.test gus-pw
		[ "$(gets_mail gustav.gans@one.test)" = /v/gus ]
		if [ "$user" = mail=user ]; then
			# Their mailbox has the name of the field.
			has got "account gustav.gans@one.test true gus-pw gus"
		else
			has got "account gus@one.test true gus-pw gus,gustav.gans@one.test"
			has got "alias gustav.gans@one.test true - gus@one.test"
		fi
		[ "$(gets_mail ann@elsewhere.test)" = /v/ann ]
		has out "ann@elsewhere.test"
		hasnt got "alias ann@elsewhere.test"'
done
ok 'an address that Postfix takes no mail for is a login only' '
	conf=$tmp/at.either/dovecot.conf
	printf "%s x\n" ann@one.test gus@one.test >boxes
	sed "\$a virtual_mailbox_maps = texthash:$tmp/boxes" -i pf/main.cf
	dump either
	has got "account gus@one.test true gus-pw gus,gustav.gans@one.test"
	hasnt got "alias gustav"
	echo "gustav.gans@one.test x" >>boxes
	dump either
	has got "alias gustav.gans@one.test true - gus@one.test"
	sed -i "/^virtual_mailbox_maps/d" pf/main.cf'
ok 'without a Postfix: in the domains that are known' '
	run 0 dirdump-dovecot -v -d one.test -c either.conf >out 2>err
	has out "\"address\":\"gustav.gans@one.test\",\"targets\":[\"gus@one.test\"]"
	hasnt out "\"domain\":\"elsewhere.test\""
	has err "ann@one.test: a second name in a domain that nobody else is in: its mail is not carried: ann@elsewhere.test"'

ok 'without a domain for names that have none: the address of the entry' '
	conf=$tmp/at.either/dovecot.conf
	# One of them has none but that of two people.
	run 1 dirdump-dovecot -v --postfix pf -c either.conf >out 2>err
	[ "$(grep -c "a user name without a domain: see --domain" err)" = 1 ]
	jq -r "select(.type == \"account\") | [.address, .secret, (.logins | join(\",\"))] | join(\" \")" out >got
	has got "gustav.gans@one.test gus-pw gus"
	has got "bea@one.test bea-pw bea,bea.long@one.test"
	has out "\"address\":\"bea.long@one.test\",\"targets\":[\"bea@one.test\"]"
	may_login gus gus-pw
	may_login gustav.gans@one.test gus-pw
	may_login bea.long@one.test bea-pw'

serve second '(mail=%u)' '(|(uid=%u)(mail=%u))' uid=user
ok 'a second mail of one whose first is the listed name' '
	dump second
	may_login bea.long@one.test bea-pw
	[ "$(gets_mail bea.long@one.test)" = /v/bea ]
	has got "account bea@one.test true bea-pw"
	has got "alias bea.long@one.test true - bea@one.test"'

serve boxes '(|(uid=%u)(mail=%u))' '(|(uid=%u)(mail=%u))' '' 'maildir:/var/mail/%u'
ok 'where each name has a mailbox of its own, each is an account' '
	dump boxes
	for name in gus gustav.gans@one.test; do
		[ "$(doveadm -c "$conf" user -f mail "$name")" = "maildir:/var/mail/$name" ]
	done
	has got "account gus@one.test true gus-pw gus"
	has got "account gustav.gans@one.test true gus-pw"
	has err "a second name of a user opens a mailbox of its own, which is not carried: ann@elsewhere.test"'

ok 'a login without its domain that opens another mailbox than the address' '
	sed "s,^user_attrs.*,user_attrs = homeDirectory=home\,=mail=maildir:/m/%u," boxes.ext >placed.new
	cp placed.new boxes.ext
	conf=$tmp/at.boxes/dovecot.conf
	doveadm -c "$conf" reload
	for name in ann ann@one.test; do
		may_login "$name" ann-pw
	done
	run 0 dirdump-dovecot -v -d one.test --postfix pf -c boxes.conf >out 2>err
	jq -r "select(.address == \"ann@one.test\") | [.mail, (.logins // [] | join(\",\"))] | join(\" \")" out >got
	has got maildir:/m/ann@one.test
	hasnt got ann,
	has err "ann@one.test: the name without its domain, as a login, opens a mailbox of its own, which is not carried: ann"
	jq -r "select(.type == \"note\") | .what" out | has /dev/stdin ann@one.test'

# The server needs users of its own.
if [ "$(id -u)" -eq 0 ]; then
	for seed in 3 6 24 29 51 124 300 320; do
		ok "random filters and names: seed $seed" \
		    'names judge "$ldap" "$seed" 1'
	done
fi

done_testing
