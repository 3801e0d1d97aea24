# ways-old.sh WORK DOVEADM...: how the mail of each user on standard input could be
# merged into on the way back, a line each, separated by tabs. Read by sh on the old
# server.
#	user USER SHUT			into the Maildir that Dovecot names
#	through-doveadm USER SHUT OBSTACLE TEXT	by Dovecot alone
#	none USER SHUT TEXT		by nobody
# SHUT is the directory of WORK that the owner of the mail may not enter, or "-".
# Of users for whom Dovecot says the same but for their names, the first is asked.
# shellcheck shell=sh
set -u
tab=$(printf '\t')
work=$1
shift
doveadm=$*
known=$(mktemp -d) || exit
trap 'rm -rf "$known"' EXIT
# shut_to UID GID: the directory, as SHUT. Each that is not there yet is made for all to
# enter.
shut_to() {
	shut_at=${work%/}/x
	while [ -n "$shut_at" ] && [ -n "$1" ] && [ "$1" -ne 0 ]; do
		shut_at=${shut_at%/*}
		[ -e "${shut_at:-/}" ] || continue
		[ -n "$(find -L "${shut_at:-/}" -prune \( -user "$1" -perm -100 -o \
		    ! -user "$1" -group "${2:-0}" -perm -010 -o \
		    ! -user "$1" ! -group "${2:-0}" -perm -001 \))" ] || {
			printf '%s\n' "${shut_at:-/}"
			return
		}
	done
	echo -
}
# kind: what Dovecot says of the user, without what is the user's own.
kind() {
	printf '%s\n' "$fields" | USER_NAME=$user awk -F '\t' '
	# swap TEXT FROM TO: FROM counts only as whole levels of a path, or as all of it.
	function swap(text, from, to,    at, before, after, done) {
		while (from != "" && (at = index(text, from)) > 0) {
			before = substr(text, at - 1, at > 1)
			after = substr(text, at + length(from), 1)
			done = done substr(text, 1, at - 1) ((before ~ /^[\/:]?$/ && after ~ /^[\/:]?$/) ? to : from)
			text = substr(text, at + length(from))
		}
		return done text
	}
	BEGIN {
		user = ENVIRON["USER_NAME"]
		at = index(user, "@")
		name = at ? substr(user, 1, at - 1) : user
	}
	$1 == "home" { home = $2 }
	$1 != "home" && $1 != "user" && $1 != "uid" && $1 != "gid" && $1 !~ /quota/ { line[++n] = $0 }
	END {
		for (i = 1; i <= n; i++)
			print swap(swap(swap(line[i], home, "~"), user, "%u"), name, "%n")
	}' | cksum | tr -s '[:space:]' .
}
# why: what maildir-merge has said last, and not what Dovecot warns of.
why() {
	if grep -q '^maildir-merge: ' "$known/said"; then
		sed -n 's/^maildir-merge: //p' "$known/said"
	else
		cat "$known/said"
	fi | tail -n 1
}
while IFS= read -r user; do
	# shellcheck disable=SC2086 # words
	fields=$($doveadm user "$user" </dev/null 2>/dev/null)
	owner=$(printf '%s\n' "$fields" | sed -n 's/^[ug]id[[:space:]]*\([0-9][0-9]*\)$/\1/p' | paste -sd ' ')
	[ -s "$known/shut $owner" ] || {
		shut_to "${owner% *}" "${owner#* }" >"$known/shut $owner"
	}
	at=$known/$(kind)
	if [ ! -s "$at" ]; then
		if said=$(maildir-merge --way --user "$user" --doveadm "$doveadm" </dev/null 2>"$known/said"); then
			printf '%s\n' "$said" | sed -n "s/.*\"way\":\"user\".*/user/p
			    s/.*\"way\":\"through-doveadm\",\"obstacle\":\"\([^\"]*\)\",\"reason\":\"\(.*\)\"}/through-doveadm$tab\1$tab\2/p" >"$at"
		fi
		cat "$known/said" >&2
		[ -s "$at" ] || printf 'none\t%s\n' "$(why)" >"$at"
	fi
	IFS=$tab read -r way rest <"$at"
	printf '%s\t%s\t%s%s\n' "$way" "$user" "$(cat -- "$known/shut $owner")" "${rest:+$tab$rest}"
done
