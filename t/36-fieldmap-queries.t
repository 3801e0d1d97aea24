#!/bin/sh
# What the shipped field maps say of each account, beside what the queries say
# that the Dovecot and the Postfix of its system ask.
. "${0%/*}/lib.sh"
. "$top/t/sql.sh"
. "$top/t/fieldmap.sh"

start_mariadb
load_my mailcow26 mailcow-2026.sql mailcow.rows mailcow-2026.rows
load_my iredmail iredmail.mysql.sql iredmail.rows
load_my ispconfig ispconfig.sql ispconfig.rows
load_my froxlor froxlor.sql froxlor.rows

# found DATABASE QUERY ADDRESS SERVICE: whether it returns a row. Variables as
# in the configuration of the system.
found() {
	found_query=$(printf %s "$2" | sed "s/%s/$3/g; s/%u/$3/g;
	    s/%d/${3#*@}/g; s/%L*s/$4/g; s/@SERVICE@/$4/g")
	[ -n "$(echo "$found_query" | my -N "$1")" ]
}

# agree DATABASE MAP LOGIN DELIVERY DOMAIN [WITHOUT]: an account is active if
# LOGIN finds it for IMAP, POP3 or SMTP, and receives if DELIVERY and DOMAIN find it.
# WITHOUT: the addresses for which the difference is known.
agree() {
	dirdump-sql -q -m "$2" "$(my_url "$1")" >out 2>err || :
	jq -r 'select(.type == "account") |
	    "\(.address) \(.active) \(.receive)"' out >accounts
	[ "$(wc -l <accounts)" -gt 2 ]
	while read -r address active receive; do
		want=false
		for service in imap pop3 smtp; do
			! found "$1" "$3" "$address" "$service" || want=true
		done
		echo "$address: login $want, active $active"
		[ "$want" = "$active" ]
		want=false
		! found "$1" "$4" "$address" smtp ||
		    ! found "$1" "$5" "$address" smtp || want=true
		echo "$address: delivery $want, receive $receive"
		[ "$want" = "$receive" ]
	done <accounts
}

ok 'ISPConfig' '
	agree ispconfig ispconfig \
	    "SELECT email FROM mail_user WHERE (login = '\''%u'\'' OR email = '\''%u'\'') AND disable@SERVICE@ = '\''n'\''" \
	    "SELECT maildir FROM mail_user WHERE email = '\''%s'\'' AND postfix = '\''y'\'' AND disabledeliver = '\''n'\''" \
	    "SELECT domain FROM mail_domain WHERE domain = '\''%d'\'' AND active = '\''y'\''"
	has out "\"address\":\"carol@one.test\""
	grep "carol@one.test\"" out | has /dev/stdin "\"active\":true,\"receive\":false"
	grep "dora@off.test\"" out | has /dev/stdin "\"active\":true,\"receive\":false"'
ok 'Froxlor' '
	agree froxlor froxlor \
	    "SELECT email FROM mail_users WHERE (username = '\''%u'\'' OR email = '\''%u'\'') AND ((imap = 1 AND '\''@SERVICE@'\'' = '\''imap'\'') OR (pop3 = 1 AND '\''@SERVICE@'\'' = '\''pop3'\''))" \
	    "SELECT maildir FROM mail_users WHERE email = '\''%s'\'' AND postfix = '\''Y'\''" \
	    "SELECT domain FROM panel_domains WHERE domain = '\''%d'\'' AND isemaildomain = 1 AND deactivated = 0"
	for a in info@off.test info@cust.test; do
		grep "\"address\":\"$a\"" out | has /dev/stdin "\"active\":false"
	done
	for d in off.test cust.test; do
		grep "\"domain\":\"$d\"" out | has /dev/stdin "\"active\":false"
	done'
ok 'iRedMail: a date of expiry is not looked at' '
	echo "UPDATE mailbox SET expired = '\''2020-01-01'\'' WHERE username = '\''alice@one.test'\''" | my iredmail
	agree iredmail iredmail \
	    "SELECT password FROM mailbox, domain WHERE mailbox.username = '\''%u'\'' AND mailbox.enable@SERVICE@secured = 1 AND mailbox.active = 1 AND mailbox.domain = domain.domain AND domain.backupmx = 0 AND domain.active = 1" \
	    "SELECT maildir FROM mailbox WHERE username = '\''%s'\'' AND active = 1 AND enabledeliver = 1" \
	    "SELECT domain FROM domain WHERE domain = '\''%d'\'' AND backupmx = 0 AND active = 1"
	grep "\"address\":\"alice@one.test\"" out | has /dev/stdin "\"active\":true,\"receive\":true"
	dirdump-sql -v -m iredmail "$(my_url iredmail)" 2>&1 >out |
	    has /dev/stdin "alice@one.test: a date of expiry"'
ok 'mailcow' '
	# Nothing is left: not IMAP, not POP3, not SMTP.
	echo "UPDATE mailbox SET attributes = JSON_SET(attributes, '\''$.pop3_access'\'', '\''0'\'') WHERE username = '\''quiet@one.test'\''" | my mailcow26
	agree mailcow26 mailcow \
	    "SELECT username FROM mailbox JOIN domain USING (domain) WHERE username = '\''%u'\'' AND mailbox.active = 1 AND domain.active = 1 AND (COALESCE(JSON_VALUE(attributes, '\''$.imap_access'\''), 1) <> 0 OR COALESCE(JSON_VALUE(attributes, '\''$.pop3_access'\''), 1) <> 0 OR COALESCE(JSON_VALUE(attributes, '\''$.smtp_access'\''), 1) <> 0)" \
	    "SELECT username FROM mailbox WHERE username = '\''%s'\'' AND active IN (1, 2)" \
	    "SELECT domain FROM domain WHERE domain = '\''%d'\'' AND active = 1"
	grep "quiet@one.test\"" out | has /dev/stdin "\"active\":false"'
ok 'mailcow: a login of another service has no password here' '
	echo "UPDATE mailbox SET authsource = '\''keycloak'\'' WHERE username = '\''alice@one.test'\''" | my mailcow26
	dirdump-sql -q -m mailcow "$(my_url mailcow26)" >out 2>err || :
	grep "\"address\":\"alice@one.test\"" out >alice
	has alice "\"active\":true"
	hasnt alice "\"secret\""
	grep "\"address\":\"bob@one.test\"" out | has /dev/stdin "\"secret\""'

done_testing
