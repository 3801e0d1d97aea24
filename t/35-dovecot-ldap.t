#!/bin/sh
# dirdump dovecot where the users are in LDAP: a real Dovecot 2.3 and a real
# slapd. The records say of every user what the server does.
. "${0%/*}/lib.sh"
. "$top/t/dovecot.sh"
. "$top/t/ldap.sh"
need postconf postfix
need_dovecot /usr/lib/dovecot/modules/auth/libauthdb_ldap.so dovecot-ldap
chmod 755 .

# person UID PASSWORD [LINES]: an entry.
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
	homeDirectory: $tmp/home/$1
	mail: $1@one.test
	${2:+userPassword: $2}
	END
	[ -z "${3:-}" ] || printf '%s\n' "$3"
	echo
}
{
	printf 'dn: ou=people,dc=example,dc=org\nobjectClass: organizationalUnit\nou: people\n\n'
	person ann "$(crypt SSHA a1)"
	person bob "{CRYPT}$(crypt SHA512-CRYPT b1 | sed 's/^{[^}]*}//')" \
	    'employeeType: 7'
	person clear '{CLEARTEXT}c1'
	person "o'brien(x)" "$(crypt SSHA ob)"
	person nopass ''
	person two "$(crypt SSHA t1)" "userPassword: $(crypt SSHA t2)"
	printf 'dn: ou=clear,dc=example,dc=org\nobjectClass: organizationalUnit\nou: clear\n\n'
	{
		person plain p1
		person star '*s1'
		person hash "$(crypt SSHA h1)"
	} | sed 's/ou=people/ou=clear/'
} | sed '/^$/{N;/^\n$/D}' >people.ldif
start_slapd people '' <people.ldif

# settings NAME: a file for passdb and userdb, with lines from standard input.
settings() {
	{
		cat <<-END
		uris = $ldap
		dn = $reader
		dnpass = reader-pass   # of a throw-away server
		base = ou=people,dc=example,dc=org
		END
		cat
	} >"$1"
}
# serve NAME FILE: a Dovecot whose databases are in the file.
serve() {
	start_dovecot "$1" <<-END
	auth_username_chars =
	passdb {
	  driver = ldap
	  args = $tmp/$2
	}
	userdb {
	  driver = ldap
	  args = $tmp/$2
	  default_fields = quota_rule=*:storage=3G
	}
	END
	doveconf -c "$conf" -nP >"$1/saved"
}

settings plain.ext <<END
user_attrs = homeDirectory=home,uidNumber=uid,gidNumber=gid, \\
  employeeType=quota_rule=*:storage=%\$M, =mail=maildir:~/%Ln
user_filter = (&(objectClass=posixAccount)(mail=%u))
pass_attrs = mail=user,userPassword=password
pass_filter = (&(objectClass=posixAccount)(mail=%u))
iterate_attrs = mail=user
iterate_filter = (objectClass=posixAccount)
END
serve plain plain.ext
ok 'filters and attributes of Dovecot 2.3' '
	run 0 dirdump-dovecot -c plain/saved >out 2>err
	everybody <<-END
	ann@one.test a1
	bob@one.test b1
	clear@one.test c1
	o'"'"'brien(x)@one.test ob
	nopass@one.test x
	two@one.test t1
	END
	[ "$(member bob@one.test quota)" = 7340032 ]
	[ "$(member ann@one.test quota)" = 3221225472 ]'
ok 'where a record comes from, and what is said of two passwords' '
	has out "\"origin\":\"dovecot:$ldap\""
	has err "more than one password"'
settings bare.ext <<END
iterate_filter = (&(objectClass=posixAccount)(uid=*))
pass_attrs = uid=username,=domain=one.test,userPassword=password
pass_filter = (&(objectClass=posixAccount)(uid=%n))
user_filter = (&(objectClass=posixAccount)(uid=%n))
END
serve bare bare.ext
ok 'bare names, to which the passdb adds a domain' '
	run 0 dirdump-dovecot -c bare/saved >out 2>err
	may_login ann a1
	[ "$(member ann@one.test home)" = "$tmp/home/ann" ]
	grep "\"address\":\"ann@one.test\"" out | has /dev/stdin "\"logins\":[\"ann\"]"'

settings bind.ext <<END
auth_bind = yes
pass_attrs = mail=user
pass_filter = (mail=%u)
user_filter = (mail=%u)
iterate_attrs = mail=user
END
serve bind bind.ext
ok 'a directory that checks the passwords itself: they are read where they may be' '
	run 0 dirdump-dovecot -c bind/saved >out 2>err
	may_login ann@one.test a1
	[ "$(member ann@one.test active)" = true ]
	secret=$(member ann@one.test secret)
	doveadm pw -t "$secret" -p a1'
sed '/^dn /d; /^dnpass/d' bind.ext >anonymous.ext
serve anonymous anonymous.ext
ok 'and said where they may not' '
	run 0 dirdump-dovecot -c anonymous/saved >out 2>err
	may_login ann@one.test a1
	[ "$(member ann@one.test active)" = true ]
	[ -z "$(member ann@one.test secret)" ]
	has err "the password is checked by the directory, which does not show it"'

for attrs in 'pass_attrs = mail=user,userPassword=password' ''; do
	settings people.ext <<-END
	auth_bind = yes
	$attrs
	pass_filter = (uid=%n)
	user_filter = (uid=%n)
	END
	sed 's/ou=people/ou=clear/' people.ext >"clear${attrs:+.set}.ext"
done
serve clear clear.ext
serve set clear.set.ext
ok 'and they are what the directory takes, not what a field makes of them' '
	for name in clear set; do
		conf=$tmp/$name/dovecot.conf
		run 0 dirdump-dovecot -d one.test -c $name/saved >out 2>err
		for user in plain:p1 star:\*s1 hash:h1; do
			may_login "${user%:*}" "${user#*:}"
			address=${user%:*}@one.test
			[ "$(member "$address" active)" = true ]
			secret=$(member "$address" secret)
			case $secret in
			"{"*) ;;
			*) secret="{$(member "$address" default_scheme)}$secret" ;;
			esac
			doveadm pw -t "$secret" -p "${user#*:}"
		done
	done'

settings userdn.ext <<END
auth_bind = yes
auth_bind_userdn = uid=%n,ou=people,dc=example,dc=org
user_filter = (mail=%u)
iterate_attrs = mail=user
END
serve userdn userdn.ext
ok 'auth_bind_userdn: the DN takes the place of a filter' '
	run 0 dirdump-dovecot -c userdn/saved >out 2>err
	for user in ann:a1 two:t1; do
		name=${user%:*}@one.test
		may_login "$name" "${user#*:}"
		[ "$(member "$name" active)" = true ]
		doveadm pw -t "$(member "$name" secret)" -p "${user#*:}"
	done'

settings renamed.ext <<END
pass_filter = (mail=%u)
user_filter = (|(uid=%u)(mail=%u))
iterate_attrs = mail=user
END
serve renamed renamed.ext
ok 'pass_attrs as Dovecot has them make uids of addresses' '
	run 0 dirdump-dovecot -c renamed/saved >out 2>err
	for user in ann:a1 bob:b1 clear:c1; do
		name=${user%:*}
		may_login "$name@one.test" "${user#*:}"
		grep -qx "  user=$name" "auth.$name@one.test"
		[ "$(member "$name@one.test" active)" = true ]
		[ "$(member "$name@one.test" home)" = "$tmp/home/$name" ]
		doveadm pw -t "$(member "$name@one.test" secret)" -p "${user#*:}"
	done'

settings short.ext <<END
pass_attrs = uid=user,userPassword=password
pass_filter = (uid=%n)
user_filter = (uid=%n)
iterate_attrs = uid=user
END
serve short short.ext
ok 'pass_attrs that make a name of an address: the name is a login, too' '
	run 0 dirdump-dovecot -d one.test -c short/saved >out 2>err
	for user in ann:a1 bob:b1; do
		name=${user%:*}
		for login in $name $name@one.test; do
			may_login $login "${user#*:}"
			grep -qx "  user=$name" "auth.$login"
		done
		has out "\"address\":\"$name@one.test\",\"logins\":[\"$name\"]"
	done'

for form in '=user=%{ldap:uid}@two.test' 'uid=user=%$@two.test'; do
	settings template.ext <<-END
	pass_attrs = userPassword=password
	pass_filter = (uid=%n)
	user_filter = (uid=%n)
	iterate_attrs = $form
	END
	saved=template${form%%=*}
	serve "$saved" template.ext
	ok "iterate_attrs = $form: the listed names are those of the server" '
		dirdump-dovecot -q -c "$saved/saved" >out 2>err || [ $? -eq 1 ]
		doveadm -c "$conf" user "*" | grep -v "[(]" | sort >want
		[ "$(wc -l <want)" -gt 3 ]
		sed -n "s/.*\"type\":\"account\",\"address\":\"\([^\"(]*\)\".*/\1/p" out | sort >got
		same want got
		agrees ann@two.test a1'
done

ok 'what cannot be asked' '
	sed "s/reader-pass/wrong/" plain.ext >wrong.ext
	sed "s,plain.ext,wrong.ext," plain/saved >other
	run 2 dirdump-dovecot -c other >out 2>err
	hasnt out "\"end\""
	hasnt err wrong
	sed "s,^uris.*,uris = ldap://127.0.0.1:$(free_port)," plain.ext >gone.ext
	sed "s,plain.ext,gone.ext," plain/saved >other
	run 75 dirdump-dovecot -c other >out 2>err
	not [ -s out ]
	mkdir pf
	printf "%s\n" "compatibility_level = 3.6" "virtual_alias_maps = regexp:$tmp/none" \
	    >pf/main.cf
	: >pf/master.cf
	run 75 dirdump-dovecot -c other --postfix pf >out 2>err
	has err "a table of the type \"regexp\" cannot be listed"
	hasnt out "\"end\""
	sed "s/(mail=%u)/(mail=%w)/" plain.ext >w.ext
	sed "s,plain.ext,w.ext," plain/saved >other
	run 1 dirdump-dovecot -c other >out 2>err
	has err "passdb 1 (ldap): the filter has the variable %w"
	sed "s/^uris.*/uris =/" plain.ext >none.ext
	sed "s,plain.ext,none.ext," plain/saved >other
	run 2 dirdump-dovecot -c other >out 2>err
	has err "none.ext: no server or no base is named"
	sed "s/iterate_attrs.*/iterate_attrs = @x/" plain.ext >at.ext
	sed "s,plain.ext,at.ext," plain/saved >other
	run 2 dirdump-dovecot -c other >out 2>err
	has err "an attribute list has an item beginning with"
	sed "s,plain.ext,nowhere.ext," plain/saved >other
	run 2 dirdump-dovecot -c other >out 2>err
	has err nowhere.ext
	hasnt err reader-pass'

settings either.ext <<END
default_pass_scheme = PLAIN
pass_attrs = mail=user,userPassword=password
pass_filter = (&(objectClass=posixAccount)(|(mail=%u)(uid=%Ln)(employeeType=%u)))
user_filter = (mail=%u)
iterate_attrs = mail=user
END
serve either either.ext
ok 'a filter with a second name of a user: it is a login of the account' '
	run 0 dirdump-dovecot -c either/saved >out 2>err
	for name in ann:a1 bob:b1 7:b1 clear:c1 two:t1; do
		may_login "${name%:*}" "${name#*:}"
	done
	sed -n "s/.*\"address\":\"\([^\"]*\)\".*\"logins\":\[\([^]]*\)\].*/\1 \2/p" out | sort >got
	cat >want <<-"END"
	ann@one.test "ann"
	bob@one.test "bob","7"
	clear@one.test "clear"
	o'"'"'brien(x)@one.test "o'"'"'brien(x)"
	two@one.test "two"
	END
	same want got
	hasnt out "\"type\":\"note\""'
ok 'where the name is only a part of the value, others are said to log in' '
	sed "s/(uid=%Ln)/(homeDirectory=*\/%Ln)/" either.ext >part.ext
	sed "s,either.ext,part.ext," either/saved >other
	run 0 dirdump-dovecot -c other >out 2>err
	grep "\"what\":\"passdb 1 (ldap)\"" out | has /dev/stdin "finds users by other names, too"'

done_testing
