#!/bin/sh
# Dovecot's passwd-file: each rule of its lines, each thing that can be wrong
# with one, and the files of panels.
. "${0%/*}/lib.sh"
. "$top/t/source.sh"
tool=dirdump-passwd-file

# one LINE...: the record of the first account in these lines.
one() {
	printf '%s\n' "$@" >users
	dump 0 -q users
	grep '"type":"account"' out >record
}

# line LINE WANTED: the record of a line has this text.
line() {
	one "$1"
	has record "$2"
}

# --- the fields ---

ok 'all fields of a line' '
	cat >users <<-\END
	# a comment
	alice@example.org:{SHA512-CRYPT}$6$Zx$h:5000:5001:Alice A, room 1,,:/var/vmail/alice:/bin/sh:userdb_quota_rule=*:storage=1000
	END
	cat >want <<-\END
	{"v":1,"type":"domain","domain":"example.org","active":true,"origin":"passwd-file:users:2"}
	{"v":1,"type":"account","address":"alice@example.org","name":"Alice A","secret":"{SHA512-CRYPT}$6$Zx$h","active":true,"receive":true,"quota":1024000,"home":"/var/vmail/alice","uid":5000,"gid":5001,"origin":"passwd-file:users:2"}
	{"v":1,"type":"end","count":2,"source":"passwd-file"}
	END
	dump 0 users
	same want out
	not [ -s err ]'
ok 'a domain is written once, before the first account in it' '
	printf "%s:{PLAIN}Zx\n" a@one.test b@two.test c@one.test >users
	dump 0 users
	sed "s/.*\"type\":\"\([a-z]*\)\".*/\1/" out | tr "\n" " " >types
	echo "domain account domain account account end " | tr -d "\n" >want
	same want types'
ok 'empty lines, comments and lines without a name are skipped' '
	printf "%s\n" "" "#x@one.test:Zx" ":x@one.test:Zx" a@one.test:{PLAIN}Zx >users
	dump 0 users
	has out "\"count\":2"'
ok 'an indented comment is a user to Dovecot: named' '
	printf "%s\n" " # x@one.test:Zx" a@one.test:{PLAIN}Zx >users
	dump 1 users
	has err "$tool: users:1: a user name with a blank in it"
	has out a@one.test'
ok 'colons in the extra fields are theirs' '
	line "a@one.test:{PLAIN}Zx::::::allow_nets=2001:db8::/32 userdb_mail=maildir:/m:INDEX=/i" \
	    "\"mail\":\"maildir:/m:INDEX=/i\""'
ok 'an empty eighth field makes the ninth the mail' '
	line "a@one.test:{PLAIN}Zx:::::::mbox:/m:INBOX=/i" "\"mail\":\"mbox:/m:INBOX=/i\""'
ok '2.4: driver and path of the mail' '
	line "a@one.test:{PLAIN}Zx::::::userdb_mail_driver=maildir userdb_mail_path=~/Maildir" \
	    "\"mail\":\"maildir:~/Maildir\""'
ok 'userdb fields go before the fields of the line' '
	one "a@one.test:{PLAIN}Zx:1:2::/home::userdb_uid=7 userdb_gid=8 userdb_home=/other"
	has record "\"home\":\"/other\",\"uid\":7,\"gid\":8"'
ok 'variables of extra fields are replaced, those of the home field are not' '
	line "a@one.test:{PLAIN}Zx::::/h/%d/%n:" "\"home\":\"/h/%d/%n\""
	one "a@one.test:{PLAIN}Zx::::::userdb_home=/h/%Ld/%n userdb_mail=maildir:~/%Ud/%%/%{user}"
	has record "\"home\":\"/h/one.test/a\",\"mail\":\"maildir:~/ONE.TEST/%/a@one.test\""
	line "a@one.test:{PLAIN}Zx::::::userdb_mail_path=/m/%{user|domain|upper}/%{user|username}" \
	    "\"mail\":\"/m/ONE.TEST/a\""
	echo "a@one.test:{PLAIN}Zx::::::userdb_mail=maildir:%h/%n" >users
	dump 0 users
	has out "\"mail\":\"maildir:%h/%n\""
	has err "a variable in home or mail is left as it is: 1 line"'
ok ':protected and :default set what is not set, :remove takes away' '
	one "a@one.test:{PLAIN}Zx::::::userdb_home=/1 userdb_home:default=/2 userdb_uid:protected=9 nologin nologin:remove"
	has record "\"active\":true"
	has record "\"home\":\"/1\",\"uid\":9"'
ok 'names of users and groups of this system' '
	line "a@one.test:{PLAIN}Zx:daemon:root:::" "\"uid\":$(id -u daemon)"
	printf "%s\n" "a@one.test:{PLAIN}Zx:no-such-user:no-such-group:::" >users
	dump 0 -v users
	hasnt out "\"uid\""
	has err "users:1: a@one.test: the name of a user that this system does not know"'
ok 'a colon in a password: its pieces are in no message, and no account' '
	printf "%s\n" "a@one.test:{PLAIN}tail:hunter2Zx" \
	    "b@one.test:{PLAIN}tail:hunterZx:1000:1000::/h::" \
	    "c@one.test:{PLAIN}tail:hunter2:more Zx" \
	    "d@one.test:{PLAIN}Zx:vmailer:vmailer::/h::" >users
	dump 1 -v users
	hasnt err hunter
	for user in a b c; do
		grep -q "$user@one.test: the .* field is not a" err
		hasnt out "\"$user@one.test\""
	done
	has out "\"d@one.test\""'
ok 'a last line without a newline is read, and that is said' '
	printf "a@one.test:{PLAIN}Zx\nb@one.test:{PLAIN}Zx" >users
	dump 0 users
	has out "\"address\":\"b@one.test\""
	has err "a last line without a newline is read"'
ok 'carriage returns end lines too' '
	printf "a@one.test:{PLAIN}Zx:::::\r\nb@one.test:{PLAIN}Zx\r\n" >users
	dump 0 users
	has out "\"secret\":\"{PLAIN}Zx\",\"active\":true"
	hasnt out "\\r"'
ok 'the full name is what stands before the comma' '
	line "a@one.test:{PLAIN}Zx:::  Zoë \"Z\" Ångström ,x:" "\"name\":\"Zoë \\\"Z\\\" Ångström\""
	one "b@one.test:{PLAIN}Zx:::,,,:"
	hasnt record "\"name\""'

# --- names ---

ok 'capitals are lowered, the spelling is a login' '
	one "Alice@Example.ORG:{PLAIN}Zx"
	has record "\"address\":\"alice@example.org\",\"logins\":[\"Alice@Example.ORG\"]"'
ok 'of two spellings the one that can log in is the account' '
	printf "%s\n" "A@one.test:{PLAIN}Zx-old" "a@one.test:{PLAIN}Zx-new" >users
	dump 1 users
	has out "{PLAIN}Zx-new"
	hasnt out Zx-old
	has err "$tool: users:1: a@one.test: the address is there twice, first at users:2"'
ok 'an internationalised domain becomes A-labels' '
	line "a@bücher.test:{PLAIN}Zx" "\"address\":\"a@xn--bcher-kva.test\",\"logins\":[\"a@bücher.test\"]"'
ok 'bare names need --domain, and are logins' '
	printf "%s\n" "a:{PLAIN}Zx" "b@two.test:{PLAIN}Zx" >users
	dump 1 users
	has err "$tool: users:1: a user name without a domain: see --domain"
	dump 0 --domain One.test users
	has out "\"address\":\"a@one.test\",\"logins\":[\"a\"]"
	has out "\"address\":\"b@two.test\""'
ok 'the first of two lines wins, and both places are named' '
	printf "%s\n" "a@one.test:{PLAIN}Zx1" "b@one.test:{PLAIN}Zx" "a@one.test:{PLAIN}Zx2" >users
	dump 1 users
	has out "{PLAIN}Zx1"
	hasnt out Zx2
	has err "$tool: users:3: a@one.test: the address is there twice, first at users:1"
	echo "b@one.test:{PLAIN}Zx3" >more
	dump 1 users more
	has err "$tool: more:1: b@one.test: the address is there twice, first at users:2"'
ok 'one file for each domain, its name in the path' '
	mkdir -p auth/one.test auth/two.test auth/not.a..domain "auth/-"
	echo "a:{PLAIN}Zx" >auth/one.test/passwd
	echo "a:{PLAIN}Zx" >auth/two.test/passwd
	echo "b@two.test:{PLAIN}Zx" >>auth/two.test/passwd
	for path in "auth/%d/passwd" "auth/%Ld/passwd" "auth/%{domain}/passwd" \
	    "auth/%{user|domain}/passwd" "auth/%{user | domain | lower}/pass%d"; do
		case $path in
		*pass%d) ln auth/one.test/passwd auth/one.test/passone.test
			dump 0 "$path"
			has out "a@one.test"
			hasnt out two.test ;;
		*) dump 0 "$path"
			has out "\"address\":\"a@one.test\",\"secret\""
			has out "auth/two.test/passwd:2"
			hasnt out logins ;;
		esac
	done'
ok 'a path with the domain: odd names, and what cannot be' '
	mkdir -p "od[d]"
	echo "a:{PLAIN}Zx" >"od[d]/passwd.one.test.txt"
	dump 0 "od[d]/passwd.%d.txt"
	has out "a@one.test"
	dump 2 "od[d]/%u"
	has err "the only variable of a path is the domain"
	hasnt out "\"type\":\"end\""
	dump 2 "nowhere/%d"
	has err "$tool: nowhere/%d: there is no such file"
	echo "a@three.test:{PLAIN}Zx" >auth/two.test/passwd
	dump 1 "auth/%d/passwd"
	has err "auth/two.test/passwd:1: a@three.test: the domain is not the one that the file is for"
	mkdir 100%
	echo "a@one.test:{PLAIN}Zx" >100%/users
	dump 0 "./100%%/users"
	has out "passwd-file:./100%/users:1"'

# --- passwords ---

ok 'a text without a brace comes with the scheme that applies to it' '
	line "a@one.test:\$6\$Zx\$h" "\"secret\":\"\$6\$Zx\$h\",\"default_scheme\":\"CRYPT\""
	one "a@one.test:{PLAIN}Zx"
	hasnt record default_scheme
	one "a@one.test:{Zx"
	has record "\"default_scheme\":\"CRYPT\""
	echo "a@one.test:Zx" >users
	dump 0 --default-scheme PLAIN users
	has out "\"secret\":\"Zx\",\"default_scheme\":\"PLAIN\",\"active\":true"
	echo "a@one.test:\$1\$Zx\$h" >users
	dump 0 -s PLAIN users
	has out "\"default_scheme\":\"MD5-CRYPT\""'
ok 'tags and encodings stay as they are' '
	half=5ebe2294ecd0e0f08eab7690d2a6ee69
	for text in "{SHA256.hex}$half$half" "{sha512-crypt.B64}JDYkYSRi" \
	    "{SSHA.base64}ZxZxZxZxZxZxZxZxZxZxZxZxZxZxZxZx" "{X-OWN}ZxZxZx"; do
		line "a@one.test:$text" "\"secret\":\"$text\",\"active\":true"
	done
	for text in "{SHA256.hex}ZxZxZx" "{sha512-crypt.B64}Zx" "{SSHA.base64}ZxZx"; do
		line "a@one.test:$text" "\"secret\":\"$text\",\"active\":false"
	done
	line "a@one.test:{BLF-CRYPT}\$2y\$05\$Zx" "\"secret\":\"{BLF-CRYPT}\$2y\$05\$Zx\",\"active\":true"
	line "a@one.test:{BLF-CRYPT}Zx" "\"active\":false"'
ok 'the suffixes of libpam-pwdfile are schemes' '
	hex=5ebe2294ecd0e0f08eab7690d2a6ee69
	line "a@one.test:$hex[34]" "\"secret\":\"$hex\",\"default_scheme\":\"PLAIN-MD5\",\"active\":true"
	line "a@one.test:$hex[56]" "\"secret\":\"$hex\",\"default_scheme\":\"DIGEST-MD5\",\"active\":true"
	line "a@one.test:ab[56]" "\"default_scheme\":\"DIGEST-MD5\",\"active\":false"
	line "a@one.test:ZxabcdefghijZ[13]" "\"secret\":\"ZxabcdefghijZ\",\"default_scheme\":\"CRYPT\",\"active\":true"
	line "a@one.test:{PLAIN}Zx[34]" "\"secret\":\"{PLAIN}Zx[34]\""
	line "a@one.test:\$6\$Zx\$h[34]" "\"secret\":\"\$6\$Zx\$h[34]\""'
ok 'who cannot log in is not active, and the hash stays' '
	for secret in "!" "*" "!\$6\$Zx\$h" "*LOCKED*\$6\$Zx\$h" SUSPENDED "{SHA512-CRYPT}!\$6\$Zx\$h" \
	    5ebe2294ecd0e0f08eab7690d2a6ee69; do
		one "a@one.test:$secret"
		has record "\"active\":false,\"receive\":true"
		has record "\"secret\":\"$secret\""
	done
	for user in a@one.test a@one.test: "a@one.test:{PLAIN}" a@one.test::5000:5000:::; do
		one "$user"
		has record "\"active\":false"
		hasnt record secret
	done
	for field in nologin nologin=no noauthenticate fail "x=y  nologin"; do
		line "a@one.test:{PLAIN}Zx::::::$field" "\"active\":false"
	done
	line "a@one.test:{PLAIN}Zx:0:5::/h:" "\"active\":false"
	line "a@one.test:{PLAIN}!Zx" "\"active\":true"
	line "a@one.test:{PLAIN}Zx::::::userdb_nologin=1" "\"active\":true"'
ok 'nopassword: active without a secret' '
	for secret in "" "{PLAIN}"; do
		one "a@one.test:$secret::::::nopassword=y"
		has record "\"active\":true"
		hasnt record secret
	done'
ok 'a deny file' '
	printf "%s\n" "a@one.test:{PLAIN}Zx" "b@one.test:{PLAIN}Zx" "c:{PLAIN}Zx" >users
	printf "%s\n" "#b@one.test" "a@one.test" "c:x" >deny
	dump 0 --deny deny --domain one.test users
	grep "\"active\":false" out | sed "s/.*address\":\"\([^\"]*\).*/\1/" >got
	printf "%s\n" a@one.test c@one.test >want
	same want got
	dump 2 --deny no-such users
	has err "no-such: No such file"'
ok 'master users are no mailboxes' '
	printf "%s\n" "root@one.test:{PLAIN}Zx" "b@one.test:{PLAIN}Zx" "q1w2@mailcow.local:{PLAIN}Zx" >users
	echo "root@one.test:{PLAIN}Zx" >master
	dump 0 --master master users
	hasnt out root@
	hasnt out mailcow
	has err "left out: a master user: 1 line (-v names them)"
	dump 0 -v --master master users
	has err "$tool: users:1: root@one.test: left out: a master user"'
ok 'networks, and groups of access lists' '
	line "a@one.test:{PLAIN}Zx::::::allow_nets=10.0.0.0/8,::1/128,local userdb_acl_groups=staff,sales" \
	    "\"acl_groups\":[\"staff\",\"sales\"],\"allow_nets\":[\"10.0.0.0/8\",\"::1/128\",\"local\"]"'
ok 'what a record cannot hold is counted and, with -v, named' '
	printf "%s\n" "a@one.test:{PLAIN}Zx::::::proxy=y" "b@one.test:{PLAIN}Zx::::::host=x proxy=y" \
	    "c@one.test:{PLAIN}Zx::::::user=a@one.test" >users
	dump 0 users
	has err "other extra fields are not carried: 2 lines (-v names them)"
	has err "left out: another login of an account"
	hasnt out "c@one.test"
	dump 0 -v users
	has err "$tool: users:2: b@one.test: other extra fields are not carried: proxy"
	dump 0 -q users
	not [ -s err ]'

# --- quotas ---

# quota FIELDS BYTES: the quota in the record; "" for none.
quota() {
	one "a@one.test:{PLAIN}Zx::::::$1"
	if [ -n "$2" ]; then
		has record "\"quota\":$2,"
	else
		hasnt record quota
	fi
}
ok 'quota rules of 2.3' '
	r=userdb_quota_rule
	quota "$r=*:storage=1000" 1024000
	quota "$r=*:storage=1000B" 1000
	quota "$r=*:storage=2M" 2097152
	quota "$r=*:storage=1g" 1073741824
	quota "$r=*:storage=1Terabyte" 1099511627776
	quota "$r=*:bytes=1000" 1000
	quota "$r=*:bytes=1K" 1024
	quota "$r=?:storage=1M" 1048576
	quota "$r=*:messages=10:storage=1M" 1048576
	quota "$r=*:storage=0" ""
	quota "$r=*:ignore" ""
	quota "$r=Trash:storage=+10%" ""
	quota "${r}2=Trash:storage=+10% $r=*:storage=1M" 1048576
	quota "${r}3=*:storage=3M ${r}2=*:storage=2M" 3145728
	quota "$r=*:storage=1M $r=*:storage=2M" 2097152
	quota "$r:protected=*:storage=1M" 1048576
	quota "$r=*:storage=2M $r:protected=*:storage=1M" 2097152
	quota "$r=*:storage=2M $r:remove" ""'
ok 'quota sizes of 2.4 are bytes' '
	q=userdb_quota_storage_size
	quota "$q=1000" 1000
	quota "$q=5G" 5368709120
	quota "$q=5GiB" 5368709120
	quota "$q=0" ""
	quota "$q=unlimited" ""
	quota "$q=1G $q:default=2G" 1073741824'
ok 'a quota that cannot be read is no reason to lose the account' '
	for rule in "rule=*:storage=10%" "rule=*:storage=-1" "rule=*:storage=1X" "rule=1000" "rule=*:size=1" \
	    "rule=*:storage=" "rule=*:storage=99999999999999999999" "storage_size=5X" "rule=*:storage=+5"; do
		echo "a@one.test:{PLAIN}Zx::::::userdb_quota_$rule" >users
		dump 1 users
		has out "\"address\":\"a@one.test\""
		hasnt out quota
		has err "$tool: users:1: a@one.test: a quota that is not a number of bytes is not carried"
	done'
ok 'a quota of one mailbox, or of messages, is not carried' '
	for rule in "Trash:storage=+10%" "*:messages=5" "INBOX:ignore"; do
		echo "a@one.test:{PLAIN}Zx::::::userdb_quota_rule=$rule" >users
		dump 0 users
		has err "or of the number of messages is not carried: 1 line"
	done'

# --- bad input ---

ok 'each bad line is named, and the rest is read' '
	{
		echo "first@one.test:{PLAIN}Zx"
		echo "@one.test:{PLAIN}Zx"
		echo "a@:{PLAIN}Zx"
		echo "\$6\$secret@y\$z:x"
		printf "nul@one.test:{PLAIN}Zx\000:\n"
		printf "b\377@one.test:{PLAIN}Zx\n"
		printf "c@one.test:{PLAIN}Zx\377\n"
		echo "d@one.test:{PLAIN}Zx:y\$Zx:5000:5000"
		echo "e@one.test:{PLAIN}Zx:5000:%:"
		printf "f@one.test:{PLAIN}Zx:::G\374nter:\n"
		echo "ctl\001@one.test:{PLAIN}Zx"
		head -c 1100000 /dev/zero | tr "\0" Z
		echo
		echo "last@one.test:{PLAIN}Zx"
	} >users
	cat >want <<-END
	$tool: users:2: not a valid mail address
	$tool: users:3: not a valid mail address
	$tool: users:4: not a valid mail address: no valid domain after the @
	$tool: users:5: a NUL byte
	$tool: users:6: not UTF-8
	$tool: users:7: not UTF-8
	$tool: users:8: d@one.test: the third field is not a user id: a colon in the password would move the fields
	$tool: users:9: e@one.test: the fourth field is not a group id
	$tool: users:10: the full name is not UTF-8: left out
	$tool: users:11: not a valid mail address
	$tool: users:12: a line of more than 1048576 bytes
	END
	dump 1 users
	same want err
	sed -n "s/.*\"address\":\"\([^\"]*\)\".*/\1/p" out >got
	printf "%s\n" first@one.test f@one.test last@one.test >want
	same want got
	has out "{\"v\":1,\"type\":\"end\",\"count\":4,"
	hasnt out "nter"'
ok 'an empty file is a complete dump' '
	: >users
	dump 0 users
	echo "{\"v\":1,\"type\":\"end\",\"count\":0,\"source\":\"passwd-file\"}" >want
	same want out'
ok 'a file that cannot be read: 2, and no end record' '
	echo "a@one.test:{PLAIN}Zx" >users
	dump 2 no-such users
	has err "$tool: no-such: cannot be opened: No such file or directory"
	has out a@one.test
	hasnt out "\"type\":\"end\""
	dump 2 users .
	has err "$tool: .: cannot be read: Is a directory"
	hasnt out "\"type\":\"end\""'
ok 'the standard input' '
	echo "a@one.test:{PLAIN}Zx" | $tool - >out
	has out "\"origin\":\"passwd-file:stdin:1\""'
ok 'output that is lost is a failure' '
	echo "a@one.test:{PLAIN}Zx" >users
	run 2 $tool users >/dev/full 2>err
	has err "$tool: standard output: No space left on device"
	i=0
	while [ $i -lt 3000 ]; do
		echo "user$i@one.test:{PLAIN}Zx-a-long-password-to-fill-the-pipe"
		i=$((i + 1))
	done >many
	{ sh -c "got=0; $tool many || got=\$?; echo \$got >status" | :; } 2>err
	[ "$(cat status)" -eq 141 ]
	run 2 $tool many >/dev/full 2>err
	[ "$(wc -l <err)" -eq 1 ]'
ok '-x stops at the first bad line' '
	printf "%s\n" "a@one.test:{PLAIN}Zx" "b:{PLAIN}Zx" "c@one.test:{PLAIN}Zx" >users
	dump 1 -x users
	hasnt out c@one.test
	hasnt out "\"type\":\"end\""'
ok 'the same input gives the same bytes' '
	dump 0 many
	mv out first
	dump 0 many
	same first out'
ok 'every record can be read again' '
	head -n 4 first >few
	run 0 secretcheck --partial --summary few >/dev/null'
ok 'wrong calls' '
	for args in "" "--format=x users" "--domain @ users" "--master"; do
		run 2 $tool $args >out 2>err
		not [ -s out ]
		[ -s err ]
	done'

# --- panels ---

ok 'HestiaCP: domain of the folder, quota in the shell field, aliases beside' '
	mkdir -p conf/mail/one.test conf/mail/two.test
	cat >conf/mail/one.test/passwd <<-\END
	ann:{BLF-CRYPT}$2y$05$Zx:admin:mail::/home/admin:250:userdb_quota_rule=*:storage=250M
	bob:{MD5}$1$Zx$Zx:admin:mail::/home/admin:512:
	cid:{MD5}$1$Zx$Zx:admin:mail::/home/admin:0:userdb_quota_rule=*:storage=0M
	dot:SUSPENDED:admin:mail::/home/admin:10:
	eve:Zx:admin:mail::/home/admin:10:
	END
	cat >conf/mail/one.test/aliases <<-\END
	info@one.test:ann@one.test
	ann@one.test:x@ext.test,y@ext.test
	bob@one.test:z@ext.test
	*@one.test:ann@one.test
	END
	echo bob >conf/mail/one.test/fwd_only
	echo "ann:{BLF-CRYPT}\$2y\$05\$Zx:admin:mail::/home/admin:0:" >conf/mail/two.test/passwd
	dump 0 --format=hestia conf/mail/*/passwd
	grep account out | sed "s/\"home.*//; s/{\"v\":1,\"type\":\"account\",//" >got
	cat >want <<-\END
	"address":"ann@one.test","secret":"{BLF-CRYPT}$2y$05$Zx","active":true,"receive":true,"quota":262144000,"forward":["x@ext.test","y@ext.test"],"keep":true,
	"address":"bob@one.test","secret":"{MD5}$1$Zx$Zx","active":true,"receive":true,"quota":536870912,"forward":["z@ext.test"],"keep":false,
	"address":"cid@one.test","secret":"{MD5}$1$Zx$Zx","active":true,"receive":true,
	"address":"dot@one.test","secret":"SUSPENDED","default_scheme":"MD5-CRYPT","active":false,"receive":true,"quota":10485760,
	"address":"eve@one.test","secret":"Zx","default_scheme":"MD5-CRYPT","active":false,"receive":true,"quota":10485760,
	"address":"ann@two.test","secret":"{BLF-CRYPT}$2y$05$Zx","active":true,"receive":true,
	END
	same want got
	grep alias out >got
	cat >want <<-\END
	{"v":1,"type":"alias","address":"info@one.test","targets":["ann@one.test"],"active":true,"origin":"passwd-file:conf/mail/one.test/aliases:1"}
	{"v":1,"type":"alias","address":"@one.test","targets":["ann@one.test"],"active":true,"origin":"passwd-file:conf/mail/one.test/aliases:4"}
	END
	same want got'
ok 'cPanel: hashes, homes and quotas in three files' '
	mkdir -p etc/one.test valiases
	cat >etc/one.test/shadow <<-\END
	ann:$6$Zx$h:18000::::::
	bob:!$6$Zx$h:18000::::::
	END
	cat >etc/one.test/passwd <<-\END
	ann:x:1001:1002::/home/u/mail/one.test/ann:/usr/local/cpanel/bin/noshell
	END
	echo "ann:262144000" >etc/one.test/quota
	cat >valiases/one.test <<-\END
	ann@one.test: x@ext.test
	info@one.test: ann@one.test, bob@one.test
	auto@one.test: "|/usr/local/cpanel/bin/autorespond auto@one.test /home/u/.auto"
	*: :fail: No Such User Here
	END
	dump 1 --format=cpanel --valiases valiases etc/one.test/shadow
	cat >want <<-\END
	{"v":1,"type":"domain","domain":"one.test","active":true,"origin":"passwd-file:etc/one.test/shadow:1"}
	{"v":1,"type":"account","address":"ann@one.test","secret":"$6$Zx$h","default_scheme":"CRYPT","active":true,"receive":true,"quota":262144000,"forward":["x@ext.test"],"keep":true,"home":"/home/u/mail/one.test/ann","uid":1001,"gid":1002,"origin":"passwd-file:etc/one.test/shadow:1"}
	{"v":1,"type":"account","address":"bob@one.test","secret":"!$6$Zx$h","default_scheme":"CRYPT","active":false,"receive":true,"origin":"passwd-file:etc/one.test/shadow:2"}
	{"v":1,"type":"alias","address":"info@one.test","targets":["ann@one.test","bob@one.test"],"active":true,"origin":"passwd-file:valiases/one.test:2"}
	{"v":1,"type":"end","count":4,"failed":1,"source":"passwd-file"}
	END
	same want out
	has err "$tool: valiases/one.test:3: auto@one.test: an automatic reply of an address without a mailbox"
	echo "*: ann@one.test" >valiases/one.test
	dump 0 --format=cpanel --valiases valiases etc/one.test/shadow
	has out "\"type\":\"alias\",\"address\":\"@one.test\",\"targets\":[\"ann@one.test\"]"'
ok 'HestiaCP: automatic replies' '
	printf "Bin weg.\n\nGr\303\274\303\237e\n" >conf/mail/one.test/autoreply.ann.msg
	printf "\374ber\n" >conf/mail/one.test/autoreply.bob.msg
	: >conf/mail/one.test/autoreply.cid.msg
	echo "Not a mailbox" >conf/mail/one.test/autoreply.info.msg
	dump 1 --format=hestia conf/mail/*/passwd
	has err "autoreply.bob.msg: bob@one.test: an automatic reply that is not UTF-8"
	grep settings out >got
	cat >want <<-\END
	{"v":1,"type":"settings","address":"ann@one.test","vacation":{"active":true,"text":"Bin weg.\n\nGrüße\n"},"origin":"passwd-file:conf/mail/one.test/autoreply.ann.msg"}
	END
	same want got'
# As addautoresponder of cPanel writes them, and the times as old and new versions
# do.
ok 'cPanel: automatic replies with their times, of callers only' '
	mkdir -p home/etc/one.test home/.autorespond
	for name in ann bob cid dan eve fay; do
		echo "$name:\$6\$Zx\$h:18000::::::"
	done >home/etc/one.test/shadow
	cd home/.autorespond
	printf "From: \"Ann\" <ann@one.test>\nContent-type: text/plain; charset=utf-8\nSubject: Away\n\nBack: soon.\n\nAnn\n" >ann@one.test
	echo "{\"start\":1767225600,\"interval\":8,\"stop\":1767830400}" >ann@one.test.json
	printf "From: \"Bob\" <bob@one.test>\r\nContent-Type: text/html; charset=ISO-8859-1\r\nSubject: Re: %%subject%%\r\n\r\n<b>\374ber</b> %%from%%\r\n" >bob@one.test
	printf -- "---\ninterval: 24\nstart: 1767225600\nstop: 0\n" >bob@one.test.conf
	printf "Subject: Left over\n\nNobody calls me.\n" >cid@one.test
	printf "Subject: No text\n" >dan@one.test
	echo TOPSECRET >../secret
	cd ../..
	[ "$(id -u)" -ne 0 ] || chown -R 12345 home
	ln -s /etc/passwd home/.autorespond/eve@one.test
	mkfifo home/.autorespond/fay@one.test
	call="|/usr/local/cpanel/bin/autorespond"
	cat >valiases/one.test <<-END
	ann@one.test: ann@one.test,"$call ann@one.test /home/u/.autorespond"
	bob@one.test: x@ext.test,"$call bob@one.test /home/u/.autorespond"
	dan@one.test: "$call dan@one.test /home/u/.autorespond"
	END
	dump 1 -v --format=cpanel --valiases valiases home/etc/one.test/shadow
	grep settings out >got
	cat >want <<-\END
	{"v":1,"type":"settings","address":"ann@one.test","vacation":{"active":true,"subject":"Away","text":"Back: soon.\n\nAnn\n","from":"2026-01-01T00:00:00Z","until":"2026-01-08T00:00:00Z"},"origin":"passwd-file:home/.autorespond/ann@one.test"}
	{"v":1,"type":"settings","address":"bob@one.test","vacation":{"active":true,"html":"<b>über</b> %from%\r\n","from":"2026-01-01T00:00:00Z"},"origin":"passwd-file:home/.autorespond/bob@one.test"}
	{"v":1,"type":"settings","address":"cid@one.test","vacation":{"active":false,"subject":"Left over","text":"Nobody calls me.\n"},"origin":"passwd-file:home/.autorespond/cid@one.test"}
	END
	same want got
	has err "dan@one.test: an automatic reply without a text in its charset"
	has err "home/.autorespond/eve@one.test: not a file of the owner of that home"
	has err "home/.autorespond/fay@one.test: not a file of the owner of that home"
	has err "bob@one.test: a subject of an automatic reply that repeats"
	has err "bob@one.test: the %tags% of an automatic reply"
	[ "$(grep -c "error\|a target that" err)" -eq 0 ]
	grep bob@one.test out | has /dev/stdin "\"forward\":[\"x@ext.test\"],\"keep\":true"'
ok 'DirectAdmin: quotas, forwards that keep a copy, catch-alls, users of the system' '
	mkdir -p da/one.test da/two.test
	cat >da/one.test/passwd <<-\END
	ann:$6$Zx$h:1001:1002::/home/u/imap/one.test/ann:/bin/false
	bob:!$6$Zx$h:1001:1002::/home/u/imap/one.test/bob:/bin/false
	END
	printf "ann:52428800\nbob:0\n" >da/one.test/quota
	cat >da/one.test/aliases <<-\END
	u:u
	ann: x@ext.test
	info: ann@one.test, bob@one.test
	first.last: ann@one.test
	*: ann@one.test
	END
	printf "cat:\$1\$Zx\$h:1:1::/h:/bin/false\n" >da/two.test/passwd
	printf "*: :fail:\n" >da/two.test/aliases
	dump 0 -v --format=directadmin da/one.test/passwd da/two.test/passwd
	cat >want <<-\END
	{"v":1,"type":"note","what":"passwd-file","text":"an address of a user of the system, which dirdump shadow lists, is not carried","origin":"passwd-file:da/one.test/aliases:1"}
	{"v":1,"type":"domain","domain":"one.test","active":true,"origin":"passwd-file:da/one.test/passwd:1"}
	{"v":1,"type":"account","address":"ann@one.test","secret":"$6$Zx$h","default_scheme":"CRYPT","active":true,"receive":true,"quota":52428800,"forward":["x@ext.test"],"keep":true,"home":"/home/u/imap/one.test/ann","uid":1001,"gid":1002,"origin":"passwd-file:da/one.test/passwd:1"}
	{"v":1,"type":"account","address":"bob@one.test","secret":"!$6$Zx$h","default_scheme":"CRYPT","active":false,"receive":true,"home":"/home/u/imap/one.test/bob","uid":1001,"gid":1002,"origin":"passwd-file:da/one.test/passwd:2"}
	{"v":1,"type":"alias","address":"info@one.test","targets":["ann@one.test","bob@one.test"],"active":true,"origin":"passwd-file:da/one.test/aliases:3"}
	{"v":1,"type":"alias","address":"first.last@one.test","targets":["ann@one.test"],"active":true,"origin":"passwd-file:da/one.test/aliases:4"}
	{"v":1,"type":"alias","address":"@one.test","targets":["ann@one.test"],"active":true,"origin":"passwd-file:da/one.test/aliases:5"}
	{"v":1,"type":"domain","domain":"two.test","active":true,"origin":"passwd-file:da/two.test/passwd:1"}
	{"v":1,"type":"account","address":"cat@two.test","secret":"$1$Zx$h","default_scheme":"CRYPT","active":true,"receive":true,"home":"/h","uid":1,"gid":1,"origin":"passwd-file:da/two.test/passwd:1"}
	{"v":1,"type":"end","count":9,"source":"passwd-file"}
	END
	same want out
	has err "an address of a user of the system"'
ok 'Plesk: clear passwords, with bars and braces in them' '
	cat >view <<-\END
	+---------------------+-------+-------------------+
	|       address       | flags |     password      |
	+---------------------+-------+-------------------+
	| ann@one.test        |       | correct horse 1   |
	| bob@one.test        |       | a|b {c            |
	| cat@two.test        |       | {PLAIN}x          |
	| dan@two.test        | D     | $6$Zx$h           |
	| eve@two.test        |       |                   |
	+---------------------+-------+-------------------+
	END
	dump 0 -v --format=plesk - <view
	sed -n "s/.*\"address\":\"\([^\"]*\)\".*\"secret\":\"\([^\"]*\)\".*/\1 \2/p" out >got
	cat >want <<-\END
	ann@one.test {PLAIN}correct horse 1
	bob@one.test {PLAIN}a|b {c
	cat@two.test {PLAIN}{PLAIN}x
	dan@two.test {CRYPT}$6$Zx$h
	END
	same want got
	grep eve@two.test out | has /dev/stdin "\"active\":false"
	has err "the flags of Plesk"
	hasnt err "horse"
	secretcheck out >verdicts || :
	hasnt verdicts "a|b"
	echo "ann@one.test correct" >other
	dump 1 --format=plesk other
	has err "not a line that mail_auth_view prints"
	hasnt err correct'
ok 'the files of panels must stand in the folder of their domain' '
	cp etc/one.test/shadow .
	dump 2 --format=cpanel shadow
	has err "the path must hold the domain"
	dump 2 --format=hestia etc/none.test/passwd
	has err "cannot be opened"'

done_testing
