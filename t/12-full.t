#!/bin/sh
# A full disk behind standard output: every tool ends with 2 and says why, whatever
# it writes there.
. "${0%/*}/lib.sh"
need curl
need sqlite3
. "$top/t/apply.sh"
. "$top/t/dovecot23.sh"

# full COMMAND...: its standard output cannot be written.
full() {
	run 2 timeout 60 "$@" >/dev/full 2>err </dev/null || {
		cat err
		return 1
	}
	has err "No space left on device"
	hasnt err Success
	hasnt err usage:
}

tools=$(cd "$top/bin" && ls -- *.c)
ok 'the help and the version of every tool' '
	for tool in $tools; do
		full "${tool%.c}" --help
		full "${tool%.c}" --version
	done'

serve_both
cat >records <<-END
	{"v":1,"type":"domain","domain":"one.test"}
	{"v":1,"type":"account","address":"alice@one.test","secret":"$hash","forward":["x@two.test"]}
	{"v":1,"type":"end","count":2}
END
printf '%s\n' "alice@one.test:$hash:5000:5000::/home/alice" >passwd
printf '%s\n' "alice:$hash:19000:0:99999:7:::" >shadow
mkdir dms
printf '%s\n' "alice@one.test|$hash" >dms/postfix-accounts.cf
printf 'dn: uid=a,dc=a\nuid: a\nmail: a@one.test\n' >ldif
echo 'info@one.test alice@one.test' >virtual
echo 'require "fileinto";' >script
gunzip -c "$fixtures/real/archive-jmap.sqlite.gz" >archive.sqlite
sqlite3 users.sqlite "CREATE TABLE users (id INTEGER, email TEXT, password TEXT,
    privileges TEXT); CREATE TABLE aliases (source TEXT, destination TEXT,
    permitted_senders TEXT)"
printf '%s\n' '# 2.3.19' 'passdb {' "  args = $tmp/passwd" '  driver = passwd-file' '}' \
    'userdb {' "  args = $tmp/passwd" '  driver = passwd-file' '}' >dovecot.saved
mkdir -p live/cur live/new live/tmp from/cur from/new from/tmp
printf 'From: a@b\nMessage-ID: <1@b>\n\nx\n' >from/cur/1.M1P1.h:2,S
{ echo "$domain"; accounts "$(user alice)"; } >plan
run 0 stalwart-apply -q plan >applied
run 0 mailroute setup --old old.test >setup.out 2>setup.err
run 0 mailroute -q set alice@one.test >set.out

while read -r line; do
	ok "$line" "full $line"
done <<-'END'
	dirdump --list
	dirdump passwd-file passwd
	dirdump-shadow --domain one.test passwd shadow
	dirdump-dms dms
	dirdump-ldif --map qmail ldif
	dirdump-mail-in-a-box users.sqlite
	dirdump-sql --query "SELECT email AS address FROM users" sqlite:users.sqlite
	dirdump-dovecot -c dovecot.saved
	dirdump-acl records
	dirdump-postfix virtual
	secretcheck records
	secretcheck --summary records
	sievecheck script
	recfilter -a alice@one.test records
	mkaccounts records
	mkaccounts -o /dev/stdout records
	mkaccounts -o plan.out --report /dev/stdout records
	stalwart-apply plan
	stalwart-apply -n plan
	stalwart-apply --check plan
	remap get alice@one.test
	remap set legacy alice@one.test
	remap pick legacy records
	remap export --format=tsv --to stalwart alice@one.test
	mailroute get alice@one.test
	mailroute set alice@one.test
	mailroute list
	mailroute check
	archive2maildir --list archive.sqlite
	archive2maildir archive.sqlite extracted
	maildir-ids from
	maildir-merge -n from live
	maildir-merge from live
	maildir-merge --summary from live
END

done_testing
