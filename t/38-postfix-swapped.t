#!/bin/sh
# A list that an alias of a user includes, which that user replaces while it is
# read: by a link to a file of root's, by one to a folder that is closed to them.
# dirdump postfix is stopped at each of its calls in turn.
. "${0%/*}/lib.sh"
[ "$(id -u)" -eq 0 ] || skip_all 'files of others are made by root only'
need postconf postfix
shim=$build/shim/fscalls.so
not_sanitized
umask 022
chmod 755 "$tmp"
mkdir conf closed
printf 'compatibility_level = 3.6\nmyhostname = mx.one.test\nmydestination = one.test\nalias_maps = texthash:%s\n' \
    "$tmp/table" >conf/main.cf
: >conf/master.cf
printf 'info :include:%s/theirs/folder/list\n' "$tmp" >table
chown daemon:daemon table
echo canary@ext.test >root
chmod 600 root
echo canary@ext.test >closed/list
chmod 700 closed

# lay: everything as it was.
lay() {
	rm -rf theirs
	mkdir theirs theirs/folder
	echo good@ext.test >theirs/folder/list
	chown -R daemon:daemon theirs
}
# swap_WHAT: what the owner does meanwhile.
swap_file() {
	ln -s "$tmp/root" theirs/new
	mv -T theirs/new theirs/folder/list
}
swap_folder() {
	mv theirs/folder theirs/before
	ln -s "$tmp/closed" theirs/folder
}

# stopped PID: whether it is; 2 when it has ended.
stopped() {
	sed -n 's/^State:	\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null >state || return 2
	case $(cat state) in
	T) return 0 ;;
	Z | '') return 2 ;;
	esac
	return 1
}

# at_call N SWAP: false when there is no such call.
at_call() {
	lay
	LD_PRELOAD=$shim FSCALL_ALL=1 FSCALL_BELOW=$tmp/theirs FSCALL_DO=stop \
	    FSCALL_AT=$1 dirdump-postfix -v -c conf >out 2>err &
	child=$!
	while :; do
		seen=0
		stopped "$child" || seen=$?
		[ "$seen" -eq 1 ] || break
		sleep 0.01
	done
	if [ "$seen" -eq 0 ]; then
		"$2"
		kill -CONT "$child"
	fi
	wait "$child" || :
	[ "$seen" -eq 0 ]
}

for what in file folder; do
	ok "the $what: nothing of root's is in the records" '
		n=0
		while at_call $((n + 1)) swap_$what; do
			n=$((n + 1))
			hasnt out canary
			hasnt err canary
			if ! grep -q good@ext.test out; then
				has err "the list that :include: names"
			fi
		done
		echo "$n calls"
		[ $n -ge 5 ]
		has out good@ext.test'
done
done_testing
