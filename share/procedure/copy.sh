# An account is copied: what is read from the old server, what goes to the new one, and
# whether each message did. Read by migrate-account.
# shellcheck shell=sh disable=SC2154,SC2317

# --- what is not the owner's ---

# find_others: others has the folders of other owners and of everybody, a pattern a line
# as Vandelay takes it: an owner sees them, and they are no part of the account. The
# server says which they are (NAMESPACE). others_text names them where there are any.
find_others() {
	others_text=
	case " ${IMAP_OPTIONS:-}" in
	*' --folder'*)
		# These are all that Vandelay reads, and it takes no other choice beside them.
		$dry || : >"$dir/others"
		return
		;;
	esac
	others_got=0
	compare old "$dir/others.ndjson" || others_got=$?
	[ "$others_got" -eq 0 ] || [ "$others_got" -eq "$DATA" ] || return "$others_got"
	! $dry || return 0
	# Of an account that lets nobody in there is nothing to read.
	[ "$others_got" -eq 0 ] || grep -q '"source":{' "$dir/others.ndjson" || return
	text=
	LC_ALL=C awk -f "$share/procedure/others.awk" "$dir/others.ndjson" >"$dir/others" || return "$FATAL"
	others_n=$(sed -n 's/.*"source":{[^}]*"foreign_folders":\([0-9]*\).*/\1/p' "$dir/others.ndjson")
	[ "${others_n:-0}" -eq 0 ] || {
		others_text="$others_n folders of other owners, or of everybody, are not copied"
		[ "$others_n" -ne 1 ] || others_text="a folder of another owner, or of everybody, is not copied"
		others_text="$others_text: $(sed 's/^^//; s/\\\(.\)/\1/g' "$dir/others" | sort -u | paste -sd ' ')"
		note "$others_text"
	}
}
# mail_of_old: the mail of the account, without them.
mail_of_old() {
	if [ "$step" = copy ] || [ ! -e "$dir/others" ]; then
		find_others || return
	fi
	set --
	if ! $dry; then
		while IFS= read -r others_one; do
			set -- "$@" --exclude "$others_one"
		done <"$dir/others"
	fi
	# shellcheck disable=SC2086 # words
	from_old -s "VANDELAY_PASSWORD=$OLD_MASTER_PASSWORD_FILE" vandelay import imap \
	    --url "$OLD_IMAP" --auth-basic "$old_user$OLD_MASTER_SEPARATOR$OLD_MASTER" \
	    ${INSECURE:+--allow-invalid-certs} ${IMAP_OPTIONS:-} "$@" "$archive"
}

# --- both ways of a copy ---

# from_old WORDS...: an import; what it counted goes to "came". Where it counts
# nothing, something may have come.
from_old() {
	van "$@" || return
	$dry || grep 'created=' "$dir/out" >>"$dir/came" || echo 'unknown: created=1' >>"$dir/came"
}
import() {
	import_more=false
	[ ! -e "$archive" ] || import_more=true
	$dry || : >"$dir/came"
	in_doubt=true
	$dry || [ -e "$dir/doubt" ] || in_doubt=false
	$dry || : >"$dir/doubt"
	mail_of_old || return
	$in_doubt || settle_doubt 0
	# What its owner has deleted there since is put in again, and counts as well.
	! $moved_before || in_doubt=true
	if [ -n "${OLD_SIEVE:-}" ]; then
		from_old -s "VANDELAY_PASSWORD=$OLD_MASTER_PASSWORD_FILE" vandelay import managesieve \
		    --url "$OLD_SIEVE" --auth-basic "$old_user$OLD_MASTER_SEPARATOR$OLD_MASTER" \
		    ${INSECURE:+--allow-invalid-certs} "$archive" || return
	fi
	for import_kind in caldav carddav; do
		case $import_kind in
		caldav) import_url=${OLD_CALDAV:-} ;;
		*) import_url=${OLD_CARDDAV:-} ;;
		esac
		[ -n "$import_url" ] || continue
		from_old -s "VANDELAY_PASSWORD=$OLD_DAV_PASSWORD_FILE" vandelay import "$import_kind" \
		    --url "$(in_pattern "$import_url")" --auth-basic "$(in_pattern "$OLD_DAV_USER")" \
		    ${INSECURE:+--allow-invalid-certs} "$archive" || return
	done
	if ! $dry && $import_more; then
		sed -n 's/^email: .* updated=\([0-9]*\) deleted=\([0-9]*\) .*/\1 \2/p' "$dir/came" >>"$dir/changed"
	fi
}
export_all() {
	# shellcheck disable=SC2086 # words
	van -s "VANDELAY_PASSWORD=$NEW_PASSWORD_FILE" vandelay export --url "$STALWART_URL" \
	    --auth-basic "$STALWART_USER" --account-name "$address" \
	    ${INSECURE:+--allow-invalid-certs} ${EXPORT_OPTIONS:-} "$archive" || return
	$in_doubt || settle_doubt "$(emails created "$dir/out")"
}

# export_news: imports, and exports if anything came. "unsent" stands from before
# the import until the export is done, whatever happens in between.
export_news() {
	news=$dry
	[ ! -e "$dir/unsent" ] || news=true
	$dry || : >"$dir/unsent"
	import || return
	! grep -qs 'created=[1-9]' "$dir/came" || news=true
	! $news || export_all || return
	$dry || rm -f -- "$dir/unsent"
}

# --- whether each message came along ---

# Vandelay leaves out what has a Message-ID that the new server has, whatever is in it,
# and a comparison of numbers takes what arrived there for what was left out. Therefore
# "doubt" stands from before an import until all that it brought was put into the
# account, as Vandelay counts, or was found there by its content. in_doubt is whether it
# stood before.
in_doubt=true
# emails COUNT FILE: what Vandelay counted.
emails() {
	sed -n "s/^email: .*\\<$1=\\([0-9]*\\).*/\\1/p" "$2" | awk '{ n += $1 } END { print n + 0 }'
}
# settle_doubt PUT: so many were put into the account.
settle_doubt() {
	# What failed to be read is in no archive.
	if grep -qs '^email: .*failed=0$' "$dir/came" && [ "$1" -ge "$(emails created "$dir/came")" ]; then
		rm -f -- "$dir/doubt"
	fi
}
# no_doubt FILE: settles it by content, after a comparison that passed. A draft that was
# saved again has the Message-ID of its first text: that is said, and no failure.
no_doubt() {
	missing=0
	[ -e "$dir/doubt" ] || return 0
	# Of an account that is skipped nothing was counted.
	doubt_all=$(messages source "$1")
	[ "$(seen)" -ge "${doubt_all:-0}" ] || {
		text='not all of the mail could be read from the old server'
		return "$DATA"
	}
	match_or_put || {
		text="what was copied could not be read again to be compared: $text"
		return "$DATA"
	}
	[ "$missing" -eq 0 ] || {
		text=$(say_missing)
		return "$DATA"
	}
	text=$filled_text
	[ "$missing_drafts" -eq 0 ] || text="$text${text:+; }of drafts that were saved again the new server has the first text: $missing_drafts, see $dir/missing"
	rm -f -- "$dir/doubt"
}
# say_missing: of what match_messages has found.
say_missing() {
	echo "messages of the old server that are not on the new one, which may have others with their Message-ID: $missing; they are in $dir/missing${filled_why:+ ($filled_why)}"
}
# seen: how many messages the last import saw; none where any could not be read.
seen() {
	sed -n 's/^email: created=\([0-9]*\) fetched=[0-9]* updated=\([0-9]*\) .*skipped=\([0-9]*\) failed=0$/\1 \2 \3/p' "$dir/came" |
	    awk '{ n += $1 + $2 + $3 } END { print n + 0 }'
}
# all_there FILE: whether the new server has the content of each message of the archive
# in some folder: Vandelay leaves alone what is there, and its owner may have moved it on
# the old server since, or renamed the folder. The last import must have seen all that
# the verification counted.
all_there() {
	[ "$(seen)" -ge "$(messages source "$1")" ] || return
	match_or_put && [ "$((missing + missing_drafts))" -eq 0 ] && rm -f -- "$dir/doubt"
}
# match_or_put: the same as match_messages, after which what Vandelay leaves out was put
# in, where its owner cannot have deleted it there: nobody is at work on the new server
# before the login is turned. What was put once is not put again, whatever the
# server has made of it: put has the digests.
filled_text='' filled_why=''
match_or_put() {
	filled_text='' filled_why=''
	match_messages || return
	[ "$missing" -ne 0 ] || return 0
	put_missing || return 0
	put_before=$missing
	match_messages || return
	filled_text="put in, as Vandelay leaves out what has a Message-ID that is there already: $((put_before - missing))"
	note "$filled_text"
}
# put_missing: fails where nothing was put. More than some hundreds are no exceptions.
put_missing() {
	: >>"$dir/put" || return
	awk -v put="$dir/put" '
	BEGIN { while ((getline line <put) > 0) was[line] }
	{
		digest = $0
		sub(/.*"digest":"/, "", digest)
		sub(/".*/, "", digest)
		if (!(digest in was)) print
	}' "$dir/missing.ids" >"$dir/put.ids"
	[ -s "$dir/put.ids" ] || {
		filled_why='they were put there once, and are not there as they were: look at each'
		return 1
	}
	command -v curl >/dev/null && command -v jq >/dev/null || {
		filled_why='with curl and jq installed they are put in by the next run'
		return 1
	}
	[ "$missing" -le 500 ] || {
		filled_why='too many to be put in one by one: see the log for what Vandelay says'
		return 1
	}
	put_got=0
	run -i "$dir/put.ids" -o "$dir/put.out" -s "PUT_PASSWORD=$NEW_PASSWORD_FILE" \
	    sh "$share/procedure/put-there.sh" "$STALWART_URL" "$STALWART_USER" "$address" \
	    "$dir/missing.folders" "$dir/missing" "${CACERT:-}" "${INSECURE:-}" || put_got=$?
	sed -n 's/^put //p' "$dir/put.out" >"$dir/put.files"
	grep -F -f "$dir/put.files" -- "$dir/put.ids" >"$dir/put.done"
	digests_of "$dir/put.done" >>"$dir/put"
	rm -f -- "$dir/put.done"
	[ "$put_got" -eq 0 ] || filled_why="not all could be put in: $text"
	[ -s "$dir/put.files" ]
}
# match_messages: how many messages of the archive are not in the account, drafts apart;
# copies of them are in the folder missing.
match_messages() {
	match_got=0
	read_both || match_got=$?
	rm -rf -- "$dir/here" "$dir/there" "$dir/there.sqlite"*
	return "$match_got"
}
read_both() {
	rm -rf -- "$dir/here" "$dir/there" "$dir/there.sqlite"* "$dir/missing" "$dir/missing".*
	van -s "VANDELAY_PASSWORD=$NEW_PASSWORD_FILE" vandelay import jmap --url "$STALWART_URL" \
	    --auth-basic "$STALWART_USER" --account-name "$address" \
	    ${INSECURE:+--allow-invalid-certs} "$dir/there.sqlite" &&
	    run archive2maildir -q "$archive" "$dir/here" &&
	    run archive2maildir -q "$dir/there.sqlite" "$dir/there" &&
	    run -o "$dir/here/ids" maildir-ids --digest "$dir/here/mail" &&
	    run -o "$dir/there/ids" maildir-ids --digest "$dir/there/mail" || return
	for match_side in here there; do
		digests_of "$dir/$match_side/ids" >"$dir/$match_side/digests"
		[ "$(grep -c '"digest":' "$dir/$match_side/ids")" -eq "$(wc -l <"$dir/$match_side/ids")" ] || return
	done
	[ -s "$dir/here/digests" ] || return
	LC_ALL=C comm -23 "$dir/here/digests" "$dir/there/digests" >"$dir/here/missing"
	missing=0 missing_drafts=0
	[ ! -s "$dir/here/missing" ] || keep_missing
}
# keep_missing: takes the messages of these digests out of the tree.
keep_missing() {
	paths_in "$dir/here/mail" >"$dir/here/paths" &&
	    mkdir -- "$dir/missing" || return "$FATAL"
	: >"$dir/missing.ids" && cp -- "$dir/here/folders.ndjson" "$dir/missing.folders" || return "$FATAL"
	awk -F '\t' -v ids="$dir/missing.ids" '
	FILENAME ~ /missing$/ { wanted[$0]; next }
	FILENAME ~ /paths$/ { path[$1] = $2; next }
	{
		digest = file = $0
		sub(/.*"digest":"/, "", digest)
		sub(/".*/, "", digest)
		if (!(digest in wanted)) next
		delete wanted[digest]
		sub(/.*"file":"[^"]*\//, "", file)
		sub(/".*/, "", file)
		if (!/"keywords":\[[^]]*"[$]draft"/) print >ids
		print (/"keywords":\[[^]]*"[$]draft"/ ? "draft" : "mail") "\t" path[file]
	}' "$dir/here/missing" "$dir/here/paths" "$dir/here/ids" >"$dir/here/found"
	missing=$(grep -c '^mail' "$dir/here/found")
	missing_drafts=$(grep -c '^draft' "$dir/here/found")
	cut -f 2 "$dir/here/found" | while IFS= read -r missing_path; do
		cp -- "$missing_path" "$dir/missing/" || return "$FATAL"
	done
}
