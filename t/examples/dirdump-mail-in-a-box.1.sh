# shellcheck shell=bash
prepare() {
	with_tables
	load_sqlite users mail-in-a-box.sql mail-in-a-box.rows
	mkdir -p /home/user-data/mail
	cp users.sqlite /home/user-data/mail
	mv users.sqlite work
	cd work
	printf 'STORAGE_USER=user-data\nSTORAGE_ROOT=/home/user-data\n' \
	    >/etc/mailinabox.conf
}
after_1() {
	grep -q '"object":"Account"' plan.ndjson
	mv plan.ndjson first
	rm -r /home/user-data /etc/mailinabox.conf
}
after_2() {
	same first plan.ndjson
}
