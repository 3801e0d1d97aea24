# What the tests of maildir-merge --through-doveadm have, whichever Dovecot. Read
# after lib.sh.
# shellcheck shell=sh
need /usr/bin/python3 python3
need openssl openssl
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE

# through STORE [KILLS]: the mail of a real archive goes into a store, and out again.
through() {
	mkdir -m 755 "$1${2-}"
	cd "$1${2-}"
	run 0 /usr/bin/python3 "$top/tests/maildir/through.py" "$1" \
	    "$fixtures/real/archive-jmap.sqlite.gz" ${2:+"$2"}
}
# script NAME [ARGUMENT...]: a script of tests/maildir, in a folder of its own.
script() {
	script_name=$1
	shift
	mkdir -m 755 "$script_name"
	cd "$script_name"
	run 0 /usr/bin/python3 "$top/tests/maildir/$script_name.py" "$@"
}
# The same for both.
in_both() {
	ok 'odd mail, and folders named like options' 'script strange'
	ok 'a keyword that Dovecot does not take costs no other' 'script labels'
	ok "flags of messages on both sides: $1" "script flagging $1"
	ok "doveadm is not started again for each folder: $1" "script calls $1"
	ok 'undoing what its owner has used since: kept, or named before it goes' \
	    'script forced mdbox'
	ok 'ITERINDEX: folders of other programs are found, and ours are shown' \
	    'script iterindex'
	ok 'LAYOUT=fs: a folder that was only the level above another' 'script levels'
	ok 'where the Maildir of a user is' 'script user'
}
