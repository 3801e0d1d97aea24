#!/bin/sh
# dirdump acl: the access lists of a Dovecot 2.4, compared with what a running one
# of Debian 13 says of each person's rights, and shows an IMAP client.
. "${0%/*}/lib.sh"
need jq
need /usr/bin/python3 python3
root=$("$top/tests/helper/dovecot" 2.4) ||
	skip_all 'Dovecot 2.4 is not installed (tests/helper/dovecot 2.4 --install)'
[ "$(id -u)" -eq 0 ] || {
	echo '1..0 # SKIP a Dovecot 2.4 in a folder is entered by chroot, as root only'
	exit 0
}

# A folder of this run within the root, so that runs do not meet.
inside=$(mktemp -d "$root/tmp/mailferry-t.XXXXXX")
at_exit="rm -rf '$inside'; $at_exit"
dir=${inside#"${root%/.}"}
chmod 755 "$inside"
cd "$inside" || exit 2
mkdir base state home
chmod 755 base state
chmod 777 home
# doveadm, for acl.py too.
mkdir "$tmp/bin"
cat >"$tmp/bin/doveadm" <<END
#!/bin/sh
exec chroot '$root' /usr/bin/doveadm "\$@"
END
chmod 755 "$tmp/bin/doveadm"
PATH=$tmp/bin:$PATH

# person NAME GROUPS: a user of Dovecot, and a record.
person() {
	echo "$1@one.test:{PLAIN}x:5000:5000::$dir/home/$1::${2:+userdb_acl_groups=$2}" >>users
	jq -nc --arg a "$1@one.test" --arg h "$inside/home/$1" --arg g "$2" \
	    '{v: 1, type: "account", address: $a, home: $h}
	     + (if $g == "" then {} else {acl_groups: ($g / ",")} end)' >>records
}
person alice ''
person bob sales,staff
person carol staff
person dave ''
chmod 644 users
cat >dovecot.conf <<END
dovecot_config_version = 2.4.1
dovecot_storage_version = 2.4.1
base_dir = $dir/base
state_dir = $dir/state
log_path = $dir/log
protocols =
ssl = no
first_valid_uid = 1
mail_driver = maildir
mail_path = ~/Maildir
mail_plugins = acl
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
}
namespace inbox {
  inbox = yes
  separator = /
}
namespace shared {
  type = shared
  separator = /
  prefix = shared/\$user/
  mail_path = %{owner_home}/Maildir
  subscriptions = no
  list = children
}
acl_driver = vfile
acl_sharing_map {
  dict file {
    path = $dir/home/shared.db
  }
}
END
chroot "$root" dovecot -c "$dir/dovecot.conf" || {
	echo 'Bail out! dovecot 2.4 does not start'
	exit 2
}
at_exit="chroot '$root' doveadm -c '$dir/dovecot.conf' stop 2>/dev/null; $at_exit"
conf=$dir/dovecot.conf
shares() {
	jq -r 'select(.type == "settings") | .address as $a | .shares[] |
	    "\($a) \(.folder) \(.with) \(.rights)"' out
}
# client COUNT [CONF GLOBAL]: see 39-acl.t
client() {
	jq -r 'select(.address == "alice@one.test") | .address as $a | .shares[] |
	    [$a, .folder, .with, .rights] | @tsv' out >tsv
	run 0 /usr/bin/python3 "$top/tests/source/acl.py" client "${2:-$conf}" tsv "$1" \
	    ${3:+"$3"}
}

ok 'what doveadm has set' '
	doveadm -c "$conf" mailbox create -u alice@one.test Work Work/Über
	doveadm -c "$conf" acl set -u alice@one.test Work/Über user=bob@one.test lookup read write-seen
	doveadm -c "$conf" acl set -u alice@one.test Work group=staff lookup insert
	doveadm -c "$conf" acl set -u alice@one.test INBOX user=dave@one.test admin lookup
	run 0 dirdump acl records >out 2>err
	shares | sort >got
	cat >want <<-EOF
	alice@one.test INBOX dave@one.test la
	alice@one.test Work bob@one.test li
	alice@one.test Work carol@one.test li
	alice@one.test Work/Über bob@one.test lrs
	EOF
	same want got'
ok 'an IMAP client of each sharee sees the same' 'client 4'
ok 'the shared dictionary' '
	run 0 dirdump acl -v --shared-dict "file:$inside/home/shared.db" records >out 2>err
	hasnt err "was not shown"'
# ACL_SEEDS: other ones.
for seed in ${ACL_SEEDS:-3}; do
	ok "random lists mean what Dovecot 2.4 makes of them, seed $seed" '
		/usr/bin/python3 "$top/tests/source/acl.py" lists $seed global
		chmod 644 global
		rm -f home/alice/Maildir/dovecot-acl-list
		chown -R 5000:5000 home/alice
		run 0 dirdump acl records >out 2>err
		run 0 /usr/bin/python3 "$top/tests/source/acl.py" judge "$conf"
		client 10'
	ok "and with a list for all folders, seed $seed" '
		sed "/^acl_driver/a acl_global_path = $dir/global" dovecot.conf >global.conf
		chroot "$root" doveconf -c "$dir/global.conf" -n | sed "s|$dir/global|$inside/global|" >saved
		run 0 dirdump acl -c saved records >out 2>err
		client 10 "$dir/global.conf" global'
done

# Entries in the settings. Dovecot 2.4.1 looks at those of the top and of the shared
# namespace when others ask, and at no others.
sed '/^acl_sharing_map/i\
acl user=dave@one.test {\
  rights = lrx\
}\
acl user=bob@one.test {\
  rights = lw\
}\
acl group=staff {\
  rights = -rt\
}\
acl group-override=sales {\
  rights = lk :other\
}\
acl anyone {\
  rights = lp\
}\
acl "user=odd one" {\
  rights = lr\
}\
mailbox F1 {\
  acl user=dave@one.test {\
    rights = lrwst\
  }\
}
/^namespace inbox/a\
  mailbox F2 {\
    acl user=carol@one.test {\
      rights = lrwst\
    }\
  }
/^namespace shared/a\
  acl user=bob@one.test {\
    rights = lse\
  }\
  acl owner {\
    rights = lr\
  }\
  mailbox F3 {\
    acl user=carol@one.test {\
      rights = la\
    }\
  }' dovecot.conf >settings.conf
ok 'entries in the settings, and what is not carried, with its block' '
	/usr/bin/python3 "$top/tests/source/acl.py" lists 4
	rm -f home/alice/Maildir/dovecot-acl-list home/alice/Maildir/.F9/dovecot-acl
	chown -R 5000:5000 home/alice
	chroot "$root" doveconf -c "$dir/settings.conf" -n >saved
	run 0 dirdump acl -v -c saved records >out 2>err
	shares | grep " F9 " | sort >got
	cat >want <<-EOF
	alice@one.test F9 bob@one.test lk
	alice@one.test F9 carol@one.test lp
	alice@one.test F9 dave@one.test lrx
	EOF
	same want got
	run 0 /usr/bin/python3 "$top/tests/source/acl.py" judge "$dir/settings.conf" all
	for block in "mailbox F1 { acl user=dave@one.test" \
	    "namespace inbox { mailbox F2 { acl user=carol@one.test" \
	    "namespace shared { mailbox F3 { acl user=carol@one.test"; do
		grep "^dirdump-acl: saved:[0-9]*: rights in the settings that are not carried.*: $block\$" err
	done
	has err "an owner has all of them"
	has err "not among the records: odd one"'
ok 'acl_globals_only, acl_defaults_from_inbox; a Dovecot that looks at no lists' '
	sed "/^acl_driver/a acl_globals_only = yes" settings.conf >only.conf
	chroot "$root" doveconf -c "$dir/only.conf" -n >saved
	run 0 dirdump acl -v -c saved records >out 2>err
	run 0 /usr/bin/python3 "$top/tests/source/acl.py" judge "$dir/only.conf" all
	has err "(acl_globals_only): left out: F1"
	sed "/^acl_driver/a acl_defaults_from_inbox = yes" dovecot.conf >inbox.conf
	chroot "$root" doveconf -c "$dir/inbox.conf" -n >saved
	mv home/alice/Maildir/dovecot-acl inbox.before
	printf "user=dave@one.test lrs\ngroup=staff lp\n" >home/alice/Maildir/dovecot-acl
	chown 5000:5000 home/alice/Maildir/dovecot-acl
	run 0 dirdump acl -v -c saved records >out 2>err
	run 0 /usr/bin/python3 "$top/tests/source/acl.py" judge "$dir/inbox.conf" all
	shares | grep "F9 dave@one.test lrs$"
	mv inbox.before home/alice/Maildir/dovecot-acl
	sed /^acl_driver/d dovecot.conf >off.conf
	chroot "$root" doveconf -c "$dir/off.conf" -n >saved
	run 0 dirdump acl -v -c saved records >out 2>err
	has err "acl_ignore): carried all the same: F1"'
ok 'settings of access lists of one account, and of the shared namespace' '
	printf "%s\n" "* user=bob@one.test lrsk" "*/F1? -user=bob@one.test sw" "* group=staff lk" "* user=dave@one.test lx" >global
	chmod 644 global
	cp -p users users.before
	sed -i "/^bob@/s|\$| userdb_acl_global_path=$dir/global|; /^dave@/s|\$| userdb_acl_globals_only=yes|
	    /^carol@/s|\$| userdb_acl_defaults_from_inbox=yes|" users
	jq -c ".acl_settings = {bob: [\"acl_global_path=$inside/global\"], dave: [\"acl_globals_only=yes\"],
	    carol: [\"acl_defaults_from_inbox=yes\"]}[.address[:-9]] | del(..|nulls)" records >with
	cp home/alice/Maildir/dovecot-acl inbox.before
	printf "group=staff lrp\n" >home/alice/Maildir/dovecot-acl
	chroot "$root" doveconf -c "$conf" -n >saved
	run 0 dirdump acl -v -c saved with >out 2>err
	sleep 1.1 # Dovecot looks at a passwd-file once a second.
	run 0 /usr/bin/python3 "$top/tests/source/acl.py" judge "$conf" all
	mv inbox.before home/alice/Maildir/dovecot-acl
	mv users.before users
	sleep 1.1
	echo "shared/alice@one.tes? group=staff lp" >>global
	sed "/^namespace shared/a acl_globals_only = yes\nacl_global_path = $dir/global" dovecot.conf >ns.conf
	chroot "$root" doveconf -c "$dir/ns.conf" -n | sed "s|$dir/global|$inside/global|" >saved
	run 0 dirdump acl -v -c saved records >out 2>err
	run 0 /usr/bin/python3 "$top/tests/source/acl.py" judge "$dir/ns.conf" all'
ok 'another layout, with INBOX in another place, by the settings' '
	sed "s|^mail_path = .*|mail_path = ~/tree\nmailbox_list_layout = fs\nmail_inbox_path = ~/tree/INBOX\nmailbox_directory_name = mail|
	    /^acl_sharing_map/,/^}/d" dovecot.conf >tree.conf
	doveadm -c "$dir/tree.conf" mailbox create -u alice@one.test Work Work/Deep
	for folder in INBOX Work Work/Deep; do
		doveadm -c "$dir/tree.conf" acl set -u alice@one.test $folder user=dave@one.test lookup read
		echo "alice@one.test $folder dave@one.test lr"
	done >tree.want
	chroot "$root" doveconf -c "$dir/tree.conf" -n >saved
	run 0 dirdump acl -v -c saved --mail maildir:~/tree records >out 2>err
	shares | sort >got
	same tree.want got'
ok 'doveconf is asked where no file is named' '
	printf "%s\n" "#!/bin/sh" "exec chroot \"$root\" /usr/bin/doveconf -c \"$dir/settings.conf\" \"\$@\"" >"$tmp/bin/doveconf"
	chmod 755 "$tmp/bin/doveconf"
	run 0 dirdump acl records >out 2>err
	shares | grep " F9 " | sort | same want -
	printf "%s\n" "#!/bin/sh" "exit 3" >"$tmp/bin/doveconf"
	run 0 dirdump acl -v records >out 2>err
	has err "the settings of Dovecot cannot be asked"
	run 2 dirdump acl -c not-there records >out 2>err
	has err not-there'
done_testing
