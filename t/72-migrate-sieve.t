#!/bin/sh
# Filters and forwards: they come along over ManageSieve, both run, and those that
# the owner made on the new server come back.
. "${0%/*}/lib.sh"
. "$top/t/procedure.sh"
need_dovecot /usr/lib/dovecot/managesieve-login dovecot-managesieved

for user in alice bob cat dan eve; do
	mail $user@one.test '' 1 2
	echo "$user@one.test:{PLAIN}$user-Zx-long" >>old.users
done
mail dan@one.test Drafts 3 3
port=$(free_ports | cut -d ' ' -f 1)
serve_imap old 'protocols = imap sieve' 'mail_plugins = quota' \
    'service managesieve-login {' '  chroot =' '  inet_listener sieve {' \
    '    address = 127.0.0.1' "    port = $port" '  }' '}' \
    'plugin {' '  sieve = file:~/sieve;active=~/.dovecot.sieve' '}' \
    'protocol sieve {' '  mail_plugins =' '}'
old_conf=$conf
sed 's/$/::::::/' old.users >directory
own
printf 'require ["fileinto"];\r\nif header :contains "subject" "x" { fileinto "Work"; }\r\n' >main.sieve
printf '# nothing\r\nkeep;\r\n' >spare.sieve
chmod 644 ./*.sieve
for script in main spare; do
	doveadm -c "$old_conf" sieve put -u alice@one.test $script <$script.sieve
done
doveadm -c "$old_conf" sieve activate -u alice@one.test main
new_server
configure
settings "OLD_SIEVE=sieve://127.0.0.1:$port"
ferry_ready
# The directory has a forward of hers.
cat >dump <<END
#!/bin/sh
dirdump passwd-file -q $tmp/directory | sed 's/"type":"account",/"type":"account","forward":["away@two.test"],"keep":true,/'
END
chmod 755 dump
settings "OLD_DUMP=$tmp/dump"
scripts() {
	jmap SieveScript/get "{\"accountId\":\"$(new_id alice@one.test)\",\"ids\":null}" |
	    jq -r '.methodResponses[0][1].list[] | "\(.name) \(.isActive)"' | sort
}

ok 'filters come along, and the forward runs with them' '
	run 0 migrate alice@one.test 2>err || { cat err; tail -n 20 state/alice@one.test/log; false; }
	scripts >got
	printf "%s\n" "forward false" "mailferry true" "main false" "spare false" >want
	same want got'
ok 'what was made on the new server comes back, and nothing is replaced' '
	id=$(new_id alice@one.test)
	jmap Blob/upload "{\"accountId\":\"$id\",\"create\":{\"b\":{\"data\":[{\"data:asText\":\"keep;\\r\\n\"}],\"type\":\"application/sieve\"}}}" >blob
	blob=$(jq -r .methodResponses[0][1].created.b.id blob)
	jmap SieveScript/set "{\"accountId\":\"$id\",\"create\":{\"s\":{\"name\":\"made there\",\"blobId\":\"$blob\"}}}" >made
	has made created
	run 0 rollback alice@one.test 2>err || { cat err; tail -n 20 state/alice@one.test/log; false; }
	doveadm -c "$old_conf" sieve list -u alice@one.test | sed "s/ \$//" | sort >got
	printf "%s\n" "made there" "main ACTIVE" spare >want
	same want got
	doveadm -c "$old_conf" sieve get -u alice@one.test main | grep -v "^sieve script:" >got
	same main.sieve got'
ok 'a filter that was changed there is put next to the old one' '
	run 0 migrate alice@one.test
	id=$(new_id alice@one.test)
	jmap SieveScript/get "{\"accountId\":\"$id\",\"ids\":null}" >before
	printf "# another\r\nstop;\r\n" | doveadm -c "$old_conf" sieve put -u alice@one.test spare
	run 0 rollback alice@one.test
	doveadm -c "$old_conf" sieve list -u alice@one.test | sed "s/ \$//" | sort >got
	printf "%s\n" "made there" "main ACTIVE" spare "spare (new server)" >want
	same want got
	jq -r "select(.step == \"sieve\") | .text" state/alice@one.test/steps.ndjson | grep "not active"'
# old TEXT...: doveadm sieve there.
old() {
	doveadm -c "$old_conf" sieve "$@"
}
# new_script USER NAME TEXT: the owner makes it on the new server, and it runs.
new_script() {
	id=$(new_id "$1@one.test")
	jmap Blob/upload "{\"accountId\":\"$id\",\"create\":{\"b\":{\"data\":[{\"data:asText\":\"$3\"}],\"type\":\"application/sieve\"}}}" >blob
	blob=$(jq -r .methodResponses[0][1].created.b.id blob)
	jmap SieveScript/set "{\"accountId\":\"$id\",\"create\":{\"s\":{\"name\":\"$2\",\"blobId\":\"$blob\"}},\"onSuccessActivateScript\":\"#s\"}" >made
	has made created
}
ok 'one that the old server does not take holds up nothing; the one that ran runs' '
	run 0 migrate eve@one.test
	new_script eve odd "require \\\"vnd.stalwart.expressions\\\";\\r\\nkeep;\\r\\n"
	new_script eve own "keep;\\r\\n"
	run 1 rollback eve@one.test >out 2>err
	has out "eve@one.test: is back"
	has err "eve@one.test: the old server does not take the filter \"odd\", which is in $tmp/state/eve@one.test/tree/sieve/odd.sieve: "
	[ "$(old list -u eve@one.test | sed "s/ \$//")" = "own ACTIVE" ]
	steps eve@one.test | grep -x "rollback check 0"
	run 0 rollback eve@one.test >out 2>err
	has out "is back already"
	# Where another one runs it does not, and that is said.
	printf "# other\r\nkeep;\r\n" | old put -u eve@one.test other
	old activate -u eve@one.test other
	run 0 migrate eve@one.test
	new_script eve third "stop;\\r\\n"
	run 1 rollback eve@one.test >out 2>err
	has err "the filter \"third\" ran on the new server; here \"other\" does, and it is not active"'
ok 'a filter that is changed or switched off after the copy is named' '
	printf "# one\r\nkeep;\r\n" | old put -u bob@one.test one
	printf "# two\r\nkeep;\r\n" | old put -u bob@one.test two
	old activate -u bob@one.test one
	run 0 migrate --until check bob@one.test
	printf "# another\r\nkeep;\r\n" | old put -u bob@one.test two
	old deactivate -u bob@one.test
	mkdir broken
	printf "#!/bin/sh\nexit 2\n" >broken/archive2maildir
	chmod 755 broken/archive2maildir
	(PATH=$tmp/broken:$PATH run 0 migrate -v --until again bob@one.test 2>err)
	hasnt err "since the first copy"
	run 0 migrate bob@one.test >out 2>err
	has err "bob@one.test: on the old server since the first copy: "
	has err "filter two changed"
	has err "filter one switched off"
	has err "; the new one has that as it was"
	jq -r "select(.step == \"after\") | .text" state/bob@one.test/steps.ndjson | grep "filter two changed"'
ok 'one that is new comes along, and the forward runs with it' '
	run 0 migrate --until check cat@one.test
	printf "# new\r\nkeep;\r\n" | old put -u cat@one.test new
	old activate -u cat@one.test new
	run 0 migrate cat@one.test >out 2>err
	hasnt err "on the old server since"
	jmap SieveScript/get "{\"accountId\":\"$(new_id cat@one.test)\",\"ids\":null}" |
	    jq -r ".methodResponses[0][1].list[] | \"\(.name) \(.isActive)\"" | sort >got
	printf "%s\n" "forward false" "mailferry true" "new false" >want
	same want got'
ok 'messages that were filed, deleted or flagged, and a draft that was saved again' '
	run 0 migrate --until check dan@one.test
	doveadm -c "$old_conf" flags add -u dan@one.test "\\Flagged" mailbox INBOX 1
	doveadm -c "$old_conf" expunge -u dan@one.test mailbox INBOX 2
	sed "s/Text/Other/" homes/old/dan@one.test/Maildir/.Drafts/cur/*.M3P1.* >draft
	rm homes/old/dan@one.test/Maildir/.Drafts/cur/*
	cp draft homes/old/dan@one.test/Maildir/.Drafts/cur/1780000103.M103P1.old:2,SD
	own
	run 0 migrate -v dan@one.test >out 2>err
	has err "dan@one.test: after: on the old server since the first copy: 2 messages deleted, filed or saved again, flags of 1 changed; the new one has that as it was"
	run 0 migrate dan@one.test 2>err
	hasnt err "on the old"'
done_testing
