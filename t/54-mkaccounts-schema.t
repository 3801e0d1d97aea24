#!/bin/sh
# What mkaccounts writes, judged by the server's own schema and by what the
# server answered when it was asked.
. "${0%/*}/lib.sh"
. "$top/t/mkaccounts.sh"
need jq
need /usr/bin/python3 python3

exchanges=$fixtures/real/stalwart-exchanges.ndjson

check_plan() {
	/usr/bin/python3 "$top/tests/helper/check-plan" \
	    "$fixtures/real/stalwart-schema.json.gz" "$1"
}

{
	domain one.test '"aliases":["two.test"]'
	domain old.test '"aliases":["older.test"]'
	account a@one.test '"name":"#1 \"A\" \\ \u00e9\u0001","quota":1073741824,"aliases":["al@one.test","b@old.test"],"groups":["g@one.test"],"otp":"otpauth://totp/x?secret=JBSWY3DPEHPK3PXP"'
	account b@one.test '"active":false,"receive":false,"forward":["x@other.test","y@other.test"]'
	record account c@one.test
	account "%{|}~d'@one.test"
	account ünï@one.test
	record group g@one.test '"name":"G","quota":7,"aliases":["gg@one.test"],"groups":["h@one.test"],"active":false,"receive":false'
	record group h@one.test
	alias_row off@one.test '"a@one.test"' '"active":false'
	alias_row l@one.test '"a@one.test","A@one.test","X@Bücher.Test","x@bücher.test"'
	alias_row l2@one.test '"a@one.test","z@other.test"'
	alias_row m@one.test '"l@one.test","l2@one.test"'
	alias_row @one.test '"a@one.test"'
	alias_row @old.test '"x@other.test"'
	end_of 15
} >in

ok 'every member of a plan is in the schema' '
	for options in "" "--tenant d --description text --manual-dkim --allow-relaying" \
	    "--existing-domain old.test=c" "--reconcile" "--inactive=skip"; do
		# shellcheck disable=SC2086
		plan 0 --no-secret=empty --otp=carry --sieve-dir scripts $options in
		run 0 check_plan plan
	done'
ok 'and the check sees what is not' '
	plan 0 --no-secret=empty --otp=carry --sieve-dir scripts in
	for change in \
	    "s/\"recipients\":{\"a@one.test\":true,/\"recipients\":{\"A@one.test\":true,/" \
	    "s/\"recipients\":{[^}]*}/\"recipients\":[\"a@one.test\"]/" \
	    "s/\"aliases\":{\"0\":/\"aliases\":{\"1\":/" \
	    "s/\"name\":\"a\",//" \
	    "s/\"@type\":\"Group\"/\"@type\":\"group\"/" \
	    "s/\"description\":\"G\"/\"description\":\"\"/" \
	    "s/\"description\":\"G\"/\"createdAt\":\"2026-01-01T00:00:00Z\"/" \
	    "s/\"description\":\"G\"/\"credentials\":{}/" \
	    "s/\"emailReceive\":true/\"receive\":true/" \
	    "s/\"maxDiskQuota\":7/\"maxDiskQuota\":\"7\"/" \
	    "s/\"#g-g_40/\"#d-g_40/" \
	    "s/\"catchAllAddress\":\"a@/\"catchAllAddress\":\"/" \
	    "s/\"matchOn\":\[\"name\",\"domainId\"\]/\"matchOn\":[\"name\"]/" \
	    "1d"; do
		sed "$change" plan >changed
		! cmp -s plan changed
		run 1 check_plan changed
	done'

# The recorded server was asked to create each of these names; every one gets a
# domain of its own here, because some are the same to the server.
ok 'local parts: refused where the server refused them, and no others' '
	jq -c "select(.note | startswith(\"local part\")) |
	    [.body.methodCalls[0][1].create.a.name, (.response.methodResponses[0][1] | has(\"created\"))]" \
	    "$exchanges" | jq -c "[input_line_number, .[]]" >asked
	[ "$(wc -l <asked)" -ge 30 ]
	jq -c "{v: 1, type: \"account\", address: (.[1] + \"@d\(.[0]).test\"), secret: \"$sha\"}" asked >names
	plan 1 --partial names
	jq -r "select(.[2]) | \"d\(.[0]).test\"" asked | sort >want
	jq -r "select(.object == \"Account\") | .value[].domainId" plan |
	    sed "s/^#d-//; s/_2e/./g" | sort >got
	same want got'
# Nothing that the server would change is left.
ok 'local parts: as the server stored them' '
	plan_has "[.[] | select(.object == \"Account\") | .value[].name] |
	    (index(\"upper.case\") and index(\"space\") and index(\"lead\") and index(\"tabx\") and
	    index(\"ünï\") and index(\"über\") and index(\"日本\")) and
	    all(test(\"[A-Z \\\\t]\") | not)"'

# xn--bcher-kva.test existed. The list of top-level domains is the server'"'"'s. It
# takes blanks out of domain names, where we think of a mistake.
ok 'domain names: refused where the server refused them' '
	jq -c "select(.note | startswith(\"domain name\")) |
	    [.body.methodCalls[0][1].create.d.name, (.response.methodResponses[0][1] | has(\"created\"))] |
	    select(.[0] as \$n | [\"xn--bcher-kva.test\", \"a.example\", \"a.invalid\", \"sp ace.test\"] | index(\$n) | not)" \
	    "$exchanges" | jq -c "[input_line_number, .[]]" >asked
	[ "$(wc -l <asked)" -ge 15 ]
	jq -c "{v: 1, type: \"account\", address: \"u\(.[0])@\(.[1])\", secret: \"$sha\"}" asked >names
	plan 1 --partial names
	jq -r "select(.[2]) | \"u\(.[0])\"" asked | sort >want
	jq -r "select(.object == \"Account\") | .value[].name" plan | sort >got
	same want got'

done_testing
