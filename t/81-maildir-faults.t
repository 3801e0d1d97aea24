#!/bin/sh
# System calls of a merge and of an undoing fail, each error in its turn; after
# a second run every message is there exactly once.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
shim=$build/shim/fscalls.so
if nm -D "$build/bin/maildir-merge" 2>/dev/null | grep -q __asan_init; then
	echo '1..0 # SKIP the fault shim does not go with a sanitizer'
	exit 0
fi

for error in EIO ENOSPC EDQUOT EINTR EMFILE short; do
	ok "calls that fail: $error" '
		mkdir "$error"
		cd "$error"
		run 0 /usr/bin/python3 "$top/tests/maildir/faults.py" "$shim" "$error"'
done

ok 'calls that fail, LAYOUT=fs: EIO' '
	mkdir fs
	cd fs
	run 0 /usr/bin/python3 "$top/tests/maildir/faults.py" "$shim" fs EIO'

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
