#!/bin/sh
# migrate-account, rollback-account, migrate-wave: the disk of STATE is full, from the
# start or from any step on. That is said, what was flipped is put back, and with room
# again it comes to the same end.
. "${0%/*}/lib.sh"
need unshare util-linux
[ -n "${FULL_INSIDE:-}" ] || {
	how='-m'
	[ "$(id -u)" -eq 0 ] || how='-m -U --map-root-user'
	# shellcheck disable=SC2086 # words
	unshare $how mount -t tmpfs none /mnt 2>/dev/null || skip_all 'needs a namespace for mounts'
	# shellcheck disable=SC2086
	FULL_INSIDE=yes unshare $how "$top/t/${0##*/}"
	exit
}
. "$top/t/procedure.sh"
need parallel

for user in alice bob; do
	mail $user@one.test '' 1 3
	mail $user@one.test Sent 4 5
done
old_server alice bob
own
new_server
configure
ferry_ready
mkdir disk
mount -t tmpfs -o size=2m,mode=700 none disk || exit 2
at_exit="umount -l $tmp/disk; $at_exit"
settings "STATE=$tmp/disk/state"
ln -s disk/state state
fill() {
	head -c 4m /dev/zero >disk/filler 2>/dev/null || true
}
no_room="nothing more can be written to STATE: make room in $tmp/disk/state, and run it again"

with_faults
# A fault of these fills the disk before the tool begins.
sed -i "s,^before),fill) head -c 4m /dev/zero >$tmp/disk/filler 2>/dev/null; exec \"\$name\" \"\$@\" ;;\\n&," shims/shim

ok 'without a fault' '
	run 0 migrate bob@one.test
	end_state bob@one.test >moved'
for case in recfilter:1 mkaccounts:1 stalwart-apply:1 vandelay:1 vandelay:3 \
    acctcheck:1 mailroute:1 vandelay:2 recfilter:1 remap:2 acctcheck:2; do
	ok "full when $case is called" "
		fault ${case%:*} ${case#*:} fill
		run 2 migrate alice@one.test 2>err
		[ \"\$(cat faults)\" = ${case%:*} ]
		has err '$no_room'
		hasnt err 'could not be put back'
		hasnt err 'rror'
		hasnt err ': exit 2;'
		rm disk/filler
		not [ -e disk/state/alice@one.test/reserve ]
		at_home alice@one.test"
done
ok 'in the end it has moved as one without faults' '
	rm -f fault.*
	run 0 migrate alice@one.test
	end_state alice@one.test >got
	same moved got
	not [ -e disk/state/alice@one.test/reserve ]'
ok 'full from the start' '
	fill
	touch -d "1 hour ago" disk/state/records.ndjson
	for program in migrate-account rollback-account "migrate-wave --rehearse" migrate-wave; do
		echo alice@one.test >list
		case $program in
		*wave*) operand=list ;;
		*) operand=alice@one.test ;;
		esac
		run 2 $program -c ferry.conf $operand >out 2>err
		cat err
		has err "$no_room"
		[ "$(routes alice@one.test)" = stalwart ]
	done
	rm disk/filler
	for tool in acctcheck mkaccounts; do
		fault $tool 1 fill
		run 2 migrate-wave --rehearse -c ferry.conf list >out 2>err
		[ "$(cat faults)" = $tool ]
		has err "$no_room"
		hasnt out "Nothing stops"
		rm disk/filler
	done'
ok 'on the way back' '
	for case in remap:1 vandelay:1 tar:1 maildir-merge:2; do
		fault ${case%:*} ${case#*:} fill
		run 2 rollback alice@one.test 2>err
		[ "$(cat faults)" = ${case%:*} ]
		has err "$no_room"
		rm disk/filler
	done
	run 0 rollback alice@one.test
	at_home alice@one.test'
done_testing
