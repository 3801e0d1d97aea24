#!/bin/sh
# secretcheck: verdicts, the summary, known passwords, bad input, exit status.
. "${0%/*}/lib.sh"
need jq

account() {
	printf '{"v":1,"type":"account","address":"%s","secret":"%s","origin":"t:%s"}\n' \
	    "$1" "$2" "$1"
}
hash='$6$MHrO1tsIB4TEDP7d$XWQ3h9RaRsUE2NhJvYaeK2BFwwJZ6PEmlGrxA4xVcKqNUHoztizJMmpj8U3Z0'
# A recorded hash of a known password.
sha=$(sed -n 's/.*"id": "h009", "secret": "\([^"]*\)".*/\1/p' "$fixtures/real/stalwart-secrets.ndjson")
{
	account a@one.test "$sha"
	account b@one.test '{SHA1}sRZzi/p3eu0PuyOjgiQoia41wkw='
	account c@one.test '{CRAM-MD5}0011'
	printf '{"v":1,"type":"account","address":"d@one.test"}\n'
	printf '{"v":1,"type":"domain","domain":"one.test"}\n'
	printf '{"v":1,"type":"end","count":5}\n'
} >records
grep -v c@one <records >good

ok 'a verdict for each account' '
	run 1 secretcheck records >out 2>err
	cat >want <<-"EOF"
	{"v":1,"type":"secret","address":"a@one.test","scheme":"SHA","verdict":"verbatim","origin":"t:a@one.test"}
	{"v":1,"type":"secret","address":"b@one.test","scheme":"SHA1","verdict":"transcoded","reason":"tag or encoding written as the server knows it","origin":"t:b@one.test"}
	{"v":1,"type":"secret","address":"c@one.test","scheme":"CRAM-MD5","verdict":"unusable","reason":"it only serves its own login protocol","origin":"t:c@one.test"}
	{"v":1,"type":"secret","address":"d@one.test","verdict":"none"}
	EOF
	same want out
	has err "secretcheck: 1 of 4 accounts: a new password is needed"'
ok 'all usable: exit 0' '
	run 0 secretcheck good >out
	run 0 secretcheck -q <good >out
	not [ -s out ]'
ok 'the summary' '
	run 1 secretcheck --summary records >out
	cat >want <<-"EOF"
	 ACCOUNTS  VERDICT     SCHEME         WHAT BECOMES OF THE HASH
	        1  none        -              the directory holds none
	        1  verbatim    SHA            kept as it is
	        1  transcoded  SHA1           tag or encoding written as the server knows it
	        1  unusable    CRAM-MD5       it only serves its own login protocol
	EOF
	same want out'
ok 'known passwords' '
	printf "# mine\nA@One.Test:correct horse 7!\r\n\nb@one.test\tcorrect horse 7!\n" >known
	run 0 secretcheck -p known good >out
	[ "$(grep -c "\"password\":\"matches\"" out)" -eq 2 ]
	printf "a@one.test:correct horse 8!\nd@one.test:x" >known
	run 1 secretcheck -p known good >out 2>err
	has out "\"password\":\"wrong\""
	has out "\"password\":\"unchecked\""
	has err "1 wrong password among the known ones"
	printf "zz@one.test:x\n" >known
	run 1 secretcheck -p known good >out 2>err
	has err "zz@one.test: a password is known, but no account"'
ok 'a bad file of passwords is named by line, without its text' '
	printf "a@one.test:x\nhunter2 alone\n" >known
	run 2 secretcheck -p known good >out 2>err
	has err "known:2: not an address"
	hasnt err hunter2
	printf "a@one.test:x\na@one.test:hunter2\n" >known
	run 2 secretcheck -p known good >out 2>err
	has err "known:2: the address is there twice"
	chmod 644 known
	run 2 secretcheck -p known good >out 2>err
	has err "known: others can use it (mode 644)"
	run 2 secretcheck -p nofile good >out 2>err
	has err nofile'
ok 'a bad record in the middle is named, the rest goes on' '
	{ head -n 1 good; echo "{\"v\":1,\"type\":\"account\"}"; echo junk; tail -n +2 good; } >bad
	run 1 secretcheck -E rejects bad >out 2>err
	[ "$(wc -l <out)" -eq 3 ]
	has err "secretcheck: bad:2: address: is missing"
	has err "secretcheck: bad:3: not a JSON object"
	has rejects "\"error\":{\"kind\":\"data\",\"text\":\"address: is missing\"}}"
	[ "$(stat -c %a rejects)" = 600 ]
	run 1 secretcheck -x bad >out 2>err
	[ "$(wc -l <out)" -eq 1 ]'
ok 'empty input, CRLF, a last line that was cut off, a missing file' '
	run 1 secretcheck </dev/null >out 2>err
	not [ -s out ]
	has err "no records"
	run 0 secretcheck --partial </dev/null >out
	not [ -s out ]
	sed "s/\$/\r/" good | run 0 secretcheck >out
	[ "$(wc -l <out)" -eq 3 ]
	printf "%s" "$(cat good)" | run 1 secretcheck >out 2>err
	has err "the last line has no newline"
	run 2 secretcheck nofile >out 2>err
	has err "secretcheck: nofile: cannot be opened: No such file"'
ok 'output that cannot be written: exit 2' '
	run 2 secretcheck good >/dev/full 2>err
	has err "standard output: No space left on device"'
ok 'no hash in any output' '
	account e@one.test "{SHA512-CRYPT}$hash" >all
	account f@one.test "{NOPE}$hash" >>all
	echo "{\"secret\":\"$hash\"" >>all
	run 1 secretcheck -vvv all >out 2>err
	hasnt out MHrO1tsIB4TEDP7d
	hasnt err MHrO1tsIB4TEDP7d'

# The page's table: "SCHEME VERDICT" for each; and the same of the program, for
# the recorded secrets and for what is not among them.
ok 'the table of schemes in the page is what the program says' '
	sed -n "/^.Sh SCHEMES/,/^.El/s/^\.It \([A-Z][A-Z].*\) Ta \(.*\) Ta .*/\1;\2/p" \
	    "$top/man/secretcheck.1" |
	    awk -F";" "{ n = split(\$1, s, /, /); m = split(\$2, v, /, /)
	    for (i = 1; i <= n; i++) for (j = 1; j <= m; j++) print s[i], v[j] }" |
	    sort >page
	[ "$(wc -l <page)" -gt 50 ]
	{
		jq -c "{v: 1, type: \"account\", address: (.id + \"@one.test\"),
		    secret, default_scheme: (.default_scheme // \"CRYPT\")}" \
		    "$fixtures/secrets.ndjson"
		n=0
		for secret in "{SKEY}x" "{RPA}x" "{NTLM}x" "{LANMAN}x" "{SASL}x" \
		    "!x" "*" x SUSPENDED "\$sm3\$x" "{PLAIN-TRUNC}20-horse" "{PLAIN-TRUNC}5-horse"; do
			n=$((n + 1))
			account "more$n@one.test" "$secret"
		done
	} >all
	run 1 secretcheck all 2>err | jq -r "select(.scheme).scheme + \" \" + .verdict" |
	    sort -u >program
	same program page
	# CRYPT is a tag: the method in it is the scheme.
	{
		sed -n "s/.*{ \.name = \"\([^\"]*\)\".*/\1/p" "$top/lib/secret/scheme.c"
		sed -n "s/.*{ \"\$[^\"]*\", \"\([^\"]*\)\",.*/\1/p" "$top/lib/secret/transcode.c"
	} | grep -vx CRYPT | sort -u >code
	cut -d" " -f1 page | sort -u >named
	comm -23 code named >lacking
	same /dev/null lacking'

done_testing
