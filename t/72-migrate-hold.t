#!/bin/sh
# Two administrators, each with a STATE: only one of them works on an account.
. "${0%/*}/lib.sh"
. "$top/t/procedure.sh"

for user in alice bob; do
	mail $user@one.test '' 1 9
done
old_server alice bob
own
new_server
configure
ferry_ready
sed "s#^STATE=.*#STATE=$tmp/other#" ferry.conf >other.conf

# messages USER: how many the new server has.
messages() {
	new_folders "$1@one.test" | awk '{ n += $2 } END { print n }'
}
ok 'of two that move an account at once one gives way at least, and nothing is doubled' '
	migrate-account -c ferry.conf alice@one.test >out1 2>err1 & one=$!
	migrate-account -c other.conf alice@one.test >out2 2>err2 & two=$!
	got1=0 got2=0
	wait $one || got1=$?
	wait $two || got2=$?
	case $got1:$got2 in
	0:75 | 75:0 | 75:75) ;;
	*) exit 1 ;;
	esac
	cat err1 err2 >err
	has err "alice@one.test: another run is at work on it, or was killed at it: that of $(uname -n):$tmp/"
	has err "where it is no more: mailroute release alice@one.test"
	if [ "$got1" = 75 ] && [ "$got2" = 75 ]; then
		run 0 migrate alice@one.test
	fi
	[ "$(messages alice)" = 9 ]'
ok 'a run that was killed keeps its STATE off no account, and others on none' '
	mkdir killing
	printf "#!/bin/sh\nkill -9 \$PPID\n" >killing/vandelay
	chmod 755 killing/vandelay
	(PATH=$tmp/killing:$PATH killed migrate bob@one.test)
	run 75 migrate-account -c other.conf bob@one.test 2>err
	has err "that of $(cat state/name); where"
	[ ! -e other/bob@one.test/steps.ndjson ]
	run 0 migrate --until check bob@one.test
	run 0 migrate-account -c other.conf --until check bob@one.test
	[ "$(messages bob)" = 9 ]'
ok 'nor does anybody bring it back meanwhile, but where the new server is away' '
	run 0 migrate bob@one.test
	mailroute --url "$new_url" --user admin --password-file admin.pw --as somebody hold bob@one.test >held
	run 75 rollback bob@one.test 2>err
	has err "that of somebody; where"
	[ "$(routes bob@one.test)" = stalwart ]
	mailroute --url "$new_url" --user admin --password-file admin.pw release bob@one.test >held
	sed "s#^STALWART_URL=.*#STALWART_URL=http://127.0.0.1:1#" ferry.conf >away.conf
	printf "%s\n" "MAILROUTE_OPTIONS=\"--retry-budget 0\"" >>away.conf
	run 75 rollback-account -c away.conf bob@one.test 2>err
	[ "$(routes bob@one.test)" = legacy ]
	run 0 rollback bob@one.test'
ok 'no note is left' '
	jmap x:MemoryLookupKey/get "{}" >got
	hasnt got mailferry-hold'
done_testing
