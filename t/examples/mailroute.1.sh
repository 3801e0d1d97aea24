# shellcheck shell=bash
prepare() {
	with_users
	with_stalwart --resolves
	with_proxy
	dirdump passwd-file /etc/dovecot/users | mkaccounts |
	    stalwart-apply --url https://new.example.org --user admin \
		--password-file secret -q >created
}
after_1() {
	[ "$(jq -r .status "$out" | sort -u | tr '\n' ' ')" = 'created updated ' ]
}
after_2() {
	[ "$(jq -r '"\(.object) \(.status)"' "$out" | tr '\n' ,)" = \
	    'MailRoute set,Route set,' ]
	mailroute set --password-file secret bob@example.org
}
status_3=1
after_3() {
	[ "$(cat "$out")" = bob@example.org ]
}
