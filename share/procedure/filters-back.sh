# The filters of an owner on the way back, from the new server to the old one. Read by
# rollback-account.
# shellcheck shell=sh disable=SC2034,SC2154,SC2317

# Scripts that the owner made on the new server come along, and the one that ran there
# runs, where no other does. One that has changed there is put next to the old one, and
# not made active: a person decides, as of those that were switched on or off there.
sieve_text=
step_sieve() {
	run rm -rf -- "$dir/left.sieve" "$dir/sieve.there" "$dir/sieve.sent" || return
	sieve_put=
	[ -n "${OLD_SIEVE:-}" ] || return 0
	# shellcheck disable=SC2086 # words
	old_run -o "$dir/sieve.list" $OLD_DOVEADM sieve list -u "$old_user" || return
	! $dry || return 0
	sieve_runs=$(sed -n 's/ ACTIVE$//p' "$dir/sieve.list")
	find_plain || return
	tell_switched
	for script in "$dir"/tree/sieve/*.sieve; do
		# Of an owner without filters there is none, nor a list of them.
		[ -e "$script" ] || continue
		sieve_file=$(basename -- "$script" .sieve)
		name_script
		case $sieve_name in
		active | forward | vacation) continue ;;
		mailferry | mailferry-vacation | mailferry-[0-9]*) continue ;;
		esac
		put_script || return
	done
	text=$sieve_text
	[ ! -e "$dir/left.sieve" ] || text="${text:+$text; }$(sed 's/^sieve: //' -- "$dir/left.sieve" | paste -sd ' ')"
}
# find_plain: sieve_plain is the filter that runs there and has no name: a file where
# Pigeonhole keeps the link to the active one. Its text goes to sieve.plain.
find_plain() {
	sieve_plain=$(sed -n 's|.*[Aa]ctive [Ss]ieve script symlink \(/.*\) is no symlink.*|\1|p' "$dir/err" | head -n 1)
	[ -n "$sieve_plain" ] || return 0
	sieve_runs=$sieve_plain
	old_run -o "$dir/sieve.plain" cat -- "$sieve_plain"
}
# tell TEXT: for the log, the text of the step and the end of the run.
tell() {
	note "$1"
	sieve_text=$sieve_text${sieve_text:+; }$1
}
# there MEMBER...: whether the new server had a filter with these.
there() {
	a_line "$dir/tree/sieve/scripts.ndjson" "$@"
}
# tell_switched: what its owner has switched on or off there that no filter tells.
tell_switched() {
	! there '"name":"vacation"' '"active":true' ||
	    tell 'the vacation message that was on on the new server is not brought back'
	[ -z "$sieve_runs" ] || there '"active":true' || ! there "\"name\":$(json "$sieve_runs")" ||
	    tell "no filter ran on the new server, and \"$sieve_runs\" runs here"
}
# name_script: sieve_name is what the new server called the script: its file may have
# another name. What Pigeonhole does not take for a name stays as the file has it.
name_script() {
	sieve_name=$(sed -n "s/.*\"name\":\"\(\([^\"\\\\]\|\\\\.\)*\)\".*\"file\":$(json "$sieve_file.sieve" | sed 's/[][\\.*^$\/]/\\&/g').*/\1/p" \
	    "$dir/tree/sieve/scripts.ndjson" | sed 's/\\\(["\\\/]\)/\1/g')
	case $sieve_name in
	'' | */*) sieve_name=$sieve_file ;;
	esac
}
put_script() {
	sieve_ran=false sieve_old=
	! ran_there || sieve_ran=true
	find_old || return
	if [ -n "$sieve_old" ]; then
		if $sieve_same; then
			! $sieve_ran || tell_inactive "$sieve_old"
			return 0
		fi
		[ "$sieve_old" = "$sieve_plain" ] || free_name "$sieve_old"
		sieve_ran=false put_runs=
		[ "$sieve_old" != "$sieve_plain" ] || put_runs=": $sieve_plain runs"
		tell "a filter was changed on the new server: it is there as \"$sieve_name\", not active$put_runs"
	fi
	put_got=0
	sieve_put=$sieve_put$sieve_name'
'
	# shellcheck disable=SC2086 # words
	old_run -i "$script" $OLD_DOVEADM sieve put -u "$old_user" -- "$sieve_name" || put_got=$?
	case $put_got:$sieve_ran:$sieve_runs in
	0:true:)
		# shellcheck disable=SC2086 # words
		old_run $OLD_DOVEADM sieve activate -u "$old_user" -- "$sieve_name" || return
		sieve_runs=$sieve_name
		;;
	0:true:*) tell_inactive "$sieve_name" ;;
	0:*) ;;
	# EX_DATAERR: Pigeonhole does not take it.
	65:*)
		put_why=$(sed -n 's/.*Error: //p' "$dir/err" | head -n 1)
		stays sieve "the old server does not take the filter \"$sieve_name\", ${put_why:-$text}: it is in $script, to be put there by hand"
		;;
	*) return "$put_got" ;;
	esac
}
# free_name NAME: sieve_name is one beside NAME that no filter has there, nor gets now:
# an owner may go on with what an earlier way back has put there.
free_name() {
	free_of=$(printf '%s\n' "$1" | sed -E 's/ \(new server( [0-9]+)?\)$//')
	free_n=1
	sieve_name="$free_of (new server)"
	while listed "$sieve_name" || printf '%s' "$sieve_put" | grep -qxF -e "$sieve_name"; do
		free_n=$((free_n + 1))
		sieve_name="$free_of (new server $free_n)"
	done
}
# ran_there: whether the new server ran it, by itself or from the script that the
# procedure has made.
ran_there() {
	there "\"file\":$(json "$sieve_file.sieve")" '"active":true' || {
		there '"name":"mailferry' '"active":true' &&
		    grep -qsxF -e "include :personal :optional $(json "$sieve_name");" -- "$dir/tree/sieve/active.sieve"
	}
}
# tell_inactive NAME
tell_inactive() {
	[ "$sieve_runs" = "$1" ] ||
	    tell "the filter \"$1\", which ran on the new server, is not active${sieve_runs:+: \"$sieve_runs\" is}"
}

# --- which of the old server's it is ---

# find_old: sieve_old is the script's name on the old server, empty where it has none;
# sieve_same is whether it says the same there. The name may be another one than on the
# new server: known by what it says, or by what it said when it went out.
find_old() {
	sieve_same=false
	find_sum=$(sum_of "$script")
	if listed "$sieve_name"; then
		sieve_old=$sieve_name
		get_script "$sieve_old" || return
		[ "$find_sum" != "$(sum_of "$dir/sieve.old")" ] || sieve_same=true
		! $sieve_same || return 0
	fi
	know_old || return
	find_name=$(called "$find_sum" "$dir/sieve.there")
	if [ -n "$find_name" ]; then
		sieve_old=$find_name sieve_same=true
		return
	fi
	[ -z "$sieve_old" ] || return 0
	know_sent || return
	# stalwart-apply gives another name to one that is called as one of its own.
	for find_name in "$sieve_name" "${sieve_name%-script}"; do
		find_sum=$(SUM_OF=$find_name awk '{ sum = $1 " " $2; sub(/^[0-9]+ [0-9]+ /, "") } $0 == ENVIRON["SUM_OF"] { print sum; exit }' "$dir/sieve.sent")
		[ -n "$sieve_old" ] || [ -z "$find_sum" ] || sieve_old=$(called "$find_sum" "$dir/sieve.there")
	done
}
listed() {
	names_there | grep -qxF -e "$1"
}
names_there() {
	sed 's/ ACTIVE$//; s/ $//' "$dir/sieve.list"
}
get_script() {
	# shellcheck disable=SC2086 # words
	old_run -o "$dir/sieve.old" $OLD_DOVEADM sieve get -u "$old_user" -- "$1"
}
# sum_of FILE: of a script. Line ends, and how many of them are at the end, mean
# nothing. doveadm prints a line of its own first.
sum_of() {
	printf '%s' "$(sed '1{/^sieve script:$/d;}' "$1" | tr -d '\r')" | cksum
}
# called SUM FILE: the first name of that sum.
called() {
	sed -n "s/^$1 //p" "$2" | head -n 1
}
# know_old: sieve.there has the sum and the name of each script of the old server.
know_old() {
	[ ! -e "$dir/sieve.there" ] || return 0
	: >"$dir/sieve.sums" || return "$FATAL"
	[ -z "$sieve_plain" ] || printf '%s %s\n' "$(sum_of "$dir/sieve.plain")" "$sieve_plain" >>"$dir/sieve.sums"
	names_there >"$dir/sieve.names"
	while IFS= read -r know_name <&3; do
		get_script "$know_name" || return
		printf '%s %s\n' "$(sum_of "$dir/sieve.old")" "$know_name" >>"$dir/sieve.sums"
	done 3<"$dir/sieve.names"
	mv -f -- "$dir/sieve.sums" "$dir/sieve.there"
}
# know_sent: sieve.sent has the same of each that went out: those of the directory's
# records, and those that were copied.
know_sent() {
	[ ! -e "$dir/sieve.sent" ] || return 0
	: >"$dir/sieve.sums" || return "$FATAL"
	[ ! -s "$dir/settings.ndjson" ] || awk -f "$share/procedure/sent.awk" "$dir/settings.ndjson" >>"$dir/sieve.sums"
	for know_file in "$dir"/filters/sieve/*.sieve; do
		[ -e "$know_file" ] || continue
		printf '%s %s\n' "$(sum_of "$know_file")" "$(basename -- "$know_file" .sieve)" >>"$dir/sieve.sums"
	done
	mv -f -- "$dir/sieve.sums" "$dir/sieve.sent"
}
