# An account is made on the new server, and gets what the directory says since: the plan
# of its records, its password, its settings. Read by migrate-account.
# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329 # set here, used there

step_create() {
	make_plan "$record" && apply_plan || return
	$dry || bring_up_to_date
}
make_plan() {
	plan_of=$1
	set -- --no-secret="$NO_SECRET"
	[ "$NO_SECRET" != temp ] || set -- "$@" --temp-file "$dir/temporary"
	# What the reader could not read stops nobody else, and was said.
	$dry || ! grep -q '"type":"end".*"failed":[1-9]' -- "$plan_of" || set -- "$@" --partial
	# shellcheck disable=SC2086 # words
	run mkaccounts -q "$@" --settings "$dir/settings.ndjson" \
	    --report "$dir/report.ndjson" -o "$dir/plan.ndjson" \
	    ${MKACCOUNTS_OPTIONS:-} "$plan_of"
}

# bring_up_to_date: what an earlier run made of the account gets what the directory
# says now, the password first of all. An account that somebody else made stays as it
# is, and one that has moved has the password that its owner wants.
bring_up_to_date() {
	if [ "$(grep -c '"type":"begin".*"step":"create"' "$steps")" -le 1 ]; then
		! a_line "$dir/apply.ndjson" '"object":"Account"' "\"address\":\"$address\"" '"status":"exists"' || {
			: >"$dir/existed"
			text=$made_by_others
		}
		note_password
		return
	fi
	if [ "$login_at" = old ] || $reset; then
		update_account
		return
	fi
	update_account --keep-passwords || return
	: "${text:=the account has moved: its password on the new server stays (--reset-passwords)}"
}
made_by_others='the account on the new server was not made from this STATE: it stays as it is, with its password there'
# update_account [OPTION]: the account becomes what the plan says.
update_account() {
	[ ! -e "$dir/existed" ] || {
		text=$made_by_others
		say_settings "$dir/apply.ndjson"
		note_password
		return
	}
	{
		grep -e '"object":"Domain"' -e '"object":"Account"' -- "$dir/plan.ndjson" | all_addresses
		forward_list
	} >"$dir/plan.again"
	# shellcheck disable=SC2086 # words
	run -o "$dir/apply.again" stalwart-apply -q --password-file "$NEW_PASSWORD_FILE" \
	    ${CACERT:+--cacert "$CACERT"} ${INSECURE:+-k} ${APPLY_OPTIONS:-} -u "$@" \
	    --settings "$dir/settings.ndjson" "$dir/plan.again"
	again_got=$?
	rm -f -- "$dir/plan.again"
	[ "$again_got" -eq 0 ] || return "$again_got"
	say_settings "$dir/apply.again"
	[ $# -ne 0 ] || note_password
}
# note_password: of what the plan has put into the account. "carried" stands while a
# password of the plan is in force; "temporary" is kept only with the one in it. Where
# the plan has none any more, the earlier one would let in.
note_password() {
	if [ -e "$dir/existed" ]; then
		rm -f -- "$dir/temporary"
		return
	fi
	[ ! -e "$dir/temporary" ] || is_temporary || rm -f -- "$dir/temporary"
	if has_password; then
		: >"$dir/carried" || return "$FATAL"
	elif [ -e "$dir/carried" ]; then
		text="the directory's password cannot be carried any more (NO_SECRET=$NO_SECRET), and an earlier one is in force on the new server: with NO_SECRET=temp it gets another"
		return "$DATA"
	fi
}
has_password() {
	a_line "$dir/plan.ndjson" '"@type":"User"' '"credentials"'
}
is_temporary() {
	grep -qs '"reason":"a temporary password' -- "$dir/report.ndjson"
}
# forward_list: the plan of the list that holds the targets of a forward to several
# addresses. They are all of it.
forward_list() {
	forward_of=$(grep '"object":"MailingList"' "$dir/plan.ndjson" |
	    grep -oE '"l-[^"]*":\{"name":"[^"]*","domainId":"[^"]*","recipients":\{[^}]*\}[^}]*\}' |
	    grep -F -e "\"name\":\"${address%@*}-forward\"" | head -n 1)
	[ -z "$forward_of" ] ||
	    printf '{"@type":"upsert","object":"MailingList","matchOn":["name","domainId"],"value":{%s}}\n' "$forward_of"
}
# say_settings RESULTS: what stays on the new server otherwise than the directory has
# it, or without it, into the text of the step and to whom it concerns.
say_settings() {
	stays=$(grep -E -e 'the directory (has it otherwise since|does not have it any more[^:]*: it (runs|stays|works))' \
	    -e 'what is here stays' -- "$1" |
	    sed 's/.*"object":"\([A-Za-z]*\)".*"name":"\([^"\\]*\)".*"note":"\([^"\\]*\)".*/\1 "\2": \3/
		s/.*"object":"\([A-Za-z]*\)".*"note":"\([^"\\]*\)".*/\1: \2/; s/^SieveScript /filter /')
	stays=${stays:+on the new server: $(printf '%s\n' "$stays" | awk '{ printf "%s%s", (NR > 1 ? "; " : ""), $0 }')}
	text=$text${stays:+${text:+; }$stays}
}

# all_addresses: a plan, whose order of matchOn (mailferry-plan(5)) says whether the
# account is to have no other addresses than those of its record, which has all. Others
# stay where something of the directory could not be read, or is lost, and where the account has
# moved: somebody may have given them there since.
all_addresses() {
	all_kind=User all_order='"name","domainId"'
	! of_type group "$plan_of" || all_kind=Group
	[ "$login_at" = old ] && ! grep -q '"type":"end".*"failed":[1-9]' -- "$records" &&
	    ! grep -q '"type":"end".*"part":"[0-9]* of its [0-9]* records' -- "$plan_of" ||
	    all_order='"domainId","name"'
	sed "/\"@type\":\"$all_kind\"/s/\"matchOn\":\[[^]]*\]/\"matchOn\":[$all_order]/"
}

# The canary proves that the server keeps hashes: once a day is enough, and those
# who come at the same time wait for the first.
apply_plan() {
	if $dry; then
		apply_with --canary
		return
	fi
	if fresh_canary; then
		apply_with
		return
	fi
	exec 8>>"$STATE/canary.lock"
	flock 8
	canary=--canary
	! fresh_canary || canary=
	plan_got=0
	# shellcheck disable=SC2086 # a word or none
	apply_with $canary || plan_got=$?
	[ "$plan_got" -ne 0 ] || [ -z "$canary" ] || : >"$STATE/canary"
	exec 8>&-
	return "$plan_got"
}
fresh_canary() {
	finds "$STATE/canary" -mmin -1440
}
apply_with() {
	# shellcheck disable=SC2086 # words
	run -o "$dir/apply.ndjson" stalwart-apply -q --password-file "$NEW_PASSWORD_FILE" \
	    ${CACERT:+--cacert "$CACERT"} ${INSECURE:+-k} "$@" \
	    --settings "$dir/settings.ndjson" ${APPLY_OPTIONS:-} "$dir/plan.ndjson"
}

# join_settings: the plan once more, where anything of it is to be joined to what the
# owner has.
join_settings() {
	$dry || [ -s "$dir/settings.ndjson" ] || return 0
	apply_plan
}
