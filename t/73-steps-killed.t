#!/bin/sh
# migrate-account and rollback-account killed in any step, before its work or between
# its work and its line in the journal: whichever of the two is run next, login, new
# mail and all mail come to one server, and what is said is true. The servers are
# files here, so that each step can be tried.
. "${0%/*}/lib.sh"

# World: world/login and world/route say where these go; world/old and world/new
# hold a message a line.
mkdir -p bin share/procedure homes/cur
for tool in recfilter mkaccounts stalwart-apply vandelay acctcheck mailroute remap \
    archive2maildir maildir-ids maildir-check maildir-merge doveadm; do
	ln -s tool bin/$tool
done
cat >bin/tool <<END
#!/bin/sh
cd $tmp/world || exit 2
case \$* in *--as*) exit ;; esac
if [ -e ../fail ] && tail -n 1 state/ann@one.test/steps.ndjson | grep -qF "\$(cat ../fail)"; then
	[ "\${0##*/}" != vandelay ] || exit 2
	exit 75
fi
add() {
	had=\$(sort -u "\$to" 2>/dev/null | wc -l)
	cat "\$@" >>"\$to"
	sort -u -o "\$to" "\$to"
	echo "email: created=\$((\$(wc -l <"\$to") - had)) fetched=0 updated=0 deleted=0 skipped=\$had failed=0"
}
digests() {
	sed 's/.*/{"file":"cur\/&","digest":"&"}/' "\$1"
}
case \${0##*/}\${*:+ \$*} in
recfilter*--index*-a*) echo '{"v":1,"type":"account","address":"ann@one.test"}' ;;
vandelay\ import\ imap*) to=archive add old ;;
vandelay\ export*) to=new add archive ;;
vandelay\ import\ jmap*there.sqlite) ;;
vandelay\ import\ jmap*) to=back add new ;;
maildir-merge\ -n* | maildir-merge\ --way*) ;;
maildir-merge*) to=old add back ;;
acctcheck*--source\ imap*--target\ imap*) ;;
acctcheck*--target\ http*) comm -23 old new | not_any ;;
acctcheck*) comm -23 new old | not_any ;;
mailroute*\ get\ *) sed 's/.*/{"mail":"&"}/' route ;;
mailroute*\ set) echo new >route ;;
mailroute*\ unset) echo old >route ;;
remap\ set*\ stalwart) echo new >login ;;
remap\ set*\ legacy) echo old >login ;;
remap\ get*) sed 's/old/legacy/; s/new/stalwart/; s/.*/{"destination":"&"}/' login ;;
doveadm\ *user*) printf 'field\tvalue\n' ;;
mkaccounts*) : >state/ann@one.test/plan.ndjson; : >state/ann@one.test/settings.ndjson ;;
archive2maildir*)
	for last; do :; done
	mkdir -p "\$last/mail"
	;;
maildir-ids*/here/*) digests archive ;;
maildir-ids*/there/*) digests new ;;
esac
END
sed -i '2a\
not_any() {\
	! grep -q .\
}' bin/tool
chmod 755 bin/tool
# The scripts end at the point that the file "kill" names: "begin STEP", when its
# first line is written, or "end STEP", before its last is.
for file in "$top"/share/procedure/*; do
	ln -s "$file" share/procedure/
done
mv share/procedure/common.sh share/procedure/real.sh
cat >share/procedure/common.sh <<END
. "\$share/procedure/real.sh"
at() {
	[ "\$*" != "\$(cat $tmp/kill 2>/dev/null)" ] || kill -9 \$\$
}
END
sed -n '/^begins() {/,/^}/p; /^ends() {/,/^}/p' share/procedure/real.sh |
    sed 's/^begins() {/begin_line() {/; s/^ends() {/end_line() {/' >>share/procedure/common.sh
cat >>share/procedure/common.sh <<'END'
begins() {
	begin_line "$@" && at begin "$1"
}
ends() {
	at end "$1"
	end_line "$@"
}
END
MAILFERRY_SHARE=$tmp/share PATH=$top/scripts:$tmp/bin:$PATH
echo x >secret
cat >ferry.conf <<END
STATE=$tmp/world/state
OLD_IMAP=imap://127.0.0.1
OLD_MASTER=m
OLD_MASTER_PASSWORD_FILE=$tmp/secret
OLD_DUMP='echo "{\"type\":\"end\"}"'
OLD_MAILDIR=$tmp/homes
STALWART_URL=http://127.0.0.1
NEW_PASSWORD_FILE=$tmp/secret
PROXY_ADMIN_URL=https://127.0.0.1
PROXY_TOKEN_FILE=$tmp/secret
DELAY=0
OLD_WORK=$tmp/world/work
END
moves='record create copy check mail again login after'
comes='login mail read extract merge dav sieve check'

migrate() {
	migrate-account -c ferry.conf "$@" ann@one.test
}
rollback() {
	rollback-account -c ferry.conf "$@" ann@one.test
}
# world NAME: as it was kept under that name.
world() {
	rm -rf world kill fail
	cp -R "kept.$1" world
}
keep() {
	cp -R world "kept.$1"
}
# killed POINT STEP COMMAND...; a message comes in after that.
killed() {
	echo "$1 $2" >"kill"
	shift 2
	run 137 "$@" >out 2>err
	rm -f kill fail
	echo "m$((200 + $(cat world/old world/new | wc -l)))" >>"world/$(cat world/route)"
}
# all_at SIDE: login and new mail are there, and all mail is.
all_at() {
	[ "$(cat world/login world/route | tr '\n' ' ')" = "$1 $1 " ]
	sort -u world/old world/new >all
	sort -u "world/$1" >got
	same all got
}
# said TEXT
said() {
	echo "ann@one.test: $1" >want
	same want out
}
moved() {
	run 0 migrate "$@" >out
	said 'has moved'
	all_at new
}
is_back() {
	run 0 rollback >out
	said 'is back'
	all_at old
}
# not_yet: a rollback that has begun is not forgotten, nor skipped.
not_yet() {
	run 1 migrate >out 2>err
	has err 'its rollback is not finished: run "rollback-account ann@one.test" first, or say --from record'
}

mkdir world
printf 'm101\nm102\n' >world/old
: >world/new
echo old | tee world/login >world/route
keep fresh
ok 'an account moves, and a second time nothing is done' '
	moved
	keep moved
	run 0 migrate >out
	said "has moved already"
	run 0 migrate --until check >out
	said "has moved already"'
ok 'and comes back' '
	echo m103 >>world/new
	is_back
	keep back
	run 0 rollback >out
	said "is back already"'

for step in $moves; do
	for point in begin end; do
		ok "killed at the $point of $step" "
			world fresh
			killed $point $step migrate
			moved
			world fresh
			killed $point $step migrate
			case $step in
			record | create)
				run 1 rollback >out 2>err
				has err 'nothing of it has come to the new server: it was not moved from here'
				all_at old
				moved
				;;
			*) is_back ;;
			esac"
		ok "killed at the $point of $step, on the way there again" "
			world back
			killed $point $step migrate
			is_back"
		ok "killed at the $point of $step, of an account that has moved" "
			world moved
			killed $point $step migrate --force --from $step
			moved --force
			world moved
			killed $point $step migrate --force --from $step
			is_back"
	done
done
for step in $comes; do
	for point in begin end; do
		ok "killed at the $point of $step on the way back" "
			world moved
			killed $point $step rollback
			not_yet
			is_back
			world back
			killed $point $step rollback --from $step
			not_yet
			is_back"
	done
done
ok 'a rollback that was killed can be given up' '
	for step in login mail; do
		world moved
		killed end $step rollback
		run 0 migrate --from record >out
		said "has moved"
		all_at new
	done'
ok 'killed while it is put back' '
	for undo in login-back mail-back; do
		for point in begin end; do
			for next in moved is_back; do
				world moved
				echo "\"begin\",\"way\":\"migrate\",\"step\":\"after\"" >fail
				killed $point $undo migrate --from after
				$next
			done
		done
	done'
ok 'what fails on an account that has moved is put back whole' '
	for step in mail again login after; do
		world moved
		echo "\"step\":\"$step\"" >fail
		run 75 migrate --force --from mail >out 2>err
		rm fail
		echo m105 >>world/new
		has err "mail and login are on the old server again"
		[ "$(cat world/login world/route)" = "$(printf "old\nold")" ]
		is_back
	done'
ok 'a record that cannot be read anew is no account that is unknown' '
	world moved
	echo "\"step\":\"record\"" >fail
	run 75 migrate --force --from record >out 2>err
	rm fail
	is_back'
ok 'what is prepared only has not moved' '
	world fresh
	run 0 migrate --until check >out
	said "check is done"
	run 0 migrate --until check >out
	said "check is done already"
	run 0 migrate --from after >out
	said "after is done, and these steps are not: mail again login"
	moved
	run 0 rollback --until mail >out
	said "mail is done"
	run 0 rollback --until mail >out
	said "mail is done already"
	is_back'
ok '--until before --from is refused' '
	run 2 migrate --from login --until copy 2>err
	has err "copy comes before login"'
ok 'a journal that cannot be written: nothing is done' '
	world moved
	rm world/state/ann@one.test/steps.ndjson
	mkdir world/state/ann@one.test/steps.ndjson
	run 2 rollback 2>err || run 2 migrate --force 2>err
	all_at new'
ok 'a line that does not come to the disk: nothing is done' '
	mkdir nosync
	printf "#!/bin/sh\necho \"sync: error syncing: Input/output error\" >&2\nexit 1\n" >nosync/sync
	chmod 755 nosync/sync
	(
		PATH=$tmp/nosync:$PATH
		world fresh
		run 2 migrate 2>err
		has err "steps.ndjson cannot be written"
		all_at old
		world moved
		run 2 rollback 2>err
		all_at new
	)
	is_back'
ok 'a line that was cut off spoils no other' '
	world moved
	printf "{\"v\":1,\"type\":\"begin\",\"way\":\"roll" >>world/state/ann@one.test/steps.ndjson
	is_back
	run 0 rollback >out
	said "is back already"'
ok 'the report: an account that was killed is under way, whatever it was before' '
	world moved
	run 0 migration-report world/state >out
	has out "       1  moved"
	killed end login rollback
	run 0 migration-report world/state >out
	has out "       1  under way"
	has out "  ........  under way"'
done_testing
