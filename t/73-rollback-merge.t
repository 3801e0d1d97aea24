#!/bin/sh
# rollback-account heeds what only Dovecot knows of a store: which folder has which
# use, where mail does not stay, other namespaces, where the INBOX and the control files
# are, how folders lie; and mail that Dovecot alone can store goes in through it.
. "${0%/*}/lib.sh"
. "$top/t/procedure.sh"
. "$top/t/there-and-back.sh"
need parallel

# One Dovecot, and a store of another kind for each owner.
for user in ann bea cat dan; do
	echo "$user@one.test:{PLAIN}$user-Zx-long"
done >old.users
sed 's/$/::::::/' old.users >directory
store_keys
serve_imap old "$store_uses
namespace archives {
  prefix = Archives.
  separator = .
  location = maildir:~/ArchMaildir
}
plugin {
  mail_crypt_global_private_key = <$tmp/private.pem
  mail_crypt_global_public_key = <$tmp/public.pem
  mail_crypt_save_version = 2
}"
old_conf=$conf
sed -i '/^  mailbox Sent {/,/^  }/d' "$old_conf"
doveadm -c "$old_conf" reload
sed -i -e '/^bea@/s,$,userdb_mail=maildir:~/Maildir:INBOX=~/spool:CONTROL=~/control:UTF-8,' \
    -e '/^cat@/s,$,userdb_mail=maildir:~/Maildir:LAYOUT=index,' \
    -e '/^dan@/s,$,userdb_mail_plugins=mail_crypt,' old.db
own

there ann INBOX 1 2 3
there ann INBOX.Clients 10
there ann INBOX.Clients.ACME 11
there ann Lahetetyt 12
there ann Poistetut 20
there ann Archives.2020 70 71
for user in bea cat; do
	there $user INBOX 1
	there $user Work 3
	there $user Lahetetyt 4
done
old flags add -u bea@one.test 'toPay paid' mailbox Work all
there dan Work 90
new_server
configure
ferry_ready
everybody='ann@one.test bea@one.test cat@one.test dan@one.test'

ok 'the rehearsal says which way mail would come back' '
	run 0 migrate-wave --rehearse -c ferry.conf >out || { cat out; false; }
	has out "  ok     a rollback goes into the Maildirs, as Dovecot has them: 2 accounts"
	has out "  ok     a rollback goes through Dovecot (Dovecot encrypts the mail (mail_crypt)): 1 account (dan@one.test)"
	has out "  ok     a rollback goes through Dovecot (the store is a Maildir with LAYOUT=index): 1 account (cat@one.test)"'
ok 'or that OLD_MAILDIR would be wrong, or is what counts' '
	cp ferry.conf kept.conf
	settings "OLD_MAILDIR=$tmp/homes/old/%u/Maildir"
	run 1 migrate-wave --rehearse -c ferry.conf >out
	cp kept.conf ferry.conf
	has out "  STOPS  OLD_MAILDIR would be wrong (Dovecot encrypts the mail (mail_crypt)): 1 account (dan@one.test)"
	has out "2 accounts (ann@one.test, bea@one.test): a rollback goes by path, as OLD_MAILDIR says"'
ok 'and who could not enter OLD_WORK, where that is needed' '
	[ "$(id -u)" -eq 0 ] || exit 0
	mkdir -m 711 outer
	mkdir -m 700 outer/shut
	settings "OLD_WORK=$tmp/outer/shut/work"
	run 1 migrate-wave --rehearse -c ferry.conf >out
	cp kept.conf ferry.conf
	has out "  STOPS  OLD_WORK=$tmp/outer/shut/work is not to be entered by who owns the mail, and no rollback could read there what it merges ($tmp/outer/shut): 2 accounts (cat@one.test, dan@one.test)"
	has out "         mend: chmod o+x of that directory"
	chmod 755 outer/shut
	settings "OLD_WORK=$tmp/outer/shut/work"
	run 0 migrate-wave --rehearse -c ferry.conf >out
	cp kept.conf ferry.conf'
ok 'and that there is none' '
	mkdir locked
	printf "#!/bin/sh\ncase \$* in *fetch*dan@*hdr*) echo no key >&2; exit 75 ;; esac\nexec $(command -v doveadm) \"\$@\"\n" >locked/doveadm
	chmod 755 locked/doveadm
	(PATH=$tmp/locked:$PATH run 1 migrate-wave --rehearse -c ferry.conf >out)
	grep "^  STOPS  no rollback can bring mail back (Dovecot cannot open the mail: .*): 1 account (dan@one.test)" out'

# shellcheck disable=SC2086 # words
ok 'there and back' '
	run 0 migrate $everybody >out 2>err || { cat out err; false; }
	here ann Inbox/Clients/ACME 50
	here ann Inbox/New 51
	here ann Sent_Items 52
	# Its only copy on the old server is where mail does not stay.
	old move -u ann@one.test Poistetut mailbox INBOX HEADER message-id "<2@two.test>"
	# An earlier merge by path, as rollback-account of an older release made it: what
	# its owner removed since stays away.
	mkdir -p tree/cur tree/new tree/tmp
	(umask 022 && mkdir -p merge/ann@one.test/state)
	mid 60 >tree/cur/1780000060.M60P1.new:2,
	[ "$(id -u)" -ne 0 ] || chown -R "$ids" tree merge/ann@one.test/state
	run 0 maildir-merge --owner --state-dir "$tmp/merge/ann@one.test/state" tree homes/old/ann@one.test/Maildir >merged
	is "$(lies ann 60)" "INBOX "
	old expunge -u ann@one.test mailbox INBOX HEADER message-id "<60@two.test>"
	here ann Inbox 60
	here bea Work 51 "urgent paid"
	here bea Näues 52
	here cat Work 51
	here cat New/Below 52
	here cat Sent_Items 53
	here dan Inbox 60
	run 0 rollback $everybody >out 2>err || { cat out err; false; }
	not [ -s err ]'
ok 'a folder in the INBOX is that folder, and so are new ones' '
	is "$(lies ann 50)" "INBOX.Clients.ACME "
	is "$(lies ann 51)" "INBOX.New "
	old mailbox list -s -u ann@one.test >subscribed
	not grep ^Clients subscribed
	grep -qx INBOX.New subscribed'
ok 'uses are those that Dovecot is configured to have' '
	is "$(lies ann 52)" "Lahetetyt "
	is "$(lies ann 2)" "INBOX Poistetut "'
ok 'mail in another namespace is not added again' '
	is "$(lies ann 70)" "Archives.2020 "
	is "$(lies ann 71)" "Archives.2020 "'
ok 'what an earlier merge by path added, and its owner removed, stays away' '
	is "$(lies ann 60)" ""
	has state/ann@one.test/merge.ndjson "merged before and removed since"'
ok 'the INBOX and control files that are elsewhere, and names in UTF-8' '
	is "$(lies bea 51)" "Work "
	is "$(lies bea 52)" "Näues "
	old fetch -u bea@one.test flags header message-id "<51@two.test>" >flags
	grep -w urgent flags
	grep -w paid flags
	hasnt flags toPay
	old mailbox list -s -u bea@one.test | grep -x Näues'
ok 'LAYOUT=index' '
	is "$(lies cat 51)" "Work "
	is "$(lies cat 52)" "New.Below "
	is "$(lies cat 53)" "Lahetetyt "'
ok 'what Dovecot encrypts is not put beside it in clear text' '
	is "$(lies dan 60)" "INBOX "
	old fetch -u dan@one.test text mailbox INBOX | grep "Text 60"
	not grep -rl "Text" homes/old/dan@one.test/Maildir'
ok 'all of it is the owners' '
	[ "$(id -u)" -ne 0 ] || [ -z "$(find homes/old -mindepth 1 ! -uid "${ids%:*}" -o -mindepth 1 ! -gid "${ids#*:}")" ]'
ok 'the log says which way each account went' '
	has state/ann@one.test/log "merge: into the Maildir of ann@one.test, as Dovecot has it (--user)"
	has state/cat@one.test/log "merge: through Dovecot (--through-doveadm), as cat@one.test: the store is a Maildir with LAYOUT=index"
	has state/dan@one.test/log "merge: through Dovecot (--through-doveadm), as dan@one.test: Dovecot encrypts the mail (mail_crypt)"'
ok 'an undoing finds the journals, the same way' '
	for journal in merge/ann@one.test/state/merge-*.journal; do
		run 0 maildir-merge --undo "$journal" --state-dir merge/ann@one.test/state \
		    --user ann@one.test --doveadm "doveadm -c $old_conf" >undone
	done
	is "$(lies ann 50)$(lies ann 52)" ""
	is "$(lies ann 2)" "Poistetut "
	is "$(lies ann 11)" "INBOX.Clients.ACME "'
ok 'by path where the configuration says so, but not in clear text' '
	settings "OLD_MAILDIR=$tmp/homes/old/%u/Maildir"
	here dan Inbox 61
	run 1 rollback --from login dan@one.test 2>err
	has err "dan@one.test: merge: OLD_MAILDIR is set, and dan@one.test: Dovecot encrypts the mail (mail_crypt): leave it out, and the mail goes through Dovecot"
	is "$(lies dan 61)" ""
	run 0 rollback --from login ann@one.test
	has state/ann@one.test/log "merge: by path, into $tmp/homes/old/ann@one.test/Maildir, as OLD_MAILDIR says"
	cp kept.conf ferry.conf'
ok 'what was merged where Dovecot does not look is not there' '
	settings "OLD_MAILDIR=$tmp/homes/old/%u/spool"
	for n in 62 63 64; do
		here bea Work "$n"
	done
	run 1 rollback --from login bea@one.test >out 2>err
	is "$(lies bea 62)" ""
	grep "^rollback-account: bea@one.test: check: .*Work" err
	hasnt out "is back"
	cp kept.conf ferry.conf
	run 0 rollback --from login bea@one.test
	is "$(lies bea 62)" "Work "'
ok 'nor does mail that arrived at home make up for it' '
	settings "OLD_MAILDIR=$tmp/homes/old/%u/spool"
	here bea Work 65
	there bea Work 165
	run 1 rollback --from login bea@one.test >out 2>err
	has err "bea@one.test: check: messages of the new server that are in no folder of the account here, as Dovecot shows it: 1; they are in $tmp/state/bea@one.test/unseen"
	grep -l "Text 65" state/bea@one.test/unseen/*
	hasnt out "is back"
	cp kept.conf ferry.conf
	run 0 rollback --from login bea@one.test
	is "$(lies bea 65)" "Work "
	not [ -e state/bea@one.test/unseen ]
	has state/bea@one.test/merge-seen.ndjson "\"status\":\"present\""'
ok 'another way than before adds nothing that is there, and says what it adds' '
	old expunge -u bea@one.test mailbox Work HEADER message-id "<65@two.test>"
	old mailbox status -u bea@one.test messages "*" | sort >before
	run 0 rollback --from read bea@one.test 2>err
	is "$(lies bea 65)" ""
	sed -i "/^bea@/s/\$/ userdb_mail_plugins=mail_crypt/" old.db
	# Dovecot looks at the file once a second.
	until old user bea@one.test | grep -q mail_crypt; do sleep 0.1; done
	run 0 rollback --from read bea@one.test 2>err
	has err "bea@one.test: merged through Dovecot, and earlier into the files: what came home then and was removed since is there again"
	is "$(lies bea 65)" "Work "
	old expunge -u bea@one.test mailbox Work HEADER message-id "<65@two.test>"
	old mailbox status -u bea@one.test messages "*" | sort >after
	same before after
	run 0 rollback --from read bea@one.test 2>err
	not [ -s err ]'
done_testing
