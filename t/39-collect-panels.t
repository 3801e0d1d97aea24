#!/bin/sh
# What panels and users keep in homes, gathered on the host: all that the readers
# read there, and no file that a user has a link to. In a namespace of its own,
# where /home is this test's.
. "${0%/*}/lib.sh"
need busybox
need unshare util-linux
[ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null || skip_all "no namespaces of mounts"

umask 022
chmod 755 "$tmp"
a=home/a/conf/mail/one.test c=home/c/etc/two.test
mkdir -p $a $c home/c/.autorespond home/evil/etc/two.test home/evil/.autorespond
echo 'ann:{PLAIN}a:1:1::/home/a:::' >$a/passwd
echo 'ann@one.test:x@ext.test' >$a/aliases
echo ann >$a/fwd_only
echo 'I am away' >$a/autoreply.ann.msg
echo 'bob:{PLAIN}b:1:1::::' >$c/shadow
echo 'bob:x:1:1::/home/c/mail/two.test/bob:/x' >$c/passwd
printf 'Subject: gone\n\nBye\n' >home/c/.autorespond/bob@two.test
echo '{"start":1511111111}' >home/c/.autorespond/bob@two.test.json
echo fwd@ext.test >home/c/.forward
printf 'carl:x:2000:2000::/home/c:/bin/sh\neve:x:1:1::/home/evil:/bin/sh\n' >passwd
printf 'carl:{PLAIN}c:1::::::\neve:CANARY:1::::::\n' >shadow
chmod 600 shadow
ln -s /etc/shadow home/evil/etc/two.test/shadow
ln -s /etc/shadow home/evil/.autorespond/eve@two.test
ln -s /etc/shadow home/evil/.forward
chown -R daemon:daemon home/evil

cat >inside <<'END'
mount --bind home /home && mount --bind passwd /etc/passwd &&
    mount --bind shadow /etc/shadow || exit 99
"$@"
END
inside() {
	unshare -m sh inside "$@"
}
# read_all ROOT...: what the readers say, without what was not gathered.
cat >readers <<'END'
dirdump passwd-file "$@" --format=hestia /home/a/conf/mail/one.test/passwd
dirdump passwd-file "$@" --format=cpanel /home/c/etc/two.test/shadow
dirdump shadow "$@" -d host.test --min-uid 1
END
inside sh readers >here 2>/dev/null
for shell in dash bash 'busybox sh'; do
	ok "$shell: the records are those of the host" '
		has here "I am away"
		has here 2017-11-19
		has here "{\"v\":1,\"type\":\"note\",\"what\":\"/home/c/.forward\""
		hasnt here /home/evil/.forward
		run 1 inside $shell "$top/scripts/dirdump-collect" -S >all.tar 2>err
		run 1 sh readers --root all.tar >out 2>/dev/null
		sed "s/,\"failed\":[0-9]*//" here >want
		sed "s/,\"failed\":[0-9]*//" out >got
		same want got'
	ok "$shell: a link to a file of another owner is named" '
		has err "/home/evil/etc/two.test/shadow: not a file of the owner"
		has err "/home/evil/.autorespond/eve@two.test: not a file of the owner"
		grep -c CANARY all.tar | grep -qx 1
		tar tf all.tar | hasnt /dev/stdin evil'
done

done_testing
