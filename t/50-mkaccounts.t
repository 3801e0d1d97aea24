#!/bin/sh
# mkaccounts: from records to objects. The plans are written by hand from what
# the server wants, t/fixtures/real/stalwart-schema.json.gz.
. "${0%/*}/lib.sh"
. "$top/t/mkaccounts.sh"
need jq

up='{"@type":"upsert","object":'

ok 'a domain, an account, a group' '
	{
		domain one.test "\"aliases\":[\"two.test\"]"
		account alice@one.test "\"name\":\"Alice A.\",\"quota\":1073741824,\"aliases\":[\"al@one.test\",\"a@three.test\"],\"groups\":[\"sales@one.test\"]"
		record group sales@one.test "\"name\":\"Sales\",\"quota\":5,\"aliases\":[\"shop@one.test\"]"
		end
	} | plan 0
	cat >want <<-EOF
	$up"Domain","matchOn":["name"],"value":{"d-one_2etest":{"name":"one.test","aliases":{"two.test":true}},"d-three_2etest":{"name":"three.test"}}}
	$up"Account","matchOn":["name","domainId"],"value":{"g-sales_40one_2etest":{"@type":"Group","name":"sales","domainId":"#d-one_2etest","quotas":{"maxDiskQuota":5},"aliases":{"0":{"name":"shop","domainId":"#d-one_2etest"}},"description":"Sales"}}}
	$up"Account","matchOn":["name","domainId"],"value":{"u-alice_40one_2etest":{"@type":"User","name":"alice","domainId":"#d-one_2etest","credentials":{"0":{"@type":"Password","secret":"$sha"}},"quotas":{"maxDiskQuota":1073741824},"aliases":{"0":{"name":"al","domainId":"#d-one_2etest"},"1":{"name":"a","domainId":"#d-three_2etest"}},"memberGroupIds":{"#g-sales_40one_2etest":true},"permissions":{"@type":"Inherit"},"description":"Alice A."}}}
	EOF
	same want plan
	notes_are
	has err "1 account (1 verbatim, 0 transcoded, 0 temporary, 0 without a password), 0 skipped"
	has err "2 domains, 1 group, 3 aliases, 0 lists, 0 catch-alls, 0 forwards"
	has err "0 not carried, 0 changed, 0 refused"'

ok 'the same records give the same bytes, in any process' '
	for n in 3 1 2; do
		account "u$n@one.test" "\"aliases\":[\"b$n@two.test\"]"
		alias_row "l$n@three.test" "\"u$n@one.test\",\"x@four.test\",\"y$n@four.test\""
	done >in
	end_of "$(wc -l <in)" >>in
	run 0 mkaccounts -q in >first
	run 0 mkaccounts -q <in >second
	same first second
	plan 0 <in
	same first plan
	# in the order of the records
	command jq -se "[.[1].value | keys_unsorted[]] == [\"u-u3_40one_2etest\",\"u-u1_40one_2etest\",\"u-u2_40one_2etest\"]" plan'

ok 'at most 500 objects a line; domains, groups, users, lists, updates' '
	{
		i=0
		while [ $i -lt 501 ]; do
			account "u$i@one.test"
			alias_row "l$i@one.test" "\"x@two.test\""
			i=$((i + 1))
		done
		record group g@one.test
		alias_row "@one.test" "\"u7@one.test\""
		end
	} | plan 0
	jq -r "[.object, (.value | length), (.value | to_entries[0].value | if type == \"object\" then .[\"@type\"] else null end)] | @csv" plan >got
	cat >want <<-EOF
	"Domain",1,
	"Account",1,"Group"
	"Account",500,"User"
	"Account",1,"User"
	"MailingList",500,
	"MailingList",1,
	"Domain",1,
	EOF
	same want got'

ok 'accounts that are switched off' '
	{
		account a@one.test "\"active\":false"
		account b@one.test "\"active\":false,\"receive\":false"
		end
	} | counted >in
	plan 0 <in
	plan_has ".[1].value | [.[].permissions] == [
	    {\"@type\":\"Merge\",\"disabledPermissions\":{\"authenticate\":true}},
	    {\"@type\":\"Merge\",\"disabledPermissions\":{\"authenticate\":true,\"emailReceive\":true}}]"
	plan 0 --inactive=skip <in
	[ ! -s plan ]
	notes_are "not-carried a@one.test: the account is left out: it is switched off" \
	    "not-carried b@one.test: the account is left out: it is switched off"
	has err "0 accounts (0 verbatim, 0 transcoded, 0 temporary, 0 without a password), 2 skipped"'

ok 'passwords: verbatim, rewritten, refused' '
	{
		account a@one.test
		record account b@one.test "\"secret\":\"{SHA1}sRZzi/p3eu0PuyOjgiQoia41wkw=\""
		record account c@one.test "\"secret\":\"{CRAM-MD5}0011\""
		record account d@one.test
		end
	} | counted >in
	plan 1 <in
	plan_has ".[1].value | [.[].credentials[\"0\"].secret] == [\"$sha\", \"$sha\"]"
	has err "mkaccounts: t:c@one.test: c@one.test: the password cannot be carried: CRAM-MD5: "
	has err "mkaccounts: t:d@one.test: d@one.test: the directory holds no password (see --no-secret)"
	has err "2 accounts (1 verbatim, 1 transcoded, 0 temporary, 0 without a password), 0 skipped"
	plan 0 --no-secret=skip <in
	plan_has ".[1].value | length == 2"
	has err "0 without a password), 2 skipped"
	plan 0 --no-secret=empty <in
	plan_has "(.[1].value | length) == 4 and ([.[1].value[].credentials] | .[2:] == [null, null])"
	has err "2 without a password), 0 skipped"'

ok 'temporary passwords: kept in a file, and by the next run' '
	{
		account a@one.test
		record account b@one.test "\"secret\":\"{CRAM-MD5}0011\""
		record account c@one.test
		end
	} | counted >in
	plan 0 --no-secret=temp --temp-file temp <in
	[ "$(stat -c %a temp)" = 600 ]
	[ "$(cut -f 1 temp | tr "\n" " ")" = "b@one.test c@one.test " ]
	awk -F "\t" "length(\$2) != 20 { exit 1 }" temp
	# the hash in the plan is the hash of the password in the file
	while IFS="$(printf "\t")" read -r address password; do
		jq -r ".value[] | select(.name == \"${address%@*}\") | .credentials[\"0\"].secret" plan |
		    sed "s/.*/{\"v\":1,\"type\":\"account\",\"address\":\"$address\",\"secret\":\"&\"}/" >one
		printf "%s\t%s\n" "$address" "$password" >known
		run 0 secretcheck --partial -p known one >out 2>secretcheck.err
		has out "\"password\":\"matches\""
		hasnt err "$password"
		hasnt report "$password"
		hasnt plan "$password"
	done <temp
	cp temp before
	cp plan plan.before
	plan 0 --no-secret=temp --temp-file temp <in
	same before temp
	same plan.before plan
	chmod 644 temp
	plan 2 --no-secret=temp --temp-file temp <in
	run 2 mkaccounts --no-secret=temp in >out 2>err
	run 2 mkaccounts --temp-file temp in >out 2>err
	[ ! -s out ]'

ok 'second factors are reported, or carried' '
	otp="otpauth://totp/x?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	{
		account a@one.test "\"otp\":\"$otp\""
		record account b@one.test "\"otp\":\"$otp\""
		account c@one.test "\"otp\":\"JBSWY3DPEHPK3PXP\""
		end
	} | counted >in
	plan 0 --no-secret=empty <in
	hasnt plan otp
	notes_are "not-carried a@one.test: the second factor: --otp=carry carries it" \
	    "changed b@one.test: no password, and no login: the directory holds no password" \
	    "not-carried b@one.test: the second factor: --otp=carry carries it" \
	    "not-carried c@one.test: the second factor: --otp=carry carries it"
	plan 0 --no-secret=empty --otp=carry <in
	plan_has "[.[1].value[].credentials[\"0\"].otpAuth | values] == [\"$otp\"]"
	plan_has "(.[1].value | keys) == [\"p-c_40one_2etest\", \"u-a_40one_2etest\", \"u-b_40one_2etest\"]"
	has report "the second factor: the account has no password"
	has report "the second factor: it is not an otpauth:// URI"
	hasnt report JBSWY3DP
	hasnt err JBSWY3DP'

ok 'quotas: 0 is none, and one that is too large is left out' '
	{
		account a@one.test "\"quota\":0"
		account b@one.test "\"quota\":9007199254740992"
		account c@one.test "\"quota\":9007199254740993"
		end
	} | plan 0
	plan_has "[.[1].value[].quotas] == [{}, {\"maxDiskQuota\":9007199254740992}, {}]"
	notes_are "not-carried c@one.test: a quota of more bytes than a number in JSON holds"'

ok 'descriptions, tenants, relaying, DKIM' '
	{
		domain one.test
		account a@one.test "\"name\":\"A\""
		account b@one.test
		alias_row l@one.test "\"x@two.test\""
		end
	} | plan 0 --description moved --tenant t7 --allow-relaying --manual-dkim
	cat >want <<-EOF
	$up"Domain","matchOn":["name"],"value":{"d-one_2etest":{"name":"one.test","allowRelaying":true,"dkimManagement":{"@type":"Manual"},"description":"moved","memberTenantId":"t7"}}}
	$up"Account","matchOn":["name","domainId"],"value":{"u-a_40one_2etest":{"@type":"User","name":"a","domainId":"#d-one_2etest","credentials":{"0":{"@type":"Password","secret":"$sha"}},"quotas":{},"aliases":{},"memberGroupIds":{},"permissions":{"@type":"Inherit"},"description":"A","memberTenantId":"t7"},"u-b_40one_2etest":{"@type":"User","name":"b","domainId":"#d-one_2etest","credentials":{"0":{"@type":"Password","secret":"$sha"}},"quotas":{},"aliases":{},"memberGroupIds":{},"permissions":{"@type":"Inherit"},"description":"moved","memberTenantId":"t7"}}}
	$up"MailingList","matchOn":["name","domainId"],"value":{"l-l_40one_2etest":{"name":"l","domainId":"#d-one_2etest","recipients":{"x@two.test":true},"description":"moved","memberTenantId":"t7"}}}
	EOF
	same want plan'

ok 'domains that exist are not created, but get what is new' '
	{
		domain one.test "\"aliases\":[\"two.test\",\"three.test\"]"
		domain four.test
		account a@one.test "\"aliases\":[\"b@four.test\"]"
		alias_row @one.test "\"a@one.test\""
		end
	} | counted >in
	plan 0 --existing-domain ONE.test=b --existing-domain=five.test=c <in
	plan_has ".[0].value == {\"d-four_2etest\":{\"name\":\"four.test\"}}"
	plan_has ".[1].value[] | .domainId == \"b\" and .aliases == {\"0\":{\"name\":\"b\",\"domainId\":\"#d-four_2etest\"}}"
	plan_has ".[2] == {\"@type\":\"update\",\"object\":\"Domain\",\"id\":\"b\",\"value\":{\"aliases/two.test\":true,\"aliases/three.test\":true,\"catchAllAddress\":\"a@one.test\"}}"
	run 2 mkaccounts --existing-domain one.test in
	run 2 mkaccounts --existing-domain one.test= in
	run 2 mkaccounts --existing-domain nodot=b in'

ok 'no domains: what is in one without an id is refused or named' '
	{
		domain one.test "\"aliases\":[\"six.test\"]"
		domain two.test "\"aliases\":[\"three.test\"]"
		account a@one.test "\"aliases\":[\"b@two.test\"]"
		account b@two.test
		alias_row info@one.test "\"b@two.test\""
		alias_row l@two.test "\"x@four.test\""
		alias_row @two.test "\"a@one.test\""
		end
	} | plan 1 --no-domains --existing-domain one.test=b
	plan_has "map(select(.[\"@type\"] == \"upsert\") | [.object, (.value | keys)]) == [[\"Account\", [\"u-a_40one_2etest\"]]]"
	plan_has ".[1] == {\"@type\":\"update\",\"object\":\"Domain\",\"id\":\"b\",\"value\":{\"aliases/six.test\":true}}"
	notes_are "not-carried three.test: as an alias domain of two.test, which has no id (--existing-domain two.test=ID)" \
	    "refused b@two.test: its domain has no id (--existing-domain two.test=ID)" \
	    "not-carried b@two.test: as an alias of a@one.test: the address belongs to b@two.test" \
	    "not-carried info@one.test: the target b@two.test: it is not among the accounts of the plan" \
	    "not-carried info@one.test: an alias without a target" \
	    "not-carried l@two.test: its domain has no id (--existing-domain two.test=ID)" \
	    "not-carried @two.test: the catch-all: its domain has no id (--existing-domain)"
	has err "b@two.test: refused: its domain has no id"'

ok 'groups: members, names twice, groups that are none' '
	{
		record group g@one.test "\"aliases\":[\"gg@one.test\"]"
		account a@one.test "\"groups\":[\"g@one.test\",\"G@one.test\",\"gg@one.test\",\"a@one.test\",\"h@one.test\",\"no address\"]"
		end
	} | plan 0
	plan_has ".[2].value[].memberGroupIds == {\"#g-g_40one_2etest\":true}"
	notes_are "not-carried a@one.test: the group no address: an address without @" \
	    "not-carried a@one.test: as a member of a@one.test, which is not a group here" \
	    "not-carried a@one.test: as a member of h@one.test, which is not a group here"'

ok 'groups: none is a member of another, its members come along' '
	{
		record group g@one.test "\"groups\":[\"h@one.test\",\"x@one.test\"]"
		record group h@one.test
		account a@one.test "\"groups\":[\"g@one.test\"]"
		end
	} | plan 0
	plan_has "[.[] | .value[] | .memberGroupIds] == [null,null,null,{\"#g-g_40one_2etest\":true}]"
	notes_are "not-carried g@one.test: as a member of h@one.test: the server has no groups in groups, and its members may have to be made members there" \
	    "not-carried g@one.test: as a member of x@one.test, which is not a group here"'

ok 'login names: the address and its aliases work, others are counted' '
	{
		domain one.test "\"aliases\":[\"two.test\"]"
		account a@one.test "\"logins\":[\"A@One.Test\",\"al@one.test\",\"a@two.test\",\"a\",\"old@one.test\",\"b@three.test\"],\"aliases\":[\"al@one.test\"]"
		end
	} | plan 0
	notes_are "not-carried a@one.test: the login name a: a name without a domain works only in the server'"'"'s default domain" \
	    "not-carried a@one.test: the login name old@one.test: it is not an address of the account" \
	    "not-carried a@one.test: the login name b@three.test: it is not an address of the account"
	has err "mkaccounts: not-carried: a@one.test: the login name a: a name without a domain"
	has err "mkaccounts: not-carried: 2 times, such as a@one.test: the login name old@one.test: it is not an address"
	has err "mkaccounts: 3 not carried, 0 changed, 0 refused"'

ok 'login names: a bare one works in the default domain of the server' '
	{
		account a@one.test "\"logins\":[\"a\",\"al\",\"other\"],\"aliases\":[\"al@one.test\"]"
		account b@two.test "\"logins\":[\"b\"]"
		end
	} | counted >in
	plan 0 --default-domain One.Test in
	notes_are "not-carried a@one.test: the login name other@one.test: it is not an address of the account" \
	    "not-carried b@two.test: the login name b@one.test: it is not an address of the account"
	run 2 mkaccounts --default-domain nodot in >plan 2>err
	has err "--default-domain"'

ok 'notes that are alike are said once, with their number; all of them with -v' '
	for n in 1 2 3; do account u$n@one.test "\"logins\":[\"u$n\"]"; done >in
	account x@one.test "\"quota\":9007199254740993" >>in
	end_of "$(wc -l <in)" >>in
	run 0 mkaccounts in >plan 2>err
	[ "$(grep -c "not-carried" err)" = 2 ]
	has err "not-carried: 3 times, such as u1@one.test: the login name u1: "
	has err "not-carried: x@one.test: a quota of more bytes"
	run 0 mkaccounts -v --report report in >plan 2>err
	[ "$(grep -c "not-carried" err)" = 4 ]
	[ "$(grep -c "not-carried" report)" = 4 ]'

ok 'reconcile: a catch-all, or an alias domain, is no alias that is missing' '
	{
		account a@one.test
		alias_row l@one.test "\"x@three.test\""
		alias_row @one.test "\"a@one.test\""
		alias_row @two.test "\"@one.test\""
		end_of 4
	} >in
	plan 0 --reconcile <in
	jq -c "select(.object == \"MailingList\") | [.[\"@type\"], (.value | keys)]" plan >got
	echo "[\"reconcile\",[\"l-l_40one_2etest\"]]" | same - got'
ok 'reconcile: a line for each domain, with its scope' '
	{
		account a@one.test
		account b@two.test
		record group g@one.test
		account c@one.test
		alias_row l@two.test "\"x@three.test\""
		end_of 5
	} >in
	plan 0 --reconcile <in
	jq -c "[.[\"@type\"], .object, (.value | keys_unsorted), .scope]" plan >got
	cat >want <<-EOF
	["upsert","Domain",["d-one_2etest","d-two_2etest"],null]
	["upsert","Account",["g-g_40one_2etest"],null]
	["reconcile","Account",["u-a_40one_2etest","u-c_40one_2etest"],{"domainId":"#d-one_2etest"}]
	["reconcile","MailingList",[],{"domainId":"#d-one_2etest"}]
	["reconcile","Account",["u-b_40two_2etest"],{"domainId":"#d-two_2etest"}]
	["reconcile","MailingList",["l-l_40two_2etest"],{"domainId":"#d-two_2etest"}]
	["update","Domain",["catchAllAddress"],null]
	["update","Domain",["catchAllAddress"],null]
	EOF
	same want got
	# never of a dump that was cut off
	grep -v "\"end\"" in >cut
	run 2 mkaccounts --reconcile cut >out 2>err
	[ ! -s out ]
	run 2 mkaccounts --reconcile --partial in >out 2>err
	[ ! -s out ]
	# nor of one before which another one stands that was cut off
	head -n 1 in | cat - in | plan 2 --reconcile
	[ ! -s plan ]
	has err "1 record more than the end record counts: a dump that was cut off"
	cat in in >twice
	run 1 mkaccounts --reconcile twice >plan 2>err
	[ -s plan ]
	head -n 1 in | cat - in | plan 1'

ok 'reconcile: what is in the directory and not in the plan is not taken away' '
	{
		account a@one.test
		account b@one.test
		alias_row l@one.test "\"x@three.test\""
		account c@two.test
		alias_row m@two.test "\"x@three.test\""
	} >in
	# a record, what it takes away: A accounts, M lists, of which domain,
	# ! and the lists that stay
	while read -r spared options record; do
		{ cat in; printf "%s\n" "$record"; end_of 6; } >all
		run "$([ "${spared%%:*}" = 0 ] && echo 0 || echo 1)" \
		    mkaccounts ${options#-} --reconcile all >plan 2>err
		jq -r "select(.[\"@type\"] == \"reconcile\") |
		    .object[:1] + .scope.domainId[3:6] + (.scope.name // \"\" | gsub(\" \"; \"+\"))" plan |
		    tr "\n" " " >got
		printf "%s" "${spared#*:}" | tr "_" " " >want
		same want got || { echo "$record"; false; }
		# Of one domain: whose address it is for, by the record.
		case $spared in *:Atwo_Mtwo_)
			who=$(printf "%s\n" "$record" | jq -r .address)
			grep -F "of it is taken away: " err | grep -qF "the plan, such as $who" ||
			    { cat err; false; } ;;
		esac
	done <<-EOF
	1:Atwo_Mtwo_ - {"v":1,"type":"account","address":"d@one.test","secret":"\$y\$j9T\$a\$b"}
	1:Atwo_Mtwo_ - {"v":1,"type":"account","address":"e@one.test"}
	1:Atwo_Mtwo_ - {"v":1,"type":"account","address":"a,b@one.test","secret":"$sha"}
	1: - {"v":1,"type":"account","address":"f@one.test","secret":"$sha","quota":"5"}
	1: - no JSON
	1: - {"v":1,"type":"account","address":"x@nodot","secret":"$sha"}
	0:Atwo_Mtwo_ ---no-secret=skip {"v":1,"type":"account","address":"e@one.test"}
	0:Atwo_Mtwo_ ---inactive=skip {"v":1,"type":"account","address":"g@one.test","secret":"$sha","active":false}
	0:Aone_Mone!+k_Atwo_Mtwo_ - {"v":1,"type":"alias","address":"k@one.test","targets":["gone@one.test"]}
	0:Aone_Mone!+k_Atwo_Mtwo_ - {"v":1,"type":"alias","address":"k@one.test","targets":["x@three.test","y@three.test"],"active":false}
	0:Aone_Mone!+h-forward_Atwo_Mtwo_ - {"v":1,"type":"account","address":"h@one.test","secret":"$sha","forward":["x@three.test","y@three.test"]}
	0:Aone_Mone_Atwo_Mtwo_ - {"v":1,"type":"account","address":"h@one.test","secret":"$sha"}
	EOF'

ok 'reconcile: what the input does not show to be gone stays, and that is said' '
	# no account in a domain, no alias anywhere
	{
		account a@one.test
		echo "{\"v\":1,\"type\":\"domain\",\"domain\":\"two.test\"}"
		end_of 2
	} >in
	run 0 mkaccounts -v --reconcile in >plan 2>err
	[ "$(grep -c "no list of it is taken away: the input has no aliases at all" err)" = 2 ]
	has err "two.test: not-carried: no account of it is taken away: the input has none"
	hasnt err "one.test: not-carried: no account"
	jq -r "select(.[\"@type\"] == \"reconcile\") | .object + .scope.domainId" plan >got
	echo "Account#d-one_2etest" >want
	same want got
	# an alias somewhere: lists were read
	{ sed "\$d" in; echo "{\"v\":1,\"type\":\"alias\",\"address\":\"al@one.test\",\"targets\":[\"a@one.test\"]}"; } >all
	sed -i "/\"end\"/d" all
	echo "{\"v\":1,\"type\":\"end\",\"count\":$(wc -l <all)}" >>all
	run 0 mkaccounts -v --reconcile all >plan 2>err
	hasnt err "no list of it"
	[ "$(jq -r "select(.[\"@type\"] == \"reconcile\") | .object + .scope.domainId" plan | tr "\n" " ")" = \
	    "Account#d-one_2etest MailingList#d-one_2etest MailingList#d-two_2etest " ]'

ok 'temporary passwords: a file that was cut is mended, two runs exclude each other' '
	record account a@one.test >one
	record account "#c@one.test" >>one
	end_of "$(wc -l <one)" >>one
	t="mkaccounts -q --no-secret=temp --temp-file temp"
	rm -f temp
	run 0 $t one >plan
	cp temp first
	# not one byte more than was there, and the same passwords again
	run 0 $t one >plan2
	same first temp
	same plan plan2
	# complete, but for the newline
	head -c -1 first >temp
	run 0 $t one >plan2 2>err
	same first temp
	# cut in the password: another one, and it is said
	head -c -5 first >temp
	run 0 $t one >plan2 2>err
	has err "the last line was cut off and is taken out: #c@one.test gets a new password"
	[ "$(wc -l <temp)" = 2 ]
	[ "$(head -n 1 temp)" = "$(head -n 1 first)" ]
	not same first temp
	# cut in the address
	head -c -25 first >temp
	run 0 $t one >plan2 2>err
	[ "$(wc -l <temp)" = 2 ]
	# a run holds the file until it ends
	mkfifo slow
	$t slow >plan3 2>err3 &
	exec 8>slow
	while ! [ -s err3 ] && flock -n temp true; do sleep 0.05; done
	run 75 $t one >plan2 2>err
	has err "another run uses it"
	cat one >&8
	exec 8>&-
	wait $!
	run 0 $t one >plan2
	[ "$(wc -l <temp)" = 2 ]
	# what others can read, or made, is not used
	chmod 644 temp
	run 2 $t one >plan2 2>err
	rm temp
	mkfifo temp
	chmod 600 temp
	(sleep 1; : <temp) &
	run 2 $t one >plan2 2>err
	wait'

ok 'second factors that the server could not read are not sent' '
	long=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP
	n=0
	while read -r reason uri; do
		n=$((n + 1))
		{ account u@one.test "\"otp\":\"$uri\""; end; } | counted >in
		plan 0 --otp=carry in </dev/null
		if [ "$reason" = "-" ]; then
			plan_has ".[1].value[].credentials[\"0\"].otpAuth |
			    test(\"secret=$long\")" || { echo "$uri"; false; }
		else
			hasnt plan otpAuth
			has report "$(echo "$reason" | tr _ " ")"
		fi
	done <<-EOF
	less_than_128_bits otpauth://totp/one.test:alice?secret=JBSWY3DPEHPK3PXP&issuer=one.test
	- otpauth://totp/alice@one.test?secret=$long
	not_a_TOTP otpauth://hotp/alice?secret=$long&counter=1
	another_issuer otpauth://totp/Old%20Mail:alice?secret=$long&issuer=New
	- otpauth://totp/Old%20Mail:alice?secret=$long&issuer=Old+Mail
	- otpauth://totp/Old%20Mail%3Aalice?issuer=Old%20Mail&secret=$long
	- otpauth://totp/alice?secret=jbswy3dpehpk3pxpjbswy3dpehpk3pxp
	- otpauth://totp/alice?secret=$long====&digits=8&period=60&algorithm=SHA512
	algorithm otpauth://totp/alice?secret=$long&algorithm=MD5
	digits otpauth://totp/alice?secret=$long&digits=5
	period otpauth://totp/alice?secret=$long&period=0
	not_base32 otpauth://totp/alice?secret=${long}01
	two_colons otpauth://totp/a:b:c?secret=$long
	no_secret otpauth://totp/alice
	no_secret otpauth://totp/alice?issuer=x
	not_a_valid_URI otpauth://totp/alice%4?secret=$long
	EOF
	[ $n = 16 ]'

ok 'a dump from which a filter took records is a part of one' '
	{
		account a@one.test
		account b@one.test
		alias_row @one.test "\"a@one.test\""
		echo "{\"v\":1,\"type\":\"end\",\"count\":3}"
	} >whole
	plan 0 <whole
	hasnt err "part of the dump"
	grep -q catchAllAddress plan
	grep -v "\"b@one.test\"" whole | plan 0
	has err "2 of its 3 records came: the input is taken for a part of the dump"
	not grep -q catchAllAddress plan
	grep -v "\"b@one.test\"" whole | plan 2 --reconcile
	has err "this is a part of a dump (2 of its 3 records)"
	not grep -q "\"reconcile\"" plan
	# Each dump of several has a count of its own.
	{ cat whole; sed "s/one/two/g" whole; } | plan 0
	hasnt err "part of the dump"'

done_testing
