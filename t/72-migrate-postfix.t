#!/bin/sh
# The old server's Postfix passes mail for who has moved on, and for nobody else;
# both switches turn in the order in which no message goes in a circle. The
# commands for the old server go through a shell of their own, as with ssh.
. "${0%/*}/lib.sh"
. "$top/t/procedure.sh"
. "$top/t/postfix.sh"
need parallel

mail alice@one.test '' 1 2
mail bob@one.test '' 3 4
old_server alice bob
own
new_server
# Another host of the network, which nobody answers for: what goes there waits.
postfix_start "transport_maps = hash:$pf/moved" "virtual_mailbox_domains = one.test" \
    "virtual_mailbox_maps = static:x"
MAIL_CONFIG=$pf
export MAIL_CONFIG
configure
settings "OLD_RUN='sh -c'" "OLD_TRANSPORT=hash:$pf/moved" NEW_SMTP=new.one.test:2525
ferry_ready
line() {
	postmap -q "$1" "hash:$pf/moved"
}
# order FIRST SECOND: one command stands before the other in the log.
order() {
	first=$(grep -n -e "$1" state/alice@one.test/log | tail -n 1 | cut -d : -f 1)
	second=$(grep -n -e "$2" state/alice@one.test/log | tail -n 1 | cut -d : -f 1)
	echo "$first $second"
	[ -n "$first" ] && [ -n "$second" ] && [ "$first" -lt "$second" ]
}

ok 'the rehearsal says that the table is not there yet' '
	postconf -e transport_maps=
	run 1 migrate-wave --rehearse -c ferry.conf >out
	has out "STOPS  main.cf does not read hash:$pf/moved"
	postconf -e "transport_maps=hash:$pf/moved"
	: >"$pf/moved"
	postmap "hash:$pf/moved"
	run 0 migrate-wave --rehearse -c ferry.conf >out
	has out "ok     Postfix reads hash:$pf/moved"'
# Postfix would defer all mail for who has moved, or ask another host.
ok 'a new server that Postfix cannot reach so is refused before anything' '
	cp ferry.conf keep.conf
	find state | sort >before
	for at in new.one.test:smtp "smtp:[new.one.test]:25" 2001:db8::1 new.one.test:99999 "new.one.test:25 " - ""; do
		settings "NEW_SMTP=\"$at\""
		run 2 migrate alice@one.test >out 2>err
		has err "NEW_SMTP"
		run 2 migrate -n alice@one.test >out 2>err
		run 2 rollback alice@one.test >out 2>err
		run 2 migrate-wave -c ferry.conf ferry.conf >out 2>err
		run 2 migrate-wave --rehearse -c ferry.conf >out 2>err
		has err "NEW_SMTP"
		cp keep.conf ferry.conf
	done
	find state | sort >after
	same before after'
ok 'an account moves: first the new server knows, then the old one' '
	run 0 migrate alice@one.test
	[ "$(line alice@one.test)" = "smtp:[new.one.test]:2525" ]
	not line bob@one.test
	order "mailroute.* set <" "remap export.*--to stalwart"'
ok 'Postfix passes on what is hers, and keeps the rest' '
	sed "s/^alice@one.test[[:space:]].*/alice@one.test discard:moved-away/" "$pf/moved" >moved.new
	cat "$pf/moved" >moved.keep
	cat moved.new >"$pf/moved"
	postmap "hash:$pf/moved"
	postfix reload >reload.out 2>&1
	[ "$(delivered bob@one.test)" = bob@one.test ]
	hasnt "$pf/log" moved-away
	[ "$(delivered Alice@one.test)" = Alice@one.test ]
	has "$pf/log" moved-away
	cat moved.keep >"$pf/moved"
	postmap "hash:$pf/moved"'
ok 'and goes back: first the old server, then the new one' '
	run 0 rollback alice@one.test 2>err || { cat err; tail -n 30 state/alice@one.test/log; false; }
	not line alice@one.test
	order "remap export.*--to legacy" "mailroute.* unset <"'
ok 'where the table cannot be written, nothing has moved' '
	cp ferry.conf keep.conf
	settings "OLD_TRANSPORT=hash:$pf/none/moved"
	run 2 migrate bob@one.test 2>err
	has err "bob@one.test: mail: "
	has err "mail and login are on the old server again"
	mailroute list --url "$new_url" --user admin --password-file admin.pw >keys
	hasnt keys bob@one.test
	[ "$(routes bob@one.test)" = legacy ]'
ok 'where it may have a line of an earlier run, the new server keeps the mail: no circle' '
	echo "{\"v\":1,\"type\":\"begin\",\"way\":\"migrate\",\"step\":\"mail\",\"started\":\"2026-11-29T10:00:00Z\"}" \
	    >>state/bob@one.test/steps.ndjson
	run 2 migrate bob@one.test 2>err
	has err "bob@one.test: mail: "
	has err "mail could not be put back: run \"rollback-account bob@one.test\" now"
	[ "$(routes bob@one.test)" = legacy ]
	cp keep.conf ferry.conf
	run 0 rollback bob@one.test
	mailroute list --url "$new_url" --user admin --password-file admin.pw >keys
	hasnt keys bob@one.test
	run 0 migrate bob@one.test
	[ "$(line bob@one.test)" = "smtp:[new.one.test]:2525" ]'
ok 'a line that was written for another NEW_SMTP is ours, too' '
	settings "NEW_SMTP=192.0.2.7:25"
	run 0 rollback bob@one.test
	not line bob@one.test
	mailroute list --url "$new_url" --user admin --password-file admin.pw >keys
	hasnt keys bob@one.test
	run 0 migrate bob@one.test
	[ "$(line bob@one.test)" = "smtp:[192.0.2.7]:25" ]'
ok 'a line of somebody else stays, and so does the account' '
	run 0 rollback bob@one.test
	printf "bob@one.test\tsmtp:[elsewhere.test]\n" >>"$pf/moved"
	run 1 migrate bob@one.test 2>err
	has err "a line in the table that is not ours"
	has err "mail and login are on the old server again"
	mailroute list --url "$new_url" --user admin --password-file admin.pw >keys
	hasnt keys bob@one.test
	has "$pf/moved" elsewhere.test'
# What asks Postfix or Dovecot runs in their containers, and finds the folder of the
# table there under the same path.
ok 'a Postfix and a Dovecot in containers' '
	sed -i "/elsewhere.test/d" "$pf/moved"
	mkdir outside outside/links outside/bin
	cat >outside/bin/docker <<-END
	#!/bin/sh
	[ "\$1 \$2" = "exec -i" ] || exit 125
	shift 2
	if [ "\$1" = -e ]; then export "\$2"; shift 2; fi
	echo "\$@" >>$tmp/docker.log
	case "\$1 \$2" in
	"mta post"* | "store dove"*) shift; PATH=$PATH exec "\$@" ;;
	*) echo "no such container: \$1" >&2; exit 1 ;;
	esac
	END
	chmod 755 outside/bin/docker
	cp "$top/share/examples/in-container" outside/links
	for p in postconf postmap postfix doveadm doveconf; do
		ln -s in-container outside/links/$p
	done
	# Postfix is not found outside but by the links.
	for p in sh env sed awk grep id mkdir rm mktemp rmdir cat head mv timeout tar chown find mawk wc tr chmod remap maildir-merge maildir-check; do
		ln -s "$(command -v $p)" outside/bin/
	done
	settings "OLD_RUN=\"env -i MAILFERRY_LIBEXEC=$MAILFERRY_LIBEXEC MAIL_CONFIG=$pf POSTFIX_CONTAINER=mta DOVECOT_CONTAINER=store PATH=$tmp/outside/links:$tmp/outside/bin sh -c\""
	run 0 migrate-wave --rehearse -c ferry.conf >out || { cat out; exit 1; }
	has out "ok     Postfix reads hash:$pf/moved"
	has out "ok     4 messages"
	run 0 migrate bob@one.test
	[ "$(line bob@one.test)" = "smtp:[192.0.2.7]:25" ]
	run 0 rollback bob@one.test
	not line bob@one.test
	grep -qx "mta postmap hash:$pf/moved" docker.log
	grep -q "^mta postfix reload" docker.log
	grep -q "^store doveadm .*mailbox path -u bob@one.test .*INBOX" docker.log'
done_testing
