# shellcheck shell=bash
prepare() {
	with_users
	with_stalwart
}
after_1() {
	[ "$(grep -c created "$out")" -eq 4 ]
	# For what comes: an owner without a usable hash, and a forward.
	echo 'dora@example.org:{CRAM-MD5}e02d374fde0dc75a17a557039a3a5338c7743304777dccd376f332bee68d2cf6:::' \
	    >>/etc/dovecot/users
}
# The owner's hash is lost.
status_2=1
after_2() {
	[ "$(wc -l <"$out")" -ge 1 ]
	has "$out" alice
}
after_3() {
	grep '^dora@example.org	' new-passwords
	[ "$(stat -c %a new-passwords)" = 600 ]
	grep -q '"name":"dora"' plan.ndjson
}
after_4() {
	has "$out" alice@example.org
	hasnt "$out" bob@example.org
}
