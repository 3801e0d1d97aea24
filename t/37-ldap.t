#!/bin/sh
# dirdump ldap on a real server: who asks and how it is secured, where to
# search, and what can go wrong on the way.
. "${0%/*}/lib.sh"
. "$top/t/ldap.sh"
need /usr/bin/python3 python3
. "$top/t/source.sh"
tool=dirdump-ldap
options='--map inetorgperson'
secrets='reader-pass SSHA'

# nothing STATUS ARGS...: no record is written.
nothing() {
	dump "$@"
	not [ -s out ]
}

# complete: a whole dump of the three people, with passwords.
complete() {
	[ "$(grep -c '"secret":"{SSHA}' out)" -eq 3 ]
	has out '"type":"end"'
}

people() {
	for i in "$@"; do
		printf '%s\n' "dn: uid=$i,dc=example,dc=org" 'objectClass: inetOrgPerson' \
		    "uid: $i" "cn: $i" 'sn: x' "mail: $i@one.test" \
		    'userPassword: {SSHA}lrsYCQ3hViAE3a81UCiCUrF5ekSFMenk' ''
	done
}

people a b c >entries
start_slapd main '' <entries
main=$ldapi
as="-D $reader --password-file reader.pass"
make_ca other

# --- who asks ---

ok 'a DN and its password' '
	dump 0 $as "$ldap"
	complete
	not [ -s err ]'
ok 'nobody: there are no passwords, and that is said' '
	dump 0 "$ldap"
	hasnt out secret
	has out "\"count\":4"
	has err "no account has a readable password: does the bind DN (-D) have read access to userPassword?"'
ok 'the socket: the user that runs it' '
	dump 0 "$ldapi"
	complete
	dump 0 $as "$ldapi"
	complete'
ok 'a wrong password, none, a DN that is none' '
	nothing 2 -D "$reader" --password-file wrong.pass "$ldap"
	has err "$tool: $ldap: the server does not accept this DN and password"
	nothing 2 -D "$reader" "$ldap"
	has err "a DN to bind as needs a password"
	nothing 2 -D nonsense --password-file reader.pass "$ldap"
	has err "$tool: $ldap: Invalid DN syntax"'
ok 'where the password comes from' '
	dump 0 -D "$reader" --password-command "cat reader.pass" "$ldap"
	complete
	cp reader.pass open.pass
	chmod 644 open.pass
	nothing 2 -D "$reader" --password-file open.pass "$ldap"
	has err "others can use it"
	: >empty.pass
	nothing 2 -D "$reader" --password-file empty.pass "$ldap"
	has err "no secret in it"'

# --- TLS ---

ok 'StartTLS and LDAPS with the CA' '
	dump 0 $as --starttls --cacert ca.pem "$ldap"
	complete
	dump 0 $as --cacert ca.pem "$ldaps"
	complete
	dump 0 $as -k "$ldaps"
	complete'
ok 'a CA that did not sign, the usual ones, a file that is none' '
	nothing 2 $as --starttls --cacert other.pem "$ldap"
	has err "$tool: $ldap: TLS failed"
	nothing 2 $as --cacert other.pem "$ldaps"
	has err "TLS failed"
	nothing 2 $as "$ldaps"
	has err "TLS failed"
	nothing 2 $as --cacert nowhere.pem "$ldaps"
	has err "are the certificates of nowhere.pem readable?"'
ok 'the CA of ldap.conf and of the environment, which --cacert replaces' '
	echo "TLS_CACERT $tmp/ca.pem" >ldap.conf
	LDAPCONF=$tmp/ldap.conf dump 0 $as --starttls "$ldap"
	complete
	LDAPTLS_CACERT=$tmp/ca.pem dump 0 $as "$ldaps"
	complete
	LDAPTLS_CACERT=$tmp/ca.pem nothing 2 $as --cacert other.pem "$ldaps"'
ok 'ldap.conf cannot switch the check off' '
	echo "TLS_REQCERT never" >ldap.conf
	LDAPCONF=$tmp/ldap.conf
	LDAPTLS_REQCERT=never
	export LDAPCONF LDAPTLS_REQCERT
	nothing 2 $as --starttls "$ldap"
	nothing 2 $as "$ldaps"'
# The loopback by a name that does not look like it.
away=ldap://2130706433:${ldap##*:}
ok 'another machine: not without TLS, and for its name' '
	nothing 2 $as "$away"
	has err "TLS failed"
	nothing 2 $as --cacert ca.pem "$away"
	dump 0 $as -k "$away"
	complete
	dump 0 $as --insecure-ldap "$away"
	complete'
ok 'a server without TLS' '
	slapd_conf bare "" </dev/null
	sed -i /^TLS/d bare/slapd.conf
	slapd_load bare </dev/null
	slapd_run bare
	nothing 2 $as --starttls "$ldap"
	has err "$tool: $ldap: the server starts no TLS: Protocol error"
	nothing 2 $as -k "ldaps:${ldap#ldap:}"
	has err "TLS failed"
	kill "$slapd_pid"'
ok 'the password waits for TLS' '
	/usr/bin/python3 - <<-\END >heard &
	import socket
	s = socket.socket()
	s.bind(("127.0.0.1", 0))
	s.listen(1)
	open("port.new", "w").write(str(s.getsockname()[1]))
	import os
	os.rename("port.new", "port")
	c, _ = s.accept()
	print(c.recv(65536))
	c.close()
	END
	tries=0
	until [ -f port ] || [ "$tries" -gt 1200 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
	nothing 75 $as "ldap://2130706433:$(cat port)"
	wait
	has heard 1.3.6.1.4.1.1466.20037
	hasnt heard reader'

# --- where to search ---

ok 'the base: the tree there is, the URI, an option' '
	dump 0 $as "$ldap/dc=example,dc=org"
	complete
	has out "\"origin\":\"ldap:$ldap/uid=a,dc=example,dc=org\""
	dump 0 $as -b uid=a,dc=example,dc=org "$ldap"
	[ "$(grep -c "\"type\":\"account\"" out)" -eq 1 ]'
ok 'a base that is not there, URIs that are none' '
	nothing 2 $as -b dc=elsewhere "$ldap"
	has err "the server has no such base, or does not show it to everybody"
	for uri in 127.0.0.1 http://127.0.0.1 "$ldap/dc=example,dc=org??sub" "$ldap/??sub?(cn=*)"; do
		nothing 2 $as "$uri"
		grep -E "not a valid LDAP URI|only a base may follow the host" err
	done'
ok 'several trees: which one?' '
	cat >two.conf <<-END
	database mdb
	suffix dc=second
	directory $tmp/two/db2
	END
	mkdir -p two/db2
	slapd_conf two "" <two.conf
	slapd_load two </dev/null
	slapd_run two
	nothing 2 $as "$ldap"
	has err "which search base? give -b; the server announces dc=example,dc=org; dc=second"
	dump 0 $as -b dc=example,dc=org "$ldap"
	kill "$slapd_pid"'
ok 'a map with a filter that is none, and one for databases' '
	printf "[account]\nfilter = (mail=*\naddress = mail\n" >map
	nothing 2 $as --map ./map "$ldap"
	has err "$tool: $ldap: ./map:1: not a valid LDAP filter: Bad search filter" ||
		has err "$tool: $ldap: ./map:1: not a valid LDAP filter"
	nothing 2 $as --map postfixadmin "$ldap"
	has err "the map is one for databases"'
ok 'references to other servers are counted, not followed' '
	slapd_conf refer "" </dev/null
	{ people a; printf "%s\n" "dn: cn=away,dc=example,dc=org" "objectClass: referral" \
	    "objectClass: extensibleObject" "cn: away" "ref: ldap://127.0.0.1:1/dc=away"; } >entries
	slapd_load refer <entries
	slapd_run refer
	dump 0 $as "$ldap"
	has err "a reference to another server is not followed: 1 line"
	has out "\"count\":2"
	nothing 2 $as -b "cn=away,dc=example,dc=org" "$ldap"
	has err "another server holds this directory"
	kill "$slapd_pid"'

# --- values in filters, several searches at once ---

ok 'values with every special character are found, and nothing else' '
	{
		people a b
		for cn in "*" "(" ")" "\\" "a*b" ")(uid=*" "*)(|(uid=*)" "Ä ß"; do
			i=$((${i:-0} + 1))
			printf "%s\n" "dn: uid=s$i,dc=example,dc=org" "objectClass: inetOrgPerson" \
			    "uid: s$i" "cn:: $(printf %s "$cn" | base64)" "sn: x" ""
		done
	} >entries
	start_slapd odd "" <entries
	run 0 "$build/helper/ldap-find" "$ldap" dc=example,dc=org cn \
	    "*" "(" ")" "\\" "a*b" ")(uid=*" "*)(|(uid=*)" "ä ß" "a" "b*" "*)(uid=a" >out
	{
		seq -f "uid=s%g,dc=example,dc=org" 8
		printf "%s\n" "uid=a,dc=example,dc=org" - - "12 entries"
	} >want
	same want out
	kill "$slapd_pid"'

# --- trouble ---

ok 'a size limit of the server cuts nothing off unseen' '
	slapd_conf limit "" <<-END
	sizelimit 3
	END
	people a b c d | slapd_load limit
	slapd_run limit
	dump 2 "$ldap"
	has err "the server cuts its answer off at its size limit"
	hasnt out "\"type\":\"end\""
	dump 0 $as "$ldap"
	has out "\"count\":5"
	kill "$slapd_pid"'
people $(seq -f "user%g" 20000) >entries
start_slapd many '' <entries
ok 'twenty pages, each entry once' '
	dump 0 $as "$ldap"
	has out "\"count\":20001"
	not [ -s err ]'
ok 'a server that is killed in the middle' '
	mkfifo slow
	$tool --map inetorgperson $as "$ldap" >slow 2>err &
	dump_pid=$!
	{
		head -n 100 >out
		kill -9 "$slapd_pid"
		cat >>out
	} <slow
	run 2 wait "$dump_pid"
	has err "$tool: $ldap: the server does not answer"
	[ "$(grep -c "\"type\":\"account\"" out)" -ge 100 ]
	hasnt out "\"type\":\"end\""'
ok 'no server, and one that says nothing: 75' '
	nothing 75 $as ldap://127.0.0.1:1
	has err "$tool: ldap://127.0.0.1:1: the server does not answer"
	nothing 75 ldapi://%2Fnowhere
	rm -f port
	/usr/bin/python3 - <<-\END &
	import os, socket, time
	s = socket.socket()
	s.bind(("127.0.0.1", 0))
	s.listen(1)
	open("port.new", "w").write(str(s.getsockname()[1]))
	os.rename("port.new", "port")
	c, _ = s.accept()
	while c.recv(65536):
	    pass
	END
	tries=0
	until [ -f port ] || [ "$tries" -gt 1200 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
	nothing 75 $as --timeout 1 "ldap://127.0.0.1:$(cat port)"
	has err "the server does not answer in time"
	nothing 2 --timeout 0 "$ldap"
	has err "too small"'
ok 'two entries with one address' '
	{ people a b; people c | sed "s/^mail: .*/mail: A@one.test/"; } >entries
	start_slapd twice "" <entries
	dump 1 $as "$ldap"
	has err "$tool: $ldap/uid=c,dc=example,dc=org: a@one.test: the address is there twice"
	has out "\"type\":\"end\""
	dump 1 -x $as "$ldap"
	hasnt out "\"type\":\"end\""
	kill "$slapd_pid"'
ok 'no room for the output' '
	run 2 $tool --map inetorgperson "$main" >/dev/full 2>err
	has err "standard output: No space left on device"'

done_testing
