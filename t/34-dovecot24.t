#!/bin/sh
# dirdump dovecot and Dovecot 2.4: saved texts of its doveconf, and what a
# recorded server made of the same users; and a running server in a folder of
# Debian 13, where tests/helper/dovecot24 has put it.
. "${0%/*}/lib.sh"

real=$fixtures/real/dovecot-2.4
mkdir dom dom/one.test dom/two.test
cp "$real/users" users
for name in passwdfile perdomain sql; do
	sed -e "s,/etc/dovecot/users,$tmp/users," -e "s,/etc/dovecot/dom,$tmp/dom," \
	    "$real/$name.txt" >$name
done
echo "ann:{PLAIN}a:5000:5000::/h/ann::" >dom/one.test/passwd
echo "bob:{PLAIN}b:5000:5000::/h/bob::" >dom/two.test/passwd
{
	cat passwdfile
	echo 'passdb_default_password_scheme = PLAIN'
} >whole

# active ADDRESS: whether the account is.
active() {
	sed -n "s/.*\"address\":\"$1\".*\"active\":\([a-z]*\).*/\1/p" out
}
quota() {
	sed -n "s/.*\"address\":\"$1\".*\"quota\":\([0-9]*\).*/\1/p" out
}

ok 'a saved text that does not say the default scheme' '
	run 2 dirdump-dovecot -c passwdfile >out 2>err
	has err "the text does not say the scheme of passwords without one"
	hasnt out "\"end\""
	run 1 dirdump-dovecot -c passwdfile -s CRYPT >out 2>err
	has out "\"default_scheme\":\"CRYPT\""'
ok 'the recorded users' '
	run 1 dirdump-dovecot -c whole >out 2>err
	for name in tagged clear plain quota23 last nonl; do
		[ "$(active $name@one.test)" = true ]
	done
	for name in nohash nologin; do
		[ "$(active $name@one.test)" = false ]
	done
	has err "users:7: a listed name that the server does not find"
	hasnt out "upper@one.test"
	has out "\"secret\":\"correct horse 7!\",\"default_scheme\":\"PLAIN\""'
ok 'a hash without a scheme is a clear password to 2.4.1: it is said' '
	has err "untagged@one.test: "
	has err "looks like a hash"
	grep "untagged@one.test" out | grep -q "\"default_scheme\":\"PLAIN\""'
ok 'quotas: the default of the fields, and no rule of 2.3' '
	[ "$(quota tagged@one.test)" = 1073741824 ]
	[ "$(quota quota23@one.test)" = 5368709120 ]
	[ "$(quota plain@one.test)" = 5368709120 ]'
ok 'a file for each domain' '
	run 0 dirdump-dovecot -c perdomain -s PLAIN >out 2>err
	grep -o "\"address\":\"[^\"]*\"" out >got
	printf "\"address\":\"%s\"\n" ann@one.test bob@two.test >want
	same want got'

root=$("$top/tests/helper/dovecot24") || root=
[ "$(id -u)" -eq 0 ] || root=
if [ -z "$root" ]; then
	if [ "${FERRY_REQUIRE_ALL:-0}" = 1 ]; then
		ok 'Dovecot 2.4 is there: tests/helper/dovecot24 --install' 'false'
	else
		tap_n=$((tap_n + 1))
		echo "ok $tap_n - a running Dovecot 2.4 # SKIP not there: tests/helper/dovecot24 --install"
	fi
	done_testing
fi

# A folder of this run within the root, so that runs do not meet.
inside=$(mktemp -d "$root/tmp/mailferry-t.XXXXXX")
at_exit="rm -rf '$inside'; $at_exit"
dir=${inside#"$root"}
chmod 755 "$inside"
in24() {
	chroot "$root" "$@"
}
conf=$dir/dovecot.conf
cp "$real/users" "$inside/users"
chmod 644 "$inside/users"
mkdir "$inside/base" "$inside/state"
cat >"$inside/dovecot.conf" <<END
dovecot_config_version = 2.4.1
dovecot_storage_version = 2.4.1
base_dir = $dir/base
state_dir = $dir/state
log_path = $dir/log
protocols =
ssl = no
first_valid_uid = 1
auth_mechanisms = plain
auth_failure_delay = 0
mail_driver = maildir
mail_path = ~/Maildir
mail_uid = 5000
mail_gid = 5000
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
passdb passwd-file {
  passwd_file_path = $dir/users
}
userdb passwd-file {
  passwd_file_path = $dir/users
  fields {
    quota_storage_size:default = 5G
  }
}
END
in24 dovecot -c "$conf" || { echo 'Bail out! dovecot 2.4 does not start'; exit 2; }
at_exit="chroot '$root' doveadm -c '$conf' stop 2>/dev/null; $at_exit"
{
	in24 doveconf -c "$conf" -nP
	in24 doveconf -c "$conf" passdb_default_password_scheme
} 2>doveconf.err | sed "s,$dir/users,$inside/users," >saved

ok 'a running Dovecot 2.4 lets in whom the records call active' '
	run 1 dirdump-dovecot -c saved >out 2>err
	sed -n "s/.*\"type\":\"account\",\"address\":\"\([^\"]*\)\".*/\1/p" out >names
	[ "$(wc -l <names)" -eq 10 ]
	while read -r name; do
		echo "$name"
		if in24 doveadm -c "$conf" auth test -x rip=127.0.0.1 "$name" "correct horse 7!" >answer 2>&1 </dev/null &&
		    ! grep -q "[[:space:]]nologin" answer; then
			[ "$(active "$name")" = true ]
		else
			case $name in
			# Refused for what the text is, which the record says.
			md5@* | untagged@*) ;;
			*) [ "$(active "$name")" = false ] ;;
			esac
		fi
		in24 doveadm -c "$conf" user "$name" >fields </dev/null
		[ "$(sed -n "s/^home[[:space:]]//p" fields)" = "$(sed -n "s/.*\"address\":\"$name\".*\"home\":\"\([^\"]*\)\".*/\1/p" out)" ]
		size=$(sed -n "s/^quota_storage_size[[:space:]]//p" fields)
		case $size in
		1G) [ "$(quota "$name")" = 1073741824 ] ;;
		5G) [ "$(quota "$name")" = 5368709120 ] ;;
		*) false ;;
		esac
	done <names'

done_testing
