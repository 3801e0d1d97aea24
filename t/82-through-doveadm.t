#!/bin/sh
# maildir-merge --through-doveadm: the mail of a real archive goes into stores
# that only Dovecot can open, once, and out again.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3
need openssl openssl
. "$top/t/dovecot23.sh"
need_dovecot /usr/lib/dovecot/imap dovecot-imapd
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE

through() {
	mkdir -m 755 "$1$2"
	cd "$1$2"
	run 0 /usr/bin/python3 "$top/tests/maildir/through.py" "$1" \
	    "$fixtures/real/archive-jmap.sqlite.gz" ${2:+"$2"}
}

ok 'Maildir with mail_crypt and zlib' 'through crypt'
ok 'sdbox' 'through sdbox'
ok 'mdbox, the run killed again and again' 'through mdbox 4'
ok 'odd mail, and folders named like options' '
	mkdir -m 755 odd
	cd odd
	run 0 /usr/bin/python3 "$top/tests/maildir/strange.py"'
ok 'two runs at once, with two state directories' '
	mkdir -m 755 twice
	cd twice
	run 0 /usr/bin/python3 "$top/tests/maildir/twice.py" sdbox'
ok 'flags of messages on both sides' '
	mkdir -m 755 flags
	cd flags
	run 0 /usr/bin/python3 "$top/tests/maildir/flagging.py" sdbox'
ok 'undoing what its owner has used since: kept, or named before it goes' '
	mkdir -m 755 forced
	cd forced
	run 0 /usr/bin/python3 "$top/tests/maildir/forced.py" mdbox'
ok 'ITERINDEX: folders of other programs are found, and ours are shown' '
	mkdir -m 755 iterindex
	cd iterindex
	run 0 /usr/bin/python3 "$top/tests/maildir/iterindex.py"'
sanitized || ok 'calls that fail: every message once, after a second run' '
	mkdir -m 755 faults
	cd faults
	run 0 /usr/bin/python3 "$top/tests/maildir/throughfaults.py" sdbox \
	    "$build/shim/fscalls.so"'
ok 'LAYOUT=fs: a folder that was only the level above another' '
	mkdir -m 755 levels
	cd levels
	run 0 /usr/bin/python3 "$top/tests/maildir/levels.py"'
ok 'where the Maildir of a user is' '
	mkdir -m 755 user
	cd user
	run 0 /usr/bin/python3 "$top/tests/maildir/user.py"'

done_testing
