#!/bin/sh
# The mail that archive2maildir writes, as a real Dovecot shows it over IMAP.
. "${0%/*}/lib.sh"
. "$top/t/archive.sh"
. "$top/t/dovecot23.sh"
need_dovecot /usr/lib/dovecot/imap dovecot-imapd
need_dovecot /usr/lib/dovecot/lmtp dovecot-lmtpd

mkdir odd plain listescape utf8
ok 'the archives' '
	for a in jmap maildir; do
		gunzip -c "$fixtures/real/archive-$a.sqlite.gz" >"$a"
	done
	run 0 /usr/bin/python3 "$top/tests/archive/odd.py" --all odd'
odd='levels names same-folder-name same-root-names same-when-cleaned roles-twice
keywords times bytes-of-all-kinds same-second names-as-on-disk
names-of-a-server two-rows-one-blob nested-inbox'

for how in listescape plain utf8; do
	ok "folders, flags, keywords, dates, subscriptions: $how" '
		cd "$how"
		run 0 /usr/bin/python3 "$top/tests/archive/serve.py" "$how" \
		    ../jmap ../maildir $(printf "../odd/%s " $odd)'
done

done_testing
