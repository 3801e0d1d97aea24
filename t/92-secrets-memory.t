#!/bin/sh
# What others on the machine could see of a tool that holds a secret: /proc of it
# and of its children, and a core.
. "${0%/*}/lib.sh"
need curl
. "$top/t/apply.sh"
. "$top/t/secrets.sh"

# What /proc shows of a process, and of its children.
snapshot() {
	for p in "$1" $(cat "/proc/$1/task/"*/children 2>/dev/null); do
		cat "/proc/$p/cmdline" "/proc/$p/environ" 2>/dev/null || true
	done
}
hostile hang-session
hostile_logins hang
mkdir run
cd run || exit 2
tools | grep -v "^dirdump-\(acl\|dkim\)" >list
# shellcheck disable=SC3045 # as dash and bash have it
ulimit -c unlimited
n=0
while read -r line; do
	n=$((n + 1))
	mkdir core.$n
	# shellcheck disable=SC2086
	(cd core.$n && with_secret_exec sh -c 'cd ..; exec "$@"' sh $line) >out.$n 2>err.$n </dev/null &
	echo $! >pid.$n
done <list
tools_n=$n
# each FUNCTION: with the number and process of each tool.
each() {
	each_n=0
	while [ $each_n -lt "$tools_n" ]; do
		each_n=$((each_n + 1))
		$1 $each_n "$(cat pid.$each_n)" || {
			echo "by: $(sed -n "${each_n}p" list)"
			cat out.$each_n err.$each_n
			return 1
		}
	done
}
# Until it has taken the variables, and dumps no core.
settled() {
	tries=0
	while [ -e "/proc/$2/exe" ] && ! {
		grep -q "Max core file size  *0  *0 " "/proc/$2/limits" &&
		    not_in_environment "$2"
	}; do
		[ "$tries" -lt 1200 ] || return 1
		tries=$((tries + 1))
		sleep 0.05
	done 2>/dev/null
}
not_in_environment() {
	! tr '\0' '\n' <"/proc/$1/environ" | grep -q "=$secret"
}
seen() {
	[ -e "/proc/$2/exe" ] || return 0
	snapshot "$2" >"seen.$1"
	secretless "seen.$1"
}
ok 'no secret in /proc of a tool, from the first request on' '
	each settled
	each seen
	# Most of them wait for a server.
	ls seen.* >list.seen
	[ "$(wc -l <list.seen)" -ge 20 ]'
aborted() {
	kill -ABRT "$2" 2>/dev/null || return 0
}
each aborted
# shellcheck disable=SC2046 # the processes
wait $(cat pid.*)
ok 'nor in a core' '
	find . "$tmp" -maxdepth 2 -name "core*" -type f >list
	not [ -s list ]
	secretless out.* err.*'
cd "$tmp" || exit 2
ok 'nor of the command that a secret comes from' '
	url=http://127.0.0.1:1
	cat >give <<-X
	#!/bin/sh
	cat /proc/self/environ /proc/\$\$/environ /proc/\$\$/cmdline >$tmp/seen
	env >>$tmp/seen
	echo other
	X
	chmod +x give
	for c in "stalwart-apply --password-command ./give plan" \
	    "remap --token-command ./give get a" \
	    "davmerge --user a --password-command ./give $url tree" \
	    "acctcheck --source imap://127.0.0.1:1 --source-user m --source-password-command ./give addresses"; do
		rm -f seen
		# shellcheck disable=SC2086
		with_secret timeout 5 $c >out 2>err </dev/null || true
		[ -s seen ]
		secretless seen out err
	done'

done_testing
