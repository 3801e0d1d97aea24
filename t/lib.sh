# The test harness: TAP from plain sh. A test file begins with
#	. "${0%/*}/lib.sh"
# and ends with done_testing. Each runs in a scratch folder of its own ($tmp),
# with the programs of the build first in PATH.
# shellcheck shell=sh

top=$(cd "${0%/*}/.." && pwd)
case ${BUILD:=build} in
/*) build=$BUILD ;;
*) build=$top/$BUILD ;;
esac
fixtures=$top/t/fixtures
# Where scratch folders are: TMPDIR, else in memory, where there is room and programs
# may be run: what tests wait for, and half of what they compute, was the disk. A file
# of which the file system is a part has on_disk=yes before it reads this one.
scratch_room() {
	if [ -n "${TMPDIR:-}" ]; then
		echo "$TMPDIR"
	elif [ -z "${on_disk:-}" ] && [ -w /dev/shm ] &&
	    grep -q '^[^ ]* /dev/shm tmpfs ' /proc/mounts &&
	    ! grep -q '^[^ ]* /dev/shm [^ ]* [^ ]*noexec' /proc/mounts &&
	    [ "$(($(stat -f -c '%a * %S' /dev/shm) >> 30))" -ge 2 ]; then
		echo /dev/shm
	else
		echo /tmp
	fi
}
# Digits alone: no text that must not be in an output is in this name by chance.
room=$(scratch_room)
tmp=$room/mailferry-t.$$ tmp_n=0
until mkdir -m 700 "$tmp" 2>/dev/null; do
	tmp_n=$((tmp_n + 1))
	[ "$tmp_n" -lt 1000 ] || exit 2
	tmp=$room/mailferry-t.$$.$tmp_n
done
at_exit=:
trap 'eval "$at_exit"; rm -rf "$tmp"' EXIT
trap 'exit 2' HUP INT TERM
cd "$tmp" || exit 2
LC_ALL=C.UTF-8 TZ=UTC PATH=$build/bin:$PATH
export LC_ALL TZ PATH
export MAILFERRY_LIBEXEC="$build/bin" MAILFERRY_SHARE="$top/share"
export XDG_CACHE_HOME="$tmp/.cache"
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
unset STALWART_URL STALWART_USER STALWART_PASSWORD STALWART_TOKEN
# A make that a test calls is no part of the one that runs the tests.
unset MAKEFLAGS MFLAGS MAKELEVEL
# What Dovecot 2.3 sets while it asks managesieve(1) for its extensions: each doveconf
# does that, which takes three times as long as all else that it does, for two lines
# that nothing here reads. A server that runs asks as ever.
export DUMP_CAPABILITY=1
umask 077
tap_n=0 tap_bad=0

# ok NAME SCRIPT: runs SCRIPT under set -e in a subshell; its output is shown on
# standard error, which prove passes on, where it fails. Never called inside an if,
# which would disarm set -e.
ok() {
	tap_n=$((tap_n + 1))
	(set -e; eval "$2") >"$tmp/.log" 2>&1
	if [ $? -eq 0 ]; then
		printf 'ok %d - %s\n' "$tap_n" "$1"
	else
		printf 'not ok %d - %s\n' "$tap_n" "$1"
		tap_bad=$((tap_bad + 1))
		{
			printf '%s: not ok %d - %s\n' "${0##*/}" "$tap_n" "$1"
			head -n 200 "$tmp/.log"
		} | sed 's/^/# /' >&2
	fi
}

# run STATUS COMMAND...: succeeds if the command exits with exactly STATUS, so
# that a crash or a sanitizer's 99 never passes for a failure that is wanted.
run() {
	run_want=$1
	shift
	run_got=0
	"$@" || run_got=$?
	[ "$run_got" -eq "$run_want" ] || {
		echo "exit $run_got, wanted $run_want: $*"
		return 1
	}
}

# not COMMAND...: succeeds if the command fails. A "! command" would never end
# a script under set -e.
not() {
	if "$@"; then
		echo "succeeded, and should not: $*"
		return 1
	fi
}

# same WANTED GOT: compares two files and shows the difference.
same() {
	diff -u "$1" "$2"
}

# has FILE TEXT, hasnt FILE TEXT: a fixed string in a file.
has() {
	grep -qF -e "$2" "$1" || {
		echo "$1 lacks: $2"
		cat "$1"
		return 1
	}
}
hasnt() {
	not grep -F -e "$2" "$1"
}

# jq 1.6, of Debian 12, takes 45 ms to begin, whatever it is asked for; gojq takes 4,
# and prints the members of objects sorted. So it answers for jq but where whole
# objects are printed (-c, -S), and there as fast_jq, where their order is no matter.
jq() {
	case $1 in
	-*[cS]*) command jq "$@" ;;
	*) fast_jq "$@" ;;
	esac
}
if command -v gojq >/dev/null; then
	fast_jq() {
		gojq "$@"
	}
else
	fast_jq() {
		command jq "$@"
	}
fi

# need PROGRAM [PACKAGE]: skips the whole file where a program is missing; with
# FERRY_REQUIRE_ALL=1 that is a failure.
need() {
	if ! command -v "$1" >/dev/null 2>&1; then
		skip_all "$1 is not installed (Debian: ${2:-$1})"
	fi
}
skip_all() {
	if [ "${FERRY_REQUIRE_ALL:-0}" = 1 ]; then
		printf '1..1\nnot ok 1 - %s\n' "$1"
		exit 1
	fi
	printf '1..0 # SKIP %s\n' "$1"
	exit 0
}

# sanitized: succeeds where the build has a sanitizer. The fault shim does not go
# with one: a file that is nothing without the shim is not_sanitized.
sanitized() {
	nm -D "$build/bin/recfilter" 2>/dev/null | grep -q __asan_init
}
not_sanitized() {
	! sanitized || {
		# Not a thing that is missing: no skip_all.
		echo '1..0 # SKIP the fault shim does not go with a sanitizer'
		exit 0
	}
}

# born PID: $born is when the process began, which tells it from a later one that
# has its number; empty where there is none. Of the 32,768 numbers each comes again
# within minutes while tests run.
born() {
	born=
	{ read -r born_stat </proc/"$1"/stat; } 2>/dev/null || return 0
	# shellcheck disable=SC2086 # its fields, after the name in parentheses
	set -- ${born_stat##*) }
	shift 19
	born=$1
}
# end_process PID BORN: ends a process that may have ended already.
end_process() {
	born "$1"
	[ -z "$born" ] || [ "$born" != "$2" ] || kill "$1" 2>/dev/null
}
# end_with_test PID: ends it with the test, if it is still there; $born is its time.
end_with_test() {
	born "$1"
	at_exit="end_process $1 '$born'; $at_exit"
}

# start_standin NAME [ARGS...]: starts build/NAME, sets $url to what it prints
# on its first line and $standin_pid, and ends it with the test.
start_standin() {
	standin=$1
	shift
	start_server "$build/$standin" --listen 127.0.0.1:0 "$@"
}

# start_server COMMAND...: the same with another server that prints its URL.
start_server() {
	standin=${1##*/}
	: >"$tmp/standin.out"
	"$@" >"$tmp/standin.out" 2>"$tmp/standin.err" &
	standin_pid=$!
	end_with_test "$standin_pid"
	standin_born=$born
	tries=0
	while ! [ -s "$tmp/standin.out" ]; do
		kill -0 "$standin_pid" 2>/dev/null && [ "$tries" -lt 3000 ] || {
			echo "Bail out! $standin did not start"
			cat "$tmp/standin.err"
			exit 2
		}
		tries=$((tries + 1))
		sleep 0.02
	done
	url=$(head -n 1 "$tmp/standin.out")
}

# done_testing: a file of which no test ran has failed.
done_testing() {
	[ "$tap_n" -gt 0 ] || ok 'a test runs' false
	printf '1..%d\n' "$tap_n"
	[ "$tap_bad" -eq 0 ]
	exit
}
