# Who is at work on an account: the lock in STATE keeps out other runs of this STATE, a
# note on the new server those of other STATEs and machines. Read by common.sh.
# shellcheck shell=sh disable=SC2034,SC2154,SC2317

# name_state: state_name is what this STATE is called there: the same for good, also
# when it is taken to another machine.
name_state() {
	state_name=
	[ ! -s "$STATE/name" ] || { IFS= read -r state_name <"$STATE/name" || :; }
	[ -z "$state_name" ] || return 0
	name_new=$(printf '%.100s' "$(uname -n):$STATE" | tr -cd '!-~')-$(od -An -N4 -tx1 /dev/urandom | tr -d ' \n')
	if $dry; then
		state_name=$name_new
		return
	fi
	(
		flock 8
		[ -s "$STATE/name" ] || {
			printf '%s\n' "$name_new" >"$STATE/name.new" && mv -f -- "$STATE/name.new" "$STATE/name"
		}
	) 8>>"$STATE/name.lock" 2>/dev/null && IFS= read -r state_name <"$STATE/name" || {
		text=$(no_journal)
		return "$FATAL"
	}
}
# hold_account: keeps others off the account, until release_account. What was left by a
# run of this STATE that was killed counts as its own. hold_by is who else is there.
holding=false hold_by=''
hold_account() {
	hold_by=
	name_state || return
	hold_got=0
	hold_call hold || hold_got=$?
	[ "$hold_got" -ne 0 ] || holding=true
	$dry || hold_by=$(sed -n 's/.*"by":"\([^"]*\)".*/\1/p' "$dir/hold")
	[ -z "$hold_by" ] || text="another run is at work on it, or was killed at it: that of $hold_by; where it is no more: mailroute release $address"
	return "$hold_got"
}
release_account() {
	$holding || return 0
	holding=false
	hold_call release || note "the new server still has the note of who is at work on it: mailroute release $address"
}
hold_call() {
	# shellcheck disable=SC2086 # words
	run -o "$dir/hold" mailroute -q --password-file "$NEW_PASSWORD_FILE" \
	    ${CACERT:+--cacert "$CACERT"} ${INSECURE:+-k} --retry-budget 20 \
	    ${MAILROUTE_OPTIONS:-} --as "$state_name" "$1" "$address"
}
