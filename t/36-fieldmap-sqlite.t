#!/bin/sh
# The shipped field maps on SQLite.
. "${0%/*}/lib.sh"
. "$top/t/fieldmap.sh"
need sqlite3

for name in postfixadmin modoboa mailu; do
	load_sqlite $name $name.sqlite.sql $name.rows
done
for name in mail-in-a-box mail-in-a-box-old; do
	load_sqlite $name $name.sql $name.rows
done
ok 'PostfixAdmin' 'maps postfixadmin postfixadmin sqlite:postfixadmin.sqlite'
ok 'Modoboa' 'maps modoboa modoboa sqlite:modoboa.sqlite'
ok 'Mailu' 'maps mailu mailu sqlite:mailu.sqlite mailu 1'
ok 'Mail-in-a-Box' 'maps mail-in-a-box mail-in-a-box sqlite:mail-in-a-box.sqlite'
ok 'an old Mail-in-a-Box' '
	maps mail-in-a-box-old mail-in-a-box-old sqlite:mail-in-a-box-old.sqlite \
	    mail-in-a-box'

mkdir -p data/mail
cp mail-in-a-box.sqlite data/mail/users.sqlite
printf 'STORAGE_USER=user-data\nSTORAGE_ROOT=%s\nPUBLIC_IP=10.0.0.1\n' \
    "$tmp/data" >mailinabox.conf
ok 'dirdump mail-in-a-box: by its settings, folder or file' '
	for path in mailinabox.conf data data/mail/users.sqlite; do
		dump 0 dirdump mail-in-a-box -v $path
		same_records mail-in-a-box
		same_notes mail-in-a-box
	done
	dump 2 dirdump-mail-in-a-box nowhere
	has err nowhere
	echo STORAGE_USER=x >none.conf
	dump 2 dirdump-mail-in-a-box none.conf
	has err "STORAGE_ROOT is missing"'

# iRedMail with LDAP: what dirdump-ldap is called with.
mkdir -p postfix/ldap bin
cat >postfix/ldap/virtual_mailbox_maps.cf <<-\END
	server_host     = ldap://127.0.0.1:389
	version         = 3
	bind            = yes
	start_tls       = no
	bind_dn         = cn=vmail,dc=one,dc=test
	bind_pw         = Pa55w0rd
	search_base     = o=domains,dc=one,dc=test
	scope           = sub
END
cat >bin/dirdump-ldap <<-\END
	#!/bin/sh
	printf '%s\n' "$@" >called
	for a; do
		case $a in
		--password-file=*) cat "${a#*=}" >given ;;
		esac
	done
	exit 1
END
chmod +x bin/dirdump-ldap
ok 'dirdump iredmail: without SQL it becomes dirdump ldap' '
	MAILFERRY_LIBEXEC=$tmp/bin
	export MAILFERRY_LIBEXEC
	run 1 dirdump-iredmail -v -x postfix >out 2>err
	[ "$(cat given)" = Pa55w0rd ]
	printf "%s\n" --map iredmail-ldap --bind-dn cn=vmail,dc=one,dc=test \
	    --base o=domains,dc=one,dc=test -v -x ldap://127.0.0.1:389 >want
	sed 1d called >got
	same want got
	sed -i "s,ldap://127.0.0.1:389,127.0.0.1," \
	    postfix/ldap/virtual_mailbox_maps.cf
	echo server_port = 1389 >>postfix/ldap/virtual_mailbox_maps.cf
	run 1 dirdump-iredmail -m ./own postfix >out 2>err
	has called ldap://127.0.0.1:1389
	has called ./own
	sed -i /bind_pw/d postfix/ldap/virtual_mailbox_maps.cf
	run 2 dirdump-iredmail postfix >out 2>err
	has err "bind_pw is missing"
	mkdir none
	run 2 dirdump-iredmail none >out 2>err
	has err "not a folder of iRedMail"'

ok 'every map of SQL stands in dirdump-sql(1), and in the table of systems' '
	for map in "$top"/share/fieldmap/*; do
		grep -q "^filter" "$map" && continue
		has "$top/man/dirdump-sql.1" ".It ${map##*/}"
		case ${map##*/} in
		mailcow | iredmail | mail-in-a-box)
			has "$top/man/dirdump.1" "dirdump ${map##*/}" ;;
		*) has "$top/man/dirdump.1" "--map ${map##*/} " ;;
		esac
	done'

done_testing
