#!/bin/sh
# What a copy leaves out: folders that are not the owner's; and messages whose
# Message-ID the new server has already, which arriving mail must not make up for.
. "${0%/*}/lib.sh"
. "$top/t/procedure.sh"
need parallel

for user in alice bob cat dan eve; do
	mail $user@one.test '' 1 2
	echo "$user@one.test:{PLAIN}$user-Zx-long" >>old.users
done
mail alice@one.test Work 3 3
mail bob@one.test Work 11 12
mail cat@one.test Sent 21 21
mail dan@one.test Drafts 31 31
mail eve@one.test Sent 51 51
mail eve@one.test Work 52 52
mail eve@one.test Work.Below 53 53
mkdir -p shared public/.Forum/cur
message public/.Forum 41
serve_imap old 'mail_plugins = acl quota' \
    'plugin {' '  acl = vfile' '  acl_user = %u' "  acl_shared_dict = file:$tmp/shared/db" '}' \
    'namespace shared {' '  type = shared' '  separator = .' '  prefix = shared.%%n.' \
    "  location = maildir:$tmp/homes/old/%%u/Maildir" '  subscriptions = no' '  list = children' '}' \
    'namespace public {' '  type = public' '  separator = .' '  prefix = "öffentlich (alle)."' \
    "  location = maildir:$tmp/public" '  subscriptions = no' '}' \
    'protocol imap {' '  mail_plugins = acl quota imap_acl' '}'
old_conf=$conf
sed 's/$/::::::/' old.users >directory
own
chmod 711 .
printf 'user=alice@one.test lr\nuser=cat@one.test lr\n' >public/.Forum/dovecot-acl
chown -R "$ids" shared public
new_server
configure
ferry_ready

ok 'folders of another owner and of everybody are no part of an account' '
	doveadm -c "$old_conf" acl set -u bob@one.test Work user=alice@one.test lookup read
	doveadm -c "$old_conf" mailbox list -u alice@one.test >list
	has list "shared.bob.Work"
	has list "(alle).Forum"
	migrate-wave --rehearse -c ferry.conf >out 2>err || cat out err
	grep "  note   2 accounts (alice@one.test, cat@one.test): folders of other owners, or of everybody, are seen there (.*shared\\. .*(alle)\\.): they are not copied into the account" out || { cat out; false; }
	grep "mend: what owners share comes with .dirdump acl." out
	run 0 migrate alice@one.test >out 2>err
	has err "alice@one.test: 2 folders of other owners, or of everybody, are not copied: "
	has err "shared."
	new_folders alice@one.test | grep -v " 0$" >got
	printf "%s\n" "Inbox 2" "Work 1" | same - got'
ok 'nor do they come to its Maildir, and bob has his own' '
	run 0 migrate -v bob@one.test 2>err
	hasnt err "not copied"
	new_folders bob@one.test | grep -v " 0$" >got
	printf "%s\n" "Inbox 2" "Work 2" | same - got
	doveadm -c "$old_conf" acl delete -u bob@one.test Work user=alice@one.test
	run 0 rollback alice@one.test
	old_folders alice@one.test | grep -v " 0$" >got
	printf "%s\n" "INBOX 2" "Work 1" | same - got'
ok 'acctcheck says which they are' '
	acctcheck --source "$imap" --source-user master --source-password-file master.pw \
	    --target "$imap" --target-user master --target-password-file master.pw \
	    --target-separator "*" --partial -q <<-END >out
	alice@one.test
	END
	jq -c ".source | .foreign_folders, .foreign" out >got
	printf "%s\n" 1 "[\"shared.\",\"&APY-ffentlich (alle).\",\"öffentlich (alle).\"]" | same - got'

# put USER FOLDER NUMBER TEXT: one that arrives on the old server.
put() {
	put_dir=homes/old/$1/Maildir/$2
	message "$put_dir" "$3"
	sed "s/^Text.*/$4\r/" "$put_dir"/cur/*".M$3P1.old:2,S" >"$put_dir/cur/$((1790000000 + $3)).M9P1.old:2,${5-S}"
	rm "$put_dir"/cur/*".M$3P1.old:2,S"
	# Dovecot's date of a message is that of the file.
	touch -d "@$((1790000000 + $3))" "$put_dir/cur/$((1790000000 + $3)).M9P1.old:2,${5-S}"
	own
}
# into USER FILE: a message into the INBOX on the new server.
into() {
	into_id=$(new_id "$1")
	box=$(jmap Mailbox/get "{\"accountId\":\"$into_id\",\"ids\":null}" |
	    jq -r '.methodResponses[0][1].list[] | select(.role == "inbox").id')
	blob=$(curl -s -K jmap.conf -H 'Content-Type: message/rfc822' --data-binary "@$2" \
	    "$new_url/jmap/upload/$into_id/" | jq -r .blobId)
	jmap Email/import "{\"accountId\":\"$into_id\",\"emails\":{\"m\":{\"blobId\":\"$blob\",\"mailboxIds\":{\"$box\":true},\"keywords\":{}}}}" |
	    grep -q '"created":{"m"'
}
# arrives USER NUMBER: another that arrives there.
arrives() {
	printf 'Message-ID: <new%s@two.test>\r\nSubject: new\r\n\r\nnew\r\n' "$2" >arriving
	into "$1" arriving
}
# Nothing can be put in by the way.
mkdir nocurl
printf '#!/bin/sh\nexit 7\n' >nocurl/curl
chmod 755 nocurl/curl
ok 'what arrived there does not make up for a message that was not copied' '
	run 0 migrate --until check cat@one.test
	put cat@one.test "" 21 "Text of a list, and its footer"
	run 0 migrate --until mail cat@one.test
	arrives cat@one.test 1
	(PATH=$tmp/nocurl:$PATH run 1 migrate cat@one.test 2>err)
	has err "again: messages of the old server that are not on the new one, which may have others with their Message-ID: 1; they are in $tmp/state/cat@one.test/missing (not all could be put in: "
	has err "mail and login are on the old server again"
	grep "its footer" state/cat@one.test/missing/*
	arrives cat@one.test 2
	(PATH=$tmp/nocurl:$PATH run 1 migrate cat@one.test 2>err)
	has err "that are not on the new one"'
ok 'the account moves when a hand has put it there, or by force' '
	(PATH=$tmp/nocurl:$PATH run 0 migrate --force cat@one.test 2>err)
	run 0 rollback cat@one.test
	cat state/cat@one.test/missing/* >by.hand
	into cat@one.test by.hand
	run 0 migrate cat@one.test
	[ ! -e state/cat@one.test/doubt ]'
# found USER NUMBER: the folders, keywords and date of that message on the new server.
found() {
	found_id=$(new_id "$1")
	jmap Mailbox/get "{\"accountId\":\"$found_id\",\"ids\":null}" >boxes
	jmap Email/query "{\"accountId\":\"$found_id\"}" >query
	jmap Email/get "{\"accountId\":\"$found_id\",\"ids\":$(jq -c ".methodResponses[0][1].ids" query)}" |
	    jq -r --slurpfile b boxes --arg at "$(date -u -d "@$((1790000000 + $2))" +%Y-%m-%dT%H:%M:%SZ)" \
	    '.methodResponses[0][1].list[] | select(.receivedAt == $at)
	    | (.mailboxIds | keys[0]) as $m | ([$b[0].methodResponses[0][1].list[] | select(.id == $m)][0].name)
	    + " " + (.keywords | keys | join(","))'
}
ok 'what Vandelay leaves out is put in, where it was and as it was, once' '
	run 0 migrate --until check eve@one.test
	put eve@one.test .Work.Below 52 "Text of a list, and its footer" F
	put eve@one.test .Sent 1 "Text as it was sent" S
	run 0 migrate -v eve@one.test >out 2>err || { cat err; tail -n 40 state/eve@one.test/log; false; }
	has err "again: every message is there; put in, as Vandelay leaves out what has a Message-ID that is there already: 2"
	[ ! -e state/eve@one.test/doubt ]
	[ ! -e state/eve@one.test/missing ]
	[ "$(found eve@one.test 52)" = "Below \$flagged" ]
	[ "$(found eve@one.test 1)" = "Sent Items \$seen" ]
	hasnt state/eve@one.test/log admin-Zx
	new_folders eve@one.test >before
	has before "Below 2"
	run 0 rollback eve@one.test
	run 0 migrate eve@one.test
	new_folders eve@one.test >after
	same before after'
ok 'a draft that was saved again is said, and holds up nothing' '
	run 0 migrate --until check dan@one.test
	rm homes/old/dan@one.test/Maildir/.Drafts/cur/*
	put dan@one.test .Drafts 31 "Other text" SD
	run 0 migrate -v dan@one.test 2>err
	has err "again: of drafts that were saved again the new server has the first text: 1, see $tmp/state/dan@one.test/missing"
	grep "Other text" state/dan@one.test/missing/*
	[ ! -e state/dan@one.test/doubt ]'
done_testing
