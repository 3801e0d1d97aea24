#!/bin/sh
# maildir-merge --through-doveadm: the mail of a real archive goes into stores
# that only Dovecot can open, once, and out again.
. "${0%/*}/lib.sh"
. "$top/t/dovecot23.sh"
. "$top/t/through.sh"
need_dovecot /usr/lib/dovecot/imap dovecot-imapd

ok 'Maildir with mail_crypt and zlib' 'through crypt'
ok 'sdbox' 'through sdbox'
ok 'mdbox, the run killed again and again' 'through mdbox 4'
ok 'two runs at once, with two state directories' 'script twice sdbox'
ok 'an owner who moves and deletes mail meanwhile' 'script evades'
sanitized || ok 'calls that fail: every message once, after a second run' '
	script throughfaults sdbox "$build/shim/fscalls.so"'
in_both sdbox

done_testing
