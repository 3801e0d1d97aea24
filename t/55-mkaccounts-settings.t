#!/bin/sh
# mkaccounts: settings records joined to accounts, and the file of --settings.
. "${0%/*}/lib.sh"
. "$top/t/mkaccounts.sh"
need jq

# settings_are LINE...: the file, without what every line has.
settings_are() {
	if [ $# -gt 0 ]; then printf '%s\n' "$@"; fi >settings.want
	jq -c 'select(.type != "end") | del(.v, .type, .origin)' settings >settings.got
	same settings.want settings.got
}

ok 'what an account and a settings record say goes into one line' '
	{
		record settings a@one.test "\"identities\":[{\"name\":\"A\",\"address\":\"a@one.test\",\"text\":\"-- A\"}]"
		account a@one.test "\"forward\":[\"x@other.test\"],\"keep\":false,\"app_passwords\":[{\"name\":\"Phone\"}]"
		account b@one.test
		record settings A@One.test "\"vacation\":{\"text\":\"Away\",\"until\":\"2030-01-02T00:00:00+01:00\"},\"app_passwords\":[{\"name\":\"Phone\"},{\"name\":\"Pad\"}]"
		end
	} | plan 0 --settings settings
	settings_are "{\"address\":\"a@one.test\",\"forward\":[\"x@other.test\"],\"keep\":false,\"vacation\":{\"active\":true,\"text\":\"Away\",\"until\":\"2030-01-01T23:00:00Z\"},\"identities\":[{\"name\":\"A\",\"address\":\"a@one.test\",\"text\":\"-- A\"}],\"app_passwords\":[{\"name\":\"Phone\"},{\"name\":\"Pad\"}]}"
	head -n 1 settings | jq -e ".v == 1 and .type == \"settings\"" >/dev/null
	[ "$(stat -c %a settings)" = 600 ]
	notes_are
	has err "1 account with settings"'

ok 'the file says of whom it may lack something, and ends with its count' '
	bad="\"secret\":\"{SMD5}ZdV0SuLCRbwJXNYYFB9oXCu/e1w=\""
	{
		account a@one.test
		account b@one.test "\"forward\":[\"x@other.test\",\"c@one.test\"]"
		echo "{\"v\":1,\"type\":\"account\",\"address\":\"c@one.test\",$bad}"
		account d@one.test
		record alias d@one.test "\"targets\":[\"c@one.test\"]"
		account e@one.test
		record settings e@one.test "\"forward\":[\"x@\"]"
		account f@one.test "\"forward\":[\"x@other.test\"]"
		end_of 8
	} >dump
	said() {
		jq -r "[.type, .address // .count, .part // \"-\", .source // empty] | join(\" \")" settings | sort >got
		printf "%s\n" "$@" | sort >want
		same want got
	}
	more="the directory has more of a forward than could be carried"
	for how in fail skip; do
		mkaccounts -q --no-secret=$how --settings settings -o plan dump 2>err || [ $how = fail ]
		said "settings b@one.test $more" "settings d@one.test $more" \
		    "settings e@one.test $more" "settings f@one.test -" "end 4 - mkaccounts"
	done
	recfilter -q -a a@one.test -a f@one.test dump >part
	run 0 mkaccounts -q --settings settings -o plan part
	said "settings a@one.test -" "settings f@one.test -" \
	    "end 2 a part of the directory mkaccounts"
	grep -v c@one.test dump >part
	run 0 mkaccounts -q --partial --settings settings -o plan part
	jq -se "map(select(.type == \"settings\").part) |
	    length == 4 and all(. == \"the input was not all of the directory\")" settings'
ok 'a forward of a settings record: several targets become a list, as any' '
	{
		account a@one.test
		account b@one.test "\"forward\":[\"x@other.test\"],\"keep\":true"
		record settings a@one.test "\"forward\":[\"x@other.test\",\"y@other.test\"],\"keep\":false"
		record settings b@one.test "\"forward\":[\"X@OTHER.test\",\"b@one.test\"],\"keep\":false"
		end
	} | plan 0 --settings settings
	settings_are "{\"address\":\"a@one.test\",\"forward\":[\"a-forward@one.test\"],\"keep\":false}" \
	    "{\"address\":\"b@one.test\",\"forward\":[\"b-forward@one.test\"],\"keep\":true}"
	plan_has "map(select(.object == \"MailingList\").value[].recipients) == [{\"x@other.test\":true,\"y@other.test\":true},{\"x@other.test\":true,\"X@other.test\":true}]"
	notes_are'

ok 'records that differ: the first stays, and the other is named' '
	{
		account a@one.test "\"vacation\":{\"text\":\"One\"},\"locale\":\"de-DE\",\"allow_nets\":[\"10.0.0.0/8\"]"
		record settings a@one.test "\"vacation\":{\"text\":\"Two\"},\"locale\":\"de-DE\",\"allow_nets\":[\"0.0.0.0/0\"],\"identities\":[{\"name\":\"A\",\"address\":\"a@one.test\",\"text\":\"1\"}],\"scripts\":[{\"name\":\"m\",\"active\":true,\"text\":\"keep;\"}],\"shares\":[{\"folder\":\"W\",\"with\":\"b@one.test\",\"rights\":\"lr\"}]"
		record settings a@one.test "\"identities\":[{\"name\":\"A\",\"address\":\"a@one.test\",\"text\":\"2\"}],\"scripts\":[{\"name\":\"m\",\"text\":\"stop;\"},{\"name\":\"n\",\"active\":true,\"text\":\"stop;\"}],\"shares\":[{\"folder\":\"W\",\"with\":\"b@one.test\",\"rights\":\"lrs\"}]"
		end
	} | plan 0 --settings settings
	settings_are "{\"address\":\"a@one.test\",\"vacation\":{\"active\":true,\"text\":\"One\"},\"identities\":[{\"name\":\"A\",\"address\":\"a@one.test\",\"text\":\"1\"}],\"scripts\":[{\"name\":\"m\",\"active\":true,\"text\":\"keep;\"},{\"name\":\"n\",\"text\":\"stop;\"}],\"shares\":[{\"folder\":\"W\",\"with\":\"b@one.test\",\"rights\":\"lr\"}]}"
	jq -r "select(.reason | test(\"otherwise\")).reason" report | sed "s/ has it.*//" >got
	printf "%s of t:a@one.test: another record\n" vacation allow_nets "identities a@one.test" \
	    "scripts m" "scripts n" "shares W" >want
	same want got'
ok 'a vacation that is switched off gives way to one that is not' '
	{
		account a@one.test "\"vacation\":{\"active\":false,\"text\":\"Old\"}"
		record settings a@one.test "\"vacation\":{\"text\":\"New\"}"
		end
	} | plan 0 --settings settings
	settings_are "{\"address\":\"a@one.test\",\"vacation\":{\"active\":true,\"text\":\"New\"}}"
	[ "$(grep -vc "\"carried\"" report)" = 1 ]'

ok 'identities: a foreign address and a long signature are named, the rest goes' '
	long=$(printf "%02048d" 0)
	fits=$(printf "%02047d" 0)
	{
		domain one.test "\"aliases\":[\"two.test\"]"
		account a@one.test "\"aliases\":[\"al@one.test\"],\"identities\":[
		    {\"name\":\"1\",\"address\":\"b@one.test\"},{\"name\":\"2\",\"address\":\"al@two.test\",\"text\":\"$long\",\"html\":\"$fits\"},
		    {\"name\":\"3\",\"address\":\"a+x@one.test\"},{\"name\":\"4\",\"address\":\"A@one.test\"},
		    {\"name\":\"5\",\"address\":\"row@one.test\"},{\"name\":\"6\",\"address\":\"x@else.test\"}]" | tr -d "\n\t"
		echo
		account b@one.test
		alias_row row@one.test "\"a@one.test\""
		end
	} | plan 0 --settings settings
	[ "$(jq -c "[.identities[] | [.name, .address, (.text // \"\" | length), (.html // \"\" | length)]]" settings)" = \
	    "[[\"2\",\"al@two.test\",0,2047],[\"4\",\"a@one.test\",0,0],[\"5\",\"row@one.test\",0,0]]" ]
	notes_are "not-carried a@one.test: the identity b@one.test: it is not an address of the account" \
	    "not-carried a@one.test: a signature of al@two.test: it has 2048 bytes, and the server takes 2047" \
	    "not-carried a@one.test: the identity a+x@one.test: it is not an address of the account" \
	    "not-carried a@one.test: the identity x@else.test: it is not an address of the account"'

ok 'without --settings each kind is named' '
	{
		account a@one.test "\"vacation\":{\"text\":\"One\"},\"identities\":[{\"address\":\"a@one.test\"}],\"scripts\":[{\"name\":\"m\",\"text\":\"keep;\"}],\"app_passwords\":[{\"name\":\"P\"}],\"shares\":[{\"folder\":\"W\",\"with\":\"b@one.test\",\"rights\":\"lr\"}]"
		end
	} | plan 0
	jq -r .reason report | sed "s/ (.*//" >got
	printf "%s\n" "the vacation message" "identities and signatures" "Sieve scripts" "app passwords" "shared folders" >want
	same want got'

ok 'a moment that is none, settings of nobody, an account that is refused' '
	{
		account a@one.test "\"vacation\":{\"text\":\"One\",\"from\":\"2026-02-30T00:00:00Z\",\"until\":\"tomorrow\"}"
		record settings nobody@one.test "\"vacation\":{\"text\":\"x\"}"
		record account l@one.test "\"vacation\":{\"text\":\"x\"}"
		record settings "b b@one.test" "\"time_zone\":\"Europe/Berlin\""
		end
	} | plan 1 --settings settings
	settings_are "{\"address\":\"a@one.test\",\"vacation\":{\"active\":true,\"text\":\"One\"}}"
	notes_are "not-carried nobody@one.test: settings of an account that is not among those of the plan" \
	    "not-carried bb@one.test: settings of an account that is not among those of the plan" \
	    "not-carried a@one.test: the end or beginning of the vacation message: \"2026-02-30T00:00:00Z\" is not a moment with a zone" \
	    "not-carried a@one.test: the end or beginning of the vacation message: \"tomorrow\" is not a moment with a zone"'

ok 'the file is not there when the plan is not whole, and not with --sieve-dir' '
	account a@one.test "\"vacation\":{\"text\":\"One\"}" | plan 1 --settings none
	[ ! -e none ]
	end | plan 2 --settings none --sieve-dir dir
	has err "takes the place of --sieve-dir"'

done_testing
