#!/bin/sh
# dirdump-collect on random hosts, with a Dovecot 2.3 and a 2.4: what dirdump dovecot
# reads from the tar is what it reads on the host. COLLECT_SEEDS="FROM COUNT": others.
. "${0%/*}/lib.sh"
. "$top/t/dovecot-root.sh"
PATH=$PATH:/usr/sbin
need busybox
need postmap postfix
need /usr/bin/python3 python3
need sqlite3
postconf -m | grep -qx lmdb || skip_all 'Postfix has no tables of lmdb (Debian: postfix-lmdb)'

machine=$PATH
for release in 2.3 2.4; do
	PATH=$machine
	use_dovecot $release
	ok "random hosts with Dovecot $release" '
		TMPDIR=$tmp /usr/bin/python3 "$top/tests/source/gather.py" '$release' ${COLLECT_SEEDS:-1 4}'
done

done_testing
