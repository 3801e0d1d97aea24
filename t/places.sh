# What the tests of maildir-merge --user and --through-doveadm with a Dovecot 2.3
# have: its settings, messages, mailboxes. Read after lib.sh.
# shellcheck shell=sh
. "$top/t/dovecot.sh"
need jq
XDG_STATE_HOME=$tmp/state
# A Dovecot in a folder sees nothing else of /tmp.
mkdir -m 755 spool
TMPDIR=$tmp/spool
export XDG_STATE_HOME TMPDIR

start_dovecot dovecot <<END2
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=${ids%:*} gid=${ids#*:} home=$tmp/home/%n
}
END2

# other NAME <SETTINGS: the same Dovecot with other settings; $da asks it.
other() {
	{
		echo "!include $conf"
		cat
	} >"$tmp/$1.conf"
	da="doveadm -c $tmp/$1.conf"
}

# message ID [FIELD...]: a message.
message() {
	printf 'Message-ID: <%s>\nFrom: a@one.test\nDate: Mon, 1 Jan 2024 00:00:00 +0000\nSubject: %s\n\nhello %s\n' "$1" "$1" "$1"
}

# put TREE FOLDER ID [FLAGS]: a message in a Maildir; FOLDER is its directory.
put() {
	mkdir -p "$1/$2/cur" "$1/$2/new" "$1/$2/tmp"
	message "$3" >"$1/$2/cur/1700000000.M${3%@*}P1.one:2,${4-S}"
}

merge_user() {
	maildir-merge --doveadm "$da" "$@"
}

made() {
	$da mailbox create -u "$@"
}
counts() {
	$da mailbox status -u "$1" messages '*' INBOX 'Archive/*' 2>/dev/null |
	    sort -u
}
