#!/bin/sh
# Filters and forwards: they come along over ManageSieve, both run, and those that
# the owner made on the new server come back.
. "${0%/*}/lib.sh"
. "$top/t/procedure.sh"
need_dovecot /usr/lib/dovecot/managesieve-login dovecot-managesieved

for user in alice bob cat dan eve fay gus hal; do
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
# The directory has a forward of each but one.
cat >dump <<END
#!/bin/sh
dirdump passwd-file -q $tmp/directory | sed '/"hal@one.test"/b
    s/"type":"account",/"type":"account","forward":["away@two.test"],"keep":true,/
    /"eve@one.test"/s/"keep":true,/&"scripts":[{"name":"docker-mailserver","active":true,"text":"# plain\\\\nkeep;\\\\n"}],/'
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
# made USER NAME TEXT: a filter that its owner makes on the new server, and switches on.
made() {
	id=$(new_id "$1@one.test")
	blob=$(jmap Blob/upload "{\"accountId\":\"$id\",\"create\":{\"b\":{\"data\":[{\"data:asText\":\"$3\"}],\"type\":\"application/sieve\"}}}" |
	    jq -r .methodResponses[0][1].created.b.id)
	jmap SieveScript/set "{\"accountId\":\"$id\",\"create\":{\"s\":{\"name\":\"$2\",\"blobId\":\"$blob\"}},\"onSuccessActivateScript\":\"#s\"}" |
	    grep -q created
}
# sieve_text USER: of the last step sieve.
sieve_text() {
	jq -r "select(.type == \"step\" and .step == \"sieve\") | .text" "state/$1@one.test/steps.ndjson" | tail -n 1
}
# old_filters USER
old_filters() {
	old list -u "$1@one.test" | sed "s/ \$//" | sort
}
ok 'the filter that ran there runs here, where none does; otherwise it is said' '
	made dan first "keep;\\r\\n"
	run 0 rollback dan@one.test 2>err
	not [ -s err ]
	[ "$(old_filters dan)" = "first ACTIVE" ]
	made cat mine "keep;\\r\\n"
	run 0 rollback cat@one.test 2>err
	has err "cat@one.test: the filter \"mine\", which ran on the new server, is not active: \"new\" is"
	old_filters cat >got
	printf "%s\n" mine "new ACTIVE" >want
	same want got
	sieve_text cat | grep "the filter \"mine\", which ran"
	run 0 migrate cat@one.test
	jmap VacationResponse/set "{\"accountId\":\"$(new_id cat@one.test)\",\"update\":{\"singleton\":{\"isEnabled\":true,\"textBody\":\"away\"}}}" | grep updated
	run 0 rollback cat@one.test 2>err
	has err "cat@one.test: the vacation message that was on on the new server is not brought back"'
ok 'one that the old server does not take holds up nothing, and is named' '
	made bob bad "require \\\"vnd.stalwart.expressions\\\";\\r\\nkeep;\\r\\n"
	made bob good "keep;\\r\\n"
	run 0 rollback --until sieve bob@one.test 2>err
	old_filters bob >got
	printf "%s\n" "good ACTIVE" one two "two (new server)" >want
	same want got
	sieve_text bob | grep "the old server does not take the filter \"bad\""
	run 1 rollback bob@one.test >out 2>err
	has out "bob@one.test: is back"
	has err "bob@one.test: sieve: the old server does not take the filter \"bad\", sieve: bad: line 1: "
	has err ": it is in $tmp/state/bob@one.test/tree/sieve/bad.sieve, to be put there by hand"
	[ -s state/bob@one.test/tree/sieve/bad.sieve ]
	run 0 rollback bob@one.test >out
	has out "is back already"
	run 0 migrate bob@one.test'
# rewrite USER NAME TEXT: its owner changes a filter on the new server.
rewrite() {
	id=$(new_id "$1@one.test")
	script=$(jmap SieveScript/get "{\"accountId\":\"$id\",\"ids\":null}" |
	    jq -r --arg n "$2" ".methodResponses[0][1].list[] | select(.name == \$n).id")
	blob=$(jmap Blob/upload "{\"accountId\":\"$id\",\"create\":{\"b\":{\"data\":[{\"data:asText\":\"$3\"}],\"type\":\"application/sieve\"}}}" |
	    jq -r .methodResponses[0][1].created.b.id)
	jmap SieveScript/set "{\"accountId\":\"$id\",\"update\":{\"$script\":{\"blobId\":\"$blob\"}}}" | grep -q updated
}
ok 'one that has another name on the old server comes back under no second one' '
	for name in one two three "1. Rule: x."; do
		printf "# %s\r\nkeep;\r\n" "$name" | old put -u fay@one.test "$name"
	done
	old activate -u fay@one.test one
	run 0 migrate fay@one.test
	old rename -u fay@one.test one uno
	old rename -u fay@one.test two due
	old rename -u fay@one.test three tre
	printf "# another\r\nstop;\r\n" | old put -u fay@one.test three
	rewrite fay two "# changed\r\nkeep;\r\n"
	run 0 rollback -v fay@one.test 2>err || { cat err; tail -n 30 state/fay@one.test/log; false; }
	old_filters fay >got
	printf "%s\n" "1. Rule: x." due "due (new server)" three tre "uno ACTIVE" | sort >want
	same want got
	sieve_text fay >text
	printf "%s\n" "a filter was changed on the new server: it is there as \"due (new server)\", not active" | same - text'
ok 'what an earlier way back has put there, and its owner went on with, stays' '
	printf "keep; # first\r\n" | old put -u gus@one.test main
	old activate -u gus@one.test main
	run 0 migrate gus@one.test
	rewrite gus main "keep; # second\r\n"
	run 0 rollback gus@one.test
	printf "keep; # here\r\n" | old put -u gus@one.test "main (new server)"
	old activate -u gus@one.test "main (new server)"
	run 0 migrate gus@one.test
	rewrite gus main "discard; # third\r\n"
	run 0 rollback gus@one.test 2>err
	has err "it is there as \"main (new server 2)\", not active"
	old get -u gus@one.test "main (new server)" >got
	has got "# here"
	old get -u gus@one.test "main (new server 2)" >got
	has got "# third"
	printf "%s\n" main "main (new server 2)" "main (new server) ACTIVE" >want
	old_filters gus | same - want
	run 0 rollback --from sieve gus@one.test
	old_filters gus | same - want'
ok 'nor is such a name passed over, where it was changed on the new server' '
	run 0 migrate gus@one.test
	rewrite gus "main (new server)" "keep; # there\r\n"
	run 0 rollback gus@one.test
	old get -u gus@one.test "main (new server)" >got
	has got "# here"
	old get -u gus@one.test "main (new server 3)" >got
	has got "# there"'
ok 'nor one that runs from a file without a name' '
	printf "# plain\nkeep;\n" >homes/old/eve@one.test/.dovecot.sieve
	own
	run 0 migrate eve@one.test
	jmap SieveScript/get "{\"accountId\":\"$(new_id eve@one.test)\",\"ids\":null}" |
	    jq -r ".methodResponses[0][1].list[].name" | sort >got
	printf "%s\n" docker-mailserver forward mailferry | same - got
	run 0 rollback eve@one.test 2>err || { cat err; tail -n 30 state/eve@one.test/log; false; }
	[ -z "$(old_filters eve)" ]
	[ ! -h homes/old/eve@one.test/.dovecot.sieve ]
	[ "$(sieve_text eve)" = "" ]
	run 0 migrate eve@one.test
	rewrite eve docker-mailserver "# changed\r\nkeep;\r\n"
	run 0 rollback eve@one.test
	[ "$(old_filters eve)" = docker-mailserver ]
	[ ! -h homes/old/eve@one.test/.dovecot.sieve ]
	sieve_text eve | grep -F "a filter was changed on the new server: it is there as \"docker-mailserver\", not active: $tmp/homes/old/eve@one.test/.dovecot.sieve runs"'
ok 'of an owner without any filter there is nothing to say on the way back' '
	run 0 migrate -q hal@one.test 2>err
	run 0 rollback -q hal@one.test >out 2>err
	not [ -s out ]
	not [ -s err ]'
done_testing
