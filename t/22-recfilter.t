#!/bin/sh
# recfilter: what belongs to an account goes with it, and nothing else.
. "${0%/*}/lib.sh"
. "$top/t/mkaccounts.sh"
need jq

# The addresses and domains of the records that went on, in their order.
names() {
	jq -r '.address // .domain // .what // empty' out | tr '\n' ' ' | sed 's/ $//'
}
# goes WANTED OPTION...: exactly these go on, of the file dump.
goes() {
	want=$1
	shift
	run 0 recfilter "$@" dump >out 2>err
	[ "$(names)" = "$want" ] || {
		printf 'wanted %s\ngot    %s\n' "$want" "$(names)"
		return 1
	}
}

{
	domain one.test '"aliases":["mirror.test"]'
	domain two.test
	account a@one.test '"groups":["g@one.test"]'
	account b@one.test '"forward":["fwd@one.test"]'
	account c@two.test
	record group g@one.test '"aliases":["shop@one.test"]'
	alias_row l3@one.test '"L2@Mirror.Test","x@ext.test"'
	alias_row l2@one.test '"a+tag@one.test","l1@one.test"'
	alias_row l1@one.test '"b@one.test","y@ext.test"'
	alias_row b@one.test '"b@one.test","a@one.test"'
	alias_row fwd@one.test '"p@ext.test","q@ext.test"'
	alias_row @one.test '"a@one.test"'
	alias_row store@two.test '"shop@one.test"'
	alias_row out@one.test '"z@ext.test"'
	echo '{"v":1,"type":"dkim","domain":"one.test","selector":"s","algorithm":"rsa-sha256","key":"KEY"}'
	echo '{"v":1,"type":"dkim","domain":"two.test","selector":"s","algorithm":"rsa-sha256","key":"KEY"}'
	echo '{"v":1,"type":"settings","address":"a@one.test"}'
	echo '{"v":1,"type":"settings","address":"b@one.test"}'
	echo '{"v":1,"type":"later","domain":"two.test"}'
	echo '{"v":1,"type":"note","what":"setting","text":"t"}'
	echo '{"v":1,"type":"end","count":20,"source":"here"}'
} >dump

ok 'an account: its group, all that leads to them, what that leads to' '
	goes "one.test two.test a@one.test g@one.test l3@one.test l2@one.test l1@one.test @one.test store@two.test one.test two.test a@one.test two.test setting" \
	    -a A@one.test'
ok 'a forward: its row, and the list that it goes to' '
	goes "one.test b@one.test l3@one.test l2@one.test l1@one.test b@one.test fwd@one.test one.test b@one.test setting" \
	    --address b@one.test'
ok 'nothing of an account that leads to others' '
	goes "two.test c@two.test two.test two.test setting" -a c@two.test'
ok 'a domain: all that is in it, what goes outside too' '
	goes "one.test two.test c@two.test store@two.test one.test two.test two.test setting" --domain Two.Test
	run 0 recfilter --domain one.test dump >out
	jq -r .address out >got
	has got out@one.test
	has got store@two.test
	hasnt got c@two.test'
ok 'a list by its own name' '
	goes "one.test fwd@one.test one.test setting" -a fwd@one.test'
ok 'lines go on as they are; the end says what this is' '
	run 0 recfilter -a c@two.test dump >out
	grep -vxFf dump out >new
	[ "$(cat new)" = "{\"v\":1,\"type\":\"end\",\"count\":5,\"source\":\"here\",\"part\":\"recfilter\"}" ]
	grep -v dkim out >part
	mkaccounts -q part >plan
	run 2 mkaccounts -q --reconcile part >plan 2>err
	has err "a part of a dump (recfilter)"'
ok 'many addresses, from files of names and of records' '
	printf "a@one.test\n\n b@one.test \n" >list
	grep c@two dump | grep account >records
	run 0 recfilter --addresses list --addresses records dump >out
	hasnt out out@one.test
	jq -r "select(.type == \"account\") | .address" out >got
	printf "%s\n" a@one.test b@one.test c@two.test >want
	same want got
	printf "c@two.test\n" | run 0 recfilter --addresses - dump >out
	has out c@two.test'
ok 'the last part is the whole dump' '
	echo a@one.test >first
	printf "b@one.test\nc@two.test\n" >rest
	run 0 recfilter --addresses rest --done first dump >out 2>err
	same dump out
	has err "the last part"
	run 0 recfilter -q --addresses rest --done first dump >out 2>err
	not [ -s err ]
	run 0 recfilter -a b@one.test --done first dump >out 2>err
	has out "\"part\":\"recfilter\""
	hasnt out c@two.test'
ok 'what is not there' '
	run 1 recfilter -a no@one.test --domain no.test -a c@two.test dump >out 2>err
	has err "no@one.test: no account, group or alias has this address"
	has err "no.test: no record is in this domain"
	has out "\"address\":\"c@two.test\""'
ok 'a domain with accounts of its own is no mirror' '
	{
		account a@one.test
		account a@two.test
		alias_row @one.test "\"@two.test\""
		alias_row l@two.test "\"a@one.test\",\"x@ext.test\""
		end
	} >dump2
	run 0 recfilter -a a@two.test dump2 >out
	hasnt out "account\",\"address\":\"a@one.test"
	hasnt out l@two.test
	hasnt out "@one.test"
	run 0 recfilter -a a@one.test dump2 >out
	has out l@two.test
	hasnt out "\"@one.test\""
	echo a@one.test >done2
	run 0 recfilter -q -a a@two.test --done done2 dump2 >out
	same dump2 out'
ok 'aliases that lead in a circle, and mirrors of mirrors' '
	{
		account a@one.test
		alias_row x@one.test "\"y@one.test\""
		alias_row y@one.test "\"x@one.test\",\"a@one.test\""
		alias_row @m1.test "\"@m2.test\""
		alias_row @m2.test "\"@m1.test\""
		alias_row z@m1.test "\"z@m2.test\""
		end
	} >dump3
	run 0 recfilter -a a@one.test dump3 >out
	has out x@one.test
	hasnt out z@m1.test
	run 0 recfilter --domain m1.test dump3 >out'
ok 'a note about an address goes with it, and one about what nobody has with all' '
	{
		account a@one.test
		account b@one.test
		alias_row l@one.test "\"b@one.test\",\"x@ext.test\""
		echo "{\"v\":1,\"type\":\"note\",\"what\":\"A@one.test\",\"text\":\"of a\",\"count\":2}"
		echo "{\"v\":1,\"type\":\"note\",\"what\":\"b@one.test\",\"text\":\"of b\"}"
		echo "{\"v\":1,\"type\":\"note\",\"what\":\"l@one.test\",\"text\":\"of l\"}"
		echo "{\"v\":1,\"type\":\"note\",\"what\":\"pipe@one.test\",\"text\":\"of nobody\"}"
		end
	} >dump4
	for who in a b; do
		run 0 recfilter -a $who@one.test dump4 >out
		jq -r "select(.type == \"note\") | .text" out | tr "\n" " "
		echo
	done >got
	printf "%s\n" "of a of nobody " "of b of l of nobody " >want
	same want got'
ok 'empty input, or without its end: nothing goes on' '
	: | run 1 recfilter -a a@one.test >out 2>err
	not [ -s out ]
	has err "no records: the reader of the directory may have failed"
	sed "\$d" dump | run 1 recfilter -a a@one.test >out 2>err
	not [ -s out ]
	has err "no end record"
	sed "\$d" dump | run 0 recfilter --partial -a c@two.test >out
	tail -n 1 out | jq -e ".part == \"recfilter\" and .count == 5"
	: | run 1 recfilter --partial -a c@two.test >out 2>err
	has err "no account, group or alias"'
ok 'a record that cannot be read: the rest goes on, the end counts it' '
	sed "3i {\"v\":1,\"type\":\"account\"}" dump >bad
	run 1 recfilter -E rejects -a c@two.test bad >out 2>err
	has rejects "address: is missing"
	tail -n 1 out | jq -e ".failed == 1 and .part != null"
	run 1 recfilter -x -a c@two.test bad >out 2>err
	not [ -s out ]'
ok 'a wrong call, and a list that is no list' '
	run 2 recfilter dump >out 2>err
	has err "nothing is chosen"
	run 2 recfilter -a alice dump >out 2>err
	has err "alice: an address without @"
	run 2 recfilter --addresses nowhere dump >out 2>err
	run 2 recfilter -a c@two.test dump >/dev/full 2>err
	has err "No space left on device"'

# --- the index ---

# odd_dump SEED: domains that mirror each other, lists of lists, forwards, groups.
odd_dump() {
	awk -v seed="$1" '
	function any(n) { return int(rand() * n) }
	function addr() { return any(12) "@" d[any(4)] }
	BEGIN {
		srand(seed)
		split("a.test b.test c.test e.test", d0, " ")
		for (i = 0; i < 4; i++) d[i] = d0[i + 1]
		print "{\"v\":1,\"type\":\"domain\",\"domain\":\"a.test\",\"aliases\":[\"b.test\"]}"; n++
		print "{\"v\":1,\"type\":\"domain\",\"domain\":\"c.test\"}"; n++
		for (i = 0; i < 12; i++) if (any(2)) {
			printf "{\"v\":1,\"type\":\"account\",\"address\":\"%d@%s\"", i, d[any(2) ? 0 : 2]
			if (!any(4)) printf ",\"forward\":[\"%s\"]", addr()
			if (!any(4)) printf ",\"groups\":[\"g@c.test\"]"
			if (!any(4)) printf ",\"aliases\":[\"x%d@%s\"]", i, d[any(4)]
			print "}"; n++
		}
		print "{\"v\":1,\"type\":\"group\",\"address\":\"g@c.test\"}"; n++
		for (i = 0; i < 14; i++) {
			printf "{\"v\":1,\"type\":\"alias\",\"address\":\"%s\",\"targets\":[\"%s\"", any(3) ? "l" addr() : addr(), any(2) ? addr() : "l" addr()
			if (any(2)) printf ",\"l%s\"", addr()
			print "]}"; n++
		}
		if (any(2)) { print "{\"v\":1,\"type\":\"alias\",\"address\":\"@e.test\",\"targets\":[\"@" d[any(3)] "\"]}"; n++ }
		print "{\"v\":1,\"type\":\"alias\",\"address\":\"@a.test\",\"targets\":[\"" addr() "\"]}"; n++
		for (i = 0; i < 6; i++) { print "{\"v\":1,\"type\":\"settings\",\"address\":\"" addr() "\"}"; n++ }
		print "{\"v\":1,\"type\":\"dkim\",\"domain\":\"b.test\",\"selector\":\"s\",\"algorithm\":\"rsa-sha256\",\"key\":\"K\"}"; n++
		print "{\"v\":1,\"type\":\"note\",\"what\":\"setting\",\"text\":\"t\"}"; n++
		printf "{\"v\":1,\"type\":\"end\",\"count\":%d,\"source\":\"here\"%s}\n", n, any(2) ? ",\"failed\":2" : ""
	}'
}
ok 'by the index goes on what would go on without it' '
	for seed in 1 2 3 4 5 6 7 8; do
		odd_dump $seed >odd
		run 0 recfilter --index odd.index odd >out
		not [ -s out ]
		sed -n "s/.*\"account\",\"address\":\"\([^\"]*\).*/\1/p" odd >them
		[ -s them ]
		while read -r one; do
			run 0 recfilter -a "$one" odd >want
			run 0 recfilter --index odd.index -a "$one" odd >got
			same want got
		done <them
	done'
ok 'a dump that lacks lines is said to, and its part, too' '
	{ account a@one.test; account b@one.test; end_of 3; } >lacking
	for how in "" "--index lacking.index"; do
		run 0 recfilter -q $how -a a@one.test lacking >out 2>err
		has err "recfilter: the dump has 2 of its 3 records: lines were taken out of it, or are lost"
		tail -n 1 out | grep -q "2 of its 3 records"
	done
	run 0 recfilter --partial -a a@one.test lacking >out 2>err
	not [ -s err ]'
ok 'a dump that was cut off before another one is not made whole' '
	{
		account a@one.test
		account b@one.test
		end_of 2
	} >first
	{ account c@two.test; end_of 1; } >second
	{ head -n 1 first; cat second; } >cut
	run 0 recfilter --domain one.test --domain two.test cut >out 2>err
	tail -n 1 out >last
	run 2 mkaccounts -q --reconcile -o none out 2>err
	has err "more than the end record counts"
	not [ -e none ]
	# All of it is counted.
	run 0 recfilter --domain one.test --domain two.test first second >out 2>err
	run 0 mkaccounts -q --no-secret=skip --reconcile -o all out 2>err'
sanitized || ok 'with it, no more is read of a large dump than of a small one' '
	for size in 10 2000; do
		{
			echo "{\"v\":1,\"type\":\"domain\",\"domain\":\"one.test\"}"
			seq -f "{\"v\":1,\"type\":\"account\",\"address\":\"u%g@one.test\"}" $size
			echo "{\"v\":1,\"type\":\"end\",\"count\":$((size + 1))}"
		} >many.$size
		run 0 recfilter --index many.index many.$size
		FSCALL_COUNT=$tmp/calls FSCALL_ALL=1 FSCALL_BELOW=$tmp/many.$size \
		    LD_PRELOAD=$build/shim/fscalls.so recfilter --index many.index -a u7@one.test many.$size >out
		[ "$(wc -l <out)" = 3 ]
		mv calls calls.$size
	done
	[ "$(cat calls.10)" -gt 0 ]
	same calls.10 calls.2000'
ok 'an index of another dump, a damaged one, none: the dump is read' '
	run 0 recfilter -a a@one.test dump >want
	for index in odd.index /dev/null nowhere dump; do
		run 0 recfilter --index $index -a a@one.test dump >got
		same want got
	done
	run 0 recfilter --index dump.index dump
	for cut in 10 60 200 400; do
		head -c $cut dump.index >short.index
		run 0 recfilter --index short.index -a a@one.test dump >got
		same want got
	done
	echo "{\"v\":1,\"type\":\"end\",\"count\":20}" >>dump
	run 0 recfilter --index dump.index -a c@two.test dump >got
	sed -i "\$d" dump
	run 1 recfilter --index dump.index -a no@one.test dump 2>err
	has err "no@one.test: no account, group or alias has this address"
	[ "$(stat -c %a dump.index)" = 600 ]'
ok 'an index with places that the dump does not have: 2, and what to do' '
	run 0 recfilter --index dump.index dump
	for span in "5 3" "0 99999999" "99999999 5" "0 18446744073709551615"; do
		sed "s/^\(a@one.test\t\).*/\1$span /" dump.index >bad.index
		run 2 recfilter --index bad.index -a a@one.test dump 2>err
		has err "recfilter: bad.index: does not fit the dump any more: remove it"
	done'
ok 'a dump that was replaced while it was read has no index' '
	mkfifo swap
	recfilter --index swap.index swap 9>&- &
	pid=$!
	exec 9>swap
	cat dump >&9
	rm swap
	grep -v "b@one.test" dump | sed "s/\"count\":[0-9]*/\"count\":$(($(wc -l <dump) - 2))/" >swap
	exec 9>&-
	wait $pid
	recfilter --partial -a a@one.test swap >want
	run 0 recfilter --partial --index swap.index -a a@one.test swap >got
	same want got'
ok 'no index of a dump that lacks something, of two files, of standard input' '
	grep -v b@one dump >some
	run 1 recfilter --index some.index some 2>err
	has err "not written: the dump lacks lines"
	sed "\$d" dump >cut
	run 1 recfilter --index cut.index cut 2>err
	has err "no end record"
	not [ -e some.index ]
	not [ -e cut.index ]
	run 2 recfilter --index i dump dump 2>err
	has err "of one file"
	run 2 recfilter --index i <dump 2>err'

# What mkaccounts holds back without recfilter as well.
ok 'another name of a domain that has accounts of its own is none in a part' '
	cat >mirrors <<-"END"
	{"v":1,"type":"domain","domain":"one.test","new":"a\\u0041,[]","aliases":["two.test","three.test"],"active":true}
	{"v":1,"type":"domain","domain":"four.test","aliases":["two.test"]}
	{"v":1,"type":"domain","domain":"two.test"}
	{"v":1,"type":"account","address":"a@one.test","active":true,"aliases":["x@four.test"]}
	{"v":1,"type":"account","address":"b@two.test","active":true}
	{"v":1,"type":"end","count":5}
	END
	run 0 recfilter -a a@one.test mirrors >got
	cat >want <<-"END"
	{"v":1,"type":"domain","domain":"one.test","new":"a\\u0041,[]","aliases":["three.test"],"active":true}
	{"v":1,"type":"domain","domain":"four.test","aliases":[]}
	{"v":1,"type":"account","address":"a@one.test","active":true,"aliases":["x@four.test"]}
	{"v":1,"type":"end","count":3,"part":"recfilter"}
	END
	same want got
	run 1 recfilter --index index mirrors 2>err
	has err "index: not written: two.test is another name of a domain, and has accounts of its own"
	not [ -e index ]
	run 0 recfilter -a b@two.test mirrors >got
	hasnt got "one.test"
	echo a@one.test >done
	run 0 recfilter -a b@two.test --done done mirrors >got
	same mirrors got'
ok 'a part without its account: neither a list that takes its address, nor its forward' '
	{
		account a@one.test
		alias_row i@one.test "\"b@one.test\""
		alias_row b@one.test "\"b@one.test\",\"x@ext.test\""
		alias_row l@one.test "\"a@one.test\",\"b@one.test\""
	} | plan 0 --partial
	has report "the forward of an account that is not in this part"
	plan_has "[.[] | select(.object == \"MailingList\") | .value[].name] == [\"l\"]"'

done_testing
