#!/bin/bash
# house.sh PAGE CHECKS: types the examples of a page, one after the other, in one
# shell, on a system that is nobody else's: it has its own /etc, /home, /run,
# ports and host names. Started in namespaces for mounts, networks and processes
# by t/91-examples.t, which gives it a folder in HOUSE_TMP.
#
# CHECKS is a file of shell functions and variables:
#
#	prepare		makes what the page says is there
#	after_N		looks at what example N did: its output is in the files
#			$out and $err; a text that is not a command is in $text
#	status_N	the exit statuses of the commands in example N that are not 0
#	elsewhere_N	the files that run the commands of example N instead
#	edit		a sed script for what no text can know, such as the name
#			of a journal
#	sections	the sections of the page, if not EXAMPLES
#
# An example without after_N is a failure, so that nothing is typed unseen.
# shellcheck shell=bash

# A root folder with the programs and the configuration of this system, and
# nothing else of it.
make_root() {
	umask 022
	root=$HOUSE_TMP/root
	mkdir "$root"
	mount -t tmpfs -o mode=755 none "$root"
	for dir in bin sbin lib lib32 lib64 libx32; do
		if [ -L /$dir ]; then
			cp -P /$dir "$root/$dir"
		elif [ -d /$dir ]; then
			bind /$dir
		fi
	done
	bind /usr
	bind /dev
	mkdir "$root/tmp"
	mount -t tmpfs none "$root/tmp"
	chmod 1777 "$root/tmp"
	bind "$top"
	bind "$(realpath "$BUILD")"
	mkdir -p "$root"/{proc,root,home,run,opt,srv,etc} \
	    "$root"/var/{lib,log,tmp,spool}
	chmod 1777 "$root/var/tmp"
	mount -t proc none "$root/proc"
	cp -a /etc/. "$root/etc" 2>/dev/null
	mount -t tmpfs none "$root/usr/local/etc"
	ln -sfn /run "$root/var/run"
	loopback_up
}
# What "ip link set lo up" does (netdevice(7)); a small system has no ip(8).
loopback_up() {
	/usr/bin/python3 -c 'import fcntl, socket, struct
SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 0x1, 0x40
fcntl.ioctl(socket.socket(), SIOCSIFFLAGS,
            struct.pack("16sh22x", b"lo", IFF_UP | IFF_RUNNING))'
}
bind() {
	mkdir -p "$root$1"
	mount --rbind "$1" "$root$1"
}

if [ -z "${HOUSE_INSIDE:-}" ]; then
	set -e
	top=$(cd "${0%/*}/.." && pwd)
	make_root
	unset TMPDIR
	HOUSE_INSIDE=yes exec chroot "$root" \
	    bash "$top/t/house.sh" "$@"
fi

. "${0%/*}/lib.sh"
# What a page says is done by the program that it names.
unset -f jq
PATH=$tmp/bin:$PATH:$top/scripts:/usr/sbin:/sbin
HOME=/root
out=$tmp/out err=$tmp/err
page=$1
mkdir bin work blocks
: >stdin
chmod 755 "$tmp"

. "$top/t/house-servers.sh"

# complain TEXT: says what went wrong, with the output of the example.
complain() {
	echo "$1"
	sed 's/^/  stdout: /' "$out" | head -n 40
	sed 's/^/  stderr: /' "$err" | head -n 40
	exit 1
}

sections=(EXAMPLES)
edit() {
	:
}
. "$2"
cd blocks || exit 2
blocks=$(/usr/bin/python3 "$top/tests/helper/example-blocks" "$page" "${sections[@]}") || exit 2
cd ../work || exit 2
# Not in a subshell: the servers of the tests end with who started them.
# shellcheck disable=SC2090 # at_exit is evaluated
trap 'set +e; [ -z "$preparing" ] || { cat "$out" "$err"; echo "prepare failed"; } >&3
	eval "$at_exit"; rm -rf "$tmp"' EXIT
exec 3>&1
preparing=yes
set -e
prepare >"$out" 2>"$err" <../stdin
set +e
preparing=
for ((n = 1; n <= blocks; n++)); do
	elsewhere=elsewhere_$n
	if [ -n "${!elsewhere:-}" ]; then
		while read -r word rest; do
			[ "$word" != sudo ] || word=${rest%% *}
			(cd "$top" && cat ${!elsewhere}) | grep -q -w -e "${word##*/}" ||
				complain "example $n is not in ${!elsewhere}"
		done <"../blocks/$n"
		continue
	fi
	declare -F "after_$n" >/dev/null || {
		cat "../blocks/$n"
		complain "example $n is not tested"
	}
	# A text that is not a command is for after_N alone.
	text=$tmp/blocks/$n.text
	[ -f "$text" ] || sed "$(edit)" "../blocks/$n" >../typed
	[ ! -f "$text" ] || : >../typed
	echo : >>../typed
	# As at a prompt: the next command comes whatever the last one said.
	want=status_$n
	got=
	set -o pipefail
	trap 'got="$got $?"' ERR
	. ../typed >"$out" 2>"$err" <../stdin
	trap - ERR
	set +o pipefail
	[ "${got# }" = "${!want:-}" ] || {
		cat ../typed
		complain "example $n: failed with '${got# }', wanted '${!want:-}'"
	}
	# Not before a "||", which would disarm set -e.
	(set -e; "after_$n") >../check.log 2>&1
	checked=$?
	[ "$checked" -eq 0 ] || {
		cat ../typed ../check.log
		complain "example $n did something else than the page says"
	}
done
! declare -F "after_$n" >/dev/null || complain "there is no example $n"
