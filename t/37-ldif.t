#!/bin/sh
# dirdump ldif: what can be wrong with a file, and what field maps have for
# entries alone.
. "${0%/*}/lib.sh"
. "$top/t/source.sh"
tool=dirdump-ldif

# entry NAME [LINE...]: an entry of a person.
entry() {
	printf '%s\n' "dn: uid=$1,dc=x" "objectClass: inetOrgPerson" "uid: $1" "cn: $1" \
	    "mail: $1@one.test"
	shift
	[ $# -eq 0 ] || printf '%s\n' "$@"
	echo
}

# map <LINES: a map of accounts that has these lines as well.
map() {
	{
		printf '%s\n' '[account]' 'filter = (objectClass=inetOrgPerson)' \
		    'address = mail'
		cat
	} >map
}

# --- files ---

ok 'an entry, its place, and the end' '
	{ echo "# a comment"; echo; entry a "userPassword: {PLAIN}Zx"; } >people
	cat >want <<-\END
	{"v":1,"type":"domain","domain":"one.test","active":true,"origin":"ldif:people:3"}
	{"v":1,"type":"account","address":"a@one.test","logins":["a"],"name":"a","secret":"{PLAIN}Zx","active":true,"receive":true,"origin":"ldif:people:3"}
	{"v":1,"type":"end","count":2,"source":"ldif"}
	END
	dump 0 -m inetorgperson people
	same want out
	not [ -s err ]'
ok 'carriage returns, folded lines, base64, names in any case' '
	printf "version: 1\r\nDN: uid=a,\r\n dc=x\r\nOBJECTCLASS: inetorg\r\n Person\r\nCN:: w4QgIg==\r\nMail: a@one.te\r\n st\r\n" >people
	dump 0 -m inetorgperson people
	has out "\"address\":\"a@one.test\",\"name\":\"Ä \\\"\""'
ok 'a last line without a newline is read, and that is said once' '
	{ entry a; printf "dn: uid=b,dc=x\nobjectClass: inetOrgPerson\nmail: b@one.test"; } >people
	dump 0 -m inetorgperson people
	has out "b@one.test"
	[ "$(grep -c "has no newline: was the file cut off?: 1 line" err)" -eq 1 ]'
ok 'standard input, a pipe and a file' '
	entry a >people
	mkdir room
	TMPDIR=$tmp/room
	export TMPDIR
	dump 0 -m inetorgperson - <people
	has out "\"origin\":\"ldif:stdin:1\""
	mv out want
	cat people | dump 0 -m inetorgperson -
	same want out
	mkfifo fifo
	cat people >fifo &
	dump 0 -m inetorgperson fifo
	has out "\"origin\":\"ldif:fifo:1\""
	[ -z "$(ls -A room)" ]'
ok 'TMPDIR that takes nothing' '
	(TMPDIR=/proc; export TMPDIR; entry a | dump 2 -m inetorgperson -)
	has err "stdin: cannot be copied into TMPDIR"
	hasnt out end'
ok 'nothing in it' '
	: >people
	dump 0 -m inetorgperson people
	echo "{\"v\":1,\"type\":\"end\",\"count\":0,\"source\":\"ldif\"}" >want
	same want out'
ok 'no file, no map, a map for databases, a folder' '
	dump 2 -m inetorgperson nowhere
	has err "$tool: nowhere: cannot be opened: No such file"
	dump 2 -m no-such-map people
	has err "no field map \"no-such-map\" in "
	dump 2 people
	has err "usage: "
	dump 2 -m postfixadmin people
	grep -q "people: .*/postfixadmin:[0-9]*: \[domain-alias\] has no filter: the map is one for databases" err
	hasnt out end
	dump 2 -m inetorgperson .
	has err "$tool: .: cannot be read"
	hasnt out end'
ok 'no room for the output' '
	run 2 $tool -m inetorgperson people >/dev/full'

# --- entries ---

ok 'a bad entry is named with its line and DN, once, and the rest is read' '
	{ entry a; entry b "x y"; entry c "photo:< file:///etc/passwd"; entry d "cn:: A=B"; entry e; } >people
	dump 1 -q -m inetorgperson people
	cat >want <<-END
	$tool: people:12: uid=b,dc=x: not a line of an LDIF entry
	$tool: people:19: uid=c,dc=x: the value of photo is at a URL, which is not read
	$tool: people:26: uid=d,dc=x: the value of cn is not base64
	END
	same want err
	[ "$(grep -c "\"type\":\"account\"" out)" -eq 2 ]
	has out "\"type\":\"end\""
	dump 1 -q -x -m inetorgperson people
	[ "$(wc -l <err)" -eq 1 ]
	hasnt out "\"type\":\"end\""'
ok 'values that are no text' '
	{ entry a "displayName:: /w=="; entry b "displayName:: QQBC"; entry c "jpegPhoto:: /9j/AA=="; } >people
	dump 1 -m inetorgperson people
	has err "$tool: people:1: uid=a,dc=x: the attribute \"displayName\" is not UTF-8 text"
	has err "$tool: people:8: uid=b,dc=x: the attribute \"displayName\" is not UTF-8 text"
	[ "$(grep -c "\"type\":\"account\"" out)" -eq 1 ]
	has out "c@one.test"'
ok 'a password that is no text, alone' '
	entry a "userPassword:: /w==" >people
	dump 0 -v -m inetorgperson people
	hasnt out secret
	has err "people:1: uid=a,dc=x: a password that is not text is not carried"'
ok 'an address twice, and one that is none' '
	{ entry a; entry a; printf "%s\n" "dn: uid=b,dc=x" "objectClass: inetOrgPerson" "mail: nobody"; } >people
	dump 1 -m inetorgperson people
	has err "$tool: people:7: a@one.test: the address is there twice, first at people:1"
	has err "$tool: people:13: a name without a domain: see --domain"
	dump 1 -d two.test -m inetorgperson people
	has out "\"address\":\"nobody@two.test\""'
ok 'change records are no directory' '
	{ entry a; printf "%s\n" "dn: uid=b,dc=x" "changetype: add" "mail: b@one.test"; } >people
	dump 2 -m inetorgperson people
	has err "$tool: people:7: uid=b,dc=x: a change record: only the entries of a directory are read"
	hasnt out end'
ok 'what ldapsearch says at the end' '
	{ entry a; printf "%s\n" "ref: ldap://x/dc=y" "" "# search result" "search: 2" "result: 0 Success"; } >people
	dump 0 -m inetorgperson people
	has err "a reference to another server is not followed: 1 line"
	sed -i "s/0 Success/4 Size limit exceeded/" people
	dump 2 -m inetorgperson people
	has err "$tool: people:11: the search ended early, the entries are not all: 4 Size limit exceeded"
	hasnt out end'
ok 'an entry of more than 16 MiB, and one of 15' '
	{
		echo "dn: uid=big,dc=x"
		head -c 17000000 /dev/zero | tr "\0" x | fold -w 1000000 | sed "s/^/x: /"
		printf "\n\n"
		entry a "jpegPhoto: $(head -c 100000 /dev/zero | tr "\0" x)"
		echo "dn: uid=large,dc=x"
		echo "mail: l@one.test"
		echo "objectClass: inetOrgPerson"
		printf "x: "
		head -c 15000000 /dev/zero | tr "\0" x | fold -w 76 | sed "2,\$s/^/ /"
		echo
	} >people
	dump 1 -m inetorgperson people
	has err "uid=big,dc=x: an entry of more than 16777216 bytes"
	has out "a@one.test"
	has out "l@one.test"'

# --- what field maps have for entries ---

ok 'the DN is a column, options are part of a name' '
	map <<-\END
	home = dn
	name = cn;lang-de
	END
	entry a "cn;lang-de: Ä" >people
	dump 0 -m ./map people
	has out "\"name\":\"Ä\""
	has out "\"home\":\"uid=a,dc=x\""'
ok 'a filter that is none is named with its section' '
	printf "[account]\nfilter = (mail=*\naddress = mail\n" >map
	dump 2 -m ./map people
	has err "people: ./map:1: not a valid LDAP filter: (mail=*"
	hasnt out end'
ok 'future: a time becomes yes or no' '
	map <<-\END
	active = until | future
	END
	{
		entry a "until: 20991231235959Z"
		entry b "until: 20001231235959Z"
		entry c "until: 0"
		entry d "until: -1"
		entry e "until: 4102444800"
		entry f "until: 978307200"
		entry g
	} >people
	dump 0 -m ./map people
	sed -n "s/.*\"address\":\"\(.\).*\"active\":\([a-z]*\).*/\1 \2/p" out >got
	printf "%s\n" "a true" "b false" "c true" "d true" "e true" "f false" "g true" >want
	same want got
	entry a "until: tomorrow" >people
	dump 1 -m ./map people
	has err "a@one.test: active is neither yes nor no but \"tomorrow\""'
ok 'catchall: a catch-all of qmail-ldap' '
	map <<-\END
	aliases = other | catchall
	END
	entry a "other: CatchAll@two.test" "other: catchall2@two.test" >people
	dump 0 -m ./map people
	has out "\"aliases\":[\"catchall2@two.test\"]"
	has out "{\"v\":1,\"type\":\"alias\",\"address\":\"@two.test\",\"targets\":[\"a@one.test\"]"'
ok '[name]: what stands for an address' '
	{
		map <<-\END

		[name]
		filter = (uid=*)
		address = mail
		logins = dn

		[name]
		filter = (uid=*)
		address = mail
		logins = uid

		[alias]
		filter = (objectClass=group)
		address = mail
		targets = member | address
		END
		entry a
		entry b
		printf "%s\n" "dn: cn=g,dc=x" "objectClass: group" "mail: g@one.test" \
		    "member: UID=a,dc=X" "member: B" "member: ext@other.test" "member: uid=c,dc=x"
	} >people
	dump 1 -m ./map people
	has out "\"targets\":[\"a@one.test\",\"b@one.test\",\"ext@other.test\"]"
	grep "g@one.test: " err
	has out "\"type\":\"end\""'
ok '[name] needs an address and logins' '
	printf "[name]\nfilter = (uid=*)\naddress = mail\n" >map
	dump 2 -m ./map people
	has err "./map:1: [name] has no logins"
	printf "[name]\nfilter = (uid=*)\naddress = mail\nlogins = uid\nquota = x\n" >map
	dump 2 -m ./map people
	has err "./map:5: a section [name] has no quota"'
ok 'a hash that is locked, and a clear password that looks so' '
	for secret in "{CRYPT}!\$6\$Zx\$Zx" "{SSHA}*Zx" "{CRYPT}*"; do
		entry a "userPassword: $secret" >people
		dump 0 -m inetorgperson people
		has out "\"secret\":\"$secret\",\"active\":false"
	done
	for secret in "!Zx" "{PLAIN}*Zx" "*"; do
		entry a "userPassword: $secret" >people
		dump 0 -m inetorgperson people
		has out "\"secret\":\"$secret\""
		has out "\"active\":true"
	done'
ok 'the best of several passwords, by any order' '
	good="{SSHA}lrsYCQ3hViAE3a81UCiCUrF5ekSFMenk"
	for order in "$good|{NT}Zx|clear" "{NT}Zx|$good|clear" "clear|{NT}Zx|$good" "{SASL}a|$good"; do
		IFS="|"
		set -- $order
		unset IFS
		for p in "$@"; do
			echo "userPassword: $p"
		done >values
		{ entry a | sed "\$d"; cat values; } >people
		dump 0 -m inetorgperson people
		has out "\"secret\":\"$good\",\"active\""
		has err "several passwords: only one is carried: $(($# - 1)) line"
	done
	entry a "userPassword: {NT}ABC" "userPassword: clear" >people
	dump 0 -m inetorgperson people
	has out "\"secret\":\"clear\",\"default_scheme\":\"PLAIN\""
	entry a "userPassword: {NT}ABC" "userPassword: {CRAM-MD5}ABC" >people
	dump 0 -m inetorgperson people
	has out "\"secret\":\"{NT}ABC\""'

done_testing
