#!/bin/sh
# A merge that is killed, or that the file system fails, at calls that change the
# file system: nothing is lost, nothing doubled, nothing half.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3

shim=$build/shim/fscalls.so
not_sanitized

PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
for what in kill ENOSPC EIO; do
	ok "calls that end or fail: $what" '
		mkdir "$what"
		cd "$what"
		run 0 /usr/bin/python3 "$top/tests/maildir/crash.py" "$shim" "$what"'
done

ok 'killed on a file system without RENAME_NOREPLACE' '
	mkdir noreplace
	cd noreplace
	FSCALL_NOREPLACE=EINVAL run 0 /usr/bin/python3 "$top/tests/maildir/crash.py" "$shim" kill'

ok 'a message that arrives while it is being added' '
	mkdir arrive
	cd arrive
	run 0 /usr/bin/python3 "$top/tests/maildir/arrive.py" "$shim"'

ok 'folders that are renamed, and messages that are moved, meanwhile' '
	mkdir moves
	cd moves
	run 0 /usr/bin/python3 "$top/tests/maildir/moves.py" "$shim" 61'

ok 'a client that never stops: all once, or put off with nothing added' '
	mkdir restless
	cd restless
	run 0 /usr/bin/python3 "$top/tests/maildir/restless.py"'

ok 'the same messages are delivered meanwhile, without a pause' '
	mkdir appends
	cd appends
	run 0 /usr/bin/python3 "$top/tests/maildir/appends.py" 3'

ok 'a message that gets other flags while it is given some' '
	mkdir flip
	cd flip
	run 0 /usr/bin/python3 "$top/tests/maildir/flip.py" "$shim"'

ok 'a link that is put where a folder is to be made' '
	mkdir links
	cd links
	run 0 /usr/bin/python3 "$top/tests/maildir/links.py" "$shim"'

ok 'a full quota: each message has its result, what fits is merged' '
	for d in quota/s quota/t; do
		mkdir -p "$d/cur" "$d/new" "$d/tmp"
	done
	cd quota
	for i in 1 2 3 4; do
		printf "Message-ID: <%s@x>\n\n" "$i" >"s/cur/$i.x:2,"
		touch -d "2020-01-0$i" "s/cur/$i.x:2,"
	done
	head -c 5000 /dev/zero | tr "\000" x >>s/cur/2.x:2,
	touch -d 2020-01-02 s/cur/2.x:2,
	LD_PRELOAD=$shim FSCALL_QUOTA=1000:$PWD/t run 75 \
	    maildir-merge -j 1 --state-dir state s t >out 2>err
	has err "cur/2.x:2,: cannot be written: Disk quota exceeded"
	[ "$(grep -c "\"added\"" out)" -eq 3 ] && [ "$(grep -c "\"failed\"" out)" -eq 1 ]
	[ "$(ls t/cur | wc -l)" -eq 3 ] && [ -z "$(ls t/tmp)" ]
	LD_PRELOAD=$shim FSCALL_QUOTA=0:$PWD/t run 2 \
	    maildir-merge -j 1 --state-dir state s t >out 2>err
	has err "mailferry-merges: Disk quota exceeded"
	[ "$(ls t/cur | wc -l)" -eq 3 ]
	run 0 maildir-merge --state-dir state s t >out
	[ "$(ls t/cur | wc -l)" -eq 4 ]'

ok 'a journal that cannot be begun is not left: the same command works later' '
	mkdir begin begin/j
	cd begin
	for d in s t; do
		mkdir -p "$d/cur" "$d/new" "$d/tmp"
	done
	printf "Message-ID: <1@x>\n\n" >s/cur/1.x:2,
	LD_PRELOAD=$shim FSCALL_QUOTA=0:$PWD/j run 2 maildir-merge -J j/x s t 2>err
	has err "j/x: Disk quota exceeded"
	[ -z "$(ls j)" ] && [ -z "$(ls t/cur)" ]
	run 0 maildir-merge -J j/x s t
	[ "$(ls t/cur | wc -l)" -eq 1 ]
	run 0 maildir-merge --undo j/x t
	[ -z "$(ls t/cur)" ]'

ok 'a lock of another machine, whose clock is another: it is not broken' '
	mkdir -p clock/s/cur clock/s/new clock/t/cur clock/t/new
	cd clock
	echo "0 Work" >s/dovecot-keywords
	printf "Message-ID: <1@x>\n\n" >s/cur/1.x:2,a
	printf "4711:other.example.org" >t/dovecot-uidlist.lock
	LD_PRELOAD=$shim FSCALL_AHEAD=1000 run 75 maildir-merge --state-dir st s t 2>err
	has err "held by another program"
	[ -e t/dovecot-uidlist.lock ] && [ -z "$(ls t/cur)" ]
	LD_PRELOAD=$shim FSCALL_AHEAD=-1000 run 75 maildir-merge --state-dir st s t 2>err
	touch -d "130 seconds ago" t/dovecot-uidlist.lock
	LD_PRELOAD=$shim FSCALL_AHEAD=-1000 run 0 maildir-merge --state-dir st s t
	not [ -e t/dovecot-uidlist.lock ]'

ok 'a level that cannot be listed: no folder of the other layout is made' '
	mkdir level
	cd level
	mkdir -p s/cur s/new s/.X/cur s/.X/new t/cur t/new t/A/B/cur t/A/B/new
	cp -R t before
	for n in $(seq 60); do
		rm -rf t
		cp -R before t
		LD_PRELOAD=$shim FSCALL_ALL=1 FSCALL_BELOW=$PWD FSCALL_COUNT=calls \
		    FSCALL_AT=$n FSCALL_DO=EIO maildir-merge -q -j 1 --state-dir st s t 2>err || :
		not [ -e t/.X ]
	done'

done_testing
