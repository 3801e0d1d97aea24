# What an owner did on the old server after it was copied, and Vandelay does not do on
# the new one. Read by migrate-account.
# shellcheck shell=sh disable=SC2154,SC2317

# filters FILE: those of the archive, each with its sum; active.sieve is one of them.
# Fails where they cannot be read, and nothing depends on that.
filters() {
	[ -n "${OLD_SIEVE:-}" ] || return 0
	filters_text=$text filters_got=0
	run rm -rf -- "$dir/filters" &&
	    run archive2maildir -q --only sieve "$archive" "$dir/filters" || filters_got=$?
	text=$filters_text
	[ "$filters_got" -le 1 ] || return
	$dry || (cd -- "$dir/filters/sieve" 2>/dev/null && cksum -- *.sieve 2>/dev/null) >"$1"
	return 0
}
# say_behind: what the owner did on the old server since it was copied, and Vandelay
# does not do on the new one, into the text of the step. It is no failure.
say_behind() {
	behind_filters=false
	filters "$dir/filters.now" && behind_filters=true
	if $dry; then
		return
	fi
	behind=$(awk '{ flags += $1; gone += $2 }
	END {
		if (gone) printf "%d message%s deleted, filed or saved again", gone, (gone > 1 ? "s" : "")
		if (flags) printf "%sflags of %d changed", (gone ? ", " : ""), flags
	}' "$dir/changed" 2>/dev/null)
	if [ -n "${OLD_SIEVE:-}" ] && $behind_filters; then
		behind_filters=$(new_filters)
		behind=$behind${behind_filters:+${behind:+, }$behind_filters}
	fi
	[ -z "$behind" ] || behind="on the old server since the first copy: $behind; the new one has that as it was"
	text=$text${behind:+${text:+; }$behind}
}
# new_filters: what is another than when it was copied; a filter that is new has been
# copied by now.
new_filters() {
	: >>"$dir/filters.copied"
	awk -v copied="$dir/filters.copied" '
	function name(sums, sum,    one) {
		for (one in sums)
			if (one != "active.sieve" && sums[one] == sum) return one
		return ""
	}
	{
		sum = $1 " " $2
		sub(/^[0-9]+ [0-9]+ /, "")
	}
	FILENAME == copied { was[$0] = sum; next }
	{
		is[$0] = sum
		if (!($0 in was) && $0 != "active.sieve") print sum " " $0 >>copied
	}
	END {
		for (one in was) {
			if (one != "active.sieve" && (one in is) && is[one] != was[one])
				said = said (said == "" ? "" : ", ") "filter " one " changed"
		}
		before = name(was, was["active.sieve"])
		now = name(is, is["active.sieve"])
		if (now != "" && !(now in was))
			print is["active.sieve"] " active.sieve" >>copied
		else if (before != now)
			said = said (said == "" ? "" : ", ") (now == "" ? "filter " before " switched off" : "filter " now " switched on")
		gsub(/[.]sieve/, "", said)
		print said
	}' "$dir/filters.copied" "$dir/filters.now"
}
