#!/bin/sh
# Merges into the Maildir of a real Dovecot, with clients and delivery at work.
# What readdir(3) shows of a folder that changes is the file system's.
on_disk=yes
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3
. "$top/t/dovecot23.sh"
need_dovecot /usr/lib/dovecot/imap dovecot-imapd
need_dovecot /usr/lib/dovecot/lmtp dovecot-lmtpd

scenario() {
	mkdir "$1"
	cd "$1"
	script=$2
	shift 2
	PYTHONDONTWRITEBYTECODE=1 run 0 /usr/bin/python3 \
	    "$top/tests/maildir/$script.py" "$@"
}

ok '20,000 messages, while mail is delivered and read' 'scenario live live 20000'
ok 'the same with maildir_very_dirty_syncs' 'scenario dirty live 1500 very-dirty'
# FERRY_BUSY="MESSAGES SEED...": the long form is 20000 and 20 seeds.
ok 'a client that moves, renames, appends and expunges at random' '
	scenario busy busy ${FERRY_BUSY:-1500 1}'

ok 'the traps of a Maildir' 'scenario traps traps'
ok 'the steps of maildir-merge(1)' '
	scenario page1 manual "$top/man/maildir-merge.1" "ROLLING AN ACCOUNT BACK"'
ok 'the steps of mailferry(7)' '
	scenario page2 manual "$top/man/mailferry-steps.7" "BACK, STEP BY STEP"'

done_testing
