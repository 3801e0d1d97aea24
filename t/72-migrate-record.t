#!/bin/sh
# migrate-account: what an owner or an administrator changes on the old server while
# a migration goes on.
. "${0%/*}/lib.sh"
. "$top/t/procedure.sh"

for user in ann ben cat dan eve fay; do
	mail $user@one.test '' 1 2
done
old_server ann ben cat dan eve fay
own
new_server
configure
ferry_ready
# password USER TEXT: the owner changes it on the old server.
password() {
	sed -i "s/^$1@one.test:{PLAIN}[^:]*/$1@one.test:{PLAIN}$2/" directory
}
# later: the records were read an hour ago.
later() {
	touch -d '1 hour ago' state/records.ndjson
}
# lets_in USER PASSWORD: whether the new server does.
lets_in() {
	printf 'user = "%s@one.test:%s"\n' "$1" "$2" >login
	[ "$(curl -s -o /dev/null -w '%{http_code}' -K login "$new_url/jmap/session")" = 200 ]
}

# meanwhile TOOL COMMAND: it runs once, before that tool does.
mkdir busy
for tool in vandelay mailroute stalwart-apply; do
	cat >busy/$tool <<-END
	#!/bin/sh
	if [ -e $tmp/meanwhile.$tool ]; then
		mv $tmp/meanwhile.$tool $tmp/done.$tool
		. $tmp/done.$tool
	fi
	PATH=\${PATH#$tmp/busy:}
	exec $tool "\$@"
	END
	chmod 755 busy/$tool
done
meanwhile() {
	echo "$2" >"meanwhile.$1"
}
busily() {
	(PATH=$tmp/busy:$PATH migrate "$@")
}

ok 'a password that the owner changes before the wave comes' '
	run 0 migrate --until check ann@one.test
	lets_in ann ann-Zx-long
	password ann ann-Zx-second
	password ben ben-Zx-second
	later
	run 0 migrate ann@one.test ben@one.test
	for user in ann ben; do
		lets_in $user $user-Zx-second
		not lets_in $user $user-Zx-long
		[ "$(routes $user@one.test)" = stalwart ]
	done'
# The clock was ahead when the records were read, and has been set right since.
ok 'records of the future are none that are young' '
	run 0 migrate --until check fay@one.test
	password fay fay-Zx-second
	touch -d "1 hour" state/records.ndjson state/records.ndjson.began state/records.ndjson.index
	run 0 migrate fay@one.test
	lets_in fay fay-Zx-second
	[ -z "$(find state/records.ndjson -newermt "2 seconds")" ]
	run 0 rollback fay@one.test
	password fay fay-Zx-long'
ok 'who has not changed anything is not gone through again' '
	run 0 migrate --until check cat@one.test
	sed -i "1i # a comment: the others are a line further down" directory
	later
	run 0 migrate cat@one.test
	[ "$(steps cat@one.test | grep -c "migrate record 0")" = 1 ]
	[ "$(steps cat@one.test | grep -c "migrate create 0")" = 1 ]'
ok 'after a rollback the password of the old server is right, on both' '
	run 0 rollback ann@one.test
	password ann ann-Zx-third
	run 0 migrate --refresh ann@one.test
	lets_in ann ann-Zx-third'
ok 'who has moved keeps the password of the new server' '
	password ben ben-Zx-late
	later
	run 0 migrate ben@one.test >out
	has out "has moved already"
	lets_in ben ben-Zx-second'
ok 'and so does one that is gone through again, whatever is done' '
	for from in create login; do
		run 0 migrate -v --refresh --from record --until record ben@one.test
		run 0 migrate -v --force --from $from ben@one.test 2>err
		lets_in ben ben-Zx-second
		[ $from = login ] || has err "create: the account has moved: its password on the new server stays"
	done
	password ben ben-Zx-forced
	run 0 migrate --reset-passwords --refresh --from record --until create ben@one.test
	lets_in ben ben-Zx-forced'
ok 'a password that is changed while the account is copied, or its mail turned' '
	n=1
	for tool in vandelay mailroute; do
		meanwhile $tool "sed -i s/{PLAIN}eve-[^:]*/{PLAIN}eve-Zx-busy-$n/ $tmp/directory"
		run 0 busily -v eve@one.test 2>err
		[ -e done.$tool ]
		has err "login: the password was changed meanwhile, and comes along"
		lets_in eve eve-Zx-busy-$n
		n=2
		run 0 rollback eve@one.test
	done
	hasnt state/eve@one.test/log Zx-busy
	run 0 migrate -v eve@one.test 2>err
	hasnt err meanwhile'
ok 'killed when it has the new password, and before that is written down' '
	cat >kill.it <<-END
	PATH=\${PATH#$tmp/busy:}
	stalwart-apply "\$@"
	kill -9 \$PPID
	exit 1
	END
	meanwhile mailroute "sed -i s/{PLAIN}fay-[^:]*/{PLAIN}fay-Zx-killed/ $tmp/directory; cp $tmp/kill.it $tmp/meanwhile.stalwart-apply"
	run 137 busily fay@one.test
	[ -e done.stalwart-apply ]
	run 0 busily fay@one.test
	lets_in fay fay-Zx-killed
	run 0 rollback fay@one.test
	password fay fay-Zx-long'
ok 'a record that is gone is read again; a way back says how' '
	run 0 migrate --until check fay@one.test
	rm state/fay@one.test/record.ndjson
	run 1 rollback fay@one.test 2>err
	has err "record.ndjson is gone: run \"migrate-account --from record --until record fay@one.test\" first"
	run 0 migrate --until mail -v fay@one.test 2>err
	has err "fay@one.test: record: done"'
ok 'what Postfix does at all is no change of an account' '
	settings "OLD_DUMP=$tmp/noted"
	printf "#!/bin/sh\ndirdump passwd-file -q $tmp/directory | sed \"1i {\\\"v\\\":1,\\\"type\\\":\\\"note\\\",\\\"what\\\":\\\"transport_maps\\\",\\\"text\\\":\\\"\$(wc -l <$tmp/noted.runs) lines\\\",\\\"origin\\\":\\\"x\\\"}\"\necho >>$tmp/noted.runs\n" >noted
	chmod 755 noted
	: >noted.runs
	./noted | head -n 1 | grep "\"text\":\"0 lines\""
	run 0 migrate --refresh fay@one.test
	run 0 rollback fay@one.test
	[ "$(wc -l <noted.runs)" -ge 3 ]
	settings "OLD_DUMP=\"dirdump passwd-file -q $tmp/directory\""'
ok 'what else is changed in that time: all of it is done again' '
	meanwhile mailroute "sed -i \"/^fay@/s/\$/ nologin=y/\" $tmp/directory"
	run 75 busily fay@one.test 2>err
	has err "fay@one.test: login: the record of the account has changed since it was made: run it again"
	[ "$(routes fay@one.test)" = legacy ]
	sed -i "/^fay@/s/ nologin=y//" directory
	later
	run 0 migrate fay@one.test
	lets_in fay fay-Zx-long
	run 0 rollback fay@one.test
	meanwhile mailroute "sed -i /^fay/d $tmp/directory"
	run 1 busily fay@one.test 2>err
	has err "fay@one.test: login: "
	[ "$(routes fay@one.test)" = legacy ]
	run 0 rollback eve@one.test
	meanwhile mailroute "mv $tmp/directory $tmp/directory.away"
	run 2 busily --from mail eve@one.test 2>err
	mv directory.away directory
	has err "eve@one.test: login: the records of the old server could not be read"
	[ "$(routes eve@one.test)" = legacy ]'
ok 'a step without those before it is refused, and nothing is changed' '
	find state | sort >before
	for step in create copy check mail again login after; do
		run 1 migrate --from $step nobody@one.test 2>err
		has err "nobody@one.test: record was never done, and $step needs it: run migrate-account without --from"
		run 1 migrate --from $step --until $step dan@one.test 2>err
	done
	for step in extract merge check; do
		run 1 rollback --from $step dan@one.test 2>err
		has err "dan@one.test: nothing of it has come"
	done
	find state | sort >now
	same before now
	[ -z "$(new_id dan@one.test)" ]
	run 0 migrate --until create dan@one.test
	for step in check mail again login after; do
		run 1 migrate --from $step dan@one.test 2>err
		has err "dan@one.test: copy was never done, and $step needs it"
	done
	run 0 migrate --until copy dan@one.test
	for step in extract merge check; do
		run 1 rollback --from $step dan@one.test 2>err
		has err "dan@one.test: read was never done, and $step needs it: run rollback-account without --from"
	done
	[ "$(routes dan@one.test)" = legacy ]
	jmap x:Account/set "{\"destroy\":[\"$(new_id dan@one.test)\"]}" >gone
	rm -r state/dan@one.test'
ok 'an account that somebody else has made stays as it is, and that is said' '
	echo "{\"@type\":\"upsert\",\"object\":\"Domain\",\"matchOn\":[\"name\"],\"value\":{\"d\":{\"name\":\"one.test\"}}}" >plan
	echo "{\"@type\":\"create\",\"object\":\"Account\",\"value\":{\"a\":{\"@type\":\"User\",\"name\":\"dan\",\"domainId\":\"#d\",\"credentials\":{\"0\":{\"@type\":\"Password\",\"secret\":\"dan-made-by-hand-Zx\"}}}}}" >>plan
	run 0 stalwart-apply -q --url "$new_url" --user admin --password-file admin.pw plan >made
	has made "\"created\""
	run 0 migrate -v --until check dan@one.test 2>err
	has err "create: the account on the new server was not made from this STATE: it stays as it is"
	password dan dan-Zx-second
	later
	run 0 migrate -v dan@one.test 2>err
	has err "the account on the new server was not made from this STATE: it stays as it is"
	lets_in dan dan-made-by-hand-Zx'
ok 'no word of --reset-passwords for it that is not true, and what brings its password' '
	run 1 migrate --from record --until create --reset-passwords dan@one.test 2>err
	has err "dan@one.test: --reset-passwords: the account on the new server was not made from this STATE"
	has err "and then \"stalwart-apply -u $tmp/state/dan@one.test/plan.ndjson\" put all of the record over it"
	run 0 migrate --from record --until create dan@one.test
	lets_in dan dan-made-by-hand-Zx
	run 0 stalwart-apply -q -u --url "$new_url" --user admin --password-file admin.pw \
	    "$tmp/state/dan@one.test/plan.ndjson" >made
	lets_in dan dan-Zx-second
	run 0 migrate dan@one.test >out
	has out "has moved already"'
ok 'an account that the old server does not have any more is left' '
	run 0 rollback dan@one.test
	sed -i /^dan/d directory
	later
	run 1 migrate dan@one.test 2>err
	has err "dan@one.test: record: "
	[ "$(routes dan@one.test)" = legacy ]'
ok 'records that cannot be read again: nothing is done with the old ones' '
	settings "OLD_DUMP=false"
	later
	run 2 migrate dan@one.test 2>err
	has err "could not be read (OLD_DUMP)"'
ok 'another address of an account, and an alias' '
	cat >records <<-END
	{"v":1,"type":"domain","domain":"one.test"}
	{"v":1,"type":"account","address":"cat@one.test","secret":"{PLAIN}cat-Zx-long","aliases":["kitty@one.test"]}
	{"v":1,"type":"alias","address":"info@one.test","targets":["cat@one.test"]}
	{"v":1,"type":"end","count":3,"source":"hand"}
	END
	settings "OLD_DUMP=\"cat $tmp/records\""
	run 1 migrate --refresh kitty@one.test 2>err
	has err "another address of cat@one.test"
	run 1 migrate info@one.test 2>err
	has err "an alias is no account"
	[ -z "$(new_id info@one.test)" ]'
ok 'nobody is brought back to a server that does not have the account' '
	grep -v ^cat@ old.db >old.db.new
	cat old.db.new >old.db
	# Dovecot looks at the file once a second.
	tries=0
	while doveadm -c "$old_conf" user cat@one.test >user.out 2>&1; do
		[ "$tries" -lt 300 ]
		tries=$((tries + 1))
		sleep 0.2
	done
	run 1 rollback cat@one.test 2>err
	has err "cat@one.test: login: the old server has no such account any more"
	[ "$(routes cat@one.test)" = stalwart ]'
done_testing
