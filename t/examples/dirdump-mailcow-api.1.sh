# shellcheck shell=bash
prepare() {
	with_trust
	/usr/bin/python3 "$top/tests/helper/standin-mailcow" \
	    "$fixtures/mailcow-api/tables.json" >"$tmp/api" &
	await "$tmp/api"
	with_tls mail.example.org "$(cat "$tmp/api")"
	secret key "$(jq -r .key "$fixtures/mailcow-api/tables.json")"
}
after_1() {
	[ "$(stat -c %a new.txt)" = 600 ]
	[ "$(wc -l <new.txt)" -eq \
	    "$(jq 'select(.object == "Account").value[] | select(.["@type"] == "User") | 1' plan.ndjson | wc -l)" ]
}
after_2() {
	has "$err" 'dirdump-mailcow-api: '
}
