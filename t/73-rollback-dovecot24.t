#!/bin/sh
# An account there and back on a Dovecot 2.4: with what its owner got and did on the new
# server meanwhile, in each kind of store, once. As 73-rollback-merge.t has it of 2.3.
dovecot_wanted=2.4
. "${0%/*}/lib.sh"
. "$top/t/procedure.sh"
. "$top/t/there-and-back.sh"
. "$top/t/dovecot24.sh"
need_dovecot /usr/lib/dovecot/managesieve-login dovecot-managesieved

# One Dovecot, and a store of another kind for each owner.
for user in ann bea cat dan eve; do
	echo "$user@one.test:{PLAIN}$user-Zx-long"
done >old.users
sed 's/$/::::::/' old.users >directory
sed -e '/^bea@/s,$,userdb_mail_path=~/Maildir userdb_mail_inbox_path=~/spool userdb_mail_control_path=~/control userdb_mailbox_list_utf8=yes,' \
    -e '/^cat@/s,$,userdb_mail_driver=mdbox userdb_mail_path=~/mdbox,' \
    -e '/^dan@/s,$,userdb_mail_plugins=mail_crypt,' \
    -e '/^eve@/s,$,userdb_mail_driver=sdbox userdb_mail_path=~/sdbox,' directory >old.db
store_keys
serve_imap old "$store_uses
namespace archives {
  prefix = Archives.
  separator = .
  mail_path = ~/ArchMaildir
}
crypt_global_private_key main {
  crypt_private_key_file = $tmp/private.pem
}
crypt_global_public_key_file = $tmp/public.pem
crypt_write_algorithm = aes-256-gcm-sha256"
old_conf=$conf
own

there ann INBOX 1 2 3
there ann INBOX.Clients 10
there ann INBOX.Clients.ACME 11
there ann Lahetetyt 12
there ann Poistetut 20
there ann Archives.2020 70 71
for user in bea cat eve; do
	there $user INBOX 1
	there $user Work 3
	there $user Lahetetyt 4
done
old flags add -u bea@one.test 'toPay paid' mailbox Work all
there dan Work 90
printf 'keep;\r\n' | old sieve put -u ann@one.test main
old sieve activate -u ann@one.test main
new_server
configure
settings "OLD_SIEVE=$sieve"
ferry_ready
everybody='ann@one.test bea@one.test cat@one.test dan@one.test eve@one.test'
# made_there USER NAME TEXT: a filter on the new server.
made_there() {
	id=$(new_id "$1@one.test")
	blob=$(printf '%s' "$3" | curl -s -K jmap.conf --data-binary @- -H 'Content-Type: application/sieve' \
	    "$new_url/jmap/upload/$id/" | jq -r .blobId)
	jmap SieveScript/set "{\"accountId\":\"$id\",\"create\":{\"s\":{\"name\":\"$2\",\"blobId\":\"$blob\"}}}" |
	    grep -q '"created"'
}
# all USER: each folder with mail in it, and how many messages.
all() {
	old mailbox status -u "$1@one.test" messages '*' 'Archives.*' | sed -n 's/ messages=\([1-9]\)/:\1/p' | sort | tr '\n' ' '
}

ok 'the rehearsal finds nothing in the way, and says how mail would come back' '
	run 0 migrate-wave --rehearse -c ferry.conf >out || { cat out; false; }
	has out "a rollback goes into the Maildirs, as Dovecot has them: 2 accounts"
	has out "a rollback goes through Dovecot (Dovecot encrypts the mail (mail_crypt)): 1 account (dan@one.test)"
	has out "(the store is mdbox): 1 account (cat@one.test)"
	has out "(the store is sdbox): 1 account (eve@one.test)"'
# shellcheck disable=SC2086 # words
ok 'they move' '
	run 0 migrate $everybody >out 2>err || { cat out err; tail -n 30 state/*/log; false; }
	not [ -s err ]
	[ "$(new_folders ann@one.test | grep -v " 0$" | tr "\n" ,)" = "2020 2,ACME 1,Clients 1,Deleted Items 1,Inbox 3,Sent Items 1," ]'
here ann Inbox/Clients/ACME 50
here ann Inbox/New 51
here ann Sent_Items 52
here bea Work 51 'urgent paid'
here bea Näues 52
for user in cat eve; do
	here $user Work 51
	here $user New/Below 52
	here $user Sent_Items 53
done
here dan Inbox 60
made_there ann later 'stop;'
# shellcheck disable=SC2086 # words
ok 'and are back' '
	# Its only copy on the old server is where mail does not stay.
	old move -u ann@one.test Poistetut mailbox INBOX HEADER message-id "<2@two.test>"
	run 0 rollback $everybody >out 2>err || { cat out err; tail -n 30 state/*/log; false; }
	not [ -s err ]
	[ "$(grep -c "is back" out)" = 5 ]
	for user in $everybody; do
		is "$(routes $user)" legacy
	done'
ok 'into a Maildir, with all that Dovecot knows of it' '
	is "$(lies ann 50)" "INBOX.Clients.ACME "
	is "$(lies ann 51)" "INBOX.New "
	is "$(lies ann 52)" "Lahetetyt "
	is "$(lies ann 2)" "INBOX Poistetut "
	is "$(all ann)" "Archives.2020:2 INBOX.Clients.ACME:2 INBOX.Clients:1 INBOX.New:1 INBOX:3 Lahetetyt:2 Poistetut:2 "
	has state/ann@one.test/log "merge: into the Maildir of ann@one.test, as Dovecot has it (--user)"'
ok 'where the INBOX and control files are elsewhere, and names in UTF-8' '
	is "$(lies bea 51)" "Work "
	is "$(all bea)" "INBOX:1 Lahetetyt:1 Näues:1 Work:2 "
	old fetch -u bea@one.test flags header message-id "<51@two.test>" >flags
	grep -w urgent flags
	grep -w paid flags
	hasnt flags toPay'
ok 'into mdbox and sdbox, through Dovecot' '
	for user in cat eve; do
		is "$(all $user)" "INBOX:1 Lahetetyt:2 New.Below:1 Work:2 "
		is "$(lies $user 53)" "Lahetetyt "
	done
	has state/cat@one.test/log "merge: through Dovecot (--through-doveadm), as cat@one.test: the store is mdbox"'
ok 'encrypted, where Dovecot encrypts' '
	is "$(lies dan 60)" "INBOX "
	old fetch -u dan@one.test text mailbox INBOX | grep "Text 60"
	not grep -rl "Text" homes/old/dan@one.test/Maildir'
ok 'all of it is the owners' '
	[ -z "$(find homes/old -mindepth 1 ! -uid "${ids%:*}" -o -mindepth 1 ! -gid "${ids#*:}")" ]'
ok 'with the filter that was made there' '
	old sieve list -u ann@one.test | sed "s/ \$//" | sort | tr "\n" , >got
	is "$(cat got)" "later,main ACTIVE,"'
ok 'a second time nothing is added, and they can move and come back again' '
	for user in ann cat; do
		all $user
	done >before
	run 0 rollback --from read ann@one.test cat@one.test >out 2>err || { cat err; false; }
	run 0 migrate ann@one.test cat@one.test >out 2>err || { cat err; false; }
	here ann Inbox 80
	here cat Inbox 80
	run 0 rollback ann@one.test cat@one.test >out 2>err || { cat err; false; }
	is "$(lies ann 80)$(lies cat 80)" "INBOX INBOX "
	old expunge -u ann@one.test mailbox INBOX HEADER message-id "<80@two.test>"
	old expunge -u cat@one.test mailbox INBOX HEADER message-id "<80@two.test>"
	for user in ann cat; do
		all $user
	done >after
	same before after'
ok 'Dovecot has nothing to say against it' '
	not grep -i -e error -e panic -e fatal -e corrupt old/log'
done_testing
