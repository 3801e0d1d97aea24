#!/bin/sh
# Each tool under strace: nothing is opened for writing, made, renamed or removed
# that is not its own output; and what it holds is in no core before it reads.
. "${0%/*}/lib.sh"
# The search for leaks does not work beneath strace.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export ASAN_OPTIONS
need curl
need strace
need sqlite3
. "$top/t/apply.sh"
. "$top/t/secrets.sh"

TMPDIR=$tmp/spool
export TMPDIR
mkdir work spool
# writes ALLOWED COMMAND...: what it wrote is what the patterns allow, relative to
# the folder of the test, and nothing is left in TMPDIR. Its status is in $got. Of the
# programs that tools ask, doveconf 2.4 makes a file in /tmp, and removes it.
writes() {
	allowed=$1
	set -f # what is allowed are patterns, not files
	shift
	got=0
	"$top/tests/helper/written" "$tmp" timeout 60 "$@" </dev/null >written || got=$?
	while read -r path; do
		for pattern in $allowed 'spool/*' '/tmp/doveconf.*'; do
			# shellcheck disable=SC2254 # a pattern
			case $path in
			$pattern) continue 2 ;;
			esac
		done
		echo "$path was written by: $*"
		return 1
	done <written
	set +f
	[ -z "$(ls "$TMPDIR")" ] || {
		echo "left in TMPDIR by: $*"
		ls "$TMPDIR"
		return 1
	}
	case $got in
	0 | 1 | 2 | 75) ;;
	*)
		echo "status $got: $*"
		cat err
		return 1
		;;
	esac
	not grep -E "no option|usage:" err
}
# Without an output of its own a tool writes none; the schema of the server is
# kept for the next run.
none='.cache .cache/*'

XDG_STATE_HOME=$tmp/state
export XDG_STATE_HOME

# --- with servers that fail ---

hostile echo
hostile_logins echo
with_secret true
export STALWART_PASSWORD="$secret" DAV_USER=admin DAV_PASSWORD="$secret" \
    DAV_FROM_PASSWORD="$secret" PROXY_ADMIN_URL="$url" \
    PROXY_ADMIN_TOKEN="$secret" MAILCOW_API_KEY="$secret"
cd work || exit 2
tools >list
while read -r line; do
	ok "${line%%[ /]*}, refused: ${line#* }" '
		allowed="$none work/rejects"
		case $line in
		*" --settings "*) allowed="$allowed settings.done work/app.out" ;;
		esac
		# shellcheck disable=SC2086
		writes "$allowed" $line'
done <list
cd "$tmp" || exit 2

# --- with what they like ---

serve_both
cat >records <<-END
	{"v":1,"type":"domain","domain":"one.test"}
	{"v":1,"type":"account","address":"alice@one.test","secret":"$hash","forward":["x@two.test"],"app_passwords":[{"name":"Phone"}]}
	{"v":1,"type":"account","address":"bob@one.test","secret":"{NONE}x"}
	{"v":1,"type":"end","count":3}
END
printf '%s\n' "alice@one.test:$hash:5000:5000::/home/alice" >passwd
printf '%s\n' "alice:$hash:19000:0:99999:7:::" >shadow
mkdir dms box
printf '%s\n' "alice@one.test|$hash" >dms/postfix-accounts.cf
printf 'dn: uid=a,dc=a\nuid: a\nmail: a@one.test\n' >ldif
echo 'require "fileinto";' >script
gunzip -c "$fixtures/real/archive-jmap.sqlite.gz" >archive.sqlite
printf 'alice@one.test\tsecret\n' >known
: >mapping
sqlite3 users.sqlite "CREATE TABLE users (id INTEGER, email TEXT, password TEXT,
    privileges TEXT); CREATE TABLE aliases (source TEXT, destination TEXT,
    permitted_senders TEXT)"
sqlite3 webmail.sqlite "CREATE TABLE users (user_id INTEGER)"
mkdir -p live/cur live/new live/tmp
cat >table <<-'END'
	|dirdump passwd-file -v passwd
	|dirdump --list
	|dirdump-shadow -v passwd shadow
	|dirdump-dms -v dms
	|dirdump-ldif -v --map qmail ldif
	|dirdump-mail-in-a-box -v users.sqlite
	|dirdump-sql --map postfixadmin sqlite:users.sqlite
	|dirdump-roundcube sqlite:webmail.sqlite
	books books/*|dirdump-roundcube --vcards books sqlite:webmail.sqlite
	|dirdump-sogo sqlite:webmail.sqlite
	|dirdump-acl -v records
	|dirdump-dkim --from opendkim --root dms
	|dirdump-dovecot -v -c work/dovecot.saved
	|secretcheck -v records
	rej|secretcheck -E rej -p known records
	|sievecheck -v script
	rej|sievecheck -v -E rej --records records
	|recfilter -a alice@one.test records
	rej|recfilter -a alice@one.test -E rej records
	index index.*|recfilter --index index records
	|mkaccounts records
	rej|mkaccounts -E rej records
	plan plan.*|mkaccounts -o plan records
	report report.*|mkaccounts --report report records
	settings settings.*|mkaccounts --settings settings records
	temp temp.*|mkaccounts --no-secret=temp --temp-file temp records
	sieve sieve/*|mkaccounts --sieve-dir sieve records
	|stalwart-apply -n plan
	|stalwart-apply --check plan
	rej|stalwart-apply -E rej --canary plan
	app settings.done settings.done.*|stalwart-apply --settings settings --app-passwords app plan
	|stalwart-apply --sieve-dir sieve plan
	|remap get alice@one.test
	rej|remap -E rej set stalwart alice@one.test
	|remap pick stalwart records
	|remap export --format=tsv --to stalwart alice@one.test
	mapping mapping.*|remap --mapping-file mapping set legacy alice@one.test
	transport transport.* .transport*|remap export --format=postfix-transport --to stalwart --host stalwart=h --file transport --map-type none --no-reload alice@one.test
	rej|mailroute -E rej setup --old old.test
	rej|mailroute -E rej set alice@one.test
	|mailroute list
	|archive2maildir --list archive.sqlite
	extracted extracted/*|archive2maildir archive.sqlite extracted
	|maildir-ids live
	|maildir-check live
	|maildir-merge -n extracted/mail live
	live live/* journal journal.* state state/*|maildir-merge -J journal extracted/mail live
END
sed -i 's/^\t*//' table
while IFS='|' read -r own line; do
	ok "$line" '
		# shellcheck disable=SC2086
		writes "$none $own" $line
		[ -z "$own" ] || [ -s written ] || {
			cat out err
			exit 1
		}'
done <table

ok 'each tool was there' '
	cat work/list table >lines
	for f in "$top"/bin/*.c; do
		tool=$(basename "$f" .c)
		grep -qE "(^|\\|)$tool( |\$)" lines ||
			grep -q "dirdump ${tool#dirdump-}" lines || {
			echo "$tool is not in the table"
			exit 1
		}
	done'

done_testing
