#!/bin/sh
# mkaccounts: signing keys become DkimSignature objects, each selector once.
. "${0%/*}/lib.sh"
. "$top/t/mkaccounts.sh"
need jq
need /usr/bin/python3 python3

keys=$fixtures/dkim

# dkim DOMAIN SELECTOR FILE [ALGORITHM]
dkim() {
	jq -nc --rawfile key "$3" --arg d "$1" --arg s "$2" --arg a "${4-}" \
	    '{v: 1, type: "dkim", domain: $d, selector: $s, key: $key,
	      origin: "t:\($s)"} + (if $a == "" then {} else {algorithm: $a} end)'
}
# in PKCS #8, as openssl writes it
pkcs8() {
	openssl pkey -in "$keys/$1"
}
# keyless FILE...: no line of a key is in them
keyless() {
	for f in "$keys"/*.pem; do
		grep -v -e '-----' "$f" >lines
		for out; do
			if grep -qF -f lines "$out"; then
				echo "a line of ${f##*/} is in $out"
				return 1
			fi
		done
	done
}

ok 'keys of either kind, and their domain makes none' '
	{
		domain one.test
		domain two.test
		dkim one.test mail "$keys/rsa.pem" rsa-sha256
		dkim One.Test ed.2026 "$keys/ed25519.pem" ed25519-sha256
		end
	} | plan 0
	plan_has "map(.object) == [\"Domain\", \"DkimSignature\"]"
	plan_has ".[0].value[\"d-one_2etest\"].dkimManagement == {\"@type\": \"Manual\"}"
	plan_has ".[0].value[\"d-two_2etest\"] == {name: \"two.test\"}"
	pkcs8 rsa.pem >rsa
	pkcs8 ed25519.pem >ed
	jq -n --rawfile rsa rsa --rawfile ed ed "{\"@type\":\"upsert\",object:\"DkimSignature\",
	    matchOn:[\"selector\",\"domainId\"], value:{
	    \"k-mail_2e_5fdomainkey_2eone_2etest\":{\"@type\":\"Dkim1RsaSha256\",domainId:\"#d-one_2etest\",selector:\"mail\",privateKey:{\"@type\":\"Text\",secret:\$rsa}},
	    \"k-ed_2e2026_2e_5fdomainkey_2eone_2etest\":{\"@type\":\"Dkim1Ed25519Sha256\",domainId:\"#d-one_2etest\",selector:\"ed.2026\",privateKey:{\"@type\":\"Text\",secret:\$ed}}}}" >want
	sed -n 2p plan | jq . >got
	same want got
	notes_are
	has err "2 signing keys"
	run 0 /usr/bin/python3 "$top/tests/helper/check-plan" \
	    "$fixtures/real/stalwart-schema.json.gz" plan
	keyless err report'
ok 'a domain that exists is told first; a tenant has its keys' '
	{ dkim one.test mail "$keys/rsa.pem"; end; } |
	    plan 0 --existing-domain one.test=c7 --tenant t9
	plan_has "map([.[\"@type\"], .object]) == [[\"update\", \"Domain\"], [\"upsert\", \"DkimSignature\"]]"
	plan_has ".[0] | .id == \"c7\" and .value == {dkimManagement: {\"@type\": \"Manual\"}}"
	plan_has ".[1].value[] | .domainId == \"c7\" and .memberTenantId == \"t9\""'
ok 'the same key twice is one; two keys of one name are refused, both' '
	{
		domain one.test
		dkim one.test mail "$keys/rsa.pem"
		dkim one.test MAIL "$keys/rsa-pkcs8.pem"
		dkim one.test x "$keys/rsa.pem"
		dkim one.test X "$keys/rsa-other.pem"
		dkim one.test x "$keys/ed25519.pem"
		end
	} | plan 1 -E rejects
	plan_has "[.[] | select(.object == \"DkimSignature\").value[].selector] == [\"mail\"]"
	has err "t:X: one.test: the selector X has another key at t:x: carry the one that is published"
	has err "t:x: one.test: refused: the selector x has another key at t:X"
	[ "$(wc -l <rejects)" = 2 ]
	keyless err report'
ok 'a key of a domain that is not there makes no domain' '
	{
		domain one.test "\"aliases\":[\"mirror.test\"]"
		dkim mirror.test mail "$keys/rsa.pem"
		dkim else.test mail "$keys/rsa.pem"
		end
	} | plan 0
	plan_has "map(.object) == [\"Domain\"]"
	notes_are "not-carried mirror.test: the key of the selector mail: the domain is an alias of one.test, whose keys the server signs with" \
	    "not-carried else.test: the key of the selector mail: no other record names the domain (--existing-domain else.test=ID)"'
ok 'with --no-domains a domain needs its id' '
	{
		account a@one.test
		dkim one.test mail "$keys/rsa.pem"
		end
	} | plan 1 --no-domains
	[ ! -s plan ]
	has report "the key of the selector mail: the domain has no id"'
ok 'what is not a usable key is refused in words, and nothing of it is shown' '
	{
		domain one.test
		for f in rsa-512 ec public encrypted damaged mixed; do
			dkim one.test "$f" "$keys/$f.pem"
		done
		dkim one.test small "$keys/rsa-1024.pem"
		dkim one.test kind "$keys/rsa.pem" ed25519-sha256
		dkim one.test -x- "$keys/rsa.pem"
		dkim one.test a..b "$keys/rsa.pem"
		dkim nodots mail "$keys/rsa.pem"
		echo Geheim-im-falschen-Feld >text
		dkim one.test text text
		end
	} | plan 1 -v
	plan_has "[.[] | select(.object == \"DkimSignature\").value[].selector] == [\"small\"]"
	has err "t:rsa-512: one.test: an RSA key of 512 bits"
	has err "t:ec: one.test: a key of a kind that DKIM does not have"
	has err "t:public: one.test: this is not a private key"
	has err "t:encrypted: one.test: the key is encrypted with a passphrase"
	has err "t:damaged: one.test: the private key cannot be read: it is damaged"
	has err "t:mixed: one.test: what this key signs does not verify"
	has err "t:kind: one.test: the key of the selector kind is for rsa-sha256, not for ed25519-sha256"
	has err "the selector -x- cannot be part of a domain name"
	has err "the selector a..b cannot be part of a domain name"
	has err "t:mail: nodots: "
	has err "t:text: one.test: this is not a private key"
	keyless err report
	hasnt err Geheim'
ok 'each form in which signers keep a key' '
	openssl pkey -in "$keys/rsa.pem" -outform der | base64 -w 0 >der
	openssl pkey -in "$keys/ed25519.pem" -outform der | tail -c 32 >seed
	openssl pkey -in "$keys/ed25519.pem" -pubout -outform der | tail -c 32 >public
	base64 seed >dkimpy
	cat seed public | base64 >rspamd
	cat seed seed | base64 >wrong
	{ cat "$keys/public.pem" "$keys/rsa.pem"; echo behind; } >both
	{
		domain one.test
		dkim one.test der der
		dkim one.test dkimpy dkimpy
		dkim one.test rspamd rspamd
		dkim one.test wrong wrong
		dkim one.test both both
		end
	} | plan 1
	has err "t:wrong: one.test: this is not a private key"
	pkcs8 rsa.pem >rsa
	pkcs8 ed25519.pem >ed
	command jq -r "select(.object == \"DkimSignature\").value[].privateKey.secret" plan >got
	{ cat rsa; echo; cat ed; echo; cat ed; echo; cat rsa; echo; } >want
	same want got'
done_testing
