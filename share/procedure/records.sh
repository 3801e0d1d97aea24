# The records of all accounts: read from the old server when they are wanted, once for
# all who want them, and found again by an index. Read by common.sh.
# shellcheck shell=sh disable=SC2154,SC2317

# need_records: finds the records of all accounts. Owners change passwords, and
# administrators accounts, while a migration goes on for weeks: what is older than a
# quarter of an hour is read again.
need_records() {
	records=$STATE/records.ndjson
	if $dry; then
		return
	fi
	if [ -n "${OLD_DUMP:-}" ]; then
		new_records young || {
			dump_got=$?
			say "$dump_failed"
			exit "$dump_got"
		}
	elif [ -s "$records" ] && ! $refresh; then
		index_records
	else
		die "$records is not there, and OLD_DUMP does not say what writes it"
	fi
}
young() {
	! $refresh && [ -s "$records" ] && finds "$records" -mmin -15
}
# read_again: the same as they are at this moment. One dump does for all accounts that
# had asked for it when it began, and in a wave for those that ask in the first seconds
# (DUMP_AGE) after its end: one for each would be as much again for each account.
read_again() {
	if $dry; then
		run -o "$records" sh -c "$OLD_DUMP"
		return
	fi
	: 2>/dev/null >"$dir/asked" || {
		text=$no_room
		return "$FATAL"
	}
	new_records since_asked || {
		dump_got=$?
		text=$dump_failed
		return "$dump_got"
	}
}
since_asked() {
	finds "$records.began" -newer "$dir/asked" ||
	    { $wave && [ "$DUMP_AGE" -gt 0 ] && finds "$records" -newermt "-$DUMP_AGE seconds"; }
}
# finds FILE TEST...: nothing that was written before the clock was set back counts as
# new: it would do so until the clock is there again.
finds() {
	[ -n "$(find "$@" ! -newermt '2 seconds' 2>/dev/null)" ]
}
# new_records TEST: those that another run has left, where the test takes them; or they
# are read, by one run at a time. dump_failed says what went wrong.
new_records() {
	"$1" || (
		flock 8
		"$1" || dump_records
	) 8>>"$STATE/records.lock" || {
		new_got=$?
		dump_failed="the records of the old server could not be read (OLD_DUMP); see $STATE/dump.log"
		! full || dump_failed=$no_room
		return "$new_got"
	}
	index_records
}
# dump_records: with the lock held. 1 is a record that a person has to look at; the
# others are good. ssh says 255 where it reaches nobody.
dump_records() {
	dump_got=0
	$now >"$records.began.new" 2>/dev/null
	sh -c "$OLD_DUMP" >"$records.new" 2>"$STATE/dump.log" </dev/null || dump_got=$?
	if [ "$dump_got" -gt 1 ] || ! grep -q '"type":"end"' "$records.new"; then
		! full || return "$FATAL"
		tail -n 3 -- "$STATE/dump.log" >&2
		case $dump_got in
		"$TEMP" | 255) return "$TEMP" ;;
		*) return "$FATAL" ;;
		esac
	fi
	[ "$dump_got" -eq 0 ] || say "some records could not be read: see $STATE/dump.log"
	mv -f -- "$records.new" "$records" && mv -f -- "$records.began.new" "$records.began" || return "$FATAL"
}
# Where the records of each account are, so that not everybody reads all of them.
# Without the index they do.
index_records() {
	finds "$records.index" -newer "$records" && return
	(
		flock 8
		finds "$records.index" -newer "$records" ||
			recfilter -q --index "$records.index" "$records" 2>>"$STATE/dump.log"
	) 8>>"$STATE/records.lock" || :
}
