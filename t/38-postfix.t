#!/bin/sh
# The tables of a Postfix: as text, through the real postmap, and those that
# the real postconf names.
. "${0%/*}/lib.sh"
PATH=$PATH:/usr/sbin
need postmap postfix
. "$top/t/source.sh"
tool=dirdump-postfix

mkdir conf
cat >virtual <<-\END
# Shared addresses.
one.test anything
info@one.test alice@one.test,
  # a comment between
  ext@other.test
bob@one.test bob@one.test, bob@else.test
carol@one.test carol@else.test
"odd name"@one.test alice@one.test
@two.test alice@one.test
@alias.test @one.test
nobody@one.test nobody@one.test
root alice@one.test
END
cat >vmailbox <<-\END
alice@one.test one.test/alice/
Bob@One.Test one.test/bob
carol@one.test /one.test/carol/
@three.test three.test/all/
bad value
END
cat >aliases <<-\END
postmaster: root
"web master": root, alice@one.test
owner-list: alice@one.test
spool: /var/spool/x
pipe: "|/usr/bin/vacation a, b"
included: :include:/etc/list
END
cat >conf/main.cf <<-END
compatibility_level = 3.6
queue_directory = $tmp
data_directory = $tmp
myhostname = mx.one.test
myorigin = one.test
virtual_mailbox_base = /var/vmail
virtual_alias_domains = alias.test
virtual_mailbox_domains = one.test two.test, empty.test
virtual_mailbox_maps = texthash:$tmp/vmailbox
virtual_alias_maps = hash:$tmp/virtual
END
type='hash'
postconf -m | grep -qx hash || type=lmdb
sed "s|hash:$tmp/virtual|$type:$tmp/virtual|" conf/main.cf >main.new
mv main.new conf/main.cf
postmap -c conf $type:virtual

# entries: what the records say, without where it was read.
entries() {
	sed 's/,"origin":"[^"]*"//' out | sort
}

cat >want.virtual <<-\END
{"v":1,"type":"account","address":"alice@one.test","active":true,"receive":true,"mail":"maildir:/var/vmail/one.test/alice/"}
{"v":1,"type":"account","address":"bob@one.test","active":true,"receive":true,"forward":["bob@else.test"],"keep":true,"mail":"mbox:/var/vmail/one.test/bob"}
{"v":1,"type":"account","address":"carol@one.test","active":true,"receive":true,"forward":["carol@else.test"],"keep":false,"mail":"maildir:/var/vmail/one.test/carol/"}
{"v":1,"type":"alias","address":"\"odd name\"@one.test","targets":["alice@one.test"],"active":true}
{"v":1,"type":"alias","address":"@two.test","targets":["alice@one.test"],"active":true}
{"v":1,"type":"alias","address":"info@one.test","targets":["alice@one.test","ext@other.test"],"active":true}
{"v":1,"type":"alias","address":"root@one.test","targets":["alice@one.test"],"active":true}
{"v":1,"type":"domain","domain":"one.test","active":true,"aliases":["alias.test"]}
{"v":1,"type":"domain","domain":"two.test","active":true}
{"v":1,"type":"end","count":9,"failed":2,"source":"postfix"}
END
sort -o want.virtual want.virtual

ok 'text tables' '
	dump 1 -d one.test --base /var/vmail --mailboxes vmailbox virtual
	entries >got
	same want.virtual got
	has err "vmailbox:4: a mailbox for every address of a domain cannot be listed"
	has err "vmailbox:5: not a valid mail address"
	has err "an alias that points to itself, without an account: 1 line"'
ok 'what postmap lists of a table is the same' '
	dump 1 -c conf -d one.test --base /var/vmail --mailboxes vmailbox $type:virtual
	entries >got
	same want.virtual got
	hasnt out "\"postfix:$type:virtual:"'
ok 'without tables: those that postconf names, and the domains' '
	dump 1 -c conf
	entries >got
	{
		sed "s/\"count\":9,\"failed\":2/\"count\":10,\"failed\":2/" want.virtual
		echo "{\"v\":1,\"type\":\"domain\",\"domain\":\"empty.test\",\"active\":true}"
	} | sort >want
	same want got'
ok 'a mailbox without the folder above it has no place' '
	dump 1 -q -d one.test --mailboxes vmailbox virtual
	hasnt out one.test/alice'
ok 'aliases(5), as text and through postmap' '
	dump 1 -d one.test --aliases aliases
	entries >text
	cat >want <<-\END
	{"v":1,"type":"alias","address":"owner-list@one.test","targets":["alice@one.test"],"active":true}
	{"v":1,"type":"alias","address":"postmaster@one.test","targets":["root@one.test"],"active":true}
	{"v":1,"type":"alias","address":"web master@one.test","targets":["root@one.test","alice@one.test"],"active":true}
	{"v":1,"type":"domain","domain":"one.test","active":true}
	{"v":1,"type":"end","count":5,"failed":3,"source":"postfix"}
	{"v":1,"type":"note","what":"pipe@one.test","text":"its mail goes to a command (Mailman, a program), which is not carried"}
	END
	same want text
	[ "$(grep -c "not carried" err)" -eq 3 ]
	postalias -c conf $type:aliases
	dump 1 -c conf -d one.test --aliases $type:aliases
	entries >got
	same want got'
ok 'a name with a backslash is the mailbox, from the text as from the table' '
	printf "%s\n" "alice: \\alice, alice@ext.test" "carol: \\carol" >kept
	postalias -c conf $type:kept
	for table in kept $type:kept; do
		dump 1 -q -c conf -d one.test --mailboxes vmailbox --aliases "$table"
		grep "alice@one.test\"" out |
		    has /dev/stdin "\"forward\":[\"alice@ext.test\"],\"keep\":true"
		hasnt out "\\\\"
	done'
ok 'many targets, domains and other names do not take minutes' '
	seq -f "u%.0f@one.test" -s , 50000 | sed "s/^/all@one.test /" >many
	seq -f "info@d%.0f.test u@one.test" 100000 >>many
	seq -f "@n%.0f.test @one.test" 100000 >>many
	# Seconds of processor time: others may run beside it.
	ulimit -t 60
	run 0 $tool -q -d one.test many >out
	tail -n 1 out | has /dev/stdin "\"count\":200002"'
ok 'tables that cannot be listed are named; the rest goes on' '
	dump 1 -d one.test regexp:none pcre:none virtual
	has err "a table of the type \"regexp\" cannot be listed"
	has err "a table of the type \"pcre\" cannot be listed"
	has out "\"type\":\"end\""'
ok 'a table that is not there: no end record' '
	dump 2 -d one.test virtual.none
	hasnt out "\"type\":\"end\""
	dump 2 -c conf -d one.test $type:virtual.none
	hasnt out "\"type\":\"end\""'
ok 'a text that is not UTF-8: that line alone fails' '
	printf "a@one.test b@one.test\n\377@one.test c@one.test\n" >latin
	dump 1 latin
	has err "latin:2: not UTF-8"
	has out "\"address\":\"a@one.test\""
	has out "\"type\":\"end\""'
ok 'a byte order mark is a part of the first key, which nothing is found by' '
	printf "\357\273\277ann@one.test bob@ext.test\nbob@one.test bob@ext.test\n" >marked
	postmap hash:marked
	for type in texthash hash; do
		not postmap -q ann@one.test "$type:$tmp/marked"
		[ "$(postmap -q bob@one.test "$type:$tmp/marked")" = bob@ext.test ]
		run 1 dirdump-postfix "$type:$tmp/marked" >out 2>err
		hasnt out ann@one.test
		has out "\"address\":\"bob@one.test\""
		grep -q "marked[:12]*: a byte order mark before the first name" err
	done
	# As "cat" puts two files together.
	printf "bob@one.test bob@ext.test\n\357\273\277ann@one.test bob@ext.test\n" >marked
	run 1 dirdump-postfix "texthash:$tmp/marked" >out 2>err
	hasnt out ann@one.test
	has err "marked:2: a byte order mark in a name"
	printf "\357\273\277# a comment\nann@one.test bob@ext.test\n" >marked
	[ "$(postmap -q ann@one.test "texthash:$tmp/marked")" = bob@ext.test ]
	run 0 dirdump-postfix "texthash:$tmp/marked" >out 2>err
	has out "\"address\":\"ann@one.test\""'
ok '/dev/full' '
	run 2 $tool -d one.test virtual >/dev/full 2>err'

done_testing
