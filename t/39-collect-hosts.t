#!/bin/sh
# dirdump-collect on hosts that are not tidy: what it cannot gather is named, in
# the tar as well, and dirdump --root says it again.
. "${0%/*}/lib.sh"
. "$top/t/dovecot23.sh"
need sqlite3
need busybox
need tar

collect=$top/scripts/dirdump-collect
shells="dash|bash|busybox sh"

# in_each SCRIPT: the script for each shell, $shell.
in_each() {
	(
		IFS='|'
		# shellcheck disable=SC2030 # what it runs calls gather()
		for shell in $shells; do
			IFS=" $(printf '\n\t')"
			echo "in $shell"
			eval "$1"
		done
	)
}
# gather STATUS ARGS...: into all.tar, by $shell; what it says in err.
gather() {
	gather_status=$1
	shift
	# shellcheck disable=SC2031,SC2086 # of in_each(); words
	run "$gather_status" $shell "$collect" "$@" >all.tar 2>err
}
# holds NAME: a member, as its content, in member.
holds() {
	tar xOf all.tar "${1#/}" >member
}

# A doveconf that prints what a test says, and a host without Postfix.
mkdir bin
cat >bin/doveconf <<'END'
#!/bin/sh
[ ! -e "${0%/*}/broken" ] || exit 89
case $* in
*-n*) cat "${0%/*}/conf" ;;
esac
END
printf '#!/bin/sh\necho 2.3.19.1\n' >bin/dovecot
chmod +x bin/doveconf bin/dovecot
for name in dash bash busybox cat cksum grep head ls od tr wc getent; do
	ln -s "$(command -v "$name")" bin
done
# conf ARGS...: the passdbs.
# shellcheck disable=SC2120 # the tests name some
conf() {
	echo '# 2.3.19.1 (9b53102964): /etc/dovecot/dovecot.conf'
	for conf_args in "$@"; do
		printf 'passdb {\n  driver = x\n  args = %s\n}\n' "$conf_args"
	done
} >bin/conf
only() {
	(
		PATH=$tmp/bin
		export PATH
		"$@"
	)
}
# shellcheck disable=SC2119
conf

# --- what is gathered ---

mkdir db real
sqlite3 real/mail "PRAGMA journal_mode = WAL; CREATE TABLE u (a); INSERT INTO u VALUES ('old@one.test');" >/dev/null
mkfifo hold
sqlite3 real/mail <hold >/dev/null &
exec 8>hold
echo "INSERT INTO u VALUES ('new@one.test');" >&8
tries=0
until [ -s real/mail-wal ] || [ $tries -gt 1200 ]; do
	tries=$((tries + 1))
	sleep 0.05
done
ln -s ../real/mail db/users
ln -s ../real db/folder
ok 'what SQLite has not yet written into a database comes with it, whatever its name' '
	[ -s real/mail-wal ]
	conf "$tmp/db/users" "$tmp/db/folder/mail"
	in_each "
		gather 0 -c \"$tmp/bin/conf\" real/mail
		for name in db/users db/folder/mail real/mail; do
			rm -rf unpacked
			mkdir unpacked
			tar xf all.tar -C unpacked
			sqlite3 \"unpacked$tmp/\$name\" \"SELECT a FROM u\" >rows
			has rows new@one.test
		done"'
exec 8>&-
wait

cat >bin/slow <<'END'
#!/bin/sh
# A cat that lets somebody write in the middle.
"$REAL/cat" "$@"
[ "$#" -eq 0 ] || sh -c "$DURING" 
END
ok 'a file that is replaced or written to meanwhile is taken again' '
	mkdir slow
	cp bin/slow slow/cat
	chmod +x slow/cat
	real=$(command -v cat) REAL=${real%/*}
	export REAL
	in_each "
		printf \"old%s\n\" 1 2 3 4 >users
		printf \"%s\n\" new >users2
		DURING=\"[ ! -e users2 ] || mv users2 users\"
		export DURING
		PATH=$tmp/slow:$PATH
		gather 0 users
		holds $tmp/users
		[ \"\$(cat member)\" = new ]
		# One that never stands still.
		DURING=\"echo more >>users\"
		gather 1 users
		has err \"users: somebody writes to it\"
		tar tf all.tar | has /dev/stdin mailferry-missing"'

ok 'a link of a domain that leads nowhere is named' '
	mkdir -p dom/one.test dom/two.test dom/three.test dom/four.test
	echo "ann:{PLAIN}a:1:1::/h/ann::" >dom/one.test/passwd
	ln -s nowhere dom/two.test/passwd
	ln -s passwd dom/three.test/passwd
	mkdir dom/four.test/passwd
	conf "username_format=%n $tmp/dom/%d/passwd"
	in_each "
		gather 1 -c \"$tmp/bin/conf\"
		for name in two three four; do
			has err \"$tmp/dom/\$name.test/passwd: not a file\"
		done
		hasnt err one.test
		run 1 dirdump passwd-file --root all.tar \"$tmp/dom/%d/passwd\" >out 2>said
		has out ann@one.test
		for name in two three four; do
			has said \"all.tar: not gathered there: $tmp/dom/\$name.test/passwd: not a file\"
		done"
	run 2 dirdump passwd-file "$tmp/dom/%d/passwd" >out 2>here
	has here two.test/passwd
	mkdir root
	mkdir -p "root$tmp"
	cp -a dom "root$tmp"
	run 2 dirdump passwd-file --root root "$tmp/dom/%d/passwd" >out 2>said
	same here said'

ok 'a home or a place of mail is not gathered' '
	mkdir -p mail/one.test
	echo SECRET MAIL >mail/one.test/ann
	conf "uid=vmail gid=vmail home=$tmp/mail/%d/%n" "home=$tmp/mail/one.test/ann" \
	    "mail=$tmp/mail/one.test/ann"
	in_each "
		gather 0 -c \"$tmp/bin/conf\"
		tar tf all.tar | hasnt /dev/stdin mail/one.test"'

ok 'a folder: names of all kinds, links in it and out of it' '
	mkdir -p tree/..odd/.hidden tree/sub/deep away
	echo 1 >tree/..odd/.hidden/..file
	echo 2 >"tree/sub/two
lines"
	echo 3 >tree/sub/deep/x
	echo 4 >away/x
	ln -s sub/deep tree/link
	ln -s . tree/sub/loop
	ln -s ../.. tree/sub/up
	ln -s "$tmp/away" tree/away
	ln -s nowhere tree/sub/dangling
	in_each "
		gather 1 tree
		mkdir out.d
		tar xf all.tar -C out.d
		(cd \"out.d$tmp\" && find tree -type f | sort) >got
		rm -r out.d
		grep -c . got | grep -qx 5
		for name in tree/..odd/.hidden/..file tree/link/x tree/sub/deep/x lines; do
			has got \"\$name\"
		done
		has err \"tree/away: a link to a folder elsewhere\"
		has err \"tree/sub/up: a link to a folder elsewhere\"
		has err \"tree/sub/dangling: a link that leads nowhere\"
		hasnt err loop"
	mkdir below
	in_each "
		cd below
		gather 0 ../tree/sub/deep ../tree/./sub//deep/x
		holds $tmp/tree/sub/deep/x
		cd ..
		[ \"\$(cat below/member)\" = 3 ]"'

bad=$(printf 'odd\033[2J\233name')
ok 'no name does anything to a terminal' '
	ln -s nowhere "$bad"
	in_each "
		gather 1 \"\$bad\"
		LC_ALL=C tr -d \"\n -~\" <err >rest
		not [ -s rest ]
		has err \"odd?[2J?name: not a file\"
		run 2 dirdump passwd-file --root all.tar \"\$bad\" >out 2>said
		LC_ALL=C tr -d \"\n -~\" <said >rest
		not [ -s rest ]"'

ok 'a name that is not UTF-8 is in the records as it is shown' '
	name=$(printf "users\377")
	echo "ann@one.test:{PLAIN}a:1:1::/h::" >"$name"
	run 0 dirdump passwd-file "$name" >out 2>err
	iconv -f UTF-8 -t UTF-8 out >/dev/null
	has out "\"origin\":\"passwd-file:users\\\\xff:1\""
	echo "bob@one.test:{PLAIN}b:1:1::/h::" >users-é
	run 0 dirdump passwd-file users-é >out 2>err
	has out "\"origin\":\"passwd-file:users-é:1\""'

ok 'busybox alone is enough' '
	mkdir bb
	for applet in $(busybox --list); do
		ln -s "$(command -v busybox)" "bb/$applet"
	done
	rm -f bb/doveconf
	shell="$tmp/bb/sh"
	(
		PATH=$tmp/bb
		export PATH
		run 1 $shell "$collect" tree real "$bad" nowhere >all.tar 2>err
	) || exit 1
	LC_ALL=C tr -d "\n -~" <err >rest
	not [ -s rest ]
	has err "odd?[2J?name: not a file"
	not grep -q "not found" err
	mkdir bb.d
	tar xf all.tar -C bb.d
	same tree/sub/deep/x "bb.d$tmp/tree/link/x"
	same real/mail "bb.d$tmp/real/mail"'

ok 'programs that fail, and files that are not there, are named on both sides' '
	conf
	touch bin/broken
	in_each "
		only gather 1 -S -c \"$tmp/bin/conf\"
		has err \"doveconf -c $tmp/bin/conf -n -P\\\" failed with status 89\""
	run 1 dirdump shadow --min-uid 0 -d one.test --root all.tar >out 2>said
	has said "failed with status 89"
	rm bin/broken
	printf "driver = sqlite\n!include more.ext\n!include_try none.ext\n!include none.ext\n" >a.ext
	printf "!include last.ext\n" >more.ext
	echo "connect = $tmp/real/mail" >last.ext
	conf "$tmp/a.ext"
	in_each "
		only gather 1 -S -c \"$tmp/bin/conf\"
		has err \"$tmp/none.ext: not a file\"
		[ \$(grep -c none.ext err) -eq 1 ]
		tar tf all.tar | has /dev/stdin real/mail
		run 1 dirdump shadow --min-uid 0 -d one.test --root all.tar >out 2>said
		has said \"not gathered there: $tmp/none.ext\""'

done_testing
