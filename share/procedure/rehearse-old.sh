# rehearse-old.sh DOVEADM...: what the old server says of the mail of each user on
# standard input, a line each, separated by tabs. Read by sh on the old server.
# rehearse-old.sh only USER DOVEADM...: the folders of one, without their sizes.
#	separator CHARACTER		between the folders of a name
#	protocols TEXT
#	folder USER NAME MESSAGES BYTES
#	headless USER MESSAGES		without any of the usual headers
#	deleted USER MESSAGES		marked so, and not expunged
#	failed USER TEXT
# shellcheck shell=sh
set -u
only=
[ "$1" != only ] || {
	only=$2
	shift 2
}
doveadm=$*
# doveconf takes the options of doveadm.
conf=$(printf '%s\n' "$doveadm" | sed 's/doveadm/doveconf/')
separator=$($conf -h namespace/inbox/separator 2>/dev/null)
if [ -z "$separator" ]; then
	separator=/
	case $($conf -h mail_location 2>/dev/null)$($conf -h mail_driver 2>/dev/null) in
	*LAYOUT=*) ;;
	maildir*) separator=. ;;
	esac
fi
# "*" is of the namespace without a prefix alone. The owner's others, and none of
# virtual folders:
own=$($conf namespace 2>/dev/null | awk '
	/^namespace/ { prefix = ""; own = 1 }
	/^  prefix = / { prefix = substr($0, 12) }
	/^  type = / { own = ($3 == "private") }
	/^  (location = virtual:|mail_driver = virtual)/ { own = 0 }
	/^}/ && own && prefix != "" { print prefix "*"; print substr(prefix, 1, length(prefix) - 1) }')
printf 'separator\t%s\nprotocols\t%s\n' "$separator" "$($conf -h protocols 2>/dev/null | tr '\n' ' ')"
# search KEY...: the messages of the user, a line each.
search() {
	# shellcheck disable=SC2086 # words
	$doveadm -f flow search -u "$user" "$@" </dev/null
}
# headless COMMAND...: with the keys for messages without any of the usual headers.
headless() {
	"$@" '(' NOT HEADER Received '' NOT HEADER Message-ID '' NOT HEADER From '' \
	    NOT HEADER Date '' NOT HEADER Subject '' NOT HEADER To '' ')'
}
# count WORD KEY...: how many messages of the user the search finds, if any.
count() {
	word=$1
	shift
	said=$(search "$@" 2>/dev/null | wc -l)
	[ "$said" -eq 0 ] || printf '%s\t%s\t%s\n' "$word" "$user" "$said"
}
set -f
# What Dovecot warns of, such as clocks or settings of an earlier release, is for the log
# of who asks, and no folder.
warned=$(mktemp) || exit
trap 'rm -f "$warned"' EXIT
# folders WHAT: the folders of the user. Some ways to the old server have one output for
# both: only lines with as many columns as the first has, of numbers behind the name, are
# of folders.
folders() {
	folders_got=0
	# shellcheck disable=SC2086 # patterns
	said=$($doveadm -f tab mailbox status -u "$user" "$1" '*' $own </dev/null 2>"$warned") || folders_got=$?
	cat "$warned" >&2
	if [ "$folders_got" -ne 0 ]; then
		printf 'failed\t%s\t%s\n' "$user" "$(printf '%s\n' "$said" | cat "$warned" - | why)"
		return 1
	fi
	printf '%s\n' "$said" | USER_NAME=$user LC_ALL=C awk -F '\t' '
	!columns && $1 == "mailbox" { columns = NF; next }
	!columns || NF < columns { next }
	{
		for (i = NF - columns + 2; i <= NF; i++) if ($i !~ /^[0-9]+$/) next
		gsub(/\\/, "\\\\")
		print "folder\t" ENVIRON["USER_NAME"] "\t" $0
	}'
}
# why: the first line that is no warning.
why() {
	grep -v -e ': Warning: ' -e '^$' | head -n 1
}
[ -z "$only" ] || {
	user=$only
	folders messages
	exit
}
while IFS= read -r user; do
	folders 'messages vsize' || continue
	# Few owners have either: one search tells of most that they do not.
	search_got=0
	said=$(headless search DELETED OR 2>/dev/null) || search_got=$?
	[ -n "$said" ] || [ "$search_got" -ne 0 ] || continue
	headless count headless
	count deleted DELETED
done
