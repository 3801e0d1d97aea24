# People on an LDAP server, PEOPLE of them (100000), read over its socket, beside
# ldapsearch with the same attributes; and from the LDIF of slapcat. Read by run.
# shellcheck shell=sh

skip_all() {
	printf '\nldap: %s\n' "$1"
	exit 0
}
need() {
	command -v "$1" >/dev/null 2>&1 || skip_all "$1 is not installed"
}
fixtures=$top/t/fixtures
at_exit=:
trap 'eval "$at_exit"; rm -rf "$tmp"' EXIT
cd "$tmp" || exit 2
# shellcheck source=t/ldap.sh
. "$top/t/ldap.sh"

measure_ldap() {
	awk -v n="${PEOPLE:-100000}" 'BEGIN { for (i = 1; i <= n; i++) {
	    u = "user" i
	    print "dn: uid=" u ",dc=example,dc=org\nobjectClass: inetOrgPerson"
	    print "objectClass: posixAccount\nuid: " u "\ncn: User " i "\nsn: " i
	    print "mail: " u "@one.test\nmail: alias" i "@one.test"
	    print "userPassword: {SSHA}lrsYCQ3hViAE3a81UCiCUrF5ekSFMenk"
	    print "uidNumber: " 1000 + i "\ngidNumber: 100"
	    print "homeDirectory: /home/" u "\n" } }' >people
	start_slapd bench '' <people
	slapcat -f bench/slapd.conf >dump.ldif
	head -n "$(($(wc -l <dump.ldif) / 10))" dump.ldif >tenth.ldif
	search="ldapsearch -Q -Y EXTERNAL -LLL -H $ldapi -b dc=example,dc=org"
	wanted='mail uid displayName cn userPassword shadowExpire'
	wanted="$wanted homeDirectory uidNumber gidNumber"
	dump='dirdump ldap -q --map inetorgperson'
	heading "${PEOPLE:-100000} entries of an LDAP server, by one search"
	row ldapsearch "$search '(mail=*)' $wanted"
	row 'ldapsearch with pages of 1000' \
	    "$search -E pr=1000/noprompt '(mail=*)' $wanted"
	row 'dirdump ldap' "$dump $ldapi"
	heading "${PEOPLE:-100000} entries of an LDIF file, and a tenth of them"
	row 'dirdump ldif' 'dirdump ldif -q --map inetorgperson dump.ldif'
	row 'dirdump ldif, a tenth' \
	    'dirdump ldif -q --map inetorgperson tenth.ldif'
}
