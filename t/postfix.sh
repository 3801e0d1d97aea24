# A Postfix of the test's own. Read after lib.sh.
#
#	postfix_start [LINE...]
#		runs one in $pf, main.cf with these lines; it delivers nothing:
#		what it would deliver is logged
#	delivered ADDRESS [SENDER [TRIES]]
#		the final recipients of a message to it, sorted, on one line; from
#		one of its own, if no sender is given (the empty one is one)
#
# shellcheck shell=sh
. "$top/t/cooled.sh"
PATH=$PATH:/usr/sbin
pf=$tmp/postfix

postfix_main() {
	cat >"$pf/main.cf" <<-END
	compatibility_level = 3.6
	queue_directory = $pf/queue
	data_directory = $pf/data
	maillog_file = $pf/log
	maillog_file_prefixes = $tmp
	inet_interfaces = loopback-only
	inet_protocols = ipv4
	default_transport = discard:
	relay_transport = discard:
	virtual_transport = discard:
	local_recipient_maps =
	mailbox_command =
	notify_classes =
	mailbox_transport = discard:
	myhostname = mx.host.test
	END
	# A parameter that stands there twice is a warning with each start of a
	# daemon, and what master(8) warns of during a reload stops it for ever.
	printf '%s\n' "$@" >"$pf/main.new"
	awk -F ' *= *' 'NR == FNR { mine[$1] = 1 } !($1 in mine) || NR == FNR' \
	    "$pf/main.new" "$pf/main.cf" >"$pf/main.both"
	cat "$pf/main.both" >"$pf/main.cf"
	cooled "$pf/main.cf"
}

postfix_start() {
	[ "$(id -u)" -eq 0 ] || skip_all "Postfix runs as root only"
	need postfix postfix
	(umask 022 && mkdir -p "$pf/queue" "$pf/data")
	chmod 755 "$tmp" "$pf"
	chown postfix "$pf/data"
	cp /etc/postfix/dynamicmaps.cf "$pf" 2>/dev/null || :
	cat >"$pf/master.cf" <<-END
	pickup    unix  n  -  n  1  1  pickup
	cleanup   unix  n  -  n  -  0  cleanup
	qmgr      unix  n  -  n  1  1  qmgr
	rewrite   unix  -  -  n  -  -  trivial-rewrite
	bounce    unix  -  -  n  -  0  discard
	defer     unix  -  -  n  -  0  discard
	trace     unix  -  -  n  -  0  discard
	verify    unix  -  -  n  -  1  verify
	flush     unix  n  -  n  1000?  0  flush
	proxymap  unix  -  -  n  -  -  proxymap
	showq     unix  n  -  n  -  -  showq
	smtp      unix  -  -  n  -  -  smtp
	error     unix  -  -  n  -  -  error
	retry     unix  -  -  n  -  -  error
	discard   unix  -  -  n  -  -  discard
	local     unix  -  n  n  -  -  local
	postlog   unix-dgram n - n - 1 postlogd
	END
	if command -v postfix_services >/dev/null; then
		postfix_services >>"$pf/master.cf"
	fi
	postfix_main "$@"
	(umask 022 && exec postfix -c "$pf" start) >"$pf/start" 2>&1 || {
		cat "$pf/start"
		skip_all "Postfix does not start here"
	}
	at_exit="postfix -c '$pf' abort >/dev/null 2>&1; $at_exit"
}
# postfix_split BASE UID GID: a server for one.test and uno.test that listens on
# $old, with the tables virtual and mailboxes of this folder, delivers below BASE,
# and passes on whose addresses are in $pf/moved.
postfix_split() {
	cp virtual mailboxes "$pf"
	: >"$pf/moved"
	chmod 644 "$pf/virtual" "$pf/mailboxes" "$pf/moved"
	postfix_services() {
		printf '%s\n' "$old inet n - n - - smtpd" "virtual unix - n n - - virtual"
	}
	postfix_start "virtual_alias_domains = uno.test" \
	    "virtual_alias_maps = texthash:$pf/virtual" \
	    "virtual_mailbox_domains = one.test" \
	    "virtual_mailbox_maps = texthash:$pf/mailboxes" \
	    "virtual_mailbox_base = $1" "virtual_transport = virtual" \
	    "virtual_uid_maps = static:$2" "virtual_minimum_uid = 1" \
	    "virtual_gid_maps = static:$3" \
	    "recipient_delimiter = +" "transport_maps = hash:$pf/moved" \
	    "smtpd_recipient_restrictions = permit_mynetworks,reject" \
	    "mynetworks = 127.0.0.0/8"
	MAIL_CONFIG=$pf
	export MAIL_CONFIG
	postmap "hash:$pf/moved"
}

delivered() {
	delivered_at=$(wc -c <"$pf/log")
	delivered_from=${2-$(date +%s%N)@probe.test}
	echo x | sendmail -C "$pf" -i -f "<$delivered_from>" -- "$1"
	delivered_try=0
	while :; do
		tail -c +$((delivered_at + 1)) "$pf/log" >"$pf/lines"
		delivered_in=$(grep -c "qmgr.*: from=<$delivered_from>" "$pf/lines") || :
		delivered_out=$(grep -c "qmgr.*: removed" "$pf/lines") || :
		delivered_next=$(grep -c "(forwarded as " "$pf/lines") || :
		[ "$delivered_in" -gt 0 ] && [ "$delivered_in" -eq "$delivered_out" ] &&
		    [ "$delivered_in" -gt "$delivered_next" ] && break
		delivered_try=$((delivered_try + 1))
		[ "$delivered_try" -lt "${3-1200}" ] || {
			cat "$pf/lines" >&2
			return 1
		}
		sleep 0.05
	done
	sed -n 's/.*discard\[[0-9]*\]: .*: to=<\([^>]*\)>.*/\1/p' "$pf/lines" |
	    sort -u | paste -sd ' ' -
}
