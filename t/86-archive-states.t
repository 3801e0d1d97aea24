#!/bin/sh
# An archive whose writer was killed, or is still at work; and that reading one
# changes nothing.
. "${0%/*}/lib.sh"
. "$top/t/archive.sh"

odd() {
	run 0 /usr/bin/python3 "$top/tests/archive/odd.py" "$@"
}
# seen: the archive and what lies beside it, as bytes and times.
seen() {
	for f in "$1"*; do
		sha256sum "$f"
		stat -c '%y %s %a' "$f"
	done
}

ok 'every row is in the log that a killed writer left' '
	mkdir wal
	odd --killed in-two-folders wal/a
	[ "$(stat -c %s wal/a)" -eq 4096 ]
	[ "$(stat -c %s wal/a-wal)" -gt 100000 ]
	seen wal/a >before
	run 0 archive2maildir wal/a wal.tree
	odd --compare in-two-folders wal.tree
	seen wal/a | same before -'

ok 'the same in a folder that nobody may write to' '
	chmod 555 wal
	chmod 444 wal/a wal/a-wal
	who=
	[ "$(id -u)" -ne 0 ] || who="setpriv --reuid=65534 --regid=65534 --clear-groups"
	chmod 755 .
	mkdir open
	chmod 777 open
	run 0 $who "$build/bin/archive2maildir" wal/a open/tree
	[ -d open/tree/mail/.Eins ]
	chmod 755 wal
	seen wal/a | grep -v -e " 4096 " -e "-" >/dev/null || true
	[ "$(find wal -type f | sort | tr "\n" " ")" = "wal/a wal/a-wal " ]'

ok 'a log that ends in the midst of a record: what was committed is there' '
	mkdir cut
	odd --killed in-two-folders cut/a
	printf "half a frame that was being written" >>cut/a-wal
	run 0 archive2maildir cut/a cut.tree
	odd --compare in-two-folders cut.tree'

ok 'a log of noise is not taken for one' '
	mkdir noise
	odd --all noise >/dev/null
	head -c 100000 /dev/zero | tr "\0" x >noise/levels-wal
	run 0 archive2maildir noise/levels noise.tree
	odd --compare levels noise.tree'

ok 'an archive is read without a trace' '
	mkdir whole
	odd --all whole
	seen whole/levels >before
	run 0 archive2maildir whole/levels whole.tree
	run 0 archive2maildir --list whole/levels >out
	seen whole/levels | same before -
	has out 2023'

# A writer at work, until its standard input ends.
mkfifo input
mkdir held
/usr/bin/python3 "$top/tests/archive/odd.py" --hold levels held/a <input >held.out &
writer=$!
end_with_test "$writer"
exec 8>input
tries=0
until grep -q held held.out; do
	kill -0 "$writer" 2>/dev/null && [ "$tries" -lt 200 ] || {
		echo 'Bail out! the writer did not start'
		exit 2
	}
	tries=$((tries + 1))
	sleep 0.05
done

ok 'while another program holds it, nothing is read or written' '
	for how in held.tree --list; do
		case $how in
		--list) run 75 archive2maildir --list held/a >out 2>err ;;
		*) run 75 archive2maildir held/a "$how" >out 2>err ;;
		esac
		cat err
		has err held/a
		grep -qiE "lock|in use|another program|vandelay" err
	done
	not test -e held.tree
	not test -s out'

exec 8>&-
wait "$writer"
ok 'and when it has ended, the same command does it' '
	run 0 archive2maildir held/a held.tree
	odd --compare levels held.tree'

done_testing
