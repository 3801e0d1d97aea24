# The mail on the way back: it is merged into the old account on the old server, as
# Dovecot there has it. Read by rollback-account.
# shellcheck shell=sh disable=SC2154,SC2317

# For awk: the text of a member of a record of maildir-merge(1) or maildir-ids(1); of the
# file, its name.
result_member='
	function member(name,    text) {
		text = $0
		if (!sub(".*\"" name "\":\"", "", text)) return ""
		sub(/".*/, "", text)
		if (name == "file") sub(/.*\//, "", text)
		return text
	}'

# The tree goes to the old server, and the merge runs there, under Dovecot's own locks.
# Its journals stay there, so that a later merge knows what an earlier one added.
step_merge() {
	there=$OLD_WORK/$address
	find_way && send_tree || return
	merge_got=0
	merge_tree || merge_got=$?
	[ "$merge_got" -ne 0 ] || merge_readd=
	[ "$merge_got" -ne 0 ] || [ "$step" != check ] || look_for_all
	[ "$merge_got" -ne 0 ] || note_way
	merge_text=$text${way_text:+${text:+; }$way_text}
	old_run rm -rf -- "$there/tree"
	text=$merge_text
	return "$merge_got"
}

# note_way: runs into the files and runs through Dovecot do not know of each other. What
# is there by one is not added by the other; what was removed since is, and that is said.
way_text=''
note_way() {
	if $dry; then
		return
	fi
	way_now='into the files' way_was=
	[ "$merge_way" != through ] || way_now='through Dovecot'
	[ ! -s "$dir/merge.way" ] || IFS= read -r way_was <"$dir/merge.way" || :
	case $way_was in
	'' | "$way_now") ;;
	*) ! grep -q '"status":"added"' "$dir/merge.ndjson" ||
	    way_text="merged $way_now, and earlier $way_was: what came home then and was removed since is there again" ;;
	esac
	printf '%s\n' "$way_now" >"$dir/merge.way"
}

# find_way: merge_way is how the mail goes in: user, into the files of the Maildir, which
# Dovecot names with all that it does with it; through, by Dovecot alone, where nobody
# else can write; path, into the directory of OLD_MAILDIR. merge_root is the Maildir.
find_way() {
	[ -z "$merge_way" ] || return 0
	merge_root='' way_got=0
	[ -z "${OLD_MAILDIR:-}" ] || merge_root=$(in_pattern "$OLD_MAILDIR")
	ask_way || way_got=$?
	if [ -n "$merge_root" ]; then
		by_path
	elif [ "$way_got" -ne 0 ]; then
		return "$way_got"
	elif $dry; then
		merge_way=user
	else
		as_dovecot_says
	fi
}
ask_way() {
	way_says='' way_obstacle='' way_reason=''
	old_run -o "$dir/way.ndjson" maildir-merge --way --user "$old_user" \
	    --doveadm "$OLD_DOVEADM" || return
	! $dry || return 0
	way_says=$(way_member way)
	way_obstacle=$(way_member obstacle)
	way_reason=$(way_member reason)
}
way_member() {
	sed -n "s/.*\"type\":\"way\".*\"$1\":\"\([^\"]*\)\".*/\1/p" "$dir/way.ndjson"
}
as_dovecot_says() {
	case $way_says in
	user)
		merge_way=user
		merge_root=$(way_member root)
		note "merge: into the Maildir of $old_user, as Dovecot has it (--user)"
		;;
	through-doveadm)
		merge_way=through
		note "merge: through Dovecot (--through-doveadm), as ${way_reason%; see *}"
		;;
	*)
		text="the old server does not say how mail can be put back (OLD_RUN, OLD_DOVEADM): no answer"
		return "$DATA"
		;;
	esac
}
# What the administrator says counts, where there may be no Dovecot at all; but not into
# a store that Dovecot would not look into, nor in clear text beside what is encrypted.
by_path() {
	[ "$way_got" -ne "$TEMP" ] || return "$TEMP"
	case $way_obstacle in
	store | encrypted)
		text="OLD_MAILDIR is set, and ${way_reason%; see *}: leave it out, and the mail goes through Dovecot"
		return "$DATA"
		;;
	esac
	merge_way=path
	[ "$way_got" -eq 0 ] || way_says="Dovecot was not asked: $text"
	text=
	note "merge: by path, into $merge_root, as OLD_MAILDIR says; what Dovecot alone knows is not heeded (${way_says:-it does not answer})"
}

# By path it is the owner of the Maildir who works on the files: no folder of an owner
# is written to as another user. Else it is the one who asks Dovecot, whose the journals
# are then, also those of an earlier merge by path.
send_tree() {
	run tar -C "$dir/tree" -cf "$dir/tree.tar" . || return
	send_got=0
	send_as=
	[ "$merge_way" != path ] || send_as=$merge_root
	# shellcheck disable=SC2016 # expanded there
	old_run -i "$dir/tree.tar" sh -c 'umask 022; mkdir -p -- "$1" &&
	    rm -rf -- "$1/tree" && umask 077 && mkdir -- "$1/tree" &&
	    mkdir -p -- "$1/state" && tar -xof - -C "$1/tree" || exit
	    [ "$(id -u)" -eq 0 ] || exit 0
	    if [ -n "$2" ]; then chown -R --reference="$2" -- "$1/tree" "$1/state"
	    else chown -Rh 0:0 -- "$1/state"; fi' sh "$there" "$send_as" || send_got=$?
	$dry || rm -f -- "$dir/tree.tar"
	return "$send_got"
}

merge_tree() {
	set -- --state-dir "$there/state" ${merge_readd:+--readd}
	[ "$merge_way" != through ] || set -- "$@" --stage "$there"
	for word in $MERGE_OPTIONS; do
		# The owner could not ask Dovecot.
		[ "$merge_way" != path ] && [ "$word" = --owner ] || set -- "$@" "$word"
	done
	case $merge_way in
	path) set -- "$@" "$there/tree/mail" "$merge_root" ;;
	user) set -- "$@" --user "$old_user" --doveadm "$OLD_DOVEADM" "$there/tree/mail" ;;
	through) set -- "$@" --through-doveadm "$old_user" --doveadm "$OLD_DOVEADM" "$there/tree/mail" ;;
	esac
	look_at_files || return
	merge_got=0
	old_run -o "$dir/merge-plan.ndjson" maildir-merge -n "$@" || merge_got=$?
	case $merge_way:$merge_got:$text in
	user:0:*) ;;
	# The plugin can be on for some programs alone.
	user:"$FATAL":*'is stored '*' by Dovecot'*)
		note "merge: through Dovecot (--through-doveadm), as $text"
		merge_way=through text=
		merge_tree
		return
		;;
	*:0:*) ;;
	*) return "$merge_got" ;;
	esac
	! take_out_deleted || send_tree || return
	old_run -o "$dir/merge.ndjson" maildir-merge "$@"
}
# look_for_all: by contents, whether each message of the new server is in the account, as
# Dovecot shows it: a merge through it would add what is not, and knows nothing of what
# was merged before. lacking is how many are not, and unknown where nobody can be asked;
# the folder unseen has copies of them. What the merge itself left out, it left out for a
# reason; by path it does not know in which folders mail does not stay, and of what it
# found in another folder that is enough.
lacking=unknown
look_for_all() {
	lacking=unknown look_text=$text look_got=0
	run rm -rf -- "$dir/unseen" || return 0
	set -- --state-dir "$there/look" --stage "$there"
	for word in $MERGE_OPTIONS; do
		case $word in
		--owner | --flags=*) ;;
		*) set -- "$@" "$word" ;;
		esac
	done
	old_run -o "$dir/merge-seen.ndjson" maildir-merge -n "$@" --through-doveadm "$old_user" \
	    --doveadm "$OLD_DOVEADM" "$there/tree/mail" || look_got=$?
	$dry || [ "$look_got" -le "$DATA" ] ||
	    note "whether Dovecot shows all of the mail is not known: $text"
	text=$look_text
	! $dry && [ "$look_got" -le "$DATA" ] || return 0
	paths_in "$dir/tree/mail" >"$dir/tree.paths"
	awk -F '\t' "$result_member"'
	FILENAME ~ /tree[.]paths$/ { path[$1] = $2; next }
	FILENAME ~ /merge[.]ndjson$/ {
		if (member("status") ~ /^(skipped|elsewhere)$/) left_out[member("file")]
		next
	}
	member("status") ~ /^(planned|failed)$/ && !((file = member("file")) in left_out) { print path[file] }
	' "$dir/tree.paths" "$dir/merge.ndjson" "$dir/merge-seen.ndjson" >"$dir/lacking" || return 0
	lacking=$(wc -l <"$dir/lacking")
	[ "$lacking" -ne 0 ] || return 0
	mkdir -- "$dir/unseen" && while IFS= read -r look_path; do
		cp -- "$look_path" "$dir/unseen/" || break
	done <"$dir/lacking"
}
# What is wrong with the Maildir before the merge is not blamed on it.
look_at_files() {
	case $merge_root in
	/*) ;;
	*) return 0 ;;
	esac
	look_got=0
	old_run -o "$dir/maildir-check.ndjson" maildir-check "$merge_root" || look_got=$?
	[ "$look_got" -ne "$TEMP" ] || return "$TEMP"
	[ "$look_got" -le "$DATA" ] || [ "$merge_way" = user ] || return "$look_got"
	text=
}
