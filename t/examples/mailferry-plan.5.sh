# shellcheck shell=bash
prepare() {
	with_users
	with_stalwart
	dirdump passwd-file /etc/dovecot/users | mkaccounts -o plan.ndjson
}
after_1() {
	joined "$text" >plan
	stalwart-apply --url https://new.example.org --user admin \
	    --password-file secret plan | jq -r .status | sort | uniq -c |
		tr -s ' ' >../got
	printf ' 2 created\n 1 updated\n' | same - ../got
}
after_2() {
	printf 'alice\nbob\ncarol\n' | same - "$out"
}
