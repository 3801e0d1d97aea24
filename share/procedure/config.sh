# The configuration of the procedure, mailferry.conf: what it may set, who may write
# it, and what no program would refuse before it is too late. Sourced by common.sh.
# shellcheck shell=sh disable=SC2034,SC2154,SC2317 # set here, used there

# What a configuration may set.
settings_known='STATE OLD_IMAP OLD_MASTER OLD_MASTER_PASSWORD_FILE OLD_MASTER_SEPARATOR
OLD_USER OLD_SIEVE OLD_CALDAV OLD_CARDDAV OLD_DAV_USER OLD_DAV_PASSWORD_FILE
OLD_DUMP OLD_RUN OLD_DOVEADM OLD_MAILDIR OLD_TRANSPORT OLD_WORK NEW_SMTP
NEW_PASSWORD_FILE NO_SECRET PROXY_TOKEN_FILE PROXY_OLD PROXY_NEW PROXY_IMAP
PROXY_LOGIN DELAY DUMP_AGE CACERT INSECURE MKACCOUNTS_OPTIONS APPLY_OPTIONS CHECK_OPTIONS
IMAP_OPTIONS EXPORT_OPTIONS MAILROUTE_OPTIONS REMAP_OPTIONS EXTRACT_OPTIONS
MERGE_OPTIONS'
# What the shell of another program may have exported means nothing here, nor what
# makes other programs of those that are called.
unset CDPATH POSIXLY_CORRECT TAR_OPTIONS
# shellcheck disable=SC2086 # words
unset $settings_known
# shellcheck disable=SC2086 # on one line
settings_known="$(printf '%s ' $settings_known)STALWART_URL STALWART_USER PROXY_ADMIN_URL"

my_uid=$(id -u)
# others_write PATH: whether somebody else can change what is there.
others_write() {
	[ -n "$(find -L "$1" -maxdepth 0 \( -perm /022 -o ! -user 0 ! -user "$my_uid" \) 2>/dev/null)" ]
}

# read_conf FILE: takes the settings out of the configuration, and what it exports in
# capitals, such as a PATH. A shell of its own runs it: its other variables, its
# functions and its options mean nothing here, whatever they are called.
read_conf() {
	case $1 in
	*/*) conf=$1 ;;
	*) conf=./$1 ;;
	esac
	[ -r "$conf" ] || die "$1: cannot be read; migrate-account --example-conf prints one to begin with"
	! others_write "$conf" ||
	    die "$1: others can write it, and it is run as a script: chmod go-w and chown root $(quote "$1")"
	conf_in=${conf%/*}
	: "${conf_in:=/}"
	# Where everybody may make files, as in /tmp, nobody may replace those of others.
	! others_write "$conf_in" || [ -k "$conf_in" ] ||
	    die "$conf_in: others can put another ${1##*/} there: chmod go-w and chown root $(quote "$conf_in")"
	! grep -q "$cr\$" "$conf" ||
	    die "$1: its lines end with CR LF, as on Windows: sed -i 's/\\r\$//' $(quote "$1")"
	# shellcheck disable=SC2016 # expanded there
	conf_says=$(sh -uc '
		read_it() { . "$1"; }
		read_it "$1" >&2 || exit 2
		export '"$settings_known"'
		exec awk '\''
		BEGIN {
			n = split("'"$settings_known"'", names, " ")
			for (i = 1; i <= n; i++)
				known[names[i]]
			for (name in ENVIRON) {
				if (name !~ /^[A-Z][A-Z0-9_]*$/ || name ~ /^(DATA|FATAL|TEMP|IFS|OLDPWD|PWD|SHLVL)$/)
					continue
				value = ENVIRON[name]
				printf "%s%s=\047", (name in known) ? "" : "export ", name
				while ((at = index(value, "\047")) > 0) {
					printf "%s\047\\\047\047", substr(value, 1, at - 1)
					value = substr(value, at + 1)
				}
				print value "\047"
			}
		}'\''' sh "$conf") || die "$1: not a file of shell variables"
	eval "$conf_says"
	conf_odd=$(odd_settings "$conf")
	[ -z "$conf_odd" ] ||
	    die "$1: $conf_odd is no setting, and nothing in the file uses it: migrate-account(1) lists them"
	case ${INSECURE:-} in
	'' | yes) ;;
	no) INSECURE='' ;;
	*) die "$1: INSECURE=$INSECURE is neither yes nor no: yes would check no certificate" ;;
	esac
}
# odd_settings FILE: the first name that is set as a setting is, and is none: nobody
# would miss it but the program that does not get it.
odd_settings() {
	awk -v known="$settings_known" '
	BEGIN {
		split(known, names, /[[:space:]]+/)
		for (i in names) fine[names[i]]
	}
	{ text = text $0 "\n" }
	match($0, /^[[:space:]]*[A-Z][A-Z0-9_]*=/) {
		name = substr($0, RSTART, RLENGTH - 1)
		gsub(/[[:space:]]/, "", name)
		if (!(name in fine) && !(name in ENVIRON)) odd[++n] = name
	}
	END {
		for (i = 1; i <= n; i++)
			if (text !~ ("[$]([{])?" odd[i] "([^A-Za-z0-9_]|$)")) {
				print odd[i]
				exit
			}
	}' "$1"
}

# load_conf FILE: reads the configuration, and fills in what it leaves out.
load_conf() {
	read_conf "$1"
	[ -n "${STATE:-}" ] || die "$1: STATE is not set"
	[ -n "${OLD_IMAP:-}" ] || die "$1: OLD_IMAP is not set"
	[ -n "${STALWART_URL:-}" ] || die "$1: STALWART_URL is not set"
	case $STATE in
	/*) ;;
	*) die "$1: STATE is not an absolute path: $STATE" ;;
	esac
	: "${OLD_USER:=%u}" "${OLD_MASTER_SEPARATOR:=*}" "${OLD_DOVEADM:=doveadm}"
	: "${PROXY_OLD:=legacy}" "${PROXY_NEW:=stalwart}" "${DELAY:=10}" "${DUMP_AGE:=10}"
	: "${NO_SECRET:=fail}" "${OLD_WORK:=/var/lib/mailferry-merge}" "${STALWART_USER:=admin}"
	: "${MERGE_OPTIONS=--owner}"
	check_conf "$1"
	export STALWART_URL STALWART_USER
	[ -z "${PROXY_ADMIN_URL:-}" ] || export PROXY_ADMIN_URL
	unread=
	for setting in NEW_PASSWORD_FILE OLD_MASTER_PASSWORD_FILE PROXY_TOKEN_FILE OLD_DAV_PASSWORD_FILE; do
		eval "file=\${$setting:-}"
		[ -z "$file" ] || [ -r "$file" ] || unread="$unread${unread:+; }$setting: $file cannot be read"
	done
	[ -z "$unread" ] || die "$unread; its first line is the secret"
	[ -n "${NEW_PASSWORD_FILE:-}" ] || die "$1: NEW_PASSWORD_FILE is not set"
	[ -z "${OLD_TRANSPORT:-}" ] || check_smtp "$1"
	if $dry; then
		return
	fi
	no_room="nothing more can be written to STATE: make room in $STATE, and run it again"
	[ -d "$STATE" ] || mkdir -p -- "$STATE"
	[ -w "$STATE" ] || die "$STATE: cannot be written"
	! others_write "$STATE" ||
	    die "$STATE: others can write it, and it holds password hashes: chmod 700 and chown root $(quote "$STATE")"
}

# check_smtp FILE: what remap(1) would not write into the table is refused before
# anything has been done.
check_smtp() {
	[ -n "${NEW_SMTP:-}" ] ||
	    die "$1: OLD_TRANSPORT is set, and NEW_SMTP is not: where is mail for those who have moved to go?"
	smtp_got=0
	smtp_says=$(remap export --format=postfix-transport --host "new=$NEW_SMTP" --to new \
	    postmaster@example.org 2>&1) || smtp_got=$?
	: "${smtp_says:=no line of a transport table}"
	# Where remap itself cannot run, the step that needs it says so.
	case $smtp_got:$smtp_says in
	0:*smtp:*) ;;
	0:* | *--host:*) die "$1: NEW_SMTP=$NEW_SMTP: ${smtp_says#remap: --host: }" ;;
	esac
}

# check_conf FILE: what no program would refuse before it is too late.
check_conf() {
	for conf_seconds in DELAY DUMP_AGE; do
		eval "conf_value=\$$conf_seconds"
		case $conf_value in
		'' | *[!0-9]* | ??????*) die "$1: $conf_seconds=$conf_value: a number of seconds is wanted" ;;
		esac
	done
	case $NO_SECRET in
	fail | skip | temp | empty) ;;
	*) die "$1: NO_SECRET=$NO_SECRET is not one of: fail, skip, temp, empty" ;;
	esac
	for conf_need in OLD_MASTER OLD_MASTER_PASSWORD_FILE ${PROXY_ADMIN_URL:+PROXY_TOKEN_FILE} \
	    ${OLD_CALDAV:+OLD_DAV_USER OLD_DAV_PASSWORD_FILE} \
	    ${OLD_CARDDAV:+OLD_DAV_USER OLD_DAV_PASSWORD_FILE}; do
		eval "[ -n \"\${$conf_need:-}\" ]" || die "$1: $conf_need is not set"
	done
	case ${OLD_WORK:-/} in
	/*) ;;
	*) die "$1: OLD_WORK=$OLD_WORK is not an absolute path" ;;
	esac
	[ "$PROXY_OLD" != "$PROXY_NEW" ] || die "$1: PROXY_OLD and PROXY_NEW are the same: $PROXY_NEW"
	[ -n "${OLD_TRANSPORT:-}" ] || return 0
	case $OLD_TRANSPORT in
	?*:/*) ;;
	*) die "$1: OLD_TRANSPORT=$OLD_TRANSPORT is not a type and a file, as hash:/etc/postfix/mailferry" ;;
	esac
}
