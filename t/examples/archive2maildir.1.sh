# shellcheck shell=bash
prepare() {
	with_dovecot
	with_radicale
	with_vandelay
	cp "$tmp/archive.sqlite" alice-back.sqlite
	message /home/alice/Maildir old
	chown -R 5000:5000 /home/alice
}
after_1() {
	has "$out" 'emails	71'
}
after_2() {
	has "$out" '"added"'
	has "$out" '"object":"event"'
	has "$out" '"object":"card"'
}
after_3() {
	[ -d alice-new/mail ]
	[ ! -e alice-new/calendars ]
}
