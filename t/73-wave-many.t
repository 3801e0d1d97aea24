#!/bin/sh
# A wave of many accounts, of which only the records are copied: all move, the
# directory is read a few times and not once for each, and neither memory nor open
# files grow with their number. MAILFERRY_WAVE_ACCOUNTS: how many (20); with 1000 or
# more it tells how long one takes. MAILFERRY_WAVE_BEFORE: as if as many had moved in
# earlier waves.
. "${0%/*}/lib.sh"
n=${MAILFERRY_WAVE_ACCOUNTS:-20}
before=${MAILFERRY_WAVE_BEFORE:-5}
. "$top/t/procedure.sh"
need parallel
PATH=$PATH:/usr/sbin
need postmap postfix

rm bin/vandelay
cat >bin/vandelay <<'END'
#!/bin/sh
# Nothing is there to be copied. Meanwhile somebody may change a password.
if [ -e change ]; then
	sed -i "$(cat change)" directory
	rm change
fi
for archive; do :; done
[ "$1" != import ] || : >>"$archive"
[ "$1" = inspect ] || echo 'email: created=0 fetched=0 updated=0 deleted=0 skipped=0 failed=0'
END
parallel=$(command -v parallel)
cat >bin/parallel <<END
#!/bin/sh
echo \$\$ >$tmp/parallel.pid
exec $parallel "\$@"
END
chmod 755 bin/vandelay bin/parallel
users="$(seq -f 'u%g' "$n") ann ben"
# shellcheck disable=SC2086 # words
old_server $users
own
seq -f "e%g@one.test:{PLAIN}e-Zx-long::::::" "$before" >>directory
new_server
new_pid=$(pgrep -n -f "standin-stalwart.*$tmp/requests")
configure
settings "OLD_DUMP='echo >>$tmp/dumps; dirdump passwd-file -q $tmp/directory'" DUMP_AGE=3600 \
    "OLD_TRANSPORT=hash:$tmp/transport" NEW_SMTP='[127.0.0.1]:2525'
ferry_ready
# Those who have moved: their accounts, keys, logins, lines and folders.
seq -f "e%g@one.test" "$before" >moved-before
recfilter_some() {
	dirdump passwd-file -q directory | recfilter -q --addresses moved-before
}
recfilter_some | mkaccounts -q --partial >plan 2>mkaccounts.err
stalwart-apply -q --partial --url "$new_url" --user admin --password-file admin.pw plan >applied
recfilter_some | mailroute --url "$new_url" --user admin --password-file admin.pw set >routed
recfilter_some | remap set --partial --token-file token --url "$proxy_url" stalwart >mapped
recfilter_some | remap export --format=postfix-transport --file "$tmp/transport" \
    --map-type hash --host stalwart='[127.0.0.1]:2525' --host legacy=- --to stalwart >lined
mkdir -p state
sed 's|^|state/|' moved-before | xargs -r mkdir
# cpu FILE: the seconds that programs had taken which had ended, as times says it there;
# cpu_of PID: those of one.
cpu() {
	awk 'NR == 2 { gsub(/[ms]/, " "); print $1 * 60 + $2 + $3 * 60 + $4 }' "$1"
}
cpu_of() {
	awk -v hertz="$(getconf CLK_TCK)" '{ print ($14 + $15) / hertz }' "/proc/$1/stat"
}
# wave NAME FIRST LAST: moves them; NAME.size has the largest memory, in KiB, and the
# most open files of the process that begins all others.
wave() {
	seq -f 'u%g@one.test' "$2" "$3" >wave
	rm -f parallel.pid
	times >cpu.before
	began=$(date +%s) server_before=$(cpu_of "$new_pid")
	migrate-wave -c ferry.conf wave 2>err &
	waved=$!
	memory=0 files=0
	while kill -0 "$waved" 2>/dev/null; do
		if [ -s parallel.pid ]; then
			pid=$(cat parallel.pid)
			now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status" 2>/dev/null)
			[ "${now:-0}" -le "$memory" ] || memory=$now
			now=$(ls "/proc/$pid/fd" 2>/dev/null | wc -l)
			[ "$now" -le "$files" ] || files=$now
		fi
		sleep 0.2
	done
	got=0
	wait "$waved" || got=$?
	times >cpu.after
	echo "$(cpu cpu.after) $(cpu cpu.before) $(cpu_of "$new_pid") $server_before $(($3 - $2 + 1))" |
	    awk '{ printf "%.0f ms of a processor an account, %.1f ms of the stand-in; ", ($1 - $2) * 1000 / $5, ($3 - $4) * 1000 / $5 }' >>figures
	echo "$1: $2 to $3 in $(($(date +%s) - began)) s; $memory KiB, $files files" >>figures
	echo "$memory $files" >"$1.size"
	return "$got"
}
moved() {
	grep -c '[[:space:]]stalwart$' mappings
}

few=$((n / 10))
: >dumps
ok 'some move, and many' '
	run 0 wave few 1 $few
	run 0 wave many $((few + 1)) $n
	has err "$((n - few)) done, 0 for a person to look at, 0 to run again, 0 not begun"
	[ "$(moved)" = $((n + before)) ]
	mailroute list --url "$new_url" --user admin --password-file admin.pw >keys
	[ "$(grep -c "@one.test" keys)" = $((n + before)) ]
	[ "$(grep -c "smtp:" transport)" = $((n + before)) ]'
ok 'the directory was read once before each wave, if at all, and once at its end' '
	[ "$(wc -l <dumps)" -ge 2 ] && [ "$(wc -l <dumps)" -le 4 ]'
ok 'memory and open files are those of few accounts' '
	read -r memory files <few.size
	read -r memory_many files_many <many.size
	cat few.size many.size
	[ "$memory_many" -le $((memory + memory / 4 + 4096)) ]
	[ "$files_many" -le $((files + 16)) ]'
# changed USER: moves the user, who changes the password meanwhile.
changed() {
	echo "$1@one.test" >wave
	echo "s/^$1@one.test:[^:]*/$1@one.test:{PLAIN}$1-Zx-late/" >change
	migrate-wave -c ferry.conf wave 2>err
}
lets_in() {
	echo "user = \"$1@one.test:$1-Zx-$2\"" >login
	[ "$(curl -s -o /dev/null -w "%{http_code}" -K login "$new_url/jmap/session")" = 200 ]
}
ok 'a password that is changed after the last look is said when the wave ends' '
	run 1 changed ann
	has err "ann@one.test: the password was changed on the old server while the account moved, and the new one has the earlier: \"migrate-account --from record --until create --reset-passwords ann@one.test\" brings it"
	lets_in ann long
	run 0 migrate-wave -c ferry.conf --resume 2>err
	hasnt err password
	run 0 migrate --from record --until create --reset-passwords ann@one.test
	lets_in ann late
	run 0 migrate ann@one.test >out
	has out "has moved already"'
ok 'where each account waits for a look of its own, it comes along' '
	settings DUMP_AGE=0
	run 0 changed ben
	lets_in ben late
	hasnt err password'
[ "$n" -lt 1000 ] || sed 's/^/# /' figures
done_testing
