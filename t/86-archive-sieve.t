#!/bin/sh
# The scripts out of an archive are taken by a real Pigeonhole.
. "${0%/*}/lib.sh"
. "$top/t/archive.sh"
. "$top/t/dovecot23.sh"
need_dovecot /usr/lib/dovecot/modules/doveadm/lib10_doveadm_sieve_plugin.so dovecot-sieve
# Pigeonhole, whose doveadm needs no server that runs; it does not work as root.
who=$(id -un) group=$(id -gn)
[ "$(id -u)" -ne 0 ] || who=nobody group=nogroup
chmod 755 .
mkdir -m 755 sieve
cat >sieve/dovecot.conf <<END
base_dir = $tmp/sieve/run
state_dir = $tmp/sieve/state
log_path = /dev/stderr
ssl = no
mail_location = maildir:~/Maildir
mail_uid = $who
mail_gid = $group
first_valid_uid = 1
first_valid_gid = 1
plugin {
  sieve = file:~/sieve;active=~/.dovecot.sieve
}
END
pigeonhole() {
	HOME=$tmp/sieve/$1 USER=$1
	export HOME USER
	shift
	doveadm -c "$tmp/sieve/dovecot.conf" sieve "$@"
}

mkdir odd
gunzip -c "$fixtures/real/archive-jmap.sqlite.gz" >jmap
run 0 /usr/bin/python3 "$top/tests/archive/odd.py" --all odd

# put TREE: Pigeonhole takes each script, by the name of its file.
put() {
	mkdir "sieve/$1"
	chmod 777 "sieve/$1"
	for f in "$1"/sieve/*.sieve; do
		name=${f##*/}
		run 0 pigeonhole "$1" put "${name%.sieve}" <"$f"
		cmp "sieve/$1/sieve/$name" "$f"
	done
	pigeonhole "$1" list >there
	cat there
	[ "$(wc -l <there)" -eq "$(find "$1/sieve" -name "*.sieve" | wc -l)" ]
}

ok 'doveadm sieve put takes the scripts of a real archive' '
	run 0 archive2maildir jmap real
	put real'
for name in scripts script-called-active scripts-of-one-name; do
	ok "and those of $name" "
		run 0 archive2maildir odd/$name $name
		put $name"
done

done_testing
