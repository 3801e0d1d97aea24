# Mail accounts on a real Dovecot, over IMAP, for a test. Read after lib.sh.
# shellcheck shell=sh
. "$top/t/dovecot.sh"
need_dovecot /usr/lib/dovecot/imap-login dovecot-imapd
need /usr/bin/python3 python3
need openssl
need jq

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout key -out cert -days 2 -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1 2>openssl.log

# Two ports that are free now.
free_ports() {
	/usr/bin/python3 -c 'import socket
a, b = socket.socket(), socket.socket()
a.bind(("127.0.0.1", 0)); b.bind(("127.0.0.1", 0))
print(a.getsockname()[1], b.getsockname()[1])'
}

# serve_imap NAME [SETTINGS...]: a Dovecot whose users are in NAME.users and
# whose master users in masters; sets $imap and $imaps, its URLs. Mail is below
# homes/NAME.
serve_imap() {
	imap_name=$1
	shift
	mkdir -p "homes/$imap_name"
	# shellcheck disable=SC2046 # two words
	set -- $(free_ports) "$@"
	imap=imap://127.0.0.1:$1 imaps=imaps://127.0.0.1:$2
	# The userdb wants all its fields, empty as they are.
	sed 's/$/::::::/' "$imap_name.users" >"$imap_name.db"
	chmod 644 "$imap_name.db" masters
	chmod 755 homes
	start_dovecot "$imap_name" <<-END
	protocols = imap
	ssl = yes
	ssl_cert = <$tmp/cert
	ssl_key = <$tmp/key
	disable_plaintext_auth = no
	auth_master_user_separator = *
	auth_cache_size = 0
	namespace inbox {
	  inbox = yes
	  separator = .
	  mailbox Sent {
	    special_use = \\Sent
	  }
	  mailbox Drafts {
	    special_use = \\Drafts
	  }
	}
	passdb {
	  driver = passwd-file
	  args = $tmp/masters
	  master = yes
	  pass = yes
	}
	passdb {
	  driver = passwd-file
	  args = $tmp/$imap_name.db
	}
	userdb {
	  driver = passwd-file
	  args = $tmp/$imap_name.db
	  default_fields = uid=${ids%:*} gid=${ids#*:} home=$tmp/homes/$imap_name/%u
	}
	service imap-login {
	  chroot =
	  inet_listener imap {
	    address = 127.0.0.1
	    port = $1
	  }
	  inet_listener imaps {
	    address = 127.0.0.1
	    port = $2
	    ssl = yes
	  }
	}
	$(shift 2; printf '%s\n' "$@")
	END
}

# fill NAME USER FOLDER COUNT: a folder, as it is named on disk ("" is the
# INBOX), with so many messages and no others.
fill() {
	dir=homes/$1/$2/Maildir/${3:+.$3}
	rm -rf "${dir:?}/cur"
	mkdir -p "$dir/cur" "$dir/new" "$dir/tmp"
	[ -z "$3" ] || : >"$dir/maildirfolder"
	i=0
	while [ "$i" -lt "$4" ]; do
		i=$((i + 1))
		printf 'Subject: %s\n\n%s\n' "$i" "$i" >"$dir/cur/$i.M$i.host:2,S"
	done
}

# own: the mail belongs to the user that Dovecot reads it as.
own() {
	[ "$(id -u)" -ne 0 ] || chown -R "$ids" homes
	chmod -R u+rwX,go+rX homes
}
