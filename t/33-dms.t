#!/bin/sh
# docker-mailserver's configuration folder, and through it the text form of
# Postfix's tables and of aliases(5).
. "${0%/*}/lib.sh"
. "$top/t/source.sh"
need jq
tool=dirdump-dms

# config NAME: a folder with one account and, from stdin, the virtual file.
config() {
	mkdir -p "$1"
	echo 'ann@one.test|{SHA512-CRYPT}$6$Zx$h' >"$1/postfix-accounts.cf"
	cat >"$1/postfix-virtual.cf"
}

# aliases: "address targets" of the alias records.
aliases() {
	sed -n 's/.*"type":"alias","address":"\([^"]*\)","targets":\(.*\),"active.*/\1 \2/p' out
}

ok 'all files of a folder' '
	dump 1 "$fixtures/dms"
	sed "s|$fixtures/dms/||" out >got
	cat >want <<-\END
	{"v":1,"type":"domain","domain":"example.org","active":true,"aliases":["example.net"],"origin":"dms:postfix-accounts.cf:3"}
	{"v":1,"type":"account","address":"alice@example.org","secret":"{SHA512-CRYPT}$6$alice$hash","active":true,"receive":true,"quota":5368709120,"home":"/var/mail/example.org/alice/home","mail":"maildir:/var/mail/example.org/alice","uid":5000,"gid":5000,"origin":"dms:postfix-accounts.cf:3"}
	{"v":1,"type":"account","address":"lice@example.org","secret":"{SHA512-CRYPT}$6$lice$hash","active":true,"receive":true,"home":"/var/mail/example.org/lice/home","mail":"maildir:/var/mail/example.org/lice","uid":5000,"gid":5000,"origin":"dms:postfix-accounts.cf:4"}
	{"v":1,"type":"account","address":"bob@example.org","logins":["Bob@Example.org"],"secret":"{SHA512-CRYPT}$6$bob$hash","active":true,"receive":true,"quota":1048576,"forward":["bob@gmail.test"],"keep":true,"home":"/var/mail/example.org/bob/home","mail":"maildir:/var/mail/example.org/bob","uid":5000,"gid":5000,"origin":"dms:postfix-accounts.cf:7"}
	{"v":1,"type":"account","address":"carol@example.org","secret":"{SHA512-CRYPT}$6$carol$hash","active":true,"receive":true,"forward":["carol@gmail.test","x@gmail.test"],"keep":false,"home":"/var/mail/example.org/carol/home","mail":"maildir:/var/mail/example.org/carol","uid":5000,"gid":5000,"origin":"dms:postfix-accounts.cf:8"}
	{"v":1,"type":"account","address":"off@example.org","secret":"{SHA512-CRYPT}$6$off$hash","active":false,"receive":true,"home":"/var/mail/example.org/off/home","mail":"maildir:/var/mail/example.org/off","uid":5000,"gid":5000,"origin":"dms:postfix-accounts.cf:9"}
	{"v":1,"type":"alias","address":"info@example.org","targets":["alice@example.org","ext@gmail.test"],"active":true,"origin":"dms:postfix-virtual.cf:3"}
	{"v":1,"type":"alias","address":"@example.org","targets":["alice@example.org"],"active":true,"origin":"dms:postfix-virtual.cf:10"}
	{"v":1,"type":"settings","address":"alice@example.org","send_as":["info@example.org"],"origin":"dms:postfix-virtual.cf:3"}
	{"v":1,"type":"note","what":"dms","text":"a rule of who may send is not carried","origin":"dms:postfix-send-access.cf:1"}
	{"v":1,"type":"end","count":10,"failed":3,"source":"dms"}
	END
	same want got
	sed "s|$fixtures/dms/||" err >got
	cat >want <<-END
	$tool: postfix-virtual.cf:12: a name without a domain: see --domain
	$tool: postfix-aliases.cf:1: a name without a domain: see --domain
	$tool: postfix-regexp.cf:2: a regular expression cannot be listed as aliases
	$tool: left out: a master user: 1 line (-v names them)
	$tool: left out: a line that only names a domain: 1 line (-v names them)
	$tool: left out: an alias of an account that points to itself: 1 line (-v names them)
	$tool: a rule of who may send is not carried: 1 line (-v names them)
	END
	same want got'
ok 'with --domain the names without one are aliases of it' '
	dump 1 -q --domain example.org "$fixtures/dms"
	aliases >got
	grep -qxF "root@example.org [\"alice@example.org\"]" got
	grep -qxF "sales@example.org [\"bob@example.org\"]" got
	[ "$(wc -l <err)" -eq 1 ]'
ok 'a name with a dot in the local aliases is a name, not a domain' '
	config dotted </dev/null
	printf "%s\n" "first.last: ann@one.test" "one.test: ann@one.test" >dotted/postfix-aliases.cf
	dump 0 --domain one.test dotted
	aliases >got
	cat >want <<-\END
	first.last@one.test ["ann@one.test"]
	one.test@one.test ["ann@one.test"]
	END
	same want got'
ok 'entries go over several lines' '
	config lines <<-\END
	list@one.test
	# a comment between
	  ann@one.test,

	    bob@ext.test
	#not@one.test ann@one.test
	next@one.test ann@one.test
	END
	dump 0 lines
	aliases >got
	cat >want <<-\END
	list@one.test ["ann@one.test","bob@ext.test"]
	next@one.test ["ann@one.test"]
	END
	same want got
	has out "postfix-virtual.cf:7\""'
ok 'keys fold case; targets are divided by commas and blanks' '
	config split <<-\END
	Info@One.Test	Ann@One.Test,b@ext.test  c@ext.test ,, <d@ext.test>, ann@one.test
	END
	dump 0 split
	aliases >got
	echo "info@one.test [\"ann@one.test\",\"b@ext.test\",\"c@ext.test\",\"d@ext.test\"]" >want
	same want got'
ok 'a key that comes twice: the first holds' '
	config twice <<-\END
	info@one.test ann@one.test
	info@one.test b@ext.test
	END
	dump 1 twice
	aliases >got
	echo "info@one.test [\"ann@one.test\"]" >want
	same want got
	has err "twice/postfix-virtual.cf:2: info@one.test: the alias is there twice, first at twice/postfix-virtual.cf:1"'
ok 'what Postfix would skip is named' '
	config bad <<-\END
	 leading@one.test ann@one.test
	novalue@one.test
	"open@one.test ann@one.test
	good@one.test ann@one.test
	END
	dump 1 bad
	has err "postfix-virtual.cf:1: the file begins with a line that goes on another"
	has err "postfix-virtual.cf:2: a key without a value"
	has err "postfix-virtual.cf:3: a quote that is not closed"
	aliases >got
	echo "good@one.test [\"ann@one.test\"]" >want
	same want got'
ok 'targets that are no address' '
	config targets <<-\END
	a@one.test |/usr/bin/prog -x, y
	b@one.test /var/spool/b, ann@one.test
	c@one.test :include:/etc/list
	d@one.test bare
	e@one.test @two.test, ann@one.test
	f@one.test f@one.test
	END
	dump 1 targets
	aliases >got
	printf "%s\n" "b@one.test [\"ann@one.test\"]" "e@one.test [\"ann@one.test\"]" >want
	same want got
	[ "$(grep -c "a target that is not an address" err)" -eq 3 ]
	has err "d@one.test: a target without a domain: see --domain"
	has err "e@one.test: a target that is a whole domain is not carried"'
ok 'a domain with another name, and with addresses of its own' '
	config names <<-\END
	@alt.test @one.test
	@other.test @elsewhere.test
	@own.test @one.test
	info@own.test ann@one.test
	END
	dump 1 names
	has out "\"domain\":\"one.test\",\"active\":true,\"aliases\":[\"alt.test\",\"own.test\"]"
	has out "\"domain\":\"elsewhere.test\",\"active\":true,\"aliases\":[\"other.test\"]"
	has err "postfix-virtual.cf:3: @own.test: another name of a domain, and it has addresses of its own"'
ok 'the file of accounts: blanks, comments, carriage returns, bad lines' '
	mkdir acc
	printf "%s\n" "  # no" "  a@one.test|{PLAIN}Zx|userdb_quota_rule=*:bytes=5" "noseparator@one.test" \
	    "bare|{PLAIN}Zx" "b@one.test|{PLAIN}Zx" | sed "s/\$/\r/" >acc/postfix-accounts.cf
	dump 1 acc
	has err "acc/postfix-accounts.cf:3: not of the form address|hash"
	has err "acc/postfix-accounts.cf:4: not of the form address|hash"
	has out "\"address\":\"a@one.test\",\"secret\":\"{PLAIN}Zx\",\"active\":true,\"receive\":true,\"quota\":5,"
	has out "\"address\":\"b@one.test\",\"secret\":\"{PLAIN}Zx\",\"active\""'
ok 'bad quotas are named' '
	mkdir q
	echo "a@one.test|{PLAIN}Zx" >q/postfix-accounts.cf
	printf "%s\n" "a@one.test:many" "a@one.test" "a@one.test:1K" "A@one.test:2K" >q/dovecot-quotas.cf
	dump 1 q
	has err "q/dovecot-quotas.cf:1: not of the form address:size"
	has err "q/dovecot-quotas.cf:2: not of the form address:size"
	has err "q/dovecot-quotas.cf:4: a@one.test: a second quota"
	has out "\"quota\":1024"'
ok 'the script of an account is carried, whatever its capitals' '
	config sieve </dev/null
	echo "Bob@One.test|{PLAIN}Zx" >>sieve/postfix-accounts.cf
	echo "redirect \"x@ext.test\";" >"sieve/Bob@One.test.dovecot.sieve"
	: >sieve/ann@one.test.dovecot.sieve
	echo "keep;" >sieve/gone@one.test.dovecot.sieve
	dump 0 -v sieve
	jq -r "select(.scripts) | [.address, .origin, .scripts[0].active, .scripts[0].text] | join(\" \")" \
	    out >got
	cat >want <<-\END
	bob@one.test dms:sieve/Bob@One.test.dovecot.sieve true redirect "x@ext.test";

	END
	same want got
	has err "gone@one.test.dovecot.sieve: left out: the Sieve script of nobody who has an account"
	run 0 sievecheck --records out
	printf "keep; # \377\n" >sieve/ann@one.test.dovecot.sieve
	dump 1 sieve
	has err "sieve/ann@one.test.dovecot.sieve: ann@one.test: a Sieve script that is not UTF-8"
	head -c 600000 /dev/zero | tr "\0" "#" >sieve/ann@one.test.dovecot.sieve
	dump 1 sieve
	has err "sieve/ann@one.test.dovecot.sieve: longer than"
	has out "\"type\":\"end\""'
ok 'each file that does something to mail is a note, and no secret is in it' '
	config files </dev/null
	mkdir files/sieve-filter files/sieve-pipe files/rspamd
	for file in before.dovecot.sieve after.dovecot.sieve sieve-filter/x sieve-pipe/y \
	    fetchmail.cf getmail-a.cf postfix-relaymap.cf postfix-sasl-password.cf \
	    ldap-users.cf dovecot.cf user-patches.sh amavis.cf spamassassin-rules.cf \
	    whitelist_clients.local rspamd/custom-commands.conf; do
		echo "password = S3cret" >files/$file
		echo $file
	done | sort >want
	: >files/getmail-empty.cf
	dump 0 -v files
	jq -r "select(.type == \"note\").what" out | sort >got
	same want got
	hasnt out S3cret
	hasnt err S3cret'
ok 'parameters of Postfix are those that dirdump postfix notes' '
	config main </dev/null
	cat >main/postfix-main.cf <<-\END
	# A comment.
	always_bcc =
	  boss@one.test
	recipient_delimiter = -
	message_size_limit = 9
	smtpd_recipient_restrictions = permit
	END
	printf "%s\n" "submission/inet/content_filter=f:" "# smtp/inet/relayhost=x" \
	    "smtp/inet/syslog_name=x" >main/postfix-master.cf
	dump 0 -v main
	jq -r "select(.type == \"note\") | [.what, .text, .origin] | @tsv" out | tr "\t" " " >got
	cat >want <<-\END
	always_bcc boss@one.test: gets a copy of all mail; not carried dms:main/postfix-main.cf:2
	recipient_delimiter -: changes who gets which mail; not carried dms:main/postfix-main.cf:4
	content_filter f:: of one service of Postfix alone; not carried dms:main/postfix-master.cf:1
	END
	same want got'
ok 'a folder without accounts: 2, and no end record' '
	mkdir empty
	dump 2 empty
	has err "empty/postfix-accounts.cf: cannot be opened"
	not [ -s out ]
	: >empty/postfix-accounts.cf
	dump 0 empty
	echo "{\"v\":1,\"type\":\"end\",\"count\":0,\"source\":\"dms\"}" >want
	same want out
	run 2 $tool empty >/dev/full
	run 2 $tool >out 2>err
	has err "usage: dirdump dms"'

done_testing
