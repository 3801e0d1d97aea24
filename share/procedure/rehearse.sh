# The rehearsal of a move (migrate-wave --rehearse): every connection, permission
# and rule is tried, and every account looked at, by means that change nothing on
# either server. What is found is said by group, each with what mends it.
# shellcheck shell=sh disable=SC2034,SC2119,SC2120,SC2154,SC2317

stops=0

heading() {
	printf '\n%s\n' "$1"
}
good() {
	printf '  ok     %s\n' "$1"
}
# stop TEXT [MEND]: the move would fail.
stop() {
	stops=$((stops + 1))
	printf '  STOPS  %s\n' "$1"
	[ -z "${2:-}" ] || printf '         mend: %s\n' "$2"
}
# know TEXT [MEND]: it would not, and somebody should know.
know() {
	printf '  note   %s\n' "$1"
	[ -z "${2:-}" ] || printf '         mend: %s\n' "$2"
}
# accounts FILE: "3 accounts (a@example.org, b@example.org, ...)" of a list, of each
# line the first word, or all of it in quotes.
accounts() {
	awk -v file="$1" '
	{ one = /^".*"$/ ? substr($0, 2, length($0) - 2) : $1 }
	one in seen { next }
	{ seen[one]; n++ }
	n <= 3 { some = some ((n > 1) ? ", " : "") one }
	END { printf "%d account%s (%s%s)", n, (n == 1 ? "" : "s"), some, (n > 3 ? ", ...: " file : "") }' "$1"
}
# found STOP|KNOW FILE TEXT [MEND]: where the list is not empty.
found() {
	[ -s "$2" ] || return 0
	"$1" "$(accounts "$2"): $3" "${4:-}"
}
# strings NAME FILE: the values of a member of our own records, a line each.
strings() {
	sed -nE "s/.*\"$1\":\"(([^\"\\\\]|\\\\.)*)\".*/\1/p" "$2" | sed 's/\\\(["\\\/]\)/\1/g'
}
last_words() {
	printf '%s' "${text:-no reason was said}"
}

# --- the parts ---

rehearse_programs() {
	heading 'The programs on this machine'
	lacking=
	for program in recfilter mkaccounts stalwart-apply acctcheck mailroute remap \
	    secretcheck archive2maildir davmerge vandelay flock parallel; do
		command -v "$program" >/dev/null || lacking="$lacking $program"
	done
	if [ -n "$lacking" ]; then
		stop "missing:$lacking" 'install them; vandelay comes from the Stalwart project'
	else
		good 'all are there'
	fi
	command -v curl >/dev/null && command -v jq >/dev/null ||
	    know 'curl or jq is missing: a message that Vandelay leaves out, as it has a Message-ID that is there, holds its account up' 'install both, and such messages are put in'
	takes CHECK_OPTIONS acctcheck
	takes APPLY_OPTIONS stalwart-apply
	takes MAILROUTE_OPTIONS mailroute
	takes REMAP_OPTIONS remap
	takes EXTRACT_OPTIONS archive2maildir
}
# takes SETTING PROGRAM: whether the program has the options of the setting.
takes() {
	eval "takes_options=\${$1:-}"
	[ -n "$takes_options" ] || return 0
	# shellcheck disable=SC2086 # words
	run "$2" $takes_options --help || stop "$1: $(last_words)" "see $2(1)"
}

rehearse_records() {
	heading 'The records of the old server'
	if [ -z "${OLD_DUMP:-}" ]; then
		stop 'OLD_DUMP is not set' "OLD_DUMP='dirdump dovecot' in $conf"
		return 1
	fi
	dump_got=0
	run -o "$dir/records.ndjson" sh -c "$OLD_DUMP" || dump_got=$?
	if [ "$dump_got" -gt 1 ] || ! grep -q '"type":"end"' "$dir/records.ndjson"; then
		! full || {
			stop "$no_room" 'make room, and rehearse again'
			return 1
		}
		stop "OLD_DUMP ends with $dump_got: $(last_words)" "run it by hand: $OLD_DUMP"
		return 1
	fi
	# What the reader could not read stops nobody else: the accounts go one by one.
	lost=$(sed -n 's/.*"type":"end".*"failed":\([1-9][0-9]*\).*/\1/p' "$dir/records.ndjson")
	rehearse_partial=${lost:+--partial}
	good "$(grep -c '"type":"account"' "$dir/records.ndjson") accounts, $(grep -c '"type":"alias"' "$dir/records.ndjson") aliases"
	[ "$dump_got" -eq 0 ] && [ -z "$lost" ] ||
	    know "${lost:-some} records could not be read${text:+: $text}" "see $dir/log, mend the directory, and rehearse again"
	# Of each dump that it is made of.
	lost=$(awk '/"type":"end"/ {
		if (match($0, /"count":[0-9]+/) && substr($0, RSTART + 8, RLENGTH - 8) + 0 > n)
			lost += substr($0, RSTART + 8, RLENGTH - 8) - n
		n = 0
		next
	}
	{ n++ }
	END { print lost + 0 }' "$dir/records.ndjson")
	[ "$lost" -eq 0 ] ||
	    know "$lost record$([ "$lost" -eq 1 ] || echo s) fewer than the reader wrote: OLD_DUMP takes them out, or they are lost" "run it by hand: $OLD_DUMP"
	if [ -s "$list" ]; then
		run -o "$dir/wave.ndjson" recfilter -q --addresses "$list" "$dir/records.ndjson" || {
			cat "$dir/err" >"$dir/unknown"
			stop "of the wave, $(grep -c . "$dir/unknown") lines are not accounts: $(last_words)" "see $dir/unknown"
		}
	else
		cp -- "$dir/records.ndjson" "$dir/wave.ndjson"
	fi
	grep '"type":"account"' "$dir/wave.ndjson" >"$dir/accounts.ndjson"
	strings address "$dir/accounts.ndjson" >"$dir/addresses"
	[ -s "$dir/addresses" ] || {
		stop 'no account is left to look at'
		return 1
	}
	while IFS= read -r address; do
		valid_address "$address" || printf '%s\t"%s"\n' "$address_why" "$address"
	done <"$dir/addresses" >"$dir/odd"
	cut -f 1 -- "$dir/odd" | sort -u >"$dir/odd-why"
	odd_n=0
	while IFS= read -r odd_why; do
		odd_n=$((odd_n + 1))
		ODD=$odd_why awk -F '\t' '$1 == ENVIRON["ODD"] { print $2 }' "$dir/odd" >"$dir/odd-addresses.$odd_n"
		found stop "$dir/odd-addresses.$odd_n" "not for the procedure: $odd_why" 'move them by hand, as in mailferry-steps(7)'
	done <"$dir/odd-why"
}

rehearse_old() {
	heading 'The old server'
	if ! old_run true; then
		stop "no command can be run there: $(last_words)" "try: ${OLD_RUN:-sh -c} true"
		return 1
	fi
	eval "set -- $(side source old) $(side target old)"
	run -i "$dir/accounts.ndjson" -o "$dir/old.ndjson" acctcheck -q --partial "$@" \
	    ${CACERT:+--cacert "$CACERT"} ${INSECURE:+-k}
	old_got=$?
	if [ "$old_got" -eq "$FATAL" ] || ! [ -s "$dir/old.ndjson" ]; then
		stop "the master user cannot read accounts: $(last_words)" "look at OLD_MASTER and OLD_MASTER_SEPARATOR, and ask Dovecot: doveadm auth test -x service=imap 'OWNER$OLD_MASTER_SEPARATOR$OLD_MASTER'"
	else
		# A folder that is read the first time may be counted while it is
		# indexed: that the account can be read is what matters here.
		grep -e '"status":"ok"' -e '"status":"short"' "$dir/old.ndjson" >"$dir/old.ok"
		good "the master user reads $(grep -c . "$dir/old.ok") accounts"
		grep '"status":"skipped"' "$dir/old.ndjson" >"$dir/old.skipped"
		grep '"active":false' "$dir/accounts.ndjson" >>"$dir/old.skipped"
		strings address "$dir/old.skipped" | sort -u >"$dir/disabled"
		found know "$dir/disabled" 'disabled there, and on the new server, too'
		grep -e '"status":"failed"' -e '"status":"unreachable"' "$dir/old.ndjson" >"$dir/old.bad"
		strings address "$dir/old.bad" >"$dir/unreadable"
		# shellcheck disable=SC2153 # a setting
		found stop "$dir/unreadable" "the master user cannot read it: $(grep -o '"text":"[^"\\]*"' "$dir/old.bad" | head -n 1 | sed 's/^"text":"//; s/"$//')" "acctcheck ... for one of them; is OLD_USER=$OLD_USER their login there?"
	fi
	old_names
	rehearse_others
	rehearse_postfix
	rehearse_back
	rehearse_mail
	rehearse_view
	rehearse_sources
}

# can_write PATH: whether a folder can be made in that one, there, or in the first
# above it that exists: root may write everywhere, and yet not in /proc.
can_write() {
	# shellcheck disable=SC2016 # expanded there
	old_run sh -c 'd=$1; while [ -n "$d" ] && [ ! -e "$d" ]; do d=${d%/*}; done
	    made=$(mktemp -d -- "${d:-/}/.mailferry.XXXXXX") && rmdir -- "$made"' sh "$1"
}
# What a rollback needs there.
rehearse_back() {
	can_write "$OLD_WORK" ||
	    stop "OLD_WORK=$OLD_WORK cannot be made there, and nobody could come back: $(last_words)" "another folder, or OLD_RUN as root"
	old_run maildir-merge --version ||
	    stop "mailferry is not installed there: $(last_words)" "install it; a rollback merges on the old server"
	# shellcheck disable=SC2086 # words
	[ -z "$MERGE_OPTIONS" ] || old_run maildir-merge $MERGE_OPTIONS --help ||
	    stop "MERGE_OPTIONS: $(last_words)" 'see maildir-merge(1)'
	rehearse_ways
	[ -n "${OLD_MAILDIR:-}" ] || return 0
	while IFS= read -r address; do
		in_pattern "$OLD_MAILDIR"
	done <"$dir/addresses" >"$dir/maildirs"
	# shellcheck disable=SC2016 # expanded there
	old_run -i "$dir/maildirs" -o "$dir/no-maildir" sh -c 'while IFS= read -r d; do
	    [ -d "$d/cur" ] || printf "%s\n" "$d"; done'
	found stop "$dir/no-maildir" 'no Maildir there' 'OLD_MAILDIR is another; or leave it out, and doveadm is asked'
}

# old_names: the names that the owners have there, in the order of the addresses.
old_names() {
	while IFS= read -r address; do
		in_pattern "$OLD_USER"
	done <"$dir/addresses" >"$dir/users"
}

# What owners see of others, and of everybody: it is no part of their accounts. With
# --folder Vandelay reads what is named, and nothing else.
rehearse_others() {
	case " ${IMAP_OPTIONS:-}" in
	*' --folder'*) return 0 ;;
	esac
	grep '"source":{[^}]*"foreign_folders":[1-9]' "$dir/old.ndjson" >"$dir/line"
	[ -s "$dir/line" ] || return 0
	strings address "$dir/line" >"$dir/others"
	others_in=$(LC_ALL=C awk -f "$share/procedure/others.awk" "$dir/line" |
	    sed 's/^^//; s/\\\(.\)/\1/g' | sort -u | paste -sd ' ')
	found know "$dir/others" "folders of other owners, or of everybody, are seen there ($others_in): they are not copied into the account" \
	    'what owners share comes with "dirdump acl" and "stalwart-apply --settings" when the mail is there; folders of everybody become a group, by hand: dirdump-acl(1)'
}

# How mail would come back, of each account, or that it could not.
rehearse_ways() {
	# shellcheck disable=SC2086 # words
	old_run -i "$dir/users" -o "$dir/ways" sh -c "$(cat -- "$share/procedure/ways-old.sh")" sh "$OLD_WORK" $OLD_DOVEADM || {
		stop "nobody can say how mail would come back: $(last_words)"
		return
	}
	paste -- "$dir/addresses" "$dir/ways" | awk -F '\t' -v dir="$dir" -v by_path="${OLD_MAILDIR:+yes}" '
	{ file = $2 == "user" ? "user" : $2 == "none" ? "none" : "through" }
	# A wrong OLD_MAILDIR would hide the mail, or leave it in clear text.
	by_path != "" { file = ($2 == "through-doveadm" && $5 ~ /^(store|encrypted)$/) ? "hides" : "path" }
	# The Maildir that Dovecot names is merged into by who asks Dovecot.
	$4 != "-" && file ~ /^(path|through)$/ { print $1 "\t" $4 >(dir "/way-shut") }
	{
		text = file == "none" ? $5 : $6
		sub(/; see .*/, "", text)
		if (index(text, $3 ": ") == 1) text = substr(text, length($3) + 3)
		print $1 (text == "" ? "" : "\t" text) >(dir "/way-" file)
	}'
	[ ! -s "$dir/way-user" ] || good "a rollback goes into the Maildirs, as Dovecot has them: $(grep -c . "$dir/way-user") accounts"
	found know "$dir/way-path" 'a rollback goes by path, as OLD_MAILDIR says: what Dovecot alone knows is not heeded (special uses, namespaces, autoexpunge, where control files are)' \
	    'leave OLD_MAILDIR out, where Dovecot and its files are on one machine'
	ways_of through good 'a rollback goes through Dovecot'
	ways_of none stop 'no rollback can bring mail back' 'see maildir-merge(1), DIAGNOSTICS'
	ways_of hides stop 'OLD_MAILDIR would be wrong' 'leave it out, and the mail goes through Dovecot'
	ways_of shut stop "OLD_WORK=$OLD_WORK is not to be entered by who owns the mail, and no rollback could read there what it merges" 'chmod o+x of that directory, or another OLD_WORK'
}
# ways_of KIND GOOD|STOP TEXT [MEND]: each reason with its accounts.
ways_of() {
	[ -s "$dir/way-$1" ] || return 0
	cut -f 2 "$dir/way-$1" | sort -u >"$dir/reasons"
	while IFS= read -r reason; do
		REASON=$reason awk -F '\t' '$2 == ENVIRON["REASON"]' "$dir/way-$1" >"$dir/line"
		"$2" "$3 ($reason): $(accounts "$dir/line")" "${4:-}"
	done <"$dir/reasons"
}

# What Vandelay reads from: of the owner with the least mail of those who can log in.
rehearse_sources() {
	cat -- "$dir/disabled" "$dir/unreadable" >"$dir/not-to-try" 2>/dev/null
	address=$(paste -- "$dir/users" "$dir/addresses" | awk -F '\t' -v dir="$dir" '
	BEGIN {
		while ((getline line <(dir "/sizes")) > 0) {
			user = line
			sub(/^[0-9]+ /, "", user)
			size[user] = line + 0
		}
		while ((getline line <(dir "/not-to-try")) > 0) no[line]
	}
	!($2 in no) && (best == "" || size[$1] < least) { best = $2; least = size[$1] }
	END { print best }')
	[ -n "$address" ] || return 0
	old_user=$(in_pattern "$OLD_USER")
	# shellcheck disable=SC2086 # words
	a_source OLD_IMAP imap "$OLD_IMAP" "$old_user$OLD_MASTER_SEPARATOR$OLD_MASTER" \
	    "$OLD_MASTER_PASSWORD_FILE" ${IMAP_OPTIONS:-}
	[ -z "${OLD_SIEVE:-}" ] || a_source OLD_SIEVE managesieve "$OLD_SIEVE" \
	    "$old_user$OLD_MASTER_SEPARATOR$OLD_MASTER" "$OLD_MASTER_PASSWORD_FILE"
	[ -z "${OLD_CALDAV:-}" ] || a_source OLD_CALDAV caldav "$(in_pattern "$OLD_CALDAV")" \
	    "$(in_pattern "$OLD_DAV_USER")" "$OLD_DAV_PASSWORD_FILE"
	[ -z "${OLD_CARDDAV:-}" ] || a_source OLD_CARDDAV carddav "$(in_pattern "$OLD_CARDDAV")" \
	    "$(in_pattern "$OLD_DAV_USER")" "$OLD_DAV_PASSWORD_FILE"
}
# a_source SETTING KIND URL USER FILE [OPTION...]: an import that keeps nothing.
a_source() {
	source_setting=$1 source_kind=$2 source_url=$3 source_user=$4 source_file=$5
	shift 5
	source_of="$source_setting${1:+ with IMAP_OPTIONS}"
	if van -s "VANDELAY_PASSWORD=$source_file" vandelay import "$source_kind" --dry-run \
	    --url "$source_url" --auth-basic "$source_user" \
	    ${INSECURE:+--allow-invalid-certs} "$@" "$dir/$source_kind.sqlite"; then
		good "$source_of: Vandelay reads that of $address"
	else
		stop "$source_of: that of $address cannot be read: $(last_words)" "look at $source_setting${1:+ and IMAP_OPTIONS}, and see $dir/log"
	fi
}

# Vandelay at the new server, with an archive in which nothing is. The account need not
# be there yet (3).
rehearse_target() {
	[ -e "$dir/imap.sqlite" ] || return 0
	target_got=0
	# shellcheck disable=SC2086 # words
	run -s "VANDELAY_PASSWORD=$NEW_PASSWORD_FILE" vandelay export --dry-run --url "$STALWART_URL" \
	    --auth-basic "$STALWART_USER" --account-name "$address" \
	    ${INSECURE:+--allow-invalid-certs} ${EXPORT_OPTIONS:-} "$dir/imap.sqlite" || target_got=$?
	case $target_got in
	0 | 3) good "Vandelay can log in there" ;;
	*) stop "Vandelay cannot write there${EXPORT_OPTIONS:+, with EXPORT_OPTIONS}: $(last_words)" \
	    "look at STALWART_URL${EXPORT_OPTIONS:+ and EXPORT_OPTIONS}, and see $dir/log" ;;
	esac
}

rehearse_postfix() {
	if [ -z "${OLD_TRANSPORT:-}" ]; then
		know 'OLD_TRANSPORT is not set: mail that the old server itself takes for somebody who has moved stays there' 'set it, unless nobody sends through the old server'
		return
	fi
	if ! old_run -o "$dir/transport_maps" postconf -h transport_maps; then
		stop "Postfix cannot be asked: $(last_words)"
	elif ! tr -s ',[:space:]' '\n' <"$dir/transport_maps" | grep -qxF -e "$OLD_TRANSPORT"; then
		stop "main.cf does not read $OLD_TRANSPORT" "postconf -e \"transport_maps=$OLD_TRANSPORT \$(postconf -h transport_maps)\"; touch ${OLD_TRANSPORT#*:}; postmap $OLD_TRANSPORT; postfix reload"
	else
		good "Postfix reads $OLD_TRANSPORT"
	fi
	transport_in=${OLD_TRANSPORT#*:}
	can_write "${transport_in%/*}" ||
	    stop "$transport_in cannot be written there: $(last_words)" "run the commands of OLD_RUN as root"
}

# What no record says: folders, sizes, messages that the new server refuses.
rehearse_mail() {
	# shellcheck disable=SC2086 # words
	old_run -i "$dir/users" -o "$dir/mail" sh -c "$(cat -- "$share/procedure/rehearse-old.sh")" sh $OLD_DOVEADM || {
		stop "the mail of the owners cannot be looked at: $(last_words)"
		return
	}
	awk -F '\t' -v dir="$dir" '
	$1 == "protocols" { next }
	$1 == "failed" { print $2, $3 > (dir "/mail-failed"); next }
	$1 == "separator" { sep = $2; next }
	$1 == "headless" || $1 == "deleted" { print $2, $3 " messages" > (dir "/" $1); next }
	{
		name = $3
		folders[$2]++
		bytes[$2] += $5
		messages += $4
		total += $5
		there[$2, name]
		depth = split(name, parts, sep) - 1
		if (depth >= 10) print $2, $3 > (dir "/deep")
		if (length($3) > 255) print $2, $3 > (dir "/long")
		for (i in parts) if (parts[i] ~ /^ | $/) print $2, $3 > (dir "/blanks")
		split("", parts)
		all[++n] = $2 "\t" $3
	}
	END {
		for (u in folders) if (folders[u] > 250) print u, folders[u] " folders" > (dir "/many")
		for (i = 1; i <= n; i++) {
			split(all[i], p, "\t")
			depth = split(p[2], parts, sep)
			name = parts[1]
			for (k = 2; k <= depth; k++) {
				if (!((p[1] SUBSEP name) in there)) print p[1], name > (dir "/no-parent")
				name = name sep parts[k]
			}
		}
		for (u in bytes) print bytes[u], u > (dir "/sizes")
		printf "%d %d\n", messages, total > (dir "/totals")
	}' "$dir/mail"
	[ -e "$dir/totals" ] || return 0
	read -r total_messages total_bytes <"$dir/totals"
	good "$total_messages messages, $((total_bytes / 1048576)) MiB"
	room=$(df -Pk -- "$STATE" | awk 'NR == 2 { print $4 }')
	# The archive, and once more on the way back with the tree.
	if [ "$((total_bytes * 3 / 1024))" -gt "$room" ]; then
		stop "STATE has room for $((room / 1024)) MiB, and archives, trees and tar files of a rollback need up to $((total_bytes * 3 / 1048576)) MiB" "a larger file system for $STATE, or smaller waves; remove STATE/ADDRESS/archive.sqlite of those who stay"
	else
		good "room for the archives: $((room / 1024)) MiB in $STATE"
	fi
	found stop "$dir/mail-failed" 'doveadm cannot open it'
	found know "$dir/headless" 'messages without a header, which the new server refuses: the check will find them missing' 'look at them, and move the account with --force, or --tolerance in CHECK_OPTIONS'
	case " ${IMAP_OPTIONS:-} " in
	*' --include-deleted '*) ;;
	*) found stop "$dir/deleted" 'messages marked as deleted, which Vandelay leaves out: the check will find them missing' "$OLD_DOVEADM expunge -u USER mailbox '*' DELETED; or IMAP_OPTIONS=--include-deleted, and they come with the keyword \$deleted" ;;
	esac
	found know "$dir/no-parent" 'a folder below one that does not exist: it comes to the top level' "$OLD_DOVEADM mailbox create -u USER PARENT"
	found stop "$dir/deep" 'folders more than ten deep, which the new server refuses' 'raise Email.maxMailboxDepth there, or flatten them'
	found stop "$dir/long" 'a folder name of more than 255 bytes' 'rename it'
	found stop "$dir/many" 'more than 250 folders, the limit of the new server' 'raise maxMailboxes there'
	found know "$dir/blanks" 'a folder name that begins or ends with a blank: it is trimmed'
	if grep -q '^protocols.*pop3' "$dir/mail"; then
		grep -v '"disabled":\[[^]]*"pop3"' "$dir/accounts.ndjson" >"$dir/line"
		strings address "$dir/line" >"$dir/pop3"
		found know "$dir/pop3" 'POP3 is on: programs that leave mail on the server will load all of it again, once'
	fi
}

# Whether the master user, by whom Vandelay reads and acctcheck compares, sees what
# doveadm has: access lists may hide folders from it, and no client is told.
rehearse_view() {
	[ -s "$dir/mail" ] || return 0
	grep '"what":"folders-hidden"' "$dir/old.ndjson" >"$dir/line"
	{
		strings address "$dir/line"
		sed -n 's/.*"address":"\([^"]*\)".*"source":{"folders":\([0-9]*\).*/\1\t\2/p' "$dir/old.ndjson" |
		    awk -F '\t' -v dir="$dir" '
		BEGIN {
			while ((getline user <(dir "/users")) > 0 && (getline address <(dir "/addresses")) > 0)
				address_of[user] = address
			while ((getline line <(dir "/mail")) > 0)
				if (split(line, field, "\t") && field[1] == "folder") has[address_of[field[2]]]++
		}
		has[$1] > $2 { print $1 }'
	} >"$dir/hidden"
	found stop "$dir/hidden" 'the master user does not see all folders that doveadm shows, and the copy would miss them' \
	    'with the plugin acl, set acl_user as in mailferry-migrate(7), step 2'
	grep '"what":"folder-unknown"' "$dir/old.ndjson" >"$dir/line"
	strings address "$dir/line" >"$dir/uncounted"
	found stop "$dir/uncounted" "the master user cannot read all folders: $(grep -o '"what":"folder-unknown"[^}]*' "$dir/line" | head -n 1 | sed -n 's/.*"text":"\(.*\)"$/\1/p')"
}

rehearse_new() {
	heading 'The new server'
	# shellcheck disable=SC2086 # words
	run -o "$dir/mkaccounts.out" mkaccounts -q $rehearse_partial --no-secret=empty --report "$dir/report.ndjson" \
	    --settings "$dir/settings.ndjson" -o "$dir/plan.ndjson" \
	    ${MKACCOUNTS_OPTIONS:-} "$dir/wave.ndjson"
	plan_got=$?
	[ "$plan_got" -le 1 ] || stop "no plan can be made: $(last_words)"
	[ "$plan_got" -ne 1 ] || {
		sed -n 's/^mkaccounts: //p' "$dir/err" >"$dir/refused"
		stop "$(grep -c . "$dir/refused") records are refused: $(head -n 1 "$dir/refused")" "see $dir/refused"
	}
	check_of stalwart-apply --check --password-file "$NEW_PASSWORD_FILE" "$dir/plan.ndjson"
	there_got=0
	run -o "$dir/there.ndjson" stalwart-apply -q -n --password-file "$NEW_PASSWORD_FILE" \
	    ${CACERT:+--cacert "$CACERT"} ${INSECURE:+-k} "$dir/plan.ndjson" || there_got=$?
	if [ "$there_got" -eq "$DATA" ]; then
		would_fail
	elif [ "$there_got" -ne 0 ]; then
		stop "the plan would fail: $(last_words)" "see $dir/there.ndjson"
	fi
	grep '"object":"Account"' "$dir/there.ndjson" | grep '"status":"exists"' >"$dir/there"
	strings address "$dir/there" >"$dir/exists"
	found know "$dir/exists" 'there already, and left as it is, with the password that it has there'
	rehearse_target
	check_of mailroute --password-file "$NEW_PASSWORD_FILE" \
	    ${PROXY_TOKEN_FILE:+--proxy-token-file "$PROXY_TOKEN_FILE"} check
}
# would_fail: each domain that would, which fails all that is in it; and the rest.
would_fail() {
	grep '"status":"failed"' "$dir/there.ndjson" | grep '"object":"Domain"' >"$dir/domains-refused"
	while IFS= read -r line; do
		printf '%s\n' "$line" >"$dir/line"
		stop "$(strings address "$dir/line"): $(strings text "$dir/line")" 'nothing of it can move: the domain needs another name, or its accounts others'
	done <"$dir/domains-refused"
	grep '"status":"failed"' "$dir/there.ndjson" | grep -v '"object":"Domain"' >"$dir/refused-there"
	strings address "$dir/refused-there" >"$dir/refused-addresses"
	found stop "$dir/refused-addresses" "the new server would refuse it: $(strings text "$dir/refused-there" | head -n 1)" "see $dir/there.ndjson"
}
# check_of COMMAND...: the findings of --check and check.
check_of() {
	# shellcheck disable=SC2086 # words
	run -o "$dir/check.ndjson" "$@" ${CACERT:+--cacert "$CACERT"} ${INSECURE:+-k}
	check_got=$?
	grep '"type":"check"' "$dir/check.ndjson" >"$dir/checks"
	while IFS= read -r line; do
		printf '%s\n' "$line" >"$dir/line"
		said="$(strings what "$dir/line"): $(strings text "$dir/line")"
		case $line in
		*'"status":"ok"'*) good "$said" ;;
		*'"status":"warning"'*) know "$said" ;;
		*) stop "$said" ;;
		esac
	done <"$dir/checks"
	[ "$check_got" -le 1 ] || stop "$1: $(last_words)"
}

rehearse_proxy() {
	heading 'The migration proxy'
	if [ -z "${PROXY_ADMIN_URL:-}" ]; then
		know 'PROXY_ADMIN_URL is not set: no login goes to the new server by itself' 'set it, unless owners change the server in their programs'
		return
	fi
	routes_got=0
	# shellcheck disable=SC2086 # a word or none
	run -i "$dir/wave.ndjson" -o "$dir/routes.ndjson" remap get $rehearse_partial \
	    --token-file "$PROXY_TOKEN_FILE" ${CACERT:+--cacert "$CACERT"} ${INSECURE:+-k} || routes_got=$?
	if [ "$routes_got" -gt "$DATA" ]; then
		stop "$(last_words)"
		return
	fi
	cp -- "$dir/err" "$dir/normalize.err"
	grep -F "\"destination\":\"$PROXY_NEW\"" "$dir/routes.ndjson" >"$dir/routed"
	good "answers; $(grep -c . "$dir/routed") logins go to $PROXY_NEW already"
	: >"$dir/unroutable"
	for destination in "$PROXY_NEW" "$PROXY_OLD"; do
		planned_got=0
		# shellcheck disable=SC2086 # words
		run -i "$dir/wave.ndjson" -o "$dir/planned.ndjson" remap set -n $rehearse_partial \
		    --token-file "$PROXY_TOKEN_FILE" ${CACERT:+--cacert "$CACERT"} ${INSECURE:+-k} \
		    ${REMAP_OPTIONS:-} "$destination" || planned_got=$?
		if [ "$planned_got" -gt "$DATA" ]; then
			stop "logins cannot be routed to $destination: $(last_words)" 'PROXY_OLD and PROXY_NEW are the names in the configuration of the proxy'
			continue
		fi
		grep '"status":"failed"' "$dir/planned.ndjson" >"$dir/line"
		strings address "$dir/line" | sed 's/.*/"&"/' | grep -vxF -f "$dir/unroutable" >"$dir/unroutable.new"
		found stop "$dir/unroutable.new" "no login of it can be routed to $destination: $(strings text "$dir/line" | head -n 1)" 'another name for it, or no such login'
		cat -- "$dir/unroutable.new" >>"$dir/unroutable"
	done
	if [ -n "${PROXY_IMAP:-}" ]; then
		# shellcheck disable=SC2086 # a word or none
		run curl -sS -m 20 ${CACERT:+--cacert "$CACERT"} ${INSECURE:+-k} "$PROXY_IMAP" ||
		    stop "PROXY_IMAP=$PROXY_IMAP does not answer: $(last_words)" 'each move would fail in its last step'
	fi
	grep -i 'normalize' "$dir/normalize.err" >"$dir/normalize" && know "$(cat "$dir/normalize")" 'normalize = "lowercase" in its configuration'
	return 0
}

rehearse_owners() {
	heading 'What comes along, and what does not'
	run -i "$dir/wave.ndjson" -o "$dir/secrets.ndjson" secretcheck
	for verdict in verbatim transcoded; do
		n=$(grep -c "\"verdict\":\"$verdict\"" "$dir/secrets.ndjson")
		[ "$n" -eq 0 ] || good "$n passwords: $verdict"
	done
	for verdict in unusable none; do
		grep "\"verdict\":\"$verdict\"" "$dir/secrets.ndjson" >"$dir/verdict"
		strings address "$dir/verdict" >"$dir/password-$verdict"
		schemes=$(strings scheme "$dir/verdict" | sort -u | tr '\n' ' ')
		said="a new password is needed ($verdict${schemes:+: ${schemes% }})"
		if [ "$NO_SECRET" = fail ]; then
			found stop "$dir/password-$verdict" "$said" "NO_SECRET=temp in $conf, and hand out STATE/ADDRESS/temporary"
		else
			found know "$dir/password-$verdict" "$said; NO_SECRET=$NO_SECRET"
		fi
	done
	grep '"forward":' "$dir/accounts.ndjson" >"$dir/forwards" && good "$(grep -c . "$dir/forwards") forwards"
	grep '"vacation":' "$dir/wave.ndjson" >"$dir/vacations" && good "$(grep -c . "$dir/vacations") vacation notes"
	grep '"quota":' "$dir/accounts.ndjson" >"$dir/quotas" && good "$(grep -c . "$dir/quotas") quotas"
	grep '"type":"alias","address":"@' "$dir/wave.ndjson" >"$dir/catch-alls"
	strings address "$dir/catch-alls" >"$dir/catch-all"
	[ ! -s "$dir/catch-all" ] || know "$(grep -c . "$dir/catch-all") catch-alls ($(paste -sd ' ' "$dir/catch-all")) are set with the last account: before, one would take the mail of all who have not moved" 'mailferry-migrate(7), the last wave'
	rehearse_quotas
	rehearse_filters
	know 'what the spam filter has learnt stays behind' 'let the new one learn from the Junk folders'
	# The same reason for many accounts is one line, with how many each of the
	# first owners has; all of them are in a file. The table of those who have moved
	# is ours, and no news.
	sed -n 's/.*"status":"\([a-z-]*\)","address":"\([^"]*\)","reason":"\(.*\)".*/\1\t\2\t&\t\3/p' \
	    "$dir/report.ndjson" | awk -F '\t' -v OFS='\t' -v ours="${OLD_TRANSPORT:-none}" '
	    $2 == "transport_maps" && index($4, ours) == 1 {
		rest = substr($4, length(ours) + 1)
		if (rest ~ /^:/) next
		if (sub(/^[, ]+/, "", rest)) $4 = rest
	    }
	    {
		n = 1
		if (match($3, /","count":[0-9]+/)) n = substr($3, RSTART + 10, RLENGTH - 10) + 0
		sub(/","(count|origin).*$/, "", $4)
		print $1, $4, $2, n
	    }' | sort -t "$(printf '\t')" -k 1,1 -k 2,2 -k 3,3 >"$dir/left"
	awk -F '\t' -v file="$dir/left" '
	    function owner() {
		if (one == "") return
		owners++
		if (owners <= 3) some = some (owners > 1 ? ", " : "") one (mine > 1 ? " " mine : "")
	    }
	    function out() {
		owner()
		if (n) printf "  note   %s: %s%s\n", status, n == 1 ? one ": " : n " times (" some (owners > 3 ? ", ...: " file : "") "): ", why
	    }
	    $1 != status || $2 != why { out(); n = owners = mine = 0; some = ""; status = $1; why = $2; one = $3 }
	    $3 != one { owner(); mine = 0; one = $3 }
	    { n += $4; mine += $4 }
	    END { out() }' "$dir/left"
}

# Filters that are in the directory; those on the old server come by ManageSieve.
rehearse_filters() {
	if grep -q '"scripts":' "$dir/wave.ndjson"; then
		run -i "$dir/wave.ndjson" -o "$dir/filters.ndjson" sievecheck --records
		for verdict in differs refused; do
			grep "\"$verdict\"" "$dir/filters.ndjson" >"$dir/verdict"
			strings address "$dir/verdict" | sort -u >"$dir/filters-$verdict"
			found know "$dir/filters-$verdict" "a filter that the new server $([ "$verdict" = refused ] && echo refuses || echo 'runs otherwise')" "see $dir/filters.ndjson; sievecheck(1)"
		done
	fi
	[ -z "${OLD_SIEVE:-}" ] ||
	    know 'filters of the old server come along as they are' "before, of each: $OLD_DOVEADM sieve get -u OWNER NAME | sievecheck"
}

# An owner whose mail is larger than the quota would be over it at once.
rehearse_quotas() {
	[ -s "$dir/sizes" ] || return 0
	sed -n 's/.*"address":"\([^"]*\)".*"quota":\([0-9]*\).*/\2 \1/p' "$dir/accounts.ndjson" >"$dir/quota.list"
	awk 'NR == FNR { quota[$2] = $1; next }
	    ($2 in quota) && quota[$2] > 0 && $1 > quota[$2] * 0.95 { print $2 }' \
	    "$dir/quota.list" "$dir/sizes" >"$dir/over-quota"
	found know "$dir/over-quota" 'more mail than 95% of the quota: sizes are counted otherwise there, and the copy may not fit' 'raise the quota before the move'
}

rehearse_for_good() {
	heading 'What cannot be undone once owners use the new server'
	cat <<-'END'
	  - A password that an owner changes there is not carried back.
	  - What an owner deletes or moves there is not deleted or moved on the old
	    server by a rollback: it adds, and takes nothing away.
	  - Programs see new UIDs: they load folders anew, and local caches with them.
	  - App passwords and second factors of the old server are not those of the new
	    one; owners set them up again.
	END
}

# rehearse [FILE...]: the whole of it.
rehearse() {
	dir=$STATE/rehearsal
	rm -rf -- "$dir"
	mkdir -p -- "$dir" || exit "$FATAL"
	! full || die "$no_room"
	list=$dir/list
	: >"$list"
	[ $# -eq 0 ] || cat -- "$@" | addresses >"$list" || exit "$FATAL"
	printf 'Rehearsal of %s, %s. Nothing is changed on either server.\n' "$conf" "$($now)"
	rehearse_programs
	if rehearse_records; then
		rehearse_old
		rehearse_new
		rehearse_proxy
		rehearse_owners
	fi
	! full || die "$no_room"
	rehearse_for_good
	heading "$([ "$stops" -eq 0 ] && echo 'Nothing stops the move.' ||
	    echo "$stops thing$([ "$stops" -eq 1 ] || echo s) would stop the move. What was looked at is in $dir.")"
	[ "$stops" -eq 0 ]
}
