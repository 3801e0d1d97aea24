# shellcheck shell=bash
prepare() {
	mkdir -p /home/alice/Maildir/.Work/cur
	echo 'user=bob@example.org lrs' >/home/alice/Maildir/.Work/dovecot-acl
	cat >accounts.ndjson <<-END
	{"v":1,"type":"account","address":"alice@example.org","secret":"{SHA}sRZzi/p3eu0PuyOjgiQoia41wkw=","home":"/home/alice"}
	{"v":1,"type":"account","address":"bob@example.org","secret":"{SHA}sRZzi/p3eu0PuyOjgiQoia41wkw=","home":"/home/bob"}
	{"v":1,"type":"end","count":2}
	END
}
after_1() {
	grep -q '"shares":\[{"folder":"Work","with":"bob@example.org","rights":"lrs"}\]' settings.ndjson
}
after_2() {
	has "$out" 'alice@example.org	Work	bob@example.org	lrs'
}
