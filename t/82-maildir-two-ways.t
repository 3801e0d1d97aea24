#!/bin/sh
# maildir-merge --user and --through-doveadm into one account: at the same time, and
# of the same mind about its folders.
. "${0%/*}/lib.sh"
. "$top/t/places.sh"

other plain <<END2
namespace inbox {
  inbox = yes
  separator = /
}
END2
put in . in@one.test
put in .Work work@one.test

# await FILE: until it is there.
await() {
	tries=0
	until [ -e "$1" ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 1200 ] || return 1
		sleep 0.1
	done
}
# A doveadm that waits before a call with this word, until it may go on.
cat >held <<END
#!/bin/sh
case " \$* " in
*" \$HELD "*)
	! ls "$tmp"/first/*.journal >/dev/null 2>&1 || {
		: >"$tmp/holding"
		while ! [ -e "$tmp/go" ]; do
			sleep 0.1
		done
	}
	;;
esac
exec $da "\$@"
END
chmod +x held

# kept_out USER WORD WAY...: while one run is at work, held before that word, no
# other one is, whichever way it comes; afterwards nothing is left to do.
kept_out() {
	user=$1
	made "$user" Sent
	rm -rf first holding go
	HELD=$2 maildir-merge --doveadm "$tmp/held" --state-dir first "$3" \
	    "$user" in >out 2>err &
	first=$!
	await holding
	for way in --user --through-doveadm; do
		run 75 merge_user --state-dir second "$way" "$user" in >out2 2>err2
		has err2 "another merge or check is at work in it"
	done
	run 75 maildir-merge --state-dir third in "home/$user/Maildir" 2>err2
	run 75 maildir-check --fix "home/$user/Maildir" 2>err2
	has err2 "another merge or check is at work in it"
	: >go
	wait "$first"
	for way in --user --through-doveadm; do
		run 0 merge_user --state-dir second "$way" "$user" in >out2
		[ "$(jq -r .status out2 | sort -u)" = present ]
	done
	counts "$user" >got
	printf "%s\n" "INBOX messages=1" "Sent messages=0" "Work messages=1" >want
	same want got
}
ok 'while Dovecot takes mail in, no other run is at work' '
	kept_out twenty import --through-doveadm'
ok 'while a run writes into the Maildir, none is through Dovecot' '
	kept_out twentyone list --user'
done_testing
