# shellcheck shell=bash
prepare() {
	message /root/Maildir one
	message /root/Maildir/.Work one
	message /root/Maildir/.Work two
}
after_1() {
	[ "$(cat "$out")" = one@example.org ]
}
after_2() {
	[ "$(tr -s ' ' <"$out")" = ' 1 INBOX
 2 Work' ]
}
