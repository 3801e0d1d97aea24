#!/bin/sh
# Filters and forwards: they come along over ManageSieve, both run, and those that
# the owner made on the new server come back.
. "${0%/*}/lib.sh"
. "$top/t/procedure.sh"
need_dovecot /usr/lib/dovecot/managesieve-login dovecot-managesieved

mail alice@one.test '' 1 2
port=$(free_ports | cut -d ' ' -f 1)
echo 'alice@one.test:{PLAIN}alice-Zx-long' >old.users
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
done_testing
