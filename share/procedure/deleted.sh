# What the owner of an account has deleted on the old server since it is home, while the
# rest of the way back is still to come. Read by rollback-account.
# shellcheck shell=sh disable=SC2034,SC2154,SC2317

# Whether login and mail came home in an earlier run, and what is left out of the merge
# for that reason.
home_before=false deleted_text=
# take_out_deleted: what the merge is to add, by its plan, and the old server had when
# the account moved, was deleted there since. It is taken out of the tree, and kept.
# Fails where there is nothing of that kind.
take_out_deleted() {
	run rm -rf -- "$dir/deleted"
	deleted_text=
	! $dry && $home_before && ! $readd && [ -e "$archive" ] &&
	    grep -q '"status":"planned"' "$dir/merge-plan.ndjson" || return
	find_deleted || {
		note "what was deleted on the old server since is not known: $text"
		text=
		return 1
	}
	[ -s "$dir/deleted.paths" ] && mkdir -- "$dir/deleted" || return
	while IFS= read -r deleted_path; do
		mv -- "$deleted_path" "$dir/deleted/" || return
	done <"$dir/deleted.paths"
	deleted_text="deleted on the old server since it is home, and not added again (--readd adds them): $(wc -l <"$dir/deleted.paths"), copies in $dir/deleted"
	note "$deleted_text"
}
# find_deleted: deleted.paths has these files of the tree.
find_deleted() {
	digests_moved && run -o "$dir/tree.ids" maildir-ids --digest "$dir/tree/mail" || return
	paths_in "$dir/tree/mail" >"$dir/tree.paths" || return
	awk -F '\t' "$result_member"'
	FILENAME ~ /moved[.]digests$/ { moved[$0]; next }
	FILENAME ~ /tree[.]paths$/ { path[$1] = $2; next }
	FILENAME ~ /merge-plan[.]ndjson$/ {
		if (member("status") == "planned") planned[member("file")]
		next
	}
	member("digest") in moved && member("file") in planned { print path[member("file")] }
	' "$dir/moved.digests" "$dir/tree.paths" "$dir/merge-plan.ndjson" "$dir/tree.ids" >"$dir/deleted.paths"
}
# digests_moved: moved.digests has what the archive of the move holds, a digest a line.
digests_moved() {
	[ -z "$(find "$dir/moved.digests" -newer "$archive" 2>/dev/null)" ] || return 0
	moved_got=0
	run rm -rf -- "$dir/moved" && run archive2maildir -q --only mail "$archive" "$dir/moved" || moved_got=$?
	[ "$moved_got" -le "$DATA" ] &&
	    run -o "$dir/moved/ids" maildir-ids --digest "$dir/moved/mail" || return
	digests_of "$dir/moved/ids" >"$dir/moved.digests" &&
	    rm -rf -- "$dir/moved"
}
