#!/bin/sh
# The merges of 82-maildir-dovecot.t, with a Dovecot 2.4.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3
if [ "$(id -u)" -ne 0 ]; then
	# Not a thing that is missing: no skip_all.
	echo '1..0 # SKIP a Dovecot 2.4 is entered by chroot, as root only'
	exit 0
fi
FERRY_DOVECOT24=$("$top/tests/helper/dovecot" 2.4) ||
	skip_all 'Dovecot 2.4 is not installed (tests/helper/dovecot 2.4 --install)'
PYTHONDONTWRITEBYTECODE=1
export FERRY_DOVECOT24 PYTHONDONTWRITEBYTECODE

scenario() {
	mkdir "$1"
	cd "$1"
	script=$2
	shift 2
	run 0 /usr/bin/python3 "$top/tests/maildir/$script.py" "$@"
}

ok '20,000 messages, while mail is delivered and read' 'scenario live live 20000'
ok 'the same with maildir_very_dirty_syncs' 'scenario dirty live 1500 very-dirty'
ok 'a client that moves, renames, appends and expunges at random' '
	scenario busy busy ${FERRY_BUSY:-1500 1}'
ok 'the traps of a Maildir' 'scenario traps traps'

done_testing
