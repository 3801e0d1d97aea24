# use_dovecot RELEASE: from here on dovecot, doveadm, doveconf and those of Sieve are
# of a Dovecot 2.3 or 2.4: this machine's, or the one that tests/helper/dovecot has
# put into a folder, which then sees the scratch folder in the place where it is.
# need_dovecot FILE [PACKAGE] asks for a file of it. Read after lib.sh.
# shellcheck shell=sh

# asking FILE COMMAND: a doveadm that is this command. One that is given the file of a
# Dovecot that runs asks that one for the settings, as one without -c does: with the
# file it starts doveconf first, which takes longer than all that it does itself. The
# file has not changed since; and what becomes the owner before it reads the settings
# again, or is doveconf, has the file as ever.
asking() {
	cat >"$1" <<-END
	#!/bin/sh
	export DUMP_CAPABILITY=1 # As in lib.sh: not all tools pass it on.
	base=\${2%/*}/base
	case " \$* " in
	*' config '* | *' exec '* | *' import '* | *' sync '* | *' backup '*) ;;
	' -c '*)
		if [ -e "\$base/master.pid" ] && [ "\$2" -ef "\$base/dovecot.conf" ] &&
		    ! [ "\$2" -nt "\$base/master.pid" ]; then
			shift 2
			set -- -c "\$base/config" "\$@"
		fi
		;;
	esac
	$2
	END
	chmod 755 "$1"
}

use_dovecot() {
	dovecot_release=$1
	dovecot_root=$("$top/tests/helper/dovecot" "$1") ||
		skip_all "needs Dovecot $1 (this machine's, or tests/helper/dovecot $1 --install)"
	[ "$dovecot_root" != /. ] || {
		! command -v doveadm >/dev/null || {
			mkdir -m 755 "$tmp/dovecot$1"
			asking "$tmp/dovecot$1/doveadm" "exec $(command -v doveadm) \"\$@\""
			PATH=$tmp/dovecot$1:$PATH
		}
		return 0
	}
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
		entering="exec unshare --mount sh -c 'mount --bind \"\$1\" \"\$2\$1\" &&
			shift && exec chroot \"\$@\"' sh '$tmp' '$dovecot_root' \\
			env -C \"\$PWD\" PATH=/usr/sbin:/usr/bin:/sbin:/bin $program \"\$@\""
		case $program in
		doveadm) asking "$tmp/dovecot$1/doveadm" "$entering" ;;
		*)
			printf '#!/bin/sh\n%s\n' "$entering" >"$tmp/dovecot$1/$program"
			chmod 755 "$tmp/dovecot$1/$program"
			;;
		esac
	done
	PATH=$tmp/dovecot$1:$PATH
}

need_dovecot() {
	[ -e "$dovecot_root$1" ] ||
		skip_all "Dovecot $dovecot_release lacks $1 (Debian: $2)"
}
