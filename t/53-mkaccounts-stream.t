#!/bin/sh
# mkaccounts as a filter: bad records, rejects, cut-off dumps, files, statuses.
. "${0%/*}/lib.sh"
. "$top/t/mkaccounts.sh"
need jq

{
	domain one.test
	account a@one.test
	account b@one.test
	end
} | counted >good

ok 'bad records in the middle: named, the rest is in the plan' '
	{
		domain one.test
		account a@one.test
		echo "no JSON"
		record account "c@one.test" "\"secret\":\"$sha\",\"name\":\"\""
		record account "no-address" "\"secret\":\"$sha\""
		record account "x@nodot" "\"secret\":\"$sha\""
		record account "a,b@one.test" "\"secret\":\"$sha\""
		record account "@one.test" "\"secret\":\"$sha\""
		account a@one.test
		account b@one.test
		end
	} | plan 1
	plan_has ".[1].value | keys == [\"u-a_40one_2etest\", \"u-b_40one_2etest\"]"
	has err "mkaccounts: stdin:3: not a JSON object"
	has err "mkaccounts: stdin:4: name: an empty string"
	has err "mkaccounts: stdin:5: address: not of the form name@domain"
	has err "mkaccounts: t:x@nodot: x@nodot: the server refuses this domain name: nodot"
	has err "mkaccounts: t:a,b@one.test: a,b@one.test: the server refuses this local part: a character that it does not take"
	has err "mkaccounts: stdin:8: address: not of the form name@domain"
	has err "mkaccounts: t:a@one.test: a@one.test: is there twice, first at t:a@one.test"
	has err " 7 refused"'

ok 'names that fall together on the server: both are refused' '
	{
		account "sp ace@one.test"
		account space@one.test
		account "Ü@one.test"
		account "ü@one.test"
		account " lead@one.test"
		account "OTHER@one.test"
		account "ΟΔΟΣ@one.test"
		account u@bücher.test
		account u@xn--bcher-kva.test
		account " s p a c e @one.test"
		alias_row al@one.test "\"space@one.test\""
		alias_row "a z@one.test" "\"OTHER@one.test\""
		account more@one.test "\"aliases\":[\"an other@one.test\"]"
		end
	} | plan 1
	# It lowers letter by letter: a sigma at the end like any other.
	plan_has "([.[1].value[].name] | sort) == [\"lead\", \"more\", \"other\", \"οδοσ\"]"
	has err "t:sp ace@one.test: sp ace@one.test: refused: the server takes it and space@one.test (t:space@one.test) for the same address, space@one.test"
	has err "t:space@one.test: space@one.test: the server takes it and sp ace@one.test (t:sp ace@one.test) for the same address, space@one.test"
	has err "t:Ü@one.test: Ü@one.test: refused: "
	has err "t:ü@one.test: ü@one.test: the server takes it and Ü@one.test"
	has err "t:u@bücher.test: u@bücher.test: refused: "
	has err "t:u@xn--bcher-kva.test: u@xn--bcher-kva.test: the server takes it and u@bücher.test"
	has err " 7 refused"
	for name in " lead:lead" "a z:az" "an other:another"; do
		has report "\"status\":\"changed\",\"address\":\"${name%:*}@one.test\",\"reason\":\"the server calls it ${name#*:}@one.test\""
	done'

ok 'rejects: repaired and fed in again' '
	{
		account a@one.test
		record account "b;b@one.test" "\"secret\":\"$sha\",\"later\":[1,{}]"
		printf "broken\n"
		end
	} | plan 1 -E rejects
	[ "$(stat -c %a rejects)" = 600 ]
	[ "$(wc -l <rejects)" -eq 2 ]
	jq -e ".error.kind == \"data\" and .later == [1,{}]" <<-EOF
	$(head -n 1 rejects)
	EOF
	sed -i "s/b;b/bb/; /broken/d" rejects
	plan 0 --partial rejects
	plan_has "[.[1].value[].name] == [\"bb\"]"'

ok '-x stops at the first, without a plan' '
	{
		account "a,@one.test"
		account "b,@one.test"
		end
	} | plan 1 -x
	[ ! -s plan ]
	[ "$(wc -l <err)" -eq 1 ]'

ok 'a dump that was cut off does not pass in silence' '
	grep -v "\"end\"" good >cut
	plan 1 cut
	[ ! -s plan ]
	has err "mkaccounts: cut: no end record: the dump was cut off, or is part of one (--partial)"
	plan 0 --partial cut
	plan_has "(.[1].value | length) == 2"
	# in the first of two, too
	plan 1 cut good
	has err "mkaccounts: cut: no end record"
	[ ! -s plan ]
	# and before another one in the same file
	{ cat cut; account c@one.test; end_of 1; } >joined
	plan 1 joined
	has err "mkaccounts: 3 records more than the end record counts"
	[ ! -s plan ]
	plan 0 --partial joined
	plan_has "(.[1].value | length) == 3"
	# in the middle of a line
	head -c -30 good >half
	plan 1 half
	has err "mkaccounts: half:4: the last line has no newline: it was cut off"
	has err "no end record"
	: | plan 1
	has err "no records: the reader of the directory may have failed"
	[ ! -s plan ]
	: | plan 0 --partial
	[ ! -s plan ]'

ok 'entries that the reader could not read are missing, as after a cut' '
	sed "s/\"count\":3/\"count\":3,\"failed\":3/" good >failed
	plan 1 failed
	[ ! -s plan ]
	has err "mkaccounts: 3 of the directory'"'"'s entries could not be read"
	has err "--partial takes the rest"
	plan 0 --partial failed
	plan_has "(.[1].value | length) == 2"
	has err "mkaccounts: 3 of the directory'"'"'s entries could not be read"
	plan 1 --reconcile failed
	[ ! -s plan ]'

ok 'the notes of a dump are in the report' '
	{
		echo "{\"v\":1,\"type\":\"note\",\"what\":\"canonical_maps\",\"text\":\"rewrites senders\",\"origin\":\"m:1\"}"
		account a@one.test
		end
	} | plan 0
	notes_are "not-carried canonical_maps: rewrites senders"'

ok 'CRLF, blank lines, other types, several files' '
	sed "s/\$/\r/" good >crlf
	plan 0 crlf
	cp plan first
	plan 0 good
	same plan first
	{ echo; cat good; echo "  "; } | plan 0 -
	same plan first
	account c@one.test >more
	end_of "$(wc -l <more)" >>more
	plan 0 good more
	plan_has "(.[1].value | length) == 3"
	{ record acount a@one.test; end; } | plan 0
	notes_are "not-carried a@one.test: a record of a type that this release does not know"'

ok 'a huge line is named, and the next is read' '
	{
		account a@one.test
		head -c 1100000 /dev/zero | tr "\0" x
		echo
		account b@one.test
		end
	} | plan 1
	plan_has "(.[1].value | length) == 2"
	has err "stdin:2: a line of more than 1048576 bytes"'

ok 'outputs that cannot be written: 2' '
	run 2 mkaccounts good >/dev/full 2>err
	has err "standard output: No space left on device"
	run 2 mkaccounts -o no/such/file good >out 2>err
	has err "no/such/file"
	run 2 mkaccounts --report no/such/file good >out 2>err
	run 2 mkaccounts -E no/such/file good >out 2>err
	run 2 mkaccounts no-such-file >out 2>err
	has err "no-such-file"
	[ ! -s out ]'

ok '-o: mode 0600, and only when complete' '
	plan 0 good
	cp plan first
	run 0 mkaccounts -o made good >out 2>err
	same first made
	[ ! -s out ]
	[ "$(stat -c %a made report)" = "600
600" ]
	echo before >made
	{ cat good; record account x@one.test; } >bad
	run 1 mkaccounts -x -o made bad >out 2>err
	[ "$(cat made)" = before ]
	run 2 mkaccounts -o made good no-such-file >out 2>err
	[ "$(cat made)" = before ]
	[ "$(ls made*)" = made ]'

ok 'wrong calls: 2, and the option and what it allows are named' '
	for option in --no-secret=x --inactive=x --otp=x --tenant= --description= --frob; do
		run 2 mkaccounts "$option" good >out 2>err
		[ ! -s out ]
		has err "${option%%=*}"
	done
	run 2 mkaccounts --no-secret=x good >out 2>err
	has err "\"x\" is not one of: fail, skip, temp, empty"
	run 2 mkaccounts --frob good >out 2>err
	has err "usage: mkaccounts"
	run 2 mkaccounts --no-secret=temp good >out 2>err
	has err "usage: mkaccounts"'

ok '-q and -v' '
	{
		account a@one.test "\"otp\":\"otpauth://totp/x?secret=AB\""
		end
	} | counted >in
	plan 0 -q in
	[ ! -s err ]
	plan 0 -v in
	has err "mkaccounts: t:a@one.test: a@one.test: not-carried: the second factor"
	plan 0 in
	hasnt err "t:a@one.test"
	run 0 mkaccounts in >plan 2>err
	has err "1 not carried, 0 changed, 0 refused (--report names them)"'

ok 'no secret in any message, report or script' '
	{
		record account a@one.test "\"secret\":\"{CRAM-MD5}5ecret5ecret\""
		record account b@one.test "\"secret\":\"{PLAIN}5ecret5ecret\""
		record account "c,@one.test" "\"secret\":\"5ecret5ecret\""
		record account d@one.test "\"secret\":\"{SHA}5ecret5ecret\",\"forward\":[\"x@other.test\"],\"otp\":\"5ecret5ecret\""
		end
	} | counted >in
	plan 1 -v -E rejects2 --sieve-dir scripts in
	for mode in skip empty; do
		plan 1 -vv --no-secret=$mode --sieve-dir scripts in
		hasnt err 5ecret
		hasnt report 5ecret
		hasnt plan 5ecret
		not grep -r 5ecret scripts
	done
	hasnt err 5ecret
	has rejects2 5ecret
	[ "$(stat -c %a rejects2)" = 600 ]'

done_testing
