#!/bin/sh
# The merges of 82-through-doveadm.t, with a Dovecot 2.4.
. "${0%/*}/lib.sh"
if [ "$(id -u)" -ne 0 ]; then
	# Not a thing that is missing: no skip_all.
	echo '1..0 # SKIP a Dovecot 2.4 is entered by chroot, as root only'
	exit 0
fi
. "$top/t/through.sh"
FERRY_DOVECOT24=$("$top/tests/helper/dovecot" 2.4) ||
	skip_all 'Dovecot 2.4 is not installed (tests/helper/dovecot 2.4 --install)'
export FERRY_DOVECOT24

ok 'Maildir with mail_crypt and compression, the prefix INBOX.' 'through prefix'
ok 'mdbox' 'through mdbox'
ok 'sdbox' 'through sdbox'
in_both mdbox

done_testing
