# What migrate-account, rollback-account, migrate-wave and migration-report
# share: the state of an account, commands that are logged or only shown, and steps
# that can be resumed. Sourced, by sh.
# shellcheck shell=sh disable=SC2034,SC2154,SC2317 # set here, used there

# The exit statuses of all tools.
DATA=1 FATAL=2 TEMP=75
# Of --dry-run.
dry=false
verbose=false
quiet=false
# Of --wave.
wave=false

say() {
	printf '%s: %s\n' "$prog" "$*" >&2
}
die() {
	say "$*"
	exit "$FATAL"
}
# misuse TEXT: the command line cannot be understood.
misuse() {
	say "$1"
	usage >&2
	exit "$FATAL"
}
# need_value OPTION WORDS: ends where no word follows the option.
need_value() {
	[ "$2" -ge 2 ] || misuse "$1 needs a value"
}
# A command, which is one process less than a function that calls it.
now='date -u +%Y-%m-%dT%H:%M:%SZ'
cr=$(printf '\r')
# a_line FILE TEXT...: whether a line of the file has all the texts.
a_line() {
	awk '
	BEGIN {
		for (n = 2; n < ARGC; n++) text[n] = ARGV[n]
		ARGC = 2
	}
	{
		gsub(/": "/, "\":\"")
		for (i = 2; i < n; i++) if (!index($0, text[i])) next
		found = 1
		exit
	}
	END { exit !found }' "$@" 2>/dev/null
}

# shellcheck source=share/procedure/config.sh disable=SC1091
. "$share/procedure/config.sh" || exit "$FATAL"
# shellcheck source=share/procedure/records.sh disable=SC1091
. "$share/procedure/records.sh" || exit "$FATAL"
# shellcheck source=share/procedure/hold.sh disable=SC1091
. "$share/procedure/hold.sh" || exit "$FATAL"
# shellcheck source=share/procedure/where.sh disable=SC1091
. "$share/procedure/where.sh" || exit "$FATAL"

# may_write OPTION FILE PATTERN ENDING STATE: refuses to write a file over one that an
# earlier run has not written, as its first line tells, or to a device; and in STATE to
# anything but a file of its own with that ending.
may_write() {
	if [ -e "$2" ] || [ -h "$2" ]; then
		[ -f "$2" ] && [ ! -h "$2" ] || die "$1: $2 is no plain file: give another"
		[ ! -s "$2" ] || head -n 1 -- "$2" | grep -qE -e "$3" ||
		    die "$1: $2 is there, and not from an earlier run: give another file"
	fi
	may_in=$(CDPATH='' cd -P -- "$(dirname -- "$2")" 2>/dev/null && pwd) ||
	    die "$1: $2: there is no such folder"
	may_state=$(CDPATH='' cd -P -- "$5" 2>/dev/null && pwd) || return 0
	case $may_in/ in
	"$may_state/") ;;
	"$may_state"/*) die "$1: $2 is in the state of an account: give another file" ;;
	*) return 0 ;;
	esac
	case ${2##*/} in
	dump.log) ;;
	*"$4") return 0 ;;
	esac
	die "$1: $2 is a name of the procedure's own: in $5 it has to end in $4"
}

# --- accounts ---

# valid_address TEXT: whether it can be the name of a folder, a line of a table
# and a word of a command; address_why is why not. Nothing that leads out of STATE
# passes, nor what doveadm takes for a pattern that other names fit.
valid_address() {
	address_why=
	case $1 in
	*@*@* | *@ | @*) address_why='it is not of the form user@domain' ;;
	*[*?]*) address_why='doveadm takes "*" and "?" for any characters, and would do to others what is meant for this account' ;;
	.* | -* | */*) address_why='it cannot be the name of a folder in STATE' ;;
	*[!!-~]*) address_why='a line of a table cannot have white space or other than ASCII characters in it' ;;
	*'"'* | *[\\]*) address_why='a line of a table cannot have quotes or a backslash in it' ;;
	*@*) [ ${#1} -le 200 ] || address_why='it has more than 200 characters' ;;
	*) address_why='it is not of the form user@domain' ;;
	esac
	[ -z "$address_why" ]
}

# in_pattern PATTERN: the pattern with %u, %n and %d of the account.
in_pattern() {
	[ "$1" != %u ] || {
		printf '%s\n' "$address"
		return
	}
	printf '%s\n' "$1" | ADDRESS=$address awk '{
		a = ENVIRON["ADDRESS"]
		at = index(a, "@")
		for (i = 1; i <= length($0); i++) {
			two = substr($0, i, 2)
			if (two == "%u") { printf "%s", a; i++ }
			else if (two == "%n") { printf "%s", substr(a, 1, at - 1); i++ }
			else if (two == "%d") { printf "%s", substr(a, at + 1); i++ }
			else printf "%s", substr($0, i, 1)
		}
		print ""
	}'
}

# name_account ADDRESS: sets what the steps use.
name_account() {
	address=$1
	case $address in
	*[[:upper:]]*) address=$(printf '%s\n' "$1" | tr '[:upper:]' '[:lower:]') ;;
	esac
	valid_address "$address" || {
		say "$1: not an address that the procedure can take: $address_why; an account with such an address is moved by hand, as in mailferry-steps(7)"
		return "$DATA"
	}
	dir=$STATE/$address
	steps=$dir/steps.ndjson
	record=$dir/record.ndjson
	archive=$dir/archive.sqlite
	old_user=$(in_pattern "$OLD_USER")
	text='' whole=false ended=
}
# full: whether nothing can be written to STATE.
full() {
	full_got=0
	(printf '%4096s' . >"$STATE/room.$$") 2>/dev/null || full_got=1
	rm -f -- "$STATE/room.$$"
	[ "$full_got" -eq 1 ]
}
# Whether the lock is ours.
held=false
# open_account: takes the lock, after name_account.
open_account() {
	if $dry; then
		return 0
	fi
	[ -d "$dir" ] || mkdir -p -- "$dir" || return "$FATAL"
	exec 9>>"$dir/lock" || return "$FATAL"
	flock -n 9 || {
		say "$address: another run is at work on it"
		return "$TEMP"
	}
	held=true
	# With what is kept for it, a step that fails on a full disk can be put back.
	{ head -c 131072 /dev/urandom >"$dir/reserve" && : >>"$dir/log"; } 2>/dev/null || {
		say "$address: $no_room"
		return "$FATAL"
	}
}
close_account() {
	release_account
	! $held || rm -f -- "$dir/reserve"
	held=false
	exec 9>&-
}

# --- commands ---

# quote WORD...: as a shell reads them, on one line.
quote() {
	quote_gap=
	for quote_word; do
		case $quote_word in
		*"'"* | *[[:cntrl:]]*)
			quote_word=$(printf '%s\n' "$quote_word" | sed "s/'/'\\\\''/g; 1s/^/'/; \$s/\$/'/") ;;
		'' | *[!A-Za-z0-9_@%+=:,./-]*) quote_word="'$quote_word'" ;;
		esac
		printf '%s%s' "$quote_gap" "$quote_word"
		quote_gap=' '
	done
}

# first_line FILE: a secret, without the end of its line, of whatever kind.
first_line() {
	{ IFS= read -r first_text || :; } <"$1" || return
	printf '%s\n' "${first_text%"$cr"}"
}

# run [-i IN] [-o OUT] [-s VARIABLE=FILE] COMMAND...: the command, logged. Its
# input is IN, its output goes to OUT or the log. The variable holds the first
# line of the file, a secret, and is set for this command only. With --dry-run
# the command is shown, and not run. text is the last line that it said.
run() {
	run_in=/dev/null run_out='' run_secret=''
	while :; do
		case $1 in
		-i) run_in=$2 ;;
		-o) run_out=$2 ;;
		-s) run_secret=$2 ;;
		*) break ;;
		esac
		shift 2
	done
	run_line="${run_secret:+${run_secret%%=*}=\$(head -n 1 $(quote "${run_secret#*=}") | tr -d '\r') }$(quote "$@")"
	[ "$run_in" = /dev/null ] || run_line="$run_line <$(quote "$run_in")"
	[ -z "$run_out" ] || run_line="$run_line >$(quote "$run_out")"
	if $dry; then
		printf '%s\n' "$run_line"
		return 0
	fi
	printf '%s $ %s\n' "$($now)" "$run_line" 2>/dev/null >>"$dir/log"
	run_got=0
	(
		[ -z "$run_secret" ] || {
			run_value=$(first_line "${run_secret#*=}") || exit "$FATAL"
			export "${run_secret%%=*}=$run_value"
		}
		[ "$run_in" = /dev/null ] || exec <"$run_in" || exit "$FATAL"
		exec "$@"
	) </dev/null >"${run_out:-$dir/out}" 2>"$dir/err" || run_got=$?
	[ -z "$run_secret" ] || mask "${run_secret#*=}" "$dir/err" "${run_out:-$dir/out}"
	[ ! -s "$dir/err" ] || cat -- "$dir/err" 2>/dev/null >>"$dir/log"
	[ -n "$run_out" ] || [ ! -s "$dir/out" ] || cat -- "$dir/out" 2>/dev/null >>"$dir/log"
	[ "$run_got" -eq 0 ] || {
		printf '%s exit %s\n' "$($now)" "$run_got" 2>/dev/null >>"$dir/log"
		text=$(grep -v -e '^[Uu]sage:' -e '^ *tip:' -e '^For more information' -e '^[[:space:]]*$' -e '^tar: E[a-z]* .*exit' -e '^tar: Exiting' "$dir/err" | tail -n 1 | tr -d '\000-\037\177')
		: "${text:=$1: exit $run_got}"
		! full || {
			text="$no_room ($text)"
			return "$FATAL"
		}
	}
	return "$run_got"
}

# mask SECRET FILE...: no log, journal or message has the secret that a program of
# others repeats, in whatever form, nor its base64, which HTTP and SASL send: what begins with 0 to 2
# other bytes has its own letters for it, but for those at both ends. What cannot be
# cleaned is not kept.
mask() {
	mask_secret=$(first_line "$1")
	shift
	# What only counts, as Vandelay does, repeats nothing.
	for mask_file; do
		shift
		[ ! -s "$mask_file" ] || ! grep -qvxE '[a-z]+:( [a-z]+=[0-9]+)+' -- "$mask_file" || set -- "$@" "$mask_file"
	done
	[ $# -gt 0 ] || return 0
	mask_needles="text $mask_secret"
	for mask_pad in '' x xx; do
		mask_coded=$(printf '%s' "$mask_pad$mask_secret" | base64 -w 0)
		# Filled up, its last letter has only some bits of the secret.
		case $mask_coded in
		*=*)
			mask_coded=${mask_coded%%=*}
			mask_coded=${mask_coded%?}
			;;
		esac
		case $mask_pad in
		x) mask_coded=${mask_coded#??} ;;
		xx) mask_coded=${mask_coded#???} ;;
		esac
		mask_needles="$mask_needles
base64 $mask_coded"
	done
	for mask_file; do
		NEEDLES=$mask_needles LC_ALL=C awk -f "$share/procedure/mask.awk" "$mask_file" \
		    >"$mask_file.masked" 2>/dev/null && mv -f -- "$mask_file.masked" "$mask_file" ||
		    { rm -f -- "$mask_file.masked"; : >"$mask_file"; }
	done
}

# old_run [-i IN] [-o OUT] COMMAND...: the same on the old server. What cannot be
# reached, as ssh says with 255, may be there later.
old_run() {
	old_options=
	while :; do
		case $1 in
		-i) old_in=$2 old_options="$old_options -i" ;;
		-o) old_out=$2 old_options="$old_options -o" ;;
		*) break ;;
		esac
		shift 2
	done
	if [ -n "${OLD_RUN:-}" ]; then
		old_words=$(quote "$@")
		# shellcheck disable=SC2086 # the configuration's words
		set -- $OLD_RUN "$old_words"
	fi
	old_got=0
	case $old_options in
	' -i -o') run -i "$old_in" -o "$old_out" "$@" ;;
	' -i') run -i "$old_in" "$@" ;;
	' -o') run -o "$old_out" "$@" ;;
	*) run "$@" ;;
	esac || old_got=$?
	[ "$old_got" -ne 255 ] || [ -z "${OLD_RUN:-}" ] || return "$TEMP"
	return "$old_got"
}

# note TEXT: into the log of the account.
note() {
	$dry || printf '%s %s\n' "$($now)" "$*" 2>/dev/null >>"$dir/log"
}

# --- steps ---

# json TEXT: a JSON string.
json() {
	case $1 in
	*[!\ -~]* | *[\\\"]*) ;;
	*)
		printf '"%s"' "$1"
		return
		;;
	esac
	printf '"%s"' "$(printf '%s' "$1" | tr -d '\000-\037\177' |
	    iconv -c -f UTF-8 -t UTF-8 2>/dev/null | sed 's/[\\"]/\\&/g')"
}

# The steps of each way.
migrate_steps='record create copy check mail again login after'
rollback_steps='login mail read extract merge dav sieve check'

# begins STEP STARTED: a line in the journal before anything is done. A step that
# began and has no end may have done its work or not. The line is on the disk before
# anybody relies on it; one that says that a step has ended is with the next, and a
# step whose end is lost is done again. One that was cut off, on a full disk, is no
# line.
begins() {
	$whole || [ ! -s "$steps" ] || [ -z "$(tail -c 1 -- "$steps")" ] ||
	    truncate -s "$(sed '$d' -- "$steps" | wc -c)" -- "$steps"
	whole=false
	printf '{"v":1,"type":"begin","way":"%s","step":"%s","started":"%s"}\n' \
	    "$way" "$1" "$2" 2>/dev/null >>"$steps" && sync -d -- "$steps" || return
	whole=true
}
# ends STEP STARTED STATUS TEXT
ends() {
	ended=$($now)
	printf '{"v":1,"type":"step","way":"%s","step":"%s","started":"%s","ended":"%s","status":%d,"text":%s}\n' \
	    "$way" "$1" "$2" "$ended" "$3" "$(json "$4")" 2>/dev/null >>"$steps" && return
	whole=false
	return 1
}

# read_journal: last_way is the way of the last line, done_steps what is done of it
# since the last line of the other. login_at is where the owner's login goes: old,
# new, or, where nobody can say, between; mail_at the same of new mail.
last_way='' login_at=old mail_at=old done_steps=
read_journal() {
	last_way='' login_at=old mail_at=old done_steps=
	[ -s "$steps" ] || return 0
	journal_says=$(awk '
	function member(name,    at, rest) {
		at = index($0, "\"" name "\":")
		rest = substr($0, at + length(name) + 3)
		if (substr(rest, 1, 1) == "\"") {
			rest = substr(rest, 2)
			return substr(rest, 1, index(rest, "\"") - 1)
		}
		match(rest, /^[0-9]+/)
		return substr(rest, 1, RLENGTH)
	}
	BEGIN { login = mail = "old" }
	!/}$/ { next }
	member("way") != way { split("", good); way = member("way") }
	{
		fine = member("type") == "step" && member("status") == 0
		step = member("step")
		back = sub(/-back$/, "", step)
		if (step == "login")
			login = !fine ? "between" : back || way == "rollback" ? "old" : "new"
		if (step == "mail")
			mail = !fine ? "between" : back || way == "rollback" ? "old" : "new"
		if (fine && !back) good[step]; else delete good[step]
	}
	END {
		printf "%s %s %s", way, login, mail
		for (step in good) printf " %s", step
	}' "$steps")
	read -r last_way login_at mail_at done_steps <<-END
	$journal_says
	END
}
# is_done WAY STEP, after read_journal.
is_done() {
	[ "$last_way" = "$1" ] || return 1
	case " $done_steps " in
	*" $2 "*) ;;
	*) return 1 ;;
	esac
}
# believed STEP: whether it is done by the journal, and neither it nor what comes before
# it is done again now.
believed() {
	is_done "$way" "$1" || return 1
	for believed_one in $all; do
		case $todo in
		*"$believed_one"*) return 1 ;;
		esac
		[ "$believed_one" != "$1" ] || return 0
	done
}
# steps_were_done: whether those that --from leaves out, and that others need, were
# done at some time; nothing is changed otherwise.
steps_were_done() {
	if $dry || [ -z "$from" ]; then
		return 0
	fi
	for were_one in $all; do
		[ "$were_one" != "$from" ] || return 0
		case " $needed " in
		*" $were_one "*) ;;
		*) continue ;;
		esac
		grep -s "\"type\":\"step\",\"way\":\"$way\",\"step\":\"$were_one\"" "$steps" |
		    grep -q '"status":0,' || {
			say "$address: $were_one was never done, and $from needs it: run $prog without --from"
			return "$DATA"
		}
	done
}
# left_out WAY STEP...: those that are not done, after read_journal.
left_out() {
	left_way=$1
	shift
	for left_one; do
		is_done "$left_way" "$left_one" || printf ' %s' "$left_one"
	done
}

# finished TEXT: says of an account whose steps have run what its journal says.
finished() {
	read_journal
	# shellcheck disable=SC2086 # words
	finished_left=$(left_out "$way" $all)
	if [ -z "$todo" ] && [ -z "$finished_left" ]; then
		echo "$address: $1 already"
	elif [ -z "$todo" ]; then
		echo "$address: $until is done already"
	elif [ "$one" != "${all##* }" ]; then
		echo "$address: $one is done"
	elif [ -n "$finished_left" ]; then
		echo "$address: $one is done, and these steps are not:$finished_left"
	else
		echo "$address: $1"
	fi
}

# A signal ends the step that runs, and is a failure that may pass.
signalled=false
watch_signals() {
	trap 'signalled=true' HUP INT TERM
}

no_journal() {
	if full; then
		echo "$no_room"
	else
		echo "$steps cannot be written"
	fi
}
# one_step NAME: runs step_NAME with its journal.
one_step() {
	step=$1
	if $dry; then
		printf '# %s\n' "$step"
		"step_$step"
		return 0
	fi
	step_started=${ended:-$($now)} text='' step_got=0
	begins "$step" "$step_started" || {
		text=$(no_journal)
		return "$FATAL"
	}
	printf '%s --- %s\n' "$step_started" "$step" 2>/dev/null >>"$dir/log"
	"step_$step" || step_got=$?
	if $signalled; then
		step_got=$TEMP text='ended by a signal'
	fi
	case $step_got in
	0 | "$DATA" | "$FATAL" | "$TEMP") ;;
	*) step_got=$DATA ;;
	esac
	ends "$step" "$step_started" "$step_got" "$text" || {
		step_got=$FATAL text="${text:+$text; }$(no_journal)"
	}
	! $verbose || say "$address: $step: ${text:-done}"
	return "$step_got"
}

# wanted_steps ALL...: those that are to run, of --from, --until and the journal, after
# read_journal.
wanted_steps() {
	wanted_on=true wanted_done=false
	[ -z "$from" ] || wanted_on=false
	[ -n "$from" ] || $dry || ${all_again:-false} || wanted_done=true
	for wanted; do
		[ "$wanted" != "$from" ] || wanted_on=true
		# What comes after a step that has to run runs, too.
		is_done "$way" "$wanted" || wanted_done=false
		! $wanted_on || $wanted_done || printf '%s\n' "$wanted"
		[ "$wanted" != "$until" ] || return 0
	done
}

# check_steps: whether --from and --until name steps, the first before the other.
check_steps() {
	# shellcheck disable=SC2086 # words
	{
		[ -z "$from" ] || is_step "$from" $all
		[ -z "$until" ] || is_step "$until" $all
		dry=true
		[ -z "$from" ] || [ -n "$(wanted_steps $all)" ] || die "$until comes before $from"
	}
}
is_step() {
	is_name=$1
	shift
	for is_one; do
		[ "$is_one" != "$is_name" ] || return 0
	done
	die "no such step: $is_name; the steps are: $*"
}

# worse A B: the exit status of two accounts: FATAL, DATA, TEMP, 0.
worse() {
	for worse_one in "$FATAL" "$DATA" "$TEMP"; do
		if [ "$1" -eq "$worse_one" ] || [ "$2" -eq "$worse_one" ]; then
			echo "$worse_one"
			return
		fi
	done
	echo 0
}

# --- what both ways do ---

# route_mail NEW|OLD: new mail for the account, on both servers, in the order
# in which no message loops: the server that is to get it knows first.
# mail_was is where new mail went, by the journal, before the run. Where that was the
# old server, and the table was refused, it need not have a line to take out.
# table_tried: whether the table was begun with, since.
mail_was='' no_line=false table_tried=false
route_mail() {
	if [ "$1" = new ]; then
		new_key set || return
		table_tried=true
		table_got=0
		transport_line set || table_got=$?
		# A table is replaced as a whole, or not at all.
		case $table_got:$mail_was in
		"$DATA:old" | "$FATAL:old") no_line=true ;;
		esac
		return "$table_got"
	elif $no_line; then
		transport_line unset || note 'the table has no line of ours: it could not be written before'
		text=
		new_key unset
	else
		transport_line unset && new_key unset
	fi
}
new_key() {
	own_keys=
	[ "$1" = set ] || known_keys
	rest_of_dump
	# shellcheck disable=SC2086 # words
	run -i "$record" -o "$dir/mailroute.$1" mailroute \
	    --password-file "$NEW_PASSWORD_FILE" ${CACERT:+--cacert "$CACERT"} \
	    ${INSECURE:+-k} ${own_keys:+--keys "$own_keys"} $rest ${MAILROUTE_OPTIONS:-} "$1"
}
# known_keys: own_keys has the ids of the keys of the account, where any were made
# from here: without them mailroute reads those of all who have moved.
known_keys() {
	own_keys=$dir/mailroute.set
	[ -s "$own_keys" ] || own_keys=
}
transport_line() {
	[ -n "${OLD_TRANSPORT:-}" ] || return 0
	line_to=$PROXY_OLD
	[ "$1" = unset ] || line_to=$PROXY_NEW
	line_address=$address
	# Lines that were written for another NEW_SMTP are ours, too.
	set --
	if ! $dry; then
		grep -qsxF -e "$NEW_SMTP" "$STATE/smtp.hosts" || printf '%s\n' "$NEW_SMTP" >>"$STATE/smtp.hosts"
		while IFS= read -r line_host; do
			[ "$line_host" = "$NEW_SMTP" ] || set -- "$@" --host "earlier$#=$line_host"
		done <"$STATE/smtp.hosts"
	fi
	old_run remap export --format=postfix-transport \
	    --file "${OLD_TRANSPORT#*:}" --map-type "${OLD_TRANSPORT%%:*}" \
	    --host "$PROXY_NEW=$NEW_SMTP" --host "$PROXY_OLD=-" "$@" --to "$line_to" "$line_address"
}

# rest_of_dump: rest is the option by which tools take a record of which the end says that
# other entries of the directory could not be read: the account goes by its own. One that
# was cut off has no end, and is refused.
rest_of_dump() {
	rest=
	! grep -qs '"type":"end".*"failed":[1-9]' -- "$record" || rest=--partial
}

# route_login DESTINATION [OPTION...]: the owner's logins at the proxy.
route_login() {
	route_to=$1
	shift
	[ -n "${PROXY_ADMIN_URL:-}" ] || return 0
	rest_of_dump
	# shellcheck disable=SC2086 # words
	run -i "$record" -o "$dir/remap" remap set --token-file "$PROXY_TOKEN_FILE" \
	    ${CACERT:+--cacert "$CACERT"} ${INSECURE:+-k} --kick "$@" \
	    $rest ${REMAP_OPTIONS:-} "$route_to"
}

# digests_of FILE: those that maildir-ids(1) has said of messages, each once, in the
# order of comm(1).
digests_of() {
	sed -n 's/.*"digest":"\([^"]*\)".*/\1/p' -- "$1" | LC_ALL=C sort -u
}
# paths_in TREE: the name of the file of each message, a tab and its path.
paths_in() {
	find "$1" -type f -path '*/cur/*' -printf '%f\t%p\n'
}

# side source|target old|new: how acctcheck reaches that server, as a shell reads it.
side() {
	if [ "$2" = old ]; then
		quote "--$1" "$OLD_IMAP" "--$1-user" "$OLD_MASTER" "--$1-password-file" \
		    "$OLD_MASTER_PASSWORD_FILE" "--$1-separator" "$OLD_MASTER_SEPARATOR"
	else
		quote "--$1" "$STALWART_URL" "--$1-user" "$STALWART_USER" "--$1-password-file" "$NEW_PASSWORD_FILE"
	fi
}
# compare SIDES FILE: acctcheck, from old to new or back, or of the old server alone.
compare() {
	compare_out=$2 compare_options=${CHECK_OPTIONS:-}
	case $1 in
	forth) eval "set -- $(side source old) $(side target new)" ;;
	back) eval "set -- --back $(side source new) $(side target old)" ;;
	*)
		eval "set -- $(side source old) $(side target old)"
		compare_options=
		for compare_word in ${CHECK_OPTIONS:-}; do
			case $compare_word in
			--insecure-clear | --starttls) compare_options="$compare_options $compare_word" ;;
			esac
		done
		;;
	esac
	rest_of_dump
	# shellcheck disable=SC2086 # words
	run -i "$record" -o "$compare_out" acctcheck "$@" \
	    ${CACERT:+--cacert "$CACERT"} ${INSECURE:+-k} $rest $compare_options
}

# van VERB... ARCHIVE: vandelay, whose exit statuses are its own. Partial (5)
# passes: the check that follows decides what is missing.
van() {
	van_got=0
	run "$@" || van_got=$?
	case $van_got in
	0) ;;
	5) note 'vandelay could not take everything (exit 5); the check tells what is missing'
		partial=true ;;
	2 | 7) ! full || return "$FATAL"
		return "$TEMP" ;;
	*) return "$DATA" ;;
	esac
}

# short_of_login FILE: whether a verification found more than messages or folders
# that are short. Those of an account whose owner is at work on the other server
# already may differ: what was moved or deleted there is missing here.
short_of_login() {
	grep -oE '"what":"[a-z-]*","short":true' -- "$1" |
	    grep -qvE '"folder-(short|missing)"'
}
