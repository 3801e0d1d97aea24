# shellcheck shell=bash
# The whole walk: an old server as it is before anybody thinks of a move (a Dovecot
# without a master user, and a Postfix that delivers), the new one with SMTP, and
# mail that is sent in between.
sections=('BEFORE THE FIRST ACCOUNT' 'THE WAVES' 'THE LAST WAVE')
prepare() {
	with_dovecot
	# One whose password the new server cannot verify, and who gets the catch-all.
	sed -i "s|{PLAIN}staple|{SMD5}$({ printf 'staplesalt' | openssl md5 -binary; printf salt; } | base64)|" /etc/dovecot/users
	without_master
	with_postfix
	with_stalwart --resolves --smtp 127.0.0.2:25 \
	    --reach old.example.org:25=127.0.0.4:25 --smtp-log "$tmp/smtp.log"
	with_proxy
	procedure_programs
	for owner in alice bob carol; do
		message "/home/$owner/Maildir" "$owner-one"
		message "/home/$owner/Maildir/.Sent" "$owner-two"
		chown -R 5000:5000 "/home/$owner"
	done
	printf '%s\n' bob@example.org carol@example.org >wave1
	command_of ssh <<-'END'
		#!/bin/sh
		[ "$1" = root@old.example.org ] || exit 255
		shift
		exec sh -c "$*"
	END
}
# Dovecot has no master user yet; text_into_dovecot: what the page says.
without_master() {
	awk '/^passdb/ && !n++ { skip = 1 } !skip && !/^auth_master/
	    /^}/ { skip = 0 }' /etc/dovecot/dovecot.conf >"$tmp/dovecot.conf"
	cp "$tmp/dovecot.conf" /etc/dovecot/dovecot.conf
	rm /etc/dovecot/masters
	doveadm reload
}
text_into_dovecot() {
	case $(dovecot --version) in
	"$1".*) ;;
	*) return 0 ;;
	esac
	awk -v text="$text" '/^passdb/ && !n++ { while ((getline line < text) > 0) print line }
	    { print }' /etc/dovecot/dovecot.conf >"$tmp/dovecot.conf"
	cp "$tmp/dovecot.conf" /etc/dovecot/dovecot.conf
}
# A Postfix at old.example.org, with a list and a catch-all, that uses a transport
# table already.
with_postfix() {
	cat >/etc/postfix/master.cf <<-END
	127.0.0.4:25 inet n  -  n  -  -  smtpd
	pickup    unix  n  -  n  1  1  pickup
	cleanup   unix  n  -  n  -  0  cleanup
	qmgr      unix  n  -  n  1  1  qmgr
	rewrite   unix  -  -  n  -  -  trivial-rewrite
	bounce    unix  -  -  n  -  0  bounce
	defer     unix  -  -  n  -  0  bounce
	trace     unix  -  -  n  -  0  bounce
	verify    unix  -  -  n  -  1  verify
	flush     unix  n  -  n  1000?  0  flush
	proxymap  unix  -  -  n  -  -  proxymap
	smtp      unix  -  -  n  -  -  smtp
	showq     unix  n  -  n  -  -  showq
	error     unix  -  -  n  -  -  error
	retry     unix  -  -  n  -  -  error
	virtual   unix  -  n  n  -  -  virtual
	postlog   unix-dgram n - n - 1 postlogd
	END
	cat >/etc/postfix/main.cf <<-END
	compatibility_level = 3.6
	myhostname = old.example.org
	mydestination = localhost
	inet_interfaces = loopback-only
	inet_protocols = ipv4
	maillog_file = /var/log/mail.log
	mynetworks = 127.0.0.0/8
	smtp_host_lookup = native
	recipient_delimiter = +
	transport_maps = inline:{old.test=error:old}
	virtual_mailbox_domains = example.org
	virtual_mailbox_maps = texthash:/etc/postfix/mailboxes
	virtual_alias_maps = texthash:/etc/postfix/virtual
	virtual_mailbox_base = /home
	virtual_minimum_uid = 1
	virtual_uid_maps = static:5000
	virtual_gid_maps = static:5000
	END
	for owner in alice bob carol; do
		echo "$owner@example.org $owner/Maildir/" >>/etc/postfix/mailboxes
		echo "$owner@example.org $owner@example.org" >>/etc/postfix/virtual
	done
	cat >>/etc/postfix/virtual <<-END
	al@example.org alice@example.org
	team@example.org alice@example.org,bob@example.org,carol@example.org
	@example.org carol@example.org
	END
	chmod 644 /etc/postfix/*.cf /etc/postfix/mailboxes /etc/postfix/virtual
	install -d -m 755 /var/spool/postfix /var/lib/postfix
	chown postfix /var/lib/postfix
	(umask 022; exec postfix start) || { cat /var/log/mail.log; false; }
	at_exit="postfix abort >/dev/null 2>&1; $at_exit"
}
# send NAME TO HOST: a message comes in there.
send() {
	printf 'From: f@two.test\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <%s@two.test>\r\n\r\nx\r\n' \
	    "$2" "$1" "$1" >"$tmp/message"
	curl -sS --url "smtp://$3.example.org" --mail-from f@two.test --mail-rcpt "$2" \
	    -T "$tmp/message"
}
# home NAME TO: it has come to that owner on the new server; old_home NAME OWNER: on
# the old one.
home() {
	await "$tmp/smtp.log" "<$1@two.test>\",\"rcpt\":\"$2\",\"route\":\"local\",\"status\":\"delivered\""
}
old_home() {
	tries=0
	until grep -rqs "<$1@two.test>" "/home/$2/Maildir/new" "/home/$2/Maildir/cur"; do
		tries=$((tries + 1))
		[ "$tries" -lt 1200 ] || { cat /var/log/mail.log; return 1; }
		sleep 0.05
	done
}
# master_user VERSION [LINE...]: the text is one of that Dovecot, after these lines.
master_user() {
	root=$("$top/tests/helper/dovecot" "$1") || return 0
	shift
	conf=$(mktemp "$root/tmp/mailferry-t.XXXXXX")
	printf '%s\n' "$@" 'protocols =' 'log_path = /dev/null' | cat - "$text" >"$conf"
	got=0
	chroot "$root" doveconf -c "${conf#"${root%/.}"}" -n passdb >../doveconf || got=$?
	rm -f "$conf"
	[ $got = 0 ]
	grep 'master = yes' ../doveconf
}
after_1() {
	master_user 2.3
	text_into_dovecot 2.3
}
after_2() {
	master_user 2.4 'dovecot_config_version = 2.4.1' 'dovecot_storage_version = 2.4.1'
	text_into_dovecot 2.4
}
after_3() {
	[ "$(stat -c '%a %U %G' /etc/dovecot/masters)" = '640 root dovecot' ]
	head -n 1 /etc/mailferry/master.secret >../word
	doveadm auth test -x service=imap 'alice@example.org*mailferry' "$(cat ../word)"
}
after_4() {
	postconf -h transport_maps | grep -F 'hash:/etc/postfix/mailferry inline:{old.test=error:old}'
	# What page and rehearsal leave to the reader.
	cp admin.secret /etc/mailferry/admin.secret
}
after_5() {
	said
	not grep alice /etc/proxy/mappings.tsv
	# What it says of a proxy that is not set up so.
	not remap set -n --token-file /etc/proxy/admin.token legcay alice@example.org 2>"$err"
	has "$err" 'the proxy has no destination legcay; it has: '
}
after_6() {
	printed
}
after_7() {
	[ "$(stat -c %a mailferry.conf)" = 600 ]
	sed -i '/^DELAY=/s/=.*/=0/' mailferry.conf
}
after_8() {
	said
	accounts_there >../there
	hasnt ../there example.org
	# The MX record points to the new server now.
	send first Alice@example.org new
	old_home first alice
}
after_9() {
	printed
}
after_10() {
	said
	has "$out" 'transport_maps: inline:'
	hasnt "$out" 'transport_maps: hash:/etc/postfix/mailferry'
	[ ! -e /var/lib/mailferry/records.ndjson ]
}
after_11() {
	printed
}
after_12() {
	said
	cp "$tmp/said" ../first
	send second ALICE@example.org new
	send third al@example.org old
	send fourth team@example.org new
	send fifth team@example.org old
	home second ALICE@example.org
	for name in third fourth fifth; do
		home $name alice@example.org
	done
	old_home fourth bob
	old_home fifth carol
	# Back, as the other page says, and here again.
	mkdir ../rollback
	(cd ../rollback && /usr/bin/python3 "$top/tests/helper/example-blocks" "$top/man/mailferry-rollback.7" DESCRIPTION)
	rollback() {
		. "../rollback/$1" >"$out" 2>"$err"
		[ ! -e "../rollback/$(($1 + 1)).text" ] || {
			said
			text=../rollback/$(($1 + 1)).text
			printed
		}
	}
	rollback 1
	send sixth alice@example.org old
	send seventh alice@example.org new
	old_home sixth alice
	old_home seventh alice
	rollback 3
	for name in second third fourth fifth; do
		old_home $name alice
	done
	rollback 7
	cp ../first "$tmp/said"
	grep -q 'alice@example.org.*stalwart' /etc/proxy/mappings.tsv
}
after_13() {
	printed
}
after_14() {
	has "$err" '2 accounts: 2 done'
	not grep -q 'bob@example.org.*stalwart' /etc/proxy/mappings.tsv
}
after_15() {
	said
	grep -q 'bob@example.org.*stalwart' /etc/proxy/mappings.tsv
}
after_16() {
	printed
}
after_17() {
	has "$err" '2 accounts: 2 done'
}
after_18() {
	said
	has report.html '<b>3</b> moved'
}
after_19() {
	printed
}
status_20=1
after_20() {
	not [ -s "$out" ]
	not [ -s "$err" ]
}
after_21() {
	said
}
after_22() {
	printed
	send eighth whoever@example.org new
	home eighth carol@example.org
}
after_23() {
	said
	[ -z "$(mailroute list --password-file admin.secret 2>/dev/null)" ]
	# The old server may be switched off: nothing goes there, and no address is lost.
	postfix stop
	send ninth whoever@example.org new
	send tenth team@example.org new
	home ninth carol@example.org
	for owner in alice bob carol; do
		home tenth $owner@example.org
	done
	not grep -E 'status=(bounced|deferred)|loops back' /var/log/mail.log
	not grep '"status":"bounced"' "$tmp/smtp.log"
}
after_24() {
	printed
}
