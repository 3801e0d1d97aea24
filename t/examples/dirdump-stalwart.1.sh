# shellcheck shell=bash
prepare() {
	with_trust
	"$build/standin-stalwart015" --listen 127.0.0.1:0 --admin admin:old-word \
	    >"$tmp/old" &
	await "$tmp/old"
	with_tls old.example.org "$(cat "$tmp/old")"
	secret pw old-word
	for principal in '{"type":"domain","name":"example.org"}' \
	    '{"type":"individual","name":"alice","emails":["alice@example.org"],
	    "secrets":["{SHA}sRZzi/p3eu0PuyOjgiQoia41wkw=",
	    "otpauth://totp/x?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"],"roles":["user"]}'; do
		curl -sS -u admin:old-word -H 'Content-Type: application/json' \
		    -d "$principal" "$(cat "$tmp/old")/api/principal"
	done
}
after_1() {
	grep -q '"object":"Account"' plan.ndjson
	hasnt plan.ndjson otpAuth
}
after_2() {
	has plan.ndjson otpAuth
}
