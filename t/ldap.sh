# A running OpenLDAP server for a test, in the scratch folder, with certificates
# of a CA that lives as long. Read after lib.sh.
# shellcheck shell=sh
need slapd
need slapadd slapd
need ldapsearch ldap-utils
need openssl
. "$top/t/port.sh"
# The path of a socket has at most 107 bytes (unix(7)).
[ ${#tmp} -lt 80 ] || skip_all 'the scratch folder has too long a name'

unset LDAPNOINIT LDAPCONF LDAPRC LDAPTLS_CACERT LDAPTLS_REQCERT LDAPBASE LDAPURI
reader=cn=reader,dc=example,dc=org
printf reader-pass >reader.pass
printf wrong >wrong.pass

# A root slapd runs as another user.
slapd_user=
if [ "$(id -u)" -eq 0 ]; then
	slapd_user=openldap
	chmod 711 .
fi

# Also those that a test starts in its subshell end with the file.
: >slapd.pids
slapd_stop() {
	while read -r pid when; do
		end_process "$pid" "$when"
	done <"$tmp/slapd.pids"
}
at_exit="slapd_stop; $at_exit"

# make_ca NAME: a CA in NAME.pem.
make_ca() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$1.key" -out "$1.pem" -days 2 -subj "/CN=$1" 2>/dev/null
}

# make_certificate NAMES: server.pem and server.key for names in the form of
# openssl's subjectAltName.
make_certificate() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout server.key -out server.csr -subj /CN=server 2>/dev/null
	echo "subjectAltName=$1" >server.ext
	openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key \
	    -CAcreateserial -days 2 -extfile server.ext -out server.pem 2>/dev/null
}

# slapd_conf NAME SCHEMA: $tmp/NAME/slapd.conf; more settings come on standard
# input. Passwords are for cn=reader, and for us on the socket.
slapd_conf() {
	mkdir -p "$1/db"
	[ -f ca.pem ] || {
		make_ca ca
		make_certificate IP:127.0.0.1,DNS:localhost
	}
	cp server.pem server.key "$1"
	# Its user may not read where the project is.
	[ -z "$2" ] || cp "$fixtures/ldap/$2.schema" "$1/schema"
	{
		for schema in core cosine nis inetorgperson; do
			echo "include /etc/ldap/schema/$schema.schema"
		done
		[ -z "$2" ] || echo "include $tmp/$1/schema"
		cat <<-END
		modulepath /usr/lib/ldap
		moduleload back_mdb
		pidfile $tmp/$1/pid
		TLSCertificateFile $tmp/$1/server.pem
		TLSCertificateKeyFile $tmp/$1/server.key
		database mdb
		suffix dc=example,dc=org
		directory $tmp/$1/db
		maxsize 1073741824
		envflags nosync
		index objectClass eq
		limits dn.exact=$reader size=unlimited
		limits dn.exact=gidNumber=$(id -g)+uidNumber=$(id -u),cn=peercred,cn=external,cn=auth size=unlimited
		access to attrs=userPassword
		 by dn.exact=$reader read
		 by dn.exact=gidNumber=$(id -g)+uidNumber=$(id -u),cn=peercred,cn=external,cn=auth read
		 by anonymous auth
		 by * none
		access to * by * read
		END
		cat
	} >"$1/slapd.conf"
}

# slapd_load NAME <LDIF: fills the data folder; the tree's top and cn=reader are
# put in front.
slapd_load() {
	{
		sed 's/^	*//' <<-END
		dn: dc=example,dc=org
		objectClass: organization
		objectClass: dcObject
		o: Example
		dc: example

		dn: $reader
		objectClass: applicationProcess
		objectClass: simpleSecurityObject
		cn: reader
		userPassword: reader-pass

		END
		cat
	} >"$1/load.ldif"
	slapadd -q -f "$1/slapd.conf" -l "$1/load.ldif" 2>"$1/slapadd.err" || {
		echo 'Bail out! slapadd'
		cat "$1/slapadd.err"
		exit 2
	}
	[ -z "$slapd_user" ] || chown -R "$slapd_user" "$1"
	chmod 711 "$1"
}

# slapd_run NAME: starts it; $ldap, $ldaps and $ldapi are its URIs, $slapd_pid
# its process. Somebody else may take the port before it does.
slapd_run() {
	ldapi=ldapi://$(echo "$tmp/$1/socket" | sed 's|/|%2F|g')
	for try in 1 2 3 4 5 6 7 8; do
		ldap=ldap://127.0.0.1:$(free_port)
		ldaps=ldaps://127.0.0.1:$(free_port)
		slapd -d 0 ${slapd_user:+-u "$slapd_user" -g "$slapd_user"} \
		    -f "$1/slapd.conf" -h "$ldap $ldaps $ldapi" \
		    >"$1/slapd.err" 2>&1 &
		slapd_pid=$!
		born "$slapd_pid"
		echo "$slapd_pid $born" >>"$tmp/slapd.pids"
		slapd_wait && return
	done
	echo 'Bail out! slapd did not start'
	cat "$1/slapd.err"
	exit 2
}

slapd_wait() {
	tries=0
	until ldapsearch -x -H "$ldap" -s base -b '' 1.1 >/dev/null 2>&1; do
		kill -0 "$slapd_pid" 2>/dev/null && [ "$tries" -lt 1200 ] ||
			return 1
		tries=$((tries + 1))
		sleep 0.05
	done
}

# start_slapd NAME SCHEMA <LDIF: all of it. From a file, not from a pipe: what
# stands behind a pipe sets no variables.
start_slapd() {
	slapd_conf "$1" "$2" </dev/null
	slapd_load "$1"
	slapd_run "$1"
}
