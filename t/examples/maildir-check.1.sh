# shellcheck shell=bash
prepare() {
	message /home/alice/Maildir good
	message /home/bob/Maildir 'bad,S=1'
	message /root/Maildir 'bad,S=1'
	message /root/Maildir 'worse,S=2'
}
after_1() {
	[ "$(cat "$out")" = /home/bob/Maildir ]
}
status_2=1
after_2() {
	[ "$(tr -s ' ' <"$out")" = ' 2 size' ]
}
