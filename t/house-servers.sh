# What the examples of the pages need: programs and servers under the names that
# stand in the pages. Read by house.sh.
# shellcheck shell=bash

# A certificate for every server, from the one authority that this system trusts: each
# program reads all that there are when it begins, which took 40 ms.
hosts='new mail old dav db ldap'
with_trust() {
	[ ! -f "$tmp/server.pem" ] || return 0
	{
		echo '127.0.0.1 localhost'
		n=1
		for host in $hosts; do
			n=$((n + 1))
			echo "127.0.0.$n $host.example.org"
		done
	} >/etc/hosts
	(
		cd "$tmp"
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
		    -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=ca \
		    -addext keyUsage=critical,keyCertSign,cRLSign
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		    -keyout server.key -out server.csr -subj /CN=server
		# shellcheck disable=SC2086 # a word each
		echo "subjectAltName=IP:127.0.0.1$(printf ',DNS:%s.example.org' $hosts)" >server.ext
		openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key \
		    -CAcreateserial -days 2 -extfile server.ext -out server.pem
	) 2>/dev/null
	mkdir -p /etc/ssl/certs
	cat "$tmp/ca.pem" >/etc/ssl/certs/ca-certificates.crt
}

# await FILE [PATTERN]: until the file has a line that fits.
await() {
	tries=0
	until grep -q -e "${2:-.}" "$1" 2>/dev/null; do
		tries=$((tries + 1))
		[ "$tries" -lt 1200 ] || { echo "no answer in $1"; cat "$1"; return 1; }
		sleep 0.05
	done
}

# answers HOST PORT: until the port is open.
answers() {
	tries=0
	until (: <"/dev/tcp/$1/$2") 2>/dev/null; do
		tries=$((tries + 1))
		[ "$tries" -lt 1200 ] || { echo "$1:$2 does not answer"; return 1; }
		sleep 0.05
	done
}

# command_of NAME <SCRIPT: a program that mailferry does not bring.
command_of() {
	cat >"$tmp/bin/$1"
	chmod 755 "$tmp/bin/$1"
}

# secret FILE TEXT
secret() {
	(umask 077; printf '%s\n' "$2" >"$1")
}

# The new server, https://new.example.org, whose administrator is admin with the
# password in admin.secret and secret; stalwart_ip: another address than its own.
with_stalwart() {
	with_trust
	secret admin.secret admin-word
	secret secret admin-word
	: >"$tmp/mail.ndjson"
	gzip -dc "$fixtures/real/stalwart-schema.json.gz" >"$tmp/schema.json"
	ip=${stalwart_ip:-127.0.0.2}
	"$build/standin-stalwart" --listen "$ip:443" \
	    --tls "$tmp/server.pem" "$tmp/server.key" \
	    --admin admin:admin-word --mail "$tmp/mail.ndjson" \
	    --schema "$tmp/schema.json" \
	    --log "$tmp/stalwart.log" "$@" >"$tmp/stalwart.$ip" 2>&1 &
	await "$tmp/stalwart.$ip" https
	command_of pass <<-'END'
		#!/bin/sh
		[ "$*" = "show stalwart" ] && echo admin-word
	END
}

# accounts_there: what the new server holds, an address a line.
accounts_there() {
	printf 'user = "admin:admin-word"\n' >"$tmp/curl.rc"
	curl -sS -K "$tmp/curl.rc" https://new.example.org/jmap \
	    -H 'Content-Type: application/json' -d '{"using":[
	    "urn:ietf:params:jmap:core","urn:stalwart:jmap"],"methodCalls":[
	    ["x:Account/query",{},"a"],["x:Account/get",{"#ids":{"resultOf":"a",
	    "name":"x:Account/query","path":"/ids"}},"b"]]}' |
	    jq -r '.methodResponses[1][1].list[] | .emailAddress // .name'
}

# The proxy's management API where it ships: https://127.0.0.1:9443, with
# /etc/proxy/admin.token and /etc/proxy/mappings.tsv.
with_proxy() {
	with_trust
	mkdir -p /etc/proxy
	secret /etc/proxy/admin.token token-word
	: >/etc/proxy/mappings.tsv
	"$build/standin-proxy" --listen 127.0.0.1:9443 \
	    --tls "$tmp/server.pem" "$tmp/server.key" --token token-word \
	    --store /etc/proxy/mappings.tsv --log "$tmp/proxy.log" \
	    >"$tmp/proxy.out" 2>&1 &
	await "$tmp/proxy.out" https
}

# /etc/dovecot/users: three owners of example.org. Alice's password is
# "correct horse".
with_users() {
	alice='{SHA512-CRYPT}$6$saltsaltsaltsalt$'
	alice=$alice$(openssl passwd -6 -salt saltsaltsaltsalt 'correct horse' |
	    sed 's/.*\$//')
	mkdir -p /etc/dovecot
	cat >/etc/dovecot/users <<-END
	alice@example.org:$alice:5000:5000:Alice:/home/alice::
	bob@example.org:{SSHA}$(printf 'battery%s' saltsalt | openssl sha1 -binary |
		{ cat; printf saltsalt; } | base64):5000:5000:Bob:/home/bob::
	carol@example.org:{PLAIN}staple:5000:5000:Carol:/home/carol::
	END
}

# The configuration of with_dovecot, in the two grammars.
dovecot_23() {
	cat <<-END
	protocols = imap
	log_path = $tmp/dovecot.log
	listen = 127.0.0.1, 127.0.0.4
	ssl = yes
	ssl_cert = <$tmp/server.pem
	ssl_key = <$tmp/server.key
	disable_plaintext_auth = no
	auth_master_user_separator = *
	first_valid_uid = 1
	mail_location = maildir:~/Maildir
	namespace inbox {
	  inbox = yes
	  separator = /
	  mailbox Sent {
	    special_use = \\Sent
	  }
	}
	mail_plugins = quota
	plugin {
	  quota = count:User quota
	  quota_vsizes = yes
	}
	passdb {
	  driver = passwd-file
	  args = /etc/dovecot/masters
	  master = yes
	  pass = yes
	}
	passdb {
	  driver = passwd-file
	  args = /etc/dovecot/users
	}
	userdb {
	  driver = passwd-file
	  args = /etc/dovecot/users
	}
	END
}
dovecot_24() {
	cat <<-END
	dovecot_config_version = 2.4.1
	dovecot_storage_version = 2.4.1
	protocols = imap
	log_path = $tmp/dovecot.log
	listen = 127.0.0.1, 127.0.0.4
	ssl = yes
	ssl_server_cert_file = $tmp/server.pem
	ssl_server_key_file = $tmp/server.key
	auth_allow_cleartext = yes
	auth_master_user_separator = *
	first_valid_uid = 1
	mail_driver = maildir
	mail_path = ~/Maildir
	namespace inbox {
	  inbox = yes
	  separator = /
	  mailbox Sent {
	    special_use = \\Sent
	  }
	}
	mail_plugins {
	  quota = yes
	}
	quota "User quota" {
	}
	passdb masters {
	  driver = passwd-file
	  passwd_file_path = /etc/dovecot/masters
	  master = yes
	  result_success = continue
	}
	passdb users {
	  driver = passwd-file
	  passwd_file_path = /etc/dovecot/users
	}
	userdb users {
	  driver = passwd-file
	  passwd_file_path = /etc/dovecot/users
	}
	END
}

# A real Dovecot, 2.3 or 2.4, as
# old.example.org and localhost, configured in /etc/dovecot. Its master user is
# "master" with the password in master.secret.
with_dovecot() {
	with_trust
	with_users
	secret master.secret master-word
	for owner in alice bob carol; do
		mkdir -p "/home/$owner"
		grep -q "^$owner:" /etc/passwd ||
			echo "$owner:x:5000:5000::/home/$owner:/bin/sh" >>/etc/passwd
		chown 5000:5000 "/home/$owner"
	done
	rm -rf /etc/dovecot/conf.d /etc/dovecot/dovecot.conf
	echo 'master:{PLAIN}master-word' >/etc/dovecot/masters
	case $(dovecot --version) in
	2.3.*) dovecot_23 ;;
	*) dovecot_24 ;;
	esac >/etc/dovecot/dovecot.conf
	chmod 644 /etc/dovecot/*
	dovecot
	answers old.example.org 993
}

# message FOLDER NAME [TEXT]: a message in a Maildir's folder.
message() {
	mkdir -p "$1/cur" "$1/new" "$1/tmp"
	case $1 in
	*/.*) : >"$1/maildirfolder" ;;
	esac
	printf 'From: a@example.org\nMessage-ID: <%s@example.org>\n\n%s\n' \
	    "$2" "${3:-$2}" >"$1/cur/$2.host:2,S"
}

# alice-back.sqlite, and a vandelay that makes it when it is asked as the page
# asks.
with_vandelay() {
	gzip -dc "$fixtures/real/archive-jmap.sqlite.gz" >"$tmp/archive.sqlite"
	command_of vandelay <<-END
		#!/bin/sh
		for archive; do :; done
		case "\$*" in
		"import jmap --url https://"*" --auth-basic admin --account-name alice@example.org \$archive")
			cp "$tmp/archive.sqlite" "\$archive" ;;
		*)
			echo "vandelay: \$*" >&2
			exit 2 ;;
		esac
	END
}

# CalDAV and CardDAV of alice, whose password is in the file secret: Radicale at
# https://dav.example.org, and below /SOGo/dav there.
with_radicale() {
	with_trust
	secret secret alice-word
	echo alice:alice-word >"$tmp/dav.users"
	cat >"$tmp/radicale.conf" <<-END
	[auth]
	type = htpasswd
	htpasswd_filename = $tmp/dav.users
	htpasswd_encryption = plain
	delay = 0
	[storage]
	filesystem_folder = $tmp/store
	END
	"$top/tests/helper/dav-below" "$tmp/radicale.conf" /SOGo/dav 127.0.0.5 443 \
	    "$tmp/server.pem" "$tmp/server.key" >"$tmp/radicale.out" \
	    2>"$tmp/radicale.log" &
	await "$tmp/radicale.out" || { cat "$tmp/radicale.log"; return 1; }
}

# with_tls HOST URL: https://HOST in front of a server that speaks plain HTTP.
with_tls() {
	/usr/bin/python3 "$top/tests/helper/tls-front" "$2" "$tmp/server.pem" \
	    "$tmp/server.key" "$tmp/tls.log" \
	    "$(getent hosts "$1" | cut -d ' ' -f 1)" 443 >"$tmp/tls.$1" &
	await "$tmp/tls.$1"
}

# with_tables: what loads those of known systems, from t/fieldmap.sh.
with_tables() {
	cd "$tmp"
	. "$top/t/fieldmap.sh"
}

# A MariaDB at the usual socket, and the same.
with_databases() {
	with_tables
	. "$top/t/sql.sh"
	start_mariadb
	mkdir -p /run/mysqld
	ln -s "$my_socket" /run/mysqld/mysqld.sock
	HOME=/root
	cd work
}

# with_directory NAME SCHEMA: an OpenLDAP with the entries of a fixture.
with_directory() {
	cd "$tmp"
	. "$top/t/ldap.sh"
	start_slapd "$1" "$2" <"$fixtures/ldap/$1.ldif"
	cd work
}

# joined FILE: records or operations that a page has broken into lines, one a
# line again.
joined() {
	awk '/^[^ ]/ && NR > 1 { printf "\n" } { sub(/^ /, ""); printf "%s", $0 }
	    END { printf "\n" }' "$1"
}

# said: keeps what a command printed, for the text on the page after it.
said() {
	cat "$err" "$out" >"$tmp/said"
}
# printed: the text is what was printed, where dates and sizes are alike; "..." in it
# stands for any lines.
printed() {
	/usr/bin/python3 - "$text" "$tmp/said" <<-'END'
	import re, sys
	def lines(name):
	    for line in open(name):
	        line = re.sub(r'2\d\d\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\dZ)?', 'DATE', line.rstrip())
	        yield re.sub(r'\d+ MiB', 'N MiB', re.sub(r'/\S*/mailferry\.conf', 'mailferry.conf', line))
	want, got = '\n'.join(lines(sys.argv[1])), '\n'.join(lines(sys.argv[2]))
	want = re.sub(r',\n (?=")', ',', want)
	form = ''.join(r'(.*\n)*?' if line == '...' else re.escape(line) + '\n'
	               for line in want.split('\n'))
	if not re.fullmatch(form, got + '\n'):
	    sys.exit('--- the page:\n%s\n--- printed:\n%s' % (want, got))
	END
}

# What the procedure of migrate-account needs: both servers, the proxy, split
# delivery, the stand-in for Vandelay, and mail of all owners.
with_procedure() {
	with_dovecot
	with_stalwart --resolves
	with_proxy
	procedure_programs
	procedure_ready
}
procedure_programs() {
	for script in migrate-account rollback-account migrate-wave migration-report; do
		[ ! -x "$top/scripts/$script" ] ||
			ln -s "$top/scripts/$script" "$tmp/bin/$script"
	done
	command_of vandelay <<-END
		#!/bin/sh
		export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
		exec "$top/tests/standin/vandelay" "\$@"
	END
}
procedure_ready() {
	for owner in alice bob carol; do
		message "/home/$owner/Maildir" "$owner-one"
		message "/home/$owner/Maildir/.Sent" "$owner-two"
		chown -R 5000:5000 "/home/$owner"
	done
	mkdir -p /etc/mailferry
	secret /etc/mailferry/master.secret master-word
	secret /etc/mailferry/admin.secret admin-word
	house_procedure
	echo '{"@type":"upsert","object":"Domain","matchOn":["name"],"value":{"d":{"name":"example.org"}}}' |
	    stalwart-apply -q --url https://new.example.org --user admin \
		--password-file admin.secret >setup.out
	mailroute setup --url https://new.example.org --user admin \
	    --password-file admin.secret --old old.example.org >>setup.out
}
# house_procedure: mailferry.conf for this house, here and where it is looked for.
house_procedure() {
	"$top/scripts/migrate-account" --example-conf | sed "
	    /^OLD_RUN=/d; /^OLD_TRANSPORT=/d; /^DELAY=/s/=.*/=0/
	    s,^OLD_DUMP=.*,OLD_DUMP='dirdump passwd-file -q /etc/dovecot/users',
	    s,^OLD_MASTER=.*,OLD_MASTER=master," >mailferry.conf
	cp mailferry.conf /etc/mailferry/mailferry.conf
}
