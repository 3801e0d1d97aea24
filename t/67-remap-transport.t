#!/bin/sh
# remap export --file: lines of ours in a transport table, read by a Postfix.
. "${0%/*}/lib.sh"
. "$top/t/port.sh"
. "$top/t/postfix.sh"
need jq

# table DESTINATION [ARGS]: the table of the running Postfix.
table() {
	to=$1
	shift
	remap export --format=postfix-transport --file "$pf/moved" \
	    --host "new=127.0.0.1:$sink" --host old=- --to "$to" "$@"
}
statuses() {
	jq -r '"\(.address) \(.status)"' "$1"
}

sink=$(free_port)
printf '# moved accounts\nsales.test\tdiscard:sales\n' >moved
(umask 022; mkdir "$pf"; cp moved "$pf/moved")
postfix_start "transport_maps = hash:$pf/moved" \
    "virtual_mailbox_domains = one.test" \
    "virtual_mailbox_maps = static:all" \
    "virtual_alias_maps = inline:{al@one.test=alice@one.test}"
postmap -c "$pf" "hash:$pf/moved"
MAIL_CONFIG=$pf
export MAIL_CONFIG
smtp-sink -u postfix "127.0.0.1:$sink" 10 >sink.log 2>&1 &
end_with_test "$!"

# way ADDRESS: where a message to it goes: the sink of the new server, or here.
way() {
	delivered "$1" >/dev/null
	grep -q "relay=127.0.0.1\[127.0.0.1\]:$sink,.*status=sent" "$pf/lines" &&
	    echo new && return
	grep -q "relay=none.*status=sent" "$pf/lines" && echo old
}

ok 'before: everybody is here' '
	[ "$(way alice@one.test)" = old ]'
ok 'a moved account goes on, by its aliases and in capitals too, from the next message on' '
	run 0 table new alice@one.test bob@one.test >out
	statuses out >got
	printf "%s set\n" alice@one.test bob@one.test >want
	same want got
	[ "$(way alice@one.test)" = new ]
	[ "$(way al@one.test)" = new ]
	[ "$(way ALICE@One.test)" = new ]
	[ "$(way bob@one.test)" = new ]
	[ "$(way carol@one.test)" = old ]'
ok 'again: it is there' '
	run 0 table new alice@one.test >out
	[ "$(jq -r .status out)" = exists ]'
ok 'what is not ours stays, byte for byte; owner and mode too' '
	head -n 2 "$pf/moved" >got
	same moved got
	chown postfix "$pf/moved" "$pf/moved.db" # postmap works as its owner
	chmod 640 "$pf/moved"
	run 0 table new carol@one.test >out
	[ "$(stat -c "%U %a" "$pf/moved")" = "postfix 640" ]
	[ "$(postmap -q sales.test "hash:$pf/moved")" = discard:sales ]'
ok 'back: the line goes, and the next message is here' '
	run 0 table old carol@one.test alice@one.test dora@one.test >out
	statuses out >got
	printf "%s\n" "carol@one.test unset" "alice@one.test unset" \
	    "dora@one.test absent" >want
	same want got
	[ "$(way alice@one.test)" = old ]
	[ "$(way bob@one.test)" = new ]'
ok 'a dry run changes nothing' '
	cp "$pf/moved" before
	run 0 table new -n alice@one.test >out
	[ "$(jq -r .status out)" = planned ]
	same before "$pf/moved"'
ok 'records: only the address is meant, and an alias that is bare does no harm' '
	{ echo "{\"v\":1,\"type\":\"account\",\"address\":\"eve@one.test\",\"logins\":[\"eve\"],\"aliases\":[\"e@one.test\"]}"
	echo "{\"v\":1,\"type\":\"end\",\"count\":1}"; } | run 0 table new >out 2>err
	not [ -s err ]
	[ "$(statuses out)" = "eve@one.test set" ]'
ok 'a line of somebody else is named, and the others are done' '
	cp "$pf/moved" before
	echo "fay@one.test smtp:[special]" >>"$pf/moved"
	run 1 table new fay@one.test gus@one.test >out 2>err
	has err "has a line in the table that is not ours (smtp:[special])"
	[ "$(postmap -q fay@one.test "hash:$pf/moved")" = "smtp:[special]" ]
	[ "$(postmap -q gus@one.test "hash:$pf/moved")" = "smtp:[127.0.0.1]:$sink" ]'
ok 'runs at once lose no line' '
	for i in 1 2 3 4 5 6 7 8; do
		table new "p$i@one.test" "q$i@one.test" >"out.$i" 2>"err.$i" &
		pids="${pids:-} $!"
	done
	for pid in $pids; do
		wait "$pid"
	done
	for i in 1 2 3 4 5 6 7 8; do
		grep -q "^p$i@one.test	" "$pf/moved"
		[ -n "$(postmap -q "q$i@one.test" "hash:$pf/moved")" ]
	done'
ok 'where postmap fails the old table is back' '
	mkdir bin
	printf "#!/bin/sh\nexit 1\n" >bin/postmap
	chmod 755 bin/postmap
	cp "$pf/moved" before
	PATH=$tmp/bin:$PATH run 2 table new zoe@one.test >out 2>err
	has err "the old table is in its place again"
	same before "$pf/moved"
	not [ -s out ]'
ok 'a run that ended before postmap is mended by the next' '
	run 0 table new --map-type none zoe@one.test >out
	not postmap -q zoe@one.test "hash:$pf/moved"
	run 0 table new zoe@one.test >out
	[ "$(jq -r .status out)" = exists ]
	postmap -q zoe@one.test "hash:$pf/moved"'
ok 'a Postfix that does not run needs no word' '
	mkdir other
	printf "queue_directory = %s\n" "$pf/none" >other/main.cf
	cp "$pf/master.cf" other
	MAIL_CONFIG=$tmp/other run 0 table new zoe@one.test >out 2>err
	not [ -s err ]'
ok 'a table that is not there is made, for all to read; a type is taken' '
	run 0 remap export --format=postfix-transport --file fresh --map-type btree \
	    --host new=[2001:db8::1]:26 --to new x@one.test >out
	[ "$(stat -c %a fresh)" = 644 ]
	[ -f fresh.db ]
	[ "$(postmap -q x@one.test btree:fresh)" = "smtp:[2001:db8::1]:26" ]'
ok 'wrong calls' '
	run 2 remap export --format=tsv --file x --to new a@one.test 2>err
	has err "file is for export --format=postfix-transport"
	run 2 remap export --format=tsv --map-type hash --to new a@one.test 2>err
	run 2 remap export --format=postfix-transport --file /proc/nothing --to new --host new=h a@one.test 2>err
	run 2 remap export --format=postfix-transport --file fresh.db --to new --host new=h a@one.test 2>err
	has err "the table is meant, not its database"'
# Such a line Postfix would defer mail for, or send to another host.
ok 'a host that Postfix cannot use is refused, and the table stays' '
	cp fresh fresh.was
	for host in new:smtp "smtp:[new.test]:25" 2001:db8::1 new:99999 new: "new.test:25 " new..test 192.0.2.300; do
		run 2 remap export --format=postfix-transport --file fresh --map-type btree \
		    --host "new=$host" --to new y@one.test >out 2>err
		has err "remap: --host"
		not [ -s out ]
	done
	same fresh.was fresh'
ok 'output that is lost is a failure' '
	got=0
	table new alice@one.test >/dev/full 2>err || got=$?
	[ "$got" -eq 2 ]'
done_testing
