#!/bin/sh
# davmerge where runs end halfway beside others, and servers spell addresses in
# odd ways: each object once.
. "${0%/*}/lib.sh"
. "$top/t/dav.sh"

for i in 1 2 3; do
	event "tree/calendars/Work/$i.ics" "u$i@x"
done
event tree/calendars/Home/1.ics u4@x
event tree/calendars/Home/2.ics u1@x
for i in 1 2; do
	card "tree/contacts/Friends/$i.vcf" "c$i@x"
done

# One in eleven of the ways to be cut off: each request, and each way.
ok 'cut off at any request beside another run: then each object once' '
	run 0 /usr/bin/python3 "$top/tests/dav/killed.py" "$server" "$tmp/store" \
	    "$tmp/password" tree ${FERRY_EVERY_CALL:-11}'

# Each call on the tree fails once; a close may.
sanitized || ok 'what cannot be read of the tree is not passed over' '
	forget
	cp -r tree named
	echo "{\"v\":1,\"type\":\"calendar\",\"dir\":\"calendars/Work\",\"name\":\"Named\"}" \
	    >named/account.ndjson
	n=0
	while :; do
		n=$((n + 1)) status=0
		env LD_PRELOAD=$build/shim/fscalls.so FSCALL_ALL=1 FSCALL_BELOW=$tmp/named \
		    FSCALL_AT=$n FSCALL_DO=EIO FSCALL_COUNT=$tmp/calls \
		    davmerge --user alice --password-file password -nq "$server" \
		    "$tmp/named" >out 2>err || status=$?
		case $status in
		0)
			counts "1 addressbook planned,2 calendar planned,2 card planned,5 event planned,"
			[ "$(grep -c "Named.*planned" out)" -eq 4 ]
			;;
		1 | 2 | 75) grep -F "Input/output error" err ;;
		*) false ;;
		esac
		[ "$(cat calls)" -ge "$n" ] || break
	done
	[ "$n" -gt 30 ]'

start_faults rules
ok 'addresses that answers spell in two ways are one' '
	forget
	: >rules
	shows run 0 merge -q "$url" tree >out
	shows run 0 merge -v "$url" tree >out 2>plain
	for method in PROPFIND REPORT; do
		echo "$method * recode" >rules
		shows run 0 merge -v "$url" tree >out 2>err
		counts "2 card exists,5 event exists,"
		grep requests plain >was
		grep requests err | same was -
	done'

ok 'a server that cannot give several at once is asked for one at a time' '
	truncate -s 65M huge
	for rule in "status 413" "status 403" "status 501" "body $tmp/huge"; do
		echo "REPORT * $rule" >rules
		shows run 0 merge -q "$url" tree >out 2>err
		counts "2 card exists,5 event exists,"
	done
	echo "GET * body $tmp/huge" >>rules
	shows run 2 merge -q "$url" tree >out 2>err
	has err "an answer of more than"
	hasnt out created'

ok 'what is listed at an address that is none is not missing' '
	n=$(stored | wc -l)
	for which in "*" 3 4; do
		echo "PROPFIND $which relative" >rules
		shows run 2 merge "$url/alice/" tree >out 2>err
		has err "the server lists something at an address that is none: "
		hasnt out created
	done
	echo "REPORT * relative" >rules
	shows run 0 merge -q "$url" tree >out
	counts "2 card exists,5 event exists,"
	[ "$(stored | wc -l)" -eq "$n" ]'

done_testing
