# The programs of a Dovecot 2.3. Read after lib.sh.
# shellcheck shell=sh
. "$top/t/dovecot-root.sh"
use_dovecot 2.3
