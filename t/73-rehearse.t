#!/bin/sh
# migrate-wave --rehearse: what would happen is said, by group, and nothing
# changes on either server.
. "${0%/*}/lib.sh"
. "$top/t/procedure.sh"
need parallel

mail alice@one.test '' 1 3
mail bob@one.test '' 4 5
mail bob@one.test Sub.Below 6 6
mail carol@one.test '' 7 8
mail carol@one.test ' Blank' 9 9
printf 'no header\n' >homes/old/carol@one.test/Maildir/cur/1780000099.M99P1.old:2,S
old_server alice bob carol
sed -i 's/^carol@one.test:{PLAIN}[^:]*/carol@one.test:{SMD5}8MHkYXDQYNyZTCfjQfOKdB8ZMzQ=/' directory
printf 'dora@one.test:{PLAIN}dora-Zx-long::::::\n' >>directory
own
new_server
configure
cat >dump <<END
#!/bin/sh
dirdump passwd-file -q $tmp/directory >$tmp/dumped
grep -v '"end"' $tmp/dumped
echo '{"v":1,"type":"alias","address":"info@one.test","targets":["alice@one.test"]}'
echo '{"v":1,"type":"note","what":"canonical_maps","text":"senders are rewritten"}'
grep '"end"' $tmp/dumped | jq -c '.count += 2'
END
chmod 755 dump
settings "OLD_DUMP=$tmp/dump"
rehearse() {
	migrate-wave --rehearse -c ferry.conf "$@"
}
# dumped: all that both servers and the proxy hold.
dumped() {
	find homes -type f | grep -v -e dovecot -e maildirsize | sort | tr "\n" "\0" | xargs -0 b3sum
	for type in Domain Account MailingList MemoryLookupKey MtaRoute MtaOutboundStrategy; do
		jmap "x:$type/get" '{"ids":null}'
	done
	cat mappings
}

ok 'nothing is ready: each thing that stops is said, with what mends it' '
	run 1 rehearse >out 2>err
	grep -q "^  STOPS  .*mailroute setup" out
	has out "1 account (dora@one.test): the master user cannot read it: the old server has no such account"
	has out "1 account (carol@one.test): a new password is needed (unusable: SMD5)"
	has out "mend: NO_SECRET=temp"
	hasnt out Zx
	grep -q "would stop the move" out'
ferry_ready
settings NO_SECRET=temp
sed -i /^dora/d directory
ok 'when it is, nothing stops, and what is worth knowing is said' '
	dumped >before
	run 0 rehearse >out 2>err
	not [ -s err ]
	dumped >after
	same before after
	has out "  ok     3 accounts, 1 aliases"
	has out "the master user reads 3 accounts"
	has out "1 account (bob@one.test): a folder below one that does not exist"
	has out "1 account (carol@one.test): messages without a header"
	has out "1 account (carol@one.test): a folder name that begins or ends with a blank"
	has out "a new password is needed (unusable: SMD5); NO_SECRET=temp"
	has out "canonical_maps: senders are rewritten"
	has out "Nothing stops the move."
	grep -q "^  ok     10 messages" out
	has out "What cannot be undone"'
ok 'it can be said of some' '
	echo alice@one.test | run 0 rehearse - >out
	has out "the master user reads 1 account"
	hasnt out bob@one.test
	echo nobody@one.test >who
	run 1 rehearse who >out
	has out "1 lines are not accounts"'
ok 'a wrong password of the master user, of the administrator, and of the proxy' '
	echo wrong-Zx >wrong.pw
	cp ferry.conf keep.conf
	settings "OLD_MASTER_PASSWORD_FILE=$tmp/wrong.pw"
	run 1 rehearse >out
	has out "STOPS  the master user cannot read accounts"
	cp keep.conf ferry.conf
	settings "NEW_PASSWORD_FILE=$tmp/wrong.pw"
	run 1 rehearse >out
	grep -q "STOPS  .*401" out
	cp keep.conf ferry.conf
	settings "PROXY_TOKEN_FILE=$tmp/wrong.pw"
	run 1 rehearse >out
	grep -q "STOPS  .*token" out
	cp keep.conf ferry.conf
	settings "OLD_RUN=false"
	run 1 rehearse >out
	has out "STOPS  no command can be run there"
	cp keep.conf ferry.conf
	settings "OLD_DUMP=false"
	run 1 rehearse >out
	has out "STOPS  OLD_DUMP ends with 1"
	hasnt out Zx'
ok 'a dump that lacks lines' '
	cp keep.conf ferry.conf
	settings "OLD_DUMP=\"$tmp/dump | grep -v canonical_maps\""
	run 0 rehearse >out
	has out "note   1 record fewer than the reader wrote: OLD_DUMP takes them out, or they are lost"'
ok 'what moved meanwhile is known' '
	cp keep.conf ferry.conf
	run 0 migrate alice@one.test
	run 0 rehearse >out
	has out "1 account (alice@one.test): there already"
	has out "1 logins go to stalwart already"'
ok 'what Dovecot warns of is no folder: an obsolete setting, a clock, on either output' '
	{ cat "$old_conf"; echo "ssl_protocols = !SSLv3"; } >obsolete.conf
	chmod 644 obsolete.conf
	warning="doveadm(bob@one.test): Warning: Created dotlock file timestamp is different than current time (1 vs 2): /x"
	mkdir clock one-output locked
	printf "#!/bin/sh\necho \"$warning\" >&2\nexec \${0##*/} \"\$@\"\n" >clock/doveadm
	cp clock/doveadm clock/doveconf
	printf "#!/bin/sh\nexec $tmp/clock/doveadm \"\$@\" 2>&1\n" >one-output/doveadm
	chmod 755 clock/* one-output/*
	for doveadm in "doveadm -c $tmp/obsolete.conf" "$tmp/clock/doveadm -c $old_conf" "$tmp/one-output/doveadm -c $old_conf"; do
		cp keep.conf ferry.conf
		settings "OLD_DOVEADM=\"$doveadm\"" "CHECK_OPTIONS=\"--ignore Nothing\""
		run 0 migrate --from record --until check bob@one.test 2>err || { cat err; false; }
		hasnt state/bob@one.test/folders Warning
		case $doveadm in
		*one-output*) continue ;;
		esac
		grep "Warning: " state/bob@one.test/log
		rm state/bob@one.test/log
		run 0 rehearse >out || { cat out; false; }
		has out "a rollback goes into the Maildirs, as Dovecot has them: 3 accounts"
		has out "1 account (bob@one.test): a folder below one that does not exist"
		grep "^  ok     10 messages" out
		grep "Warning: " state/rehearsal/log
		hasnt out "Warning"
	done
	rm -r state/bob@one.test
	# Nor is it why an account cannot be opened.
	printf "#!/bin/sh\n$tmp/clock/doveadm -c $old_conf \"\$@\" || exit\ncase \$* in *status*bob@*) echo \"doveadm: Error: no key\" >&2; exit 75 ;; esac\n" >locked/doveadm
	chmod 755 locked/doveadm
	settings "OLD_DOVEADM=$tmp/locked/doveadm"
	run 1 rehearse >out
	has out "1 account (bob@one.test): doveadm cannot open it"
	grep -x "bob@one.test doveadm: Error: no key" state/rehearsal/mail-failed'
ok 'folders that access lists hide from the master user, and no client is told' '
	cp keep.conf ferry.conf
	cp -r homes/old homes/acl
	for name in alice bob carol; do
		printf "anyone lr\nowner lrwstipekxa\n" >"homes/acl/$name@one.test/Maildir/dovecot-acl"
	done
	own
	cp old.users acl.users
	serve_imap acl "namespace inbox {
	  prefix = INBOX.
	}
	protocol imap {
	  mail_plugins = acl
	}
	plugin {
	  acl = vfile
	}"
	trap "stop_dovecot ${conf%/*}" EXIT
	settings "OLD_IMAP=$imap" "OLD_DOVEADM=\"doveadm -c $conf\""
	run 1 rehearse >out
	grep "STOPS  2 accounts (bob@one.test, carol@one.test): the master user does not see all folders" out
	has out "mend: with the plugin acl, set acl_user"
	grep "^  ok     10 messages" out
	grep "^1 things\? would stop" out
	# Who is moved all the same does not move.
	settings "CHECK_OPTIONS=\"--ignore Nothing\""
	run 1 migrate bob@one.test 2>err
	has err "bob@one.test: check: the master user sees 1 of the 2 folders that doveadm shows, and the others are not copied"
	[ "$(routes bob@one.test)" = legacy ]
	run 0 migrate --force --until check bob@one.test
	has state/bob@one.test/log "goes on, with --force: the master user sees 1 of"
	settings "OLD_DOVEADM=/nowhere/doveadm"
	run 0 migrate --from check --until check bob@one.test
	grep "hide folders from the master user is not known: .*/nowhere/doveadm" state/bob@one.test/log'
done_testing
