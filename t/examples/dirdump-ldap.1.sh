# shellcheck shell=bash
prepare() {
	with_trust
	mkdir -p /etc/ldap
	echo 'TLS_CACERT /etc/ssl/certs/ca-certificates.crt' >/etc/ldap/ldap.conf
	with_directory yunohost yunohost
	mkdir -p /run/slapd
	ln -s "$tmp/yunohost/socket" /run/slapd/ldapi
}
after_1() {
	grep -q '"object":"Account"' plan.ndjson
	# The tree of iRedMail, on a host of the network and then on this one.
	{
		printf 'dn: o=domains,dc=example,dc=org\nobjectClass: organization\no: domains\n\n'
		sed 's/dc=example,dc=org/o=domains,&/; s/one\.test/example.org/g' \
		    "$fixtures/ldap/iredmail-ldap.ldif"
	} >"$tmp/tree.ldif"
	cd "$tmp"
	slapd_conf iredmail iredmail-ldap <<-END
	rootdn cn=Manager,dc=example,dc=org
	rootpw manager-word
	END
	slapd_load iredmail <"$tmp/tree.ldif"
	slapd -u "$slapd_user" -g "$slapd_user" -f iredmail/slapd.conf \
	    -h "ldap://ldap.example.org ldapi://${tmp//\//%2F}%2Firedmail%2Fsocket"
	answers ldap.example.org 389
	ln -sf "$tmp/iredmail/socket" /run/slapd/ldapi
	secret work/pw manager-word
}
after_2() {
	grep -q '"address":"[^"]*@example.org"' accounts.ndjson
}
after_3() {
	has "$out" '"domain":"example.org"'
	hasnt "$out" '"domain":"two.test"'
}
