#!/bin/sh
# The scripts that stalwart-apply --settings makes, run by Pigeonhole: a forward,
# a vacation message and filters together, each does what it did alone.
. "${0%/*}/lib.sh"
. "$top/t/mkaccounts.sh"
. "$top/t/apply.sh"
need curl
need jq
. "$top/t/dovecot23.sh"
need_dovecot /usr/bin/sieve-test dovecot-sieve

# shellcheck disable=SC2119 # no options
serve
{
	domain one.test
	filter='"scripts":[{"name":"main","active":true,"text":"require [\"fileinto\",\"mailbox\"];\nif header :contains \"subject\" \"work\" { fileinto :create \"Work\"; stop; }\n"}]'
	away='"vacation":{"subject":"Away","text":"Gr\u00fc\u00dfe \"quoted\" \\ .\n.\nend","html":"<p>Away</p>","from":"2026-01-01T00:00:00Z","until":"2099-01-01T00:00:00Z"}'
	over='"vacation":{"subject":"Early","text":"early","from":"2098-01-01T00:00:00Z","until":"2099-01-01T00:00:00Z"}'
	account keep@one.test "\"forward\":[\"x@other.test\"],\"keep\":true,$filter"
	account gone@one.test "\"forward\":[\"x@other.test\"],\"keep\":false,$filter"
	account all@one.test "\"forward\":[\"x@other.test\"],\"keep\":true,$away,$filter"
	account answer@one.test "\"forward\":[\"x@other.test\"],\"keep\":true,$away"
	account sort@one.test "$away,$filter"
	account early@one.test "\"forward\":[\"x@other.test\"],\"keep\":true,$over"
	end
} | counted | mkaccounts -q --settings settings -o plan 2>mkaccounts.err
run 0 apply -q --settings settings plan >out 2>err

# Dovecot touches no mail as root.
uid=$(id -u) gid=$(id -g)
if [ "$uid" = 0 ]; then
	uid=65534 gid=65534
	chmod 711 "$tmp"
fi
# owner NAME: the account's scripts, as they were sent, and the active one.
owner() {
	rm -rf home
	mkdir -p home/sieve home/mail/cur home/mail/new home/mail/tmp
	id=$(jq -r --arg a "$1@one.test" 'select(.object == "Account" and .address == $a).id' out)
	jq -c --arg id "$id" 'select(.method == "POST").body | fromjson? | .methodCalls as $c |
	    [$c[] | select(.[0] == "Blob/upload") | .[1].create | to_entries[]] as $blobs |
	    $c[] | select(.[0] == "SieveScript/set" and .[1].accountId == $id) | .[1].create // {} | .[] | . as $s |
	    {name: $s.name, text: ($blobs[] | select("#" + .key == $s.blobId).value.data[0]["data:asText"])}' requests >scripts
	while read -r line; do
		printf '%s\n' "$line" | jq -j .text >"home/sieve/$(printf '%s\n' "$line" | jq -r .name).sieve"
	done <scripts
	jmap SieveScript/get "{\"accountId\":\"$id\",\"ids\":null}" |
	    jq -r '.methodResponses[0][1].list[] | select(.isActive).name' >active
	ln -s "sieve/$(cat active).sieve" home/active.sieve
	[ "$uid" = "$(id -u)" ] || chown -R "$uid:$gid" home
	cat >lda.conf <<-END
		log_path = $tmp/lda.log
		ssl = no
		protocols =
		hostname = mail.one.test
		postmaster_address = postmaster@one.test
		mail_location = maildir:$tmp/home/mail
		first_valid_uid = 0
		first_valid_gid = 0
		mail_uid = $uid
		mail_gid = $gid
		default_internal_user = $(id -un)
		default_login_user = $(id -un)
		plugin {
		  sieve = file:$tmp/home/sieve;active=$tmp/home/active.sieve
		  sieve_vacation_send_from_recipient = yes
		}
	END
}
# deliver NAME SUBJECT
deliver() {
	printf 'From: s@else.test\r\nTo: %s@one.test\r\nMessage-ID: <%s@else.test>\r\nSubject: %s\r\n\r\nHello\r\n' \
	    "$1" "$2" "$2" >message
	chmod 644 message
	HOME=$tmp/home USER=$1 sieve-test -e -c lda.conf -l "maildir:$tmp/home/mail" \
	    -f s@else.test -a "$1@one.test" "$tmp/home/active.sieve" "$tmp/message" >said 2>&1 || {
		cat said
		return 1
	}
	# What goes out is shown: one file a message, and who gets it.
	rm -rf sent
	mkdir sent
	awk '/: sending message from </ { out = "sent/" n++; next }
	    /^sieve-test/ { out = "" } out != "" { print >out }' said
	sed -n 's/^RECIPIENT: //p' said | sort >recipients
}
# mail FOLDER: how many messages are in it.
mail() {
	find "home/mail/$1/new" -type f 2>/dev/null | wc -l
}
ok 'a forward with a copy and filters: both, as one script' '
	owner keep
	[ "$(cat active)" = mailferry ]
	deliver keep work
	[ "$(cat recipients)" = x@other.test ]
	deliver keep other
	[ "$(cat recipients)" = x@other.test ]
	[ "$(mail .Work)" = 1 ]
	[ "$(mail .)" = 1 ]'
ok 'a forward without a copy: nothing stays, whatever the filters say' '
	owner gone
	deliver gone work
	[ "$(mail .Work)" = 0 ]
	[ "$(mail .)" = 0 ]
	[ "$(cat recipients)" = x@other.test ]'
ok 'a vacation message with both: an answer, a forward, and the folder' '
	owner all
	[ "$(cat active)" = mailferry ]
	deliver all work
	[ "$(mail .Work)" = 1 ]
	[ "$(tr "\n" " " <recipients)" = "s@else.test x@other.test " ]
	answer=$(grep -l "^Subject: Away" sent/*)
	/usr/bin/python3 - "$answer" <<-"END"
		import email, email.policy, sys
		with open(sys.argv[1], "rb") as f:
		    m = email.message_from_binary_file(f, policy=email.policy.default)
		parts = [p.get_content().replace("\r\n", "\n").strip() for p in m.iter_parts()]
		assert parts == ["Gr\u00fc\u00dfe \"quoted\" \\ .\n.\nend", "<p>Away</p>"], parts
	END'
ok 'a vacation message with either of them' '
	owner answer
	[ "$(cat active)" = mailferry ]
	deliver answer work
	[ "$(tr "\n" " " <recipients)" = "s@else.test x@other.test " ]
	[ "$(mail .)" = 1 ]
	owner sort
	[ "$(cat active)" = mailferry ]
	deliver sort work
	[ "$(cat recipients)" = s@else.test ]
	[ "$(mail .Work)" = 1 ]
	deliver sort other
	[ "$(mail .)" = 1 ]'
ok 'before its time the vacation message is silent, the forward is not' '
	owner early
	[ "$(cat active)" = mailferry ]
	deliver early hello
	[ "$(mail .)" = 1 ]
	[ "$(cat recipients)" = x@other.test ]'

done_testing
