#!/bin/sh
# stalwart-apply --settings: shared folders, from Dovecot's access lists to the
# server and read back; rights are only added.
. "${0%/*}/lib.sh"
. "$top/t/mkaccounts.sh"
. "$top/t/apply.sh"
need curl
need jq

put() {
	stalwart-apply --password-file admin.secret --settings settings "$@" plan
}
id_of() {
	jq -r --arg a "$1" 'select(.object == "Account" and .address == $a).id' first | head -n 1
}
# data METHOD ARGUMENTS: by the administrator, with what mail needs
data() {
	printf '{"using":["urn:ietf:params:jmap:core","urn:ietf:params:jmap:mail","urn:ietf:params:jmap:principals"],"methodCalls":[["%s",%s,"0"]]}' \
	    "$1" "$2" >data.json
	curl -s -u admin:secret --data-binary @data.json -H 'Content-Type: application/json' "$STALWART_URL/jmap/" |
	    jq -c '.methodResponses[0][1]'
}
# shares OWNER: "FOLDER WITH rights", true ones
shares() {
	data Mailbox/get "{\"accountId\":\"$(id_of "$1")\",\"ids\":null}" >mailboxes
	jq -r '.list[] | .name as $n | .shareWith // {} | to_entries[] |
	    "\($n) \(.key) \([.value | to_entries[] | select(.value).key] | sort | join(","))"' mailboxes |
	    sed "s/ $(id_of bob@one.test) / bob /; s/ $(id_of carol@one.test) / carol /" | sort
}
results() {
	jq -rc 'select(.object == "Mailbox") | [.status, .address, .name // empty, (.note // .error.text // empty)] | join(" ")' out | sort
}

mkdir -p home/Maildir/.Work/cur "home/Maildir/.Work.&ANw-ber/cur" home/Maildir/.Sent/cur home/Maildir/.Late/cur
printf 'user=bob@one.test lrs\ngroup=staff lri\n' >home/Maildir/.Work/dovecot-acl
echo 'user=bob@one.test lrwstipekxa' >"home/Maildir/.Work.&ANw-ber/dovecot-acl"
echo 'user=bob@one.test lr' >home/Maildir/.Sent/dovecot-acl
echo 'user=carol@one.test lr' >home/Maildir/.Late/dovecot-acl
printf 'user=gone@one.test lr\nuser=carol@one.test l\n' >home/Maildir/dovecot-acl
{
	domain one.test
	account alice@one.test "\"home\":\"$tmp/home\""
	account bob@one.test
	account carol@one.test '"groups":["staff@one.test"]'
	record group staff@one.test
	end
} | counted >in
dirdump acl in >lists 2>/dev/null
mkaccounts -q -o plan --settings settings in lists

serve --admin admin:secret
stalwart-apply --password-file admin.secret --settings settings plan >first 2>/dev/null
ok 'before the mail is there, folders are waited for' '
	cp first out
	results >got
	grep -q "^planned alice@one.test Work the folder is not there yet: run it again when the mail is copied" got
	[ "$(grep -c "^planned .*not there yet" got)" = 3 ]'
alice=$(id_of alice@one.test)
data Mailbox/set "{\"accountId\":\"$alice\",\"create\":{\"w\":{\"name\":\"Work\"}}}" >made
work=$(jq -r .created.w.id made)
data Mailbox/set "{\"accountId\":\"$alice\",\"create\":{\"u\":{\"name\":\"Über\",\"parentId\":\"$work\"}}}" >made
ok 'with it they are shared, as the lists say' '
	run 1 put >out 2>err
	shares alice@one.test >got
	cat >want <<-EOF
	Work bob mayReadItems,maySetSeen
	Work carol mayAddItems,mayReadItems
	Über bob mayAddItems,mayCreateChild,mayDelete,mayReadItems,mayRemoveItems,mayRename,maySetKeywords,maySetSeen,maySubmit
	EOF
	grep -e "^Work" -e "^Über" got | diff -u want -
	grep -q "^\(Sent\|Sent Items\) bob mayReadItems" got
	results | grep -q "^failed alice@one.test INBOX (gone@one.test lr) the server has no account of this address"
	results | grep -q "^failed alice@one.test INBOX (carol@one.test l) none of these rights has a meaning"
	results | grep -q "^planned alice@one.test Late "
	results | grep -q "^updated alice@one.test Work (carol@one.test lri, bob@one.test lrs)"'
ok 'a second run changes nothing' '
	shares alice@one.test >before
	run 1 put >out 2>err
	shares alice@one.test >after
	same before after
	not grep "\"status\":\"updated\"" out
	results | grep -q "^exists alice@one.test Work (carol@one.test lri, bob@one.test lrs)$"'
bob=$(id_of bob@one.test)
ok 'what the owner takes away stays away; what the owner gave stays' '
	data Mailbox/set "{\"accountId\":\"$alice\",\"update\":{\"$work\":{\"shareWith\":{\"$bob\":{\"mayReadItems\":true}}}}}" | grep updated
	run 1 put >out 2>err
	shares alice@one.test | grep "^Work" >got
	echo "Work bob mayReadItems" >want
	same want got
	results | grep -q "the owner has changed it since: it is left alone"
	# The first time, rights are added to those that are there.
	rm settings.done
	data Mailbox/set "{\"accountId\":\"$alice\",\"update\":{\"$work\":{\"shareWith\":{\"$bob\":{\"mayDelete\":true}}}}}" | grep updated
	run 1 put >out 2>err
	shares alice@one.test | grep "^Work" >got
	cat >want <<-EOF
	Work bob mayDelete,mayReadItems,maySetSeen
	Work carol mayAddItems,mayReadItems
	EOF
	same want got'
# The directory gives more, to another person and to the same one.
more() {
	for r in "$@"; do
		printf '{"folder":"Work","with":"%s@one.test","rights":"%s"}\n' "${r%:*}" "${r#*:}"
	done | jq -sc "{v: 1, type: \"settings\", address: \"alice@one.test\", shares: .},
	    {v: 1, type: \"end\", count: 1, source: \"mkaccounts\"}"
}
ok 'what was taken away does not come back with what is new' '
	cp settings settings.was
	data Mailbox/set "{\"accountId\":\"$alice\",\"update\":{\"$work\":{\"shareWith\":{}}}}" | grep updated
	rm settings.done
	more bob:lrs >settings
	run 0 put >out 2>err
	results | grep -q "^updated alice@one.test Work (bob@one.test lrs)"
	data Mailbox/set "{\"accountId\":\"$alice\",\"update\":{\"$work\":{\"shareWith\":{\"$bob\":{\"maySetSeen\":true}}}}}" | grep updated
	more bob:lrs carol:lr >settings
	run 0 put >out 2>err
	results | grep -q "^updated alice@one.test Work (carol@one.test lr) what the owner has taken away since stays so"
	results | grep -q "^exists alice@one.test Work (bob@one.test lrs) the owner has changed it since"
	more bob:lrsi carol:lr >settings
	run 0 put >out 2>err
	results | grep -q "^updated alice@one.test Work (bob@one.test lrsi) what the owner has taken"
	run 0 put >out 2>err
	not grep updated out
	shares alice@one.test | grep "^Work" >got
	printf "%s\n" "Work bob mayAddItems,maySetSeen" "Work carol mayReadItems" >want
	same want got
	mv settings.was settings'
ok 'what the directory does not give any more stays, and is named' '
	cp settings settings.was
	data Mailbox/set "{\"accountId\":\"$alice\",\"update\":{\"$work\":{\"shareWith\":{}}}}" | grep updated
	rm -f settings.done
	more bob:lrs carol:lri >settings
	run 0 put >out 2>err
	shares alice@one.test >before
	more bob:lr >settings
	for how in "" "-u --keep-passwords"; do
		# shellcheck disable=SC2086
		run 0 put $how >out 2>err
		results | sort >got
		cat >want <<-EOF
		exists alice@one.test Work (bob@one.test lr)
		exists alice@one.test Work (bob@one.test maySetSeen) the directory does not give it any more: it stays until somebody takes it away
		exists alice@one.test Work (carol@one.test mayAddItems mayReadItems) the directory does not give it any more: it stays until somebody takes it away
		EOF
		same want got
	done
	shares alice@one.test | same before -
	data Mailbox/set "{\"accountId\":\"$alice\",\"update\":{\"$work\":{\"shareWith\":{\"$bob\":{\"mayReadItems\":true}}}}}" | grep updated
	more bob:lr >settings
	run 0 put >out 2>err
	results | sort >got
	head -n 1 want | same - got
	mv settings.was settings'
ok 'a dry run says so, and changes nothing' '
	data Mailbox/set "{\"accountId\":\"$alice\",\"update\":{\"$work\":{\"shareWith\":{}}}}" | grep updated
	rm -f settings.done
	run 1 put -n >out 2>err
	results | grep -q "^planned alice@one.test Work (carol@one.test lri, bob@one.test lrs)"
	shares alice@one.test >after
	not grep ^Work after'
ok 'whoever is no account is named, and nothing else suffers' '
	printf "%s\n" "{\"v\":1,\"type\":\"settings\",\"address\":\"alice@one.test\",\"shares\":[{\"folder\":\"Work\",\"with\":\"anyone\",\"rights\":\"lr\"},{\"folder\":\"Work\",\"with\":\"bob@one.test\",\"rights\":\"lr\"}]}" >settings
	rm -f settings.done
	run 1 put >out 2>err
	results >got
	cat >want <<-EOF
	failed alice@one.test Work (anyone lr) the server has no account of this address
	updated alice@one.test Work (bob@one.test lr)
	EOF
	same want got'
done_testing
