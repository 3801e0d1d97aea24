#!/bin/sh
# The merges of 82-through-doveadm.t, with a Dovecot 2.4.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3
need openssl openssl
if [ "$(id -u)" -ne 0 ]; then
	# Not a thing that is missing: no skip_all.
	echo '1..0 # SKIP a Dovecot 2.4 is entered by chroot, as root only'
	exit 0
fi
FERRY_DOVECOT24=$("$top/tests/helper/dovecot" 2.4) ||
	skip_all 'Dovecot 2.4 is not installed (tests/helper/dovecot 2.4 --install)'
PYTHONDONTWRITEBYTECODE=1
export FERRY_DOVECOT24 PYTHONDONTWRITEBYTECODE

through() {
	mkdir -m 755 "$1"
	cd "$1"
	run 0 /usr/bin/python3 "$top/tests/maildir/through.py" "$1" \
	    "$fixtures/real/archive-jmap.sqlite.gz"
}

ok 'Maildir with mail_crypt and compression, the prefix INBOX.' 'through prefix'
ok 'mdbox' 'through mdbox'
ok 'sdbox' 'through sdbox'
ok 'odd mail, and folders named like options' '
	mkdir -m 755 odd
	cd odd
	run 0 /usr/bin/python3 "$top/tests/maildir/strange.py"'
ok 'flags of messages on both sides' '
	mkdir -m 755 flags
	cd flags
	run 0 /usr/bin/python3 "$top/tests/maildir/flagging.py" mdbox'
ok 'undoing what its owner has used since: kept, or named before it goes' '
	mkdir -m 755 forced
	cd forced
	run 0 /usr/bin/python3 "$top/tests/maildir/forced.py" mdbox'
ok 'ITERINDEX: folders of other programs are found, and ours are shown' '
	mkdir -m 755 iterindex
	cd iterindex
	run 0 /usr/bin/python3 "$top/tests/maildir/iterindex.py"'
ok 'LAYOUT=fs: a folder that was only the level above another' '
	mkdir -m 755 levels
	cd levels
	run 0 /usr/bin/python3 "$top/tests/maildir/levels.py"'
ok 'where the Maildir of a user is' '
	mkdir -m 755 user
	cd user
	run 0 /usr/bin/python3 "$top/tests/maildir/user.py"'

done_testing
