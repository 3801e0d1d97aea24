# shellcheck shell=bash
prepare() {
	with_trust
	cd "$tmp"
	. "$top/t/ldap.sh"
	for name in qmail inetorgperson; do
		schema=$name
		[ -f "$fixtures/ldap/$name.schema" ] || schema=
		slapd_conf "$name" "$schema" <<-END
		rootdn cn=admin,dc=example,dc=org
		rootpw admin-word
		END
		slapd_load "$name" <"$fixtures/ldap/$name.ldif"
	done
	rm -rf /etc/ldap/slapd.d
	cp qmail/slapd.conf /etc/ldap/slapd.conf
	printf 'URI ldap://ldap.example.org\nTLS_CACERT %s\n' \
	    /etc/ssl/certs/ca-certificates.crt >/etc/ldap/ldap.conf
	slapd -u openldap -g openldap -f inetorgperson/slapd.conf \
	    -h ldap://ldap.example.org
	answers ldap.example.org 389
	# What is typed at the prompt for the password.
	echo admin-word >stdin
	cd work
}
after_1() {
	grep -q '"object":"Account"' plan.ndjson
}
after_2() {
	has "$out" '"type":"account"'
	has "$out" '"secret"'
	tail -n 1 "$out" | grep '"type":"end"'
}
