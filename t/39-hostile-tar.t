#!/bin/sh
# --root with tars that somebody has made to do harm: nothing is written or read
# outside, and nothing is left behind.
. "${0%/*}/lib.sh"
need /usr/bin/python3 python3

mkdir scratch outside
echo "secret@one.test:{PLAIN}s:1:1::/h::" >outside/users
export TMPDIR="$tmp/scratch"
cat >make.py <<'END'
import io, sys, tarfile
tmp = sys.argv[1]
line = b'ann@one.test:{PLAIN}a:5000:5000::/h/ann::\n'

def tar(name, form, *members):
    with tarfile.open(name + '.tar', 'w', format=form) as t:
        for m in members:
            info = tarfile.TarInfo(m[0])
            data = b''
            if len(m) == 2:
                data = m[1]
            else:
                info.type, info.linkname = m[1], m[2]
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))

users = ('etc/users', line)
SYM, HARD = tarfile.SYMTYPE, tarfile.LNKTYPE
for name, form in ('gnu', tarfile.GNU_FORMAT), ('pax', tarfile.PAX_FORMAT), \
        ('ustar', tarfile.USTAR_FORMAT):
    tar('good-' + name, form, ('etc/', tarfile.DIRTYPE, ''), users)
    tar('up-' + name, form, ('../evil', line), ('a/../../evil', line),
        ('..', SYM, 'x'), users)
    tar('absolute-' + name, form, ('/etc/users', line))
    tar('long-' + name, form, ('/'.join(['d' * 40] * 5) + '/users', line), users)
tar('link', tarfile.GNU_FORMAT, ('etc', SYM, tmp + '/outside'),
    ('etc/new', line), ('etc/users', line))
tar('reads-out', tarfile.GNU_FORMAT, ('etc/users', SYM, tmp + '/outside/users'))
tar('reads-up', tarfile.GNU_FORMAT,
    ('etc/users', SYM, '../' * 30 + tmp[1:] + '/outside/users'))
tar('folder-out', tarfile.GNU_FORMAT, ('etc', SYM, '/../../..' + tmp + '/outside'))
tar('loop', tarfile.GNU_FORMAT, ('etc/users', SYM, 'users'))
tar('inside', tarfile.GNU_FORMAT, ('srv/users', line), ('etc/users', SYM, '/srv/users'))
tar('inside-up', tarfile.GNU_FORMAT, ('srv/users', line), ('etc/mail', SYM, '../srv'),
    ('etc/users', SYM, 'mail/users'))
tar('hard', tarfile.GNU_FORMAT, ('srv/users', line), ('etc/users', HARD, 'srv/users'))
tar('hard-out', tarfile.GNU_FORMAT, ('etc/users', HARD, tmp + '/outside/users'),
    ('etc/more', HARD, '../' * 20 + tmp[1:] + '/outside/users'))
tar('hard-link', tarfile.GNU_FORMAT, ('s', SYM, tmp + '/outside'),
    ('etc/users', HARD, 's/users'))
tar('twice', tarfile.GNU_FORMAT, ('etc/users', SYM, tmp + '/outside/users'), users)
tar('devices', tarfile.GNU_FORMAT, ('etc/null', tarfile.CHRTYPE, ''),
    ('etc/disk', tarfile.BLKTYPE, ''), ('etc/pipe', tarfile.FIFOTYPE, ''),
    ('etc/odd', b'Z', ''), users)
tar('too-long', tarfile.GNU_FORMAT, ('x/' * 3000 + 'users', line), users)
tar('file-below-file', tarfile.GNU_FORMAT, users, ('etc/users/more', line))
tar('folder-twice', tarfile.GNU_FORMAT, ('etc/users/x', line), users)

def damaged(name, change):
    with open('good-gnu.tar', 'rb') as f:
        data = bytearray(f.read())
    change(data)
    for at in 0, 512:
        head = data[at:at + 512]
        head[148:156] = b' ' * 8
        if name != 'sum':
            data[at + 148:at + 156] = b'%06o\0 ' % sum(head)
    with open(name + '.tar', 'wb') as f:
        f.write(data)

def put(at, text):
    def change(data):
        data[at:at + len(text)] = text
    return change

damaged('huge', put(512 + 124, b'77777777777'))
damaged('base256', put(512 + 124, b'\x80' + b'\0' * 3 + b'\x7f' + b'\xff' * 7))
damaged('negative', put(512 + 124, b'\xff' * 12))
damaged('size', put(512 + 124, b'12x45678901'))
damaged('sum', put(512, b'etd'))
damaged('pax-size', put(512 + 156, b'x'))
damaged('name-size', put(512 + 156, b'L'))
with open('zeros.tar', 'wb') as f:
    f.write(b'\0' * 10240)
with open('empty.tar', 'wb') as f:
    pass
with open('good-gnu.tar', 'rb') as f:
    good = f.read()
end = good[:1536]  # a folder, a file
with open('lone.tar', 'wb') as f:
    f.write(good[:512] + b'\0' * 512 + good[512:])
with open('one-zero.tar', 'wb') as f:
    f.write(end + b'\0' * 512)
with open('after.tar', 'wb') as f:
    f.write(end + b'\0' * 1024 + b'rest' * 128)
END
/usr/bin/python3 make.py "$tmp"

clean() {
	[ -z "$(ls -A scratch)" ]
	[ "$(ls outside)" = users ]
	not [ -e evil ]
	not [ -e scratch/evil ]
}
# A line of the good file, and nothing of the one outside.
for name in good-gnu good-pax good-ustar absolute-gnu absolute-pax \
    absolute-ustar long-gnu long-pax long-ustar inside inside-up hard twice; do
	ok "$name is read" '
		run 0 dirdump passwd-file --root $name.tar /etc/users >out 2>err
		has out "\"address\":\"ann@one.test\""
		not [ -s err ]
		clean'
done
for name in up-gnu up-pax up-ustar devices too-long file-below-file; do
	ok "$name: what does harm is left out, and named" '
		run 1 dirdump passwd-file --root $name.tar /etc/users >out 2>err
		has out "\"address\":\"ann@one.test\""
		has err "left out: "
		clean'
done
ok 'each member that is left out is named' '
	[ "$(grep -c "left out: its name leads out of the tar" err)" -eq 0 ]
	run 1 dirdump passwd-file --root up-gnu.tar /etc/users >out 2>err
	[ "$(grep -c "left out: its name leads out of the tar" err)" -eq 3 ]
	run 1 dirdump passwd-file --root devices.tar /etc/users >out 2>err
	[ "$(grep -c "left out: not a file, a folder or a link" err)" -eq 4 ]'
for name in link reads-out reads-up folder-out loop hard-out hard-link folder-twice; do
	ok "$name leads nowhere" '
		run 2 dirdump passwd-file --root $name.tar /etc/users >out 2>err
		hasnt out secret@one.test
		hasnt out ann@one.test
		clean
		# Nor do the same links in a folder.
		mkdir "$name.d"
		tar xPf $name.tar -C "$name.d" 2>/dev/null || :
		rm -f outside/new evil
		printf "%s\n" "secret@one.test:{PLAIN}s:1:1::/h::" >outside/users'
done
for name in reads-out reads-up folder-out loop; do
	ok "$name leads nowhere in a folder, too" '
		[ -h $name.d/etc ] || [ -h $name.d/etc/users ]
		run 2 dirdump passwd-file --root $name.d /etc/users >out 2>err
		hasnt out secret@one.test
		run 2 dirdump passwd-file --root $name.d "/etc/%d/users" >out 2>err
		hasnt out secret@one.test'
done
for name in huge base256 negative size sum pax-size empty; do
	ok "$name: not a whole tar" '
		run 2 dirdump passwd-file --root $name.tar /etc/users >out 2>err
		not [ -s out ]
		grep -qE "not a whole tar|neither a folder nor a tar" err
		clean'
done
ok 'one block of zeros is its end where nothing follows, and no other' '
	tar tf one-zero.tar >list 2>err
	has list etc/users
	tar tf lone.tar >list 2>err
	has err "lone zero block"
	for name in one-zero after; do
		run 0 dirdump passwd-file --root $name.tar /etc/users >out 2>err
		has out ann@one.test
	done
	run 2 dirdump passwd-file --root lone.tar /etc/users >out 2>err
	not [ -s out ]
	has err "not a whole tar: a block of zeros, and not its end"
	clean'
ok 'a FIFO or a device in a folder is no file' '
	mkdir -p special/etc special/d/one.test
	mkfifo special/etc/users special/etc/shadow special/d/one.test/users
	cp outside/users special/etc/good
	for path in /etc/users "/d/%d/users"; do
		run 2 timeout 60 "$build/bin/dirdump" passwd-file --root special "$path" >out 2>err
		has err "users: cannot be opened: Operation not supported"
	done
	run 2 timeout 60 "$build/bin/dirdump" shadow -d one.test --root special >out 2>err
	run 2 timeout 60 "$build/bin/dirdump" passwd-file --root special \
	    --deny /etc/users /etc/good >out 2>err
	run 2 timeout 60 "$build/bin/dirdump" dms --root special /etc >out 2>err
	if mknod special/etc/null c 1 3 2>/dev/null; then
		run 2 dirdump passwd-file --root special /etc/null >out 2>err
	fi'
ok 'a tar of nothing has nothing' '
	for name in zeros name-size; do
		run 2 dirdump passwd-file --root $name.tar /etc/users >out 2>err
		has err "/etc/users"
		clean
	done'
ok 'cut anywhere, it is not a whole tar' '
	size=$(wc -c <long-pax.tar)
	for at in 1 511 512 513 600 1024 1100 1536 2000; do
		head -c $at long-pax.tar >cut.tar
		run 2 dirdump passwd-file --root cut.tar /etc/users >out 2>err
		not [ -s out ]
		clean
	done
	[ "$size" -gt 2000 ]'
ok 'a signal leaves nothing behind either' '
	mkfifo pipe
	dirdump passwd-file --root good-gnu.tar pipe - >out 2>err <pipe &
	pid=$!
	exec 9>pipe
	tries=0
	# The guard is there before the first file is.
	until [ -n "$(ls -A scratch/*/ 2>/dev/null)" ]; do
		tries=$((tries + 1))
		[ $tries -lt 1200 ]
		sleep 0.05
	done
	kill -KILL $pid
	wait $pid || :
	exec 9>&-
	tries=0
	while [ -n "$(ls -A scratch)" ]; do
		tries=$((tries + 1))
		[ $tries -lt 1200 ]
		sleep 0.05
	done'

done_testing
