# shellcheck shell=bash
prepare() {
	with_users
	echo "dora@example.org:{CRAM-MD5}e02d374fde0dc75a17a557039a3a5338c7743304777dccd376f332bee68d2cf6:::" \
	    >>/etc/dovecot/users
}
status_1=1
after_1() {
	has "$err" '1 of 4 accounts needs a new password' ||
	has "$err" '1 of 4 accounts: a new password is needed'
}
status_2=1
after_2() {
	grep '^dora@example.org	' "$out"
	[ "$(wc -l <"$out")" -eq 1 ]
}
status_3=1
after_3() {
	[ "$(stat -c %a known)" = 600 ]
	cat "$out" "$err"
}
