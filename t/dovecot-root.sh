# use_dovecot RELEASE: from here on dovecot, doveadm, doveconf and those of Sieve are
# of a Dovecot 2.3 or 2.4: this machine's, or the one that tests/helper/dovecot has
# put into a folder, which then sees the scratch folder in the place where it is.
# need_dovecot FILE [PACKAGE] asks for a file of it. Read after lib.sh.
# shellcheck shell=sh

use_dovecot() {
	dovecot_release=$1
	dovecot_root=$("$top/tests/helper/dovecot" "$1") ||
		skip_all "needs Dovecot $1 (this machine's, or tests/helper/dovecot $1 --install)"
	[ "$dovecot_root" != /. ] || return 0
	if [ "$(id -u)" -ne 0 ]; then
		# Not a thing that is missing: no skip_all.
		echo "1..0 # SKIP a Dovecot $1 in a folder is entered by chroot, as root only"
		exit 0
	fi
	mkdir -p "$dovecot_root$tmp"
	at_exit="rmdir '$dovecot_root$tmp'; $at_exit"
	mkdir -m 755 "$tmp/dovecot$1"
	# The mount is seen by the program only, and is gone with it.
	for program in dovecot doveadm doveconf sievec sieve-test; do
		cat >"$tmp/dovecot$1/$program" <<-END
		#!/bin/sh
		exec unshare --mount sh -c 'mount --bind "\$1" "\$2\$1" && shift &&
		    exec chroot "\$@"' sh '$tmp' '$dovecot_root' \\
		    env -C "\$PWD" PATH=/usr/sbin:/usr/bin:/sbin:/bin $program "\$@"
		END
		chmod 755 "$tmp/dovecot$1/$program"
	done
	PATH=$tmp/dovecot$1:$PATH
}

need_dovecot() {
	[ -e "$dovecot_root$1" ] ||
		skip_all "Dovecot $dovecot_release lacks $1 (Debian: $2)"
}
