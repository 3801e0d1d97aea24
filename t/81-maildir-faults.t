#!/bin/sh
# System calls of a merge and of an undoing fail, each error in its turn; after
# a second run every message is there exactly once.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
shim=$build/shim/fscalls.so
not_sanitized

for error in EIO ENOSPC EDQUOT EINTR EMFILE short EIO+ ENOSPC+; do
	ok "calls that fail: $error" '
		mkdir "$error"
		cd "$error"
		run 0 /usr/bin/python3 "$top/tests/maildir/faults.py" "$shim" "$error"'
done

ok 'calls that fail, LAYOUT=fs: EIO' '
	mkdir fs
	cd fs
	run 0 /usr/bin/python3 "$top/tests/maildir/faults.py" "$shim" fs EIO'

ok 'calls of a second run that fail, without RENAME_NOREPLACE: EIO, EMFILE' '
	mkdir second
	cd second
	run 0 /usr/bin/python3 "$top/tests/maildir/faults.py" "$shim" again EIO EMFILE EIO+'

ok 'calls of maildir-check --fix that fail, or at which it is killed' '
	mkdir check
	cd check
	run 0 /usr/bin/python3 "$top/tests/maildir/checkfaults.py" "$shim"'

ok 'what cannot be looked at is not taken for what is not there' '
	mkdir -p looks/rb/mail looks/rb/.archive2maildir looks/t
	cd looks
	for box in rb/mail rb/mail/.Old t t/.Gesendet; do
		mkdir -p "$box/cur" "$box/new" "$box/tmp"
	done
	printf "%s\n" "{\"v\":1,\"type\":\"folder\",\"dir\":\".Old\",\"path\":[\"Old\"],\"role\":\"sent\",\"subscribed\":true}" \
	    >rb/folders.ndjson
	for i in 1 2; do
		printf "Message-ID: <$i@x>\n\nx\n" >"rb/mail/cur/$i.x:2,"
		printf "Message-ID: <o$i@x>\n\nx\n" >"rb/mail/.Old/cur/$i.x:2,"
	done
	touch t/.Gesendet/dovecot-uidlist t/dovecot-uidlist
	look() {
		LD_PRELOAD=$shim FSCALL_ALL=1 FSCALL_BELOW=$PWD FSCALL_COUNT=calls \
		    FSCALL_AT=$1 FSCALL_DO=EIO \
		    maildir-merge -n -j 1 --state-dir state rb t >out 2>err
	}
	look 0
	cp out wanted
	has wanted "\"folder\":\"Gesendet\""
	for n in $(seq "$(cat calls)"); do
		look "$n" || continue
		cmp wanted out || { echo "call $n"; cat err; exit 1; }
	done'

ok 'a folder that has to be listed again, and then cannot be' '
	mkdir -p again/s/cur again/s/new again/s/tmp
	cd again
	for i in 1 2 3; do
		printf "Message-ID: <$i@x>\n\nx\n" >"s/cur/$i.x:2,"
	done
	# It changes all the while, so that one look is not enough.
	touch busy
	while [ -e busy ]; do touch s/cur && sleep 0.004; done &
	for n in $(seq 1 3 120); do
		rm -rf t state
		mkdir -p t/cur t/new t/tmp
		LD_PRELOAD=$shim FSCALL_ALL=1 FSCALL_BELOW=$PWD/s FSCALL_AT=$n \
		    FSCALL_DO=EIO maildir-merge -j 1 --state-dir state s t \
		    >out 2>err || true
		[ -z "$(sed "s/.*\"file\":\"\([^\"]*\).*/\1/" out | sort | uniq -d)" ] ||
			{ rm busy; cat out err; exit 1; }
		[ "$(ls t/cur | wc -l)" -le 3 ] || { rm busy; exit 1; }
	done
	rm busy'
done_testing
