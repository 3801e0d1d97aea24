# shellcheck shell=bash
prepare() {
	echo alice:x:5000:5000::/home/alice:/bin/sh >>/etc/passwd
	for tree in alice-rollback/mail rollback/mail; do
		message $tree one
		message $tree two 'other than before'
	done
	for tree in /home/alice/Maildir Maildir /root/Maildir; do
		message $tree two before
	done
	message /srv/copy/Maildir three
	mkdir -p ~/.cache
}
after_1() {
	has "$out" INBOX
	[ ! -e /home/alice/Maildir/cur/one.host:2,S ]
}
after_2() {
	grep two "$out"
	hasnt "$out" one
}
after_3() {
	[ -s ~/.cache/merge.index ]
	[ "$(find ~/Maildir -type f -path '*cur/*' | wc -l)" -eq 2 ]
}
