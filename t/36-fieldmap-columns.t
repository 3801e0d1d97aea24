#!/bin/sh
# What the shipped field maps say of each account and alias, column by column, next
# to what the queries find that the Dovecot and the Postfix of its system ask.
. "${0%/*}/lib.sh"
. "$top/t/sql.sh"
. "$top/t/fieldmap.sh"

start_mariadb

# stay COMMAND...: a client of the database that is asked many times. An answer ends
# at a line of its own.
end=--end--
stay() {
	rm -f questions answers
	mkfifo questions answers
	"$@" <questions >answers &
	exec 4>questions 3<answers
}
answer() {
	while IFS= read -r answer <&3 && [ "$answer" != "$end" ]; do
		printf '%s\n' "$answer"
	done
}
# ask QUERY ADDRESS [SERVICE]: what it returns. Variables as in the configuration of
# the system.
ask() {
	case $1 in
	*@UPPER@*) upper=$(echo "$3" | tr '[:lower:]' '[:upper:]') ;;
	*) upper= ;;
	esac
	sed "s/%s/$2/g; s/%L*u/$2/g; s/%d/${2#*@}/g; s/%Ld/${2#*@}/g;
	    s/%L*n/${2%@*}/g; s/@SERVICE@/$3/g; s/@UPPER@/$upper/g" >question <<-END
	$1;
	SELECT '$end';
	END
	if [ -n "$client" ]; then
		$client <question | sed "/^$end/d"
	else
		cat question >&4
		answer
	fi
}
finds() {
	[ -n "$(ask "$@")" ]
}
# equal WHAT WANTED GOT
equal() {
	[ "$2" = "$3" ] || {
		echo "$1: the system says \"$2\", the record \"$3\""
		return 1
	}
}
# check_account: the one whose members are in variables.
check_account() {
	anything=false
	for service in imap pop3 smtp sieve; do
		want=false
		! finds "$login" "$address" "$service" || want=true
		have=$active
		case " $disabled " in *" $service "*) have=false ;; esac
		equal "$address, a login over $service" "$want" "$have"
		[ "$want" = false ] || anything=true
	done
	equal "$address, any login" "$anything" "$active"
	want=false
	! finds "$delivery" "$address" lmtp || ! finds "$domain" "$address" || want=true
	equal "$address, delivery" "$want" "$receive"
	equal "$address, password" "$(ask "$secret" "$address")" "$stored"
	[ -z "$quota" ] ||
	    equal "$address, quota" "$(ask "$quota" "$address" | sed 's/^-.*//; s/^0$//')" \
		"$limit"
}

# targets_of ADDRESS: what Postfix is told of it, one a line, sorted.
targets_of() {
	ask "$aliases" "$1" | tr -s ', ' '\n' | grep . | sort
}
# check_targets ADDRESS: those of the record, in "got".
check_targets() {
	targets_of "$1" >want
	equal "$1, targets" "$(cat want)" "$(cat got)"
}

# columns DATABASE MAP: all records; the queries are in login, delivery, domain,
# secret, quota and aliases, the last two of which may be empty.
columns() {
	client=
	stay my -N -n --force "$1"
	columns_of "$(my_url "$1")" "$2"
}
# words [WORD...]: one a line, sorted, in "got".
words() {
	for word; do
		echo "$word"
	done | sort >got
}
# columns_of URL MAP: with client, which runs the queries. An entry of its own that
# leads nowhere else is no forward.
columns_of() {
	dirdump-sql -q -m "$2" "$1" >out 2>err || :
	jq -r 'select(.type == "account") | select(.address | test("@xn--") | not) |
	    @sh "address=\(.address) active=\(.active) receive=\(.receive)",
	    @sh " disabled=\((.disabled // []) | join(" ")) stored=\(.secret // "")",
	    @sh " limit=\(.quota // "") forward=\((.forward // []) +
		(if .forward and .keep then [.address] else [] end) | join(" "))"' \
	    out | paste -d "" - - - >accounts
	[ "$(wc -l <accounts)" -gt 2 ]
	while read -r line; do
		eval "$line"
		check_account
		[ -n "$aliases" ] || continue
		[ -n "$forward" ] || [ "$(targets_of "$address")" != "$address" ] || continue
		# shellcheck disable=SC2086
		words $forward
		check_targets "$address"
	done <accounts
	[ -n "$aliases" ] || return 0
	jq -r 'select(.type == "alias") | @sh "address=\(.address)" +
	    @sh " targets=\(if .active then .targets | join(" ") else "" end)"' out >entries
	[ -s entries ]
	while read -r line; do
		eval "$line"
		# shellcheck disable=SC2086
		words $targets
		check_targets "$address"
	done <entries
}

# routes TYPE TEXT: the records of that type whose mail goes elsewhere by the query
# "transport" are those that a note names.
routes() {
	jq -r --arg text "$2" 'select(.type == "note" and .text == $text).what' out |
	    sort >got
	jq -r --arg type "$1" 'select(.type == $type) | .address // .domain' out >names
	while read -r name; do
		case $(ask "$transport" "$name") in
		'' | NULL | dovecot* | lmtp:unix:* | virtual*) ;;
		*) echo "$name" ;;
		esac
	done <names | sort >want
	[ -s want ]
	same want got
}
by_domain="mail that another server or a program gets, if Postfix looks at the transport of the domain: not carried"

load_my postfixadmin postfixadmin.mysql.sql postfixadmin.rows
ok 'PostfixAdmin' '
	login="SELECT username FROM mailbox WHERE username = '\''%u'\'' AND active = 1 AND ('\''@SERVICE@'\'' <> '\''smtp'\'' OR smtp_active = 1)"
	delivery="SELECT maildir FROM mailbox WHERE username = '\''%s'\'' AND active = 1"
	domain="SELECT domain FROM domain WHERE domain = '\''%d'\'' AND backupmx = 0 AND active = 1"
	secret="SELECT password FROM mailbox WHERE username = '\''%u'\''"
	quota="SELECT quota FROM mailbox WHERE username = '\''%u'\''"
	# Another program answers for the domain of vacations.
	aliases="SELECT REPLACE(goto, '\'',dan#one.test@autoreply.one.test'\'', '\'''\'') FROM alias a JOIN domain d USING (domain) WHERE address = '\''%s'\'' AND a.active = 1 AND d.active = 1 AND d.backupmx = 0"
	columns postfixadmin postfixadmin
	# Where the setting "transport" is on, Postfix asks for that of a domain.
	my postfixadmin <<-\END
	INSERT INTO domain (domain, transport, active) VALUES
	('\''smtp.test'\'', '\''smtp:[10.0.0.5]:25'\'', 1), ('\''drop.test'\'', '\''maildrop:'\'', 1),
	('\''lmtp.test'\'', '\''lmtp:unix:private/dovecot-lmtp'\'', 1), ('\''none.test'\'', NULL, 1),
	('\''gone.test'\'', '\''smtp:[10.0.0.5]:25'\'', 0);
	END
	dirdump-sql -q -m postfixadmin "$(my_url postfixadmin)" >out 2>err || :
	transport="SELECT transport FROM domain WHERE domain = '\''%s'\'' AND active = '\''1'\''"
	routes domain "$by_domain"'
load_my iredmail iredmail.mysql.sql iredmail.rows
ok 'iRedMail, with flags by chance' '
	awk "BEGIN { srand(7); for (i = 0; i < 30; i++) {
		printf \"INSERT INTO mailbox (username, password, domain, active, enabledeliver, enableimapsecured, enablepop3secured, enablesmtpsecured, enablesieve, enablesievesecured, enablemanagesievesecured) VALUES ('\''u%d@one.test'\'', '\''{PLAIN}x'\'', '\''one.test'\''\", i
		for (flag = 0; flag < 8; flag++)
			printf \", %d\", rand() < 0.7
		print \");\" } }" | my iredmail
	login="SELECT username FROM mailbox m JOIN domain d USING (domain) WHERE username = '\''%u'\'' AND enable@SERVICE@secured = 1 AND m.active = 1 AND d.backupmx = 0 AND d.active = 1"
	delivery="SELECT 1 FROM mailbox m JOIN domain d USING (domain) WHERE username = '\''%s'\'' AND m.active = 1 AND enabledeliver = 1 AND d.active = 1"
	domain=$delivery
	secret="SELECT password FROM mailbox WHERE username = '\''%u'\''"
	quota="SELECT quota * 1048576 FROM mailbox WHERE username = '\''%u'\''"
	aliases=
	columns iredmail iredmail
	[ "$(wc -l <accounts)" -gt 35 ]
	my iredmail <<-\END
	UPDATE mailbox SET transport = '\''smtp:[10.0.0.5]:25'\'' WHERE username LIKE '\''u1%'\'';
	UPDATE mailbox SET transport = '\''lmtp:unix:private/dovecot-lmtp'\'' WHERE username LIKE '\''u2%'\'';
	CREATE TABLE sender_relayhost (account VARCHAR(255), relayhost VARCHAR(255));
	INSERT INTO sender_relayhost VALUES ('\''u1@one.test'\'', '\''[smtp.x.test]:587'\''), ('\''@one.test'\'', '\''y'\'');
	END
	dirdump-sql -q -m iredmail "$(my_url iredmail)" >out 2>err || :
	transport="SELECT mailbox.transport FROM mailbox,domain WHERE mailbox.username='\''%s'\'' AND mailbox.domain='\''%d'\'' AND mailbox.domain=domain.domain AND mailbox.transport<>'\'''\'' AND mailbox.active=1 AND mailbox.enabledeliver=1 AND domain.backupmx=0 AND domain.active=1"
	routes account "mail that another server or a program gets: not carried"
	jq -r "select(.text == \"a relay host for sent mail is not carried\").what" out >got
	printf "%s\n" u1@one.test @one.test >want
	same want got'
load_my modoboa modoboa.mysql.sql modoboa.rows
ok 'Modoboa' '
	from="FROM admin_mailbox mb JOIN admin_domain dom ON mb.domain_id = dom.id JOIN core_user u ON u.id = mb.user_id WHERE mb.address = '\''%n'\'' AND dom.name = '\''%d'\''"
	login="SELECT u.email $from AND (mb.is_send_only = 0 OR '\''@SERVICE@'\'' NOT IN ('\''imap'\'', '\''pop3'\'', '\''lmtp'\'')) AND u.is_active = 1 AND dom.enabled = 1"
	delivery="SELECT u.email $from AND (mb.is_send_only = 0 OR '\''@SERVICE@'\'' NOT IN ('\''imap'\'', '\''pop3'\'', '\''lmtp'\'')) AND u.is_active = 1"
	domain="SELECT name FROM admin_domain WHERE name = '\''%d'\'' AND type = '\''domain'\'' AND enabled = 1"
	secret="SELECT u.password $from"
	quota="SELECT mb.quota * 1048576 $from"
	aliases=
	columns modoboa modoboa'
load_my mailu mailu.mysql.sql mailu.rows
ok 'Mailu' '
	login="SELECT email FROM user WHERE email = '\''%u'\'' AND enabled = 1 AND ('\''@SERVICE@'\'' IN ('\''smtp'\'', '\''sieve'\'') OR ('\''@SERVICE@'\'' = '\''imap'\'' AND enable_imap = 1) OR ('\''@SERVICE@'\'' = '\''pop3'\'' AND enable_pop = 1))"
	delivery="SELECT email FROM user WHERE email = '\''%s'\''"
	domain="SELECT name FROM domain WHERE name = '\''%d'\''"
	secret="SELECT password FROM user WHERE email = '\''%u'\''"
	quota="SELECT quota_bytes FROM user WHERE email = '\''%u'\''"
	aliases=
	columns mailu mailu'
load_my vimbadmin vimbadmin.sql vimbadmin.rows
ok 'ViMbAdmin' '
	login="SELECT username FROM mailbox WHERE username = '\''%u'\'' AND active = 1 AND (access_restriction = '\''ALL'\'' OR LOCATE('\''@UPPER@'\'', access_restriction) > 0)"
	delivery="SELECT maildir FROM mailbox WHERE username = '\''%s'\'' AND active = 1"
	domain="SELECT domain FROM domain WHERE domain = '\''%d'\'' AND backupmx = 0 AND active = 1"
	secret="SELECT password FROM mailbox WHERE username = '\''%u'\''"
	quota="SELECT quota FROM mailbox WHERE username = '\''%u'\''"
	aliases="SELECT goto FROM alias a JOIN domain d ON d.id = a.Domain_id WHERE address = '\''%s'\'' AND a.active = 1 AND d.active = 1 AND d.backupmx = 0"
	columns vimbadmin vimbadmin
	echo "UPDATE domain SET transport = '\''smtp:[10.0.0.5]:25'\'' WHERE domain = '\''one.test'\''" | my vimbadmin
	dirdump-sql -q -m vimbadmin "$(my_url vimbadmin)" >out 2>err || :
	transport="SELECT transport FROM domain WHERE domain = '\''%s'\'' AND active = 1"
	routes domain "$by_domain"'
load_my ispmail ispmail.sql ispmail.rows
ok 'the ISPmail guide' '
	login="SELECT email FROM virtual_users WHERE email = '\''%u'\''"
	delivery="SELECT 1 FROM virtual_users WHERE email = '\''%s'\''"
	domain="SELECT 1 FROM virtual_domains WHERE name = '\''%d'\''"
	secret="SELECT password FROM virtual_users WHERE email = '\''%u'\''"
	quota="SELECT quota FROM virtual_users WHERE email = '\''%u'\''"
	aliases="SELECT destination FROM virtual_aliases WHERE source = '\''%s'\''"
	columns ispmail ispmail'
load_my leister leister.sql leister.rows
ok 'Thomas Leister' '
	login="SELECT username FROM accounts WHERE username = '\''%n'\'' AND domain = '\''%d'\'' AND enabled = 1 AND (sendonly = 0 OR '\''@SERVICE@'\'' = '\''smtp'\'')"
	delivery="SELECT 1 FROM accounts WHERE username = '\''%n'\'' AND domain = '\''%d'\'' AND enabled = 1 AND sendonly = 0"
	domain="SELECT domain FROM domains WHERE domain = '\''%d'\''"
	secret="SELECT password FROM accounts WHERE username = '\''%n'\'' AND domain = '\''%d'\''"
	quota="SELECT quota * 1048576 FROM accounts WHERE username = '\''%n'\'' AND domain = '\''%d'\''"
	aliases=
	columns leister leister'
load_my cyberpanel cyberpanel.sql cyberpanel.rows
ok 'CyberPanel' '
	login="SELECT email FROM e_users WHERE email = '\''%u'\''"
	delivery=$login
	domain="SELECT domain FROM e_domains WHERE domain = '\''%d'\''"
	secret="SELECT password FROM e_users WHERE email = '\''%u'\''"
	quota=
	echo "DELETE FROM e_catchall" | my cyberpanel
	aliases="SELECT destination FROM e_forwardings WHERE source = '\''%s'\''"
	columns cyberpanel cyberpanel'
load_my jeboehm jeboehm.sql jeboehm.rows
ok 'jeboehm' '
	from="FROM mail_users u JOIN mail_domains d ON u.domain_id = d.id WHERE u.name = '\''%n'\'' AND d.name = '\''%d'\''"
	login="SELECT u.name $from AND enabled = 1 AND NOT (send_only = 1 AND '\''@SERVICE@'\'' IN ('\''imap'\'', '\''pop3'\''))"
	delivery="SELECT 1 $from AND enabled = 1 AND send_only = 0"
	domain="SELECT name FROM mail_domains WHERE name = '\''%d'\''"
	secret="SELECT password $from"
	quota="SELECT quota * 1048576 $from"
	aliases="SELECT destination FROM mail_aliases a JOIN mail_domains d ON a.domain_id = d.id WHERE CONCAT(a.name, '\''@'\'', d.name) = '\''%s'\''"
	columns jeboehm jeboehm'
load_sqlite mail-in-a-box mail-in-a-box.sql mail-in-a-box.rows
ok 'Mail-in-a-Box' '
	login="SELECT email FROM users WHERE email = '\''%u'\''"
	delivery="SELECT 1 FROM users WHERE email = '\''%s'\''"
	domain="SELECT 1 FROM users WHERE email LIKE '\''%@%d'\'' UNION SELECT 1 FROM aliases WHERE source LIKE '\''%@%d'\'' UNION SELECT 1 FROM auto_aliases WHERE source LIKE '\''%@%d'\''"
	secret="SELECT password FROM users WHERE email = '\''%u'\''"
	# "*:bytes=" and this: Dovecot knows the letters.
	quota="SELECT CASE WHEN quota LIKE '\''%G'\'' THEN quota * 1073741824 WHEN quota LIKE '\''%M'\'' THEN quota * 1048576 ELSE quota END FROM users WHERE email = '\''%u'\''"
	aliases="SELECT destination FROM (SELECT destination, 0 AS priority FROM aliases WHERE source = '\''%s'\'' AND destination <> '\'''\'' UNION SELECT email AS destination, 1 AS priority FROM users WHERE email = '\''%s'\'' UNION SELECT destination, 2 AS priority FROM auto_aliases WHERE source = '\''%s'\'' AND destination <> '\'''\'') ORDER BY priority LIMIT 1"
	client="sqlite3 mail-in-a-box.sqlite"
	columns_of sqlite:mail-in-a-box.sqlite mail-in-a-box'
load_sqlite billionmail billionmail.sql billionmail.rows
ok 'BillionMail' '
	login="SELECT username FROM mailbox WHERE username = '\''%u'\'' AND active = 1"
	delivery="SELECT maildir FROM mailbox WHERE username = '\''%s'\'' AND active = 1"
	domain="SELECT domain FROM domain WHERE domain = '\''%d'\'' AND active = 1"
	secret="SELECT password FROM mailbox WHERE username = '\''%u'\''"
	# Its Dovecot gets it in a form that no release knows.
	quota=
	aliases="SELECT username FROM (SELECT username, domain FROM mailbox WHERE username = '\''%s'\'' AND active = 1 UNION SELECT goto, domain FROM alias WHERE address = '\''%s'\'' AND active = 1) JOIN domain d USING (domain) WHERE d.active = 1"
	client="sqlite3 billionmail.sqlite"
	columns_of sqlite:billionmail.sqlite billionmail'

done_testing
