#!/bin/sh
# Every file that a tool is told to write, of every tool: a device or a FIFO stays
# one, a link of somebody else is not followed, nobody else may read it, and it is
# not read.
. "${0%/*}/lib.sh"
need curl
need sqlite3
. "$top/t/apply.sh"

serve_both
cat >records <<-END
	{"v":1,"type":"domain","domain":"one.test"}
	{"v":1,"type":"account","address":"alice@one.test","secret":"$hash","forward":["x@two.test"],"app_passwords":[{"name":"Phone"}]}
	{"v":1,"type":"account","address":"bob@one.test","secret":"{NONE}x"}
	{"v":1,"type":"account","address":"broken"}
	{"v":1,"type":"end","count":4}
END
sed '/broken/d; s/"count":4/"count":3/' records >whole
{ echo "$domain"; accounts "$(user alice),$(user .bad)"; } >plan
mkaccounts -q --settings settings records >plan.0 2>err.0
mkdir -p from/cur from/new from/tmp live/cur live/new live/tmp
printf 'From: a@b\nMessage-ID: <1@b>\n\nx\n' >from/cur/1.M1P1.h:2,S

# The outputs, each a command in which it is OUT. secret: it may hold hashes or
# passwords, and is closed to others; kept: it is read and written again, and who
# may read it stays as it was.
cat >outputs <<-'END'
	secret mkaccounts -q -o OUT records
	secret mkaccounts -q -E OUT records
	secret mkaccounts -q --report OUT records
	secret mkaccounts -q --settings OUT records
	secret mkaccounts -q --no-secret=temp --temp-file OUT records
	secret secretcheck -q -E OUT records
	secret recfilter -q -a alice@one.test -E OUT records
	secret recfilter -q --index OUT whole
	secret sievecheck -q -E OUT --records records
	secret remap -q -E OUT set stalwart
	secret mailroute -q -E OUT set
	secret acctcheck -q --source imap://127.0.0.1:1 --source-user a --source-password-file admin.secret -E OUT records
	secret stalwart-apply -q -E OUT plan
	secret stalwart-apply -q --settings settings --app-passwords OUT plan.0
	secret settings_done OUT
	kept remap -q --mapping-file OUT set legacy alice@one.test
	kept remap -q export --format=postfix-transport --to stalwart --host stalwart=h --file OUT --map-type none --no-reload alice@one.test
	kept maildir-merge -q -i OUT from live
END
# What stalwart-apply keeps beside the settings has a name that nobody gives.
mkdir own
cat >own/settings_done <<-'END'
	#!/bin/sh
	[ ! -e "$1" ] && [ ! -L "$1" ] || mv "$1" set.done
	cp settings set
	status=0
	stalwart-apply -q --settings set plan.0 || status=$?
	[ ! -e set.done ] && [ ! -L set.done ] || mv set.done "$1"
	exit $status
END
chmod 755 own own/settings_done
PATH=$tmp/own:$PATH
# with LINE PATH: runs the command with that output.
with() {
	set -f
	# shellcheck disable=SC2046,SC2086
	set -- "$2" ${1#* }
	set +f
	with_out=$1
	shift
	with_n=$#
	while [ "$with_n" -gt 0 ]; do
		with_arg=$1
		shift
		[ "$with_arg" != OUT ] || with_arg=$with_out
		set -- "$@" "$with_arg"
		with_n=$((with_n - 1))
	done
	got=0
	# shellcheck disable=SC2086
	timeout 120 ${as-} "$@" <records >out 2>err || got=$?
	case $got in
	0 | 1 | 2 | 75) ;;
	*)
		echo "status $got: $*"
		cat err
		return 1
		;;
	esac
	hasnt err usage:
}
fresh() {
	rm -rf target "$@"
}

# closed MODE: whether that is as it has to be after a run, where it was $mode.
closed() {
	case $line in
	secret*) [ "$1" = 600 ] ;;
	*) [ $((0$1 & ~0$mode)) -eq 0 ] ;;
	esac
}
while read -r line; do
	ok "${line#* }" '
		# A new file is nobody else'"'"'s.
		fresh target
		with "$line" target
		mode=644
		[ ! -e target ] || closed "$(stat -c %a target)"

		# A device and a FIFO stay what they are.
		fresh target
		mkfifo target
		# Open before the command moves it, however late cat starts.
		exec 8<>target
		timeout 60 cat <&8 >got.fifo &
		cat=$!
		with "$line" target
		[ -p target ]
		exec 8>&-
		kill $cat 2>/dev/null || true
		if mknod device c 1 3 2>/dev/null; then
			with "$line" device
			[ -c device ]
			rm device
		fi

		# What others can read holds no secret of ours afterwards.
		for mode in 644 640 604 666; do
			fresh target
			: >target
			chmod $mode target
			with "$line" target
			[ ! -s target ] || closed "$(stat -c %a target)" || {
				echo "mode $(stat -c %a target) after $mode"
				exit 1
			}
		done

		# A link of our own is followed and stays, and one of somebody else is not.
		fresh target real
		: >real
		chmod 600 real
		ln -s real target
		with "$line" target
		[ -L target ]
		if [ "$(id -u)" -eq 0 ]; then
			fresh target real
			echo precious >real
			chmod 600 real
			ln -s real target
			chown -h nobody target
			with "$line" target
			[ "$got" = 2 ]
			[ "$(cat real)" = precious ]
			has err "a link that somebody else made is not followed"
		fi

		# Rejects are not read again by the run that writes them.
		case $line in *" -E "*)
			fresh target
			case $line in *" plan") cp plan target ;; *) cp records target ;; esac
			cp target before
			again=$(echo "$line" | sed "s/ records\$/ target/; s/ plan\$/ target/")
			with "$again" target
			case $line in *" records" | *" plan") [ "$got" = 2 ]; same before target ;; esac
			;;
		esac'
done <outputs

# An ordinary user: what is another's is left to them, what is one's own is not.
ordinary='setpriv --reuid=nobody --regid=nogroup --clear-groups'
if [ "$(id -u)" -eq 0 ] && $ordinary test -x "$build/bin/mkaccounts"; then
	mkdir user
	cp -r records whole plan plan.0 settings admin.secret from live user
	chown -R nobody user
	chmod 711 "$tmp"
	while read -r line; do
		ok "an ordinary user: ${line#* }" '
			cd user
			as=$ordinary HOME=$PWD XDG_CACHE_HOME=$PWD/.cache mode=644
			fresh target
			with "$line" target
			[ ! -e target ] || [ "$(stat -c %U target)" = nobody ]
			[ ! -e target ] || closed "$(stat -c %a target)"
			written=$([ ! -s target ] || echo yes)

			fresh target real
			: >real
			chmod 600 real
			chown nobody:nogroup real
			ln -s real target
			chown -h nobody target
			with "$line" target
			[ -L target ]
			[ -z "$written" ] || [ -s real ]

			fresh target real
			echo precious >real
			chmod 600 real
			chown nobody:nogroup real
			ln -s real target
			chown -h daemon target
			with "$line" target
			[ "$got" = 2 ]
			[ "$(cat real)" = precious ]
			has err "a link that somebody else made is not followed"'
	done <outputs
	chmod 700 "$tmp"
fi

# Folders: the same, and what is in them. planted: a run writes over its files.
gunzip -c "$fixtures/real/archive-jmap.sqlite.gz" >archive.sqlite
cat "$fixtures/webmail/roundcube-1.6.sqlite.sql" "$fixtures/webmail/roundcube.rows.sql" |
    sqlite3 roundcube.db
cat >folders <<-'END'
	planted mkaccounts -q --sieve-dir OUT records
	- archive2maildir -q archive.sqlite OUT
	- dirdump roundcube -q --domain example.org --vcards OUT sqlite:roundcube.db
END
while read -r line; do
	ok "${line#* }" '
		# A new folder is nobody else'"'"'s, and neither is what is in it.
		fresh folder
		with "$line" folder
		[ "$got" -lt 2 ]
		find folder -perm /077 >open
		[ ! -s open ]
		find folder -type f ! -path "*/mail/*" | head -n 1 >written
		[ -s written ]

		# A link of our own is followed and stays, with a slash as well.
		for slash in "" /; do
			fresh target real
			mkdir real
			ln -s real target
			with "$line" "target$slash"
			[ "$got" -lt 2 ]
			[ -L target ]
			[ -n "$(ls real)" ]
		done

		# What is no folder stays what it is.
		fresh target
		echo precious >target
		with "$line" target
		[ "$got" = 2 ]
		[ "$(cat target)" = precious ]
		fresh target
		mkfifo target
		with "$line" target
		[ "$got" = 2 ]
		with "$line" no/such
		[ "$got" = 2 ]
		[ ! -e no ]
		[ "$(id -u)" -eq 0 ] || exit 0

		# A link of somebody else is not followed.
		for slash in "" /; do
			fresh target real
			mkdir real
			ln -s real target
			chown -h nobody target
			with "$line" "target$slash"
			[ "$got" = 2 ]
			[ -z "$(ls real)" ]
			has err "a link that somebody else made is not followed"
		done

		# Nor is a file of somebody else, or one with another name, written
		# over; one of our own is closed.
		case $line in planted*) ;; *) exit 0 ;; esac
		written=$(cat written)
		chmod 644 "$written"
		with "$line" folder
		[ "$(stat -c %a "$written")" = 600 ]
		echo precious >victim
		ln -f victim "$written"
		with "$line" folder
		[ "$got" = 2 ]
		[ "$(cat victim)" = precious ]
		rm "$written"
		: >"$written"
		chmod 666 "$written"
		chown nobody "$written"
		with "$line" folder
		[ "$got" = 2 ]
		[ ! -s "$written" ]'
done <folders
fresh target real folder

ok 'a journal is a new file, whatever is there' '
	mkdir -p other/cur other/new other/tmp
	mkfifo there.fifo
	: >there.file
	ln -s there.new there.link
	for there in there.*; do
		run 2 timeout 120 maildir-merge -q -J "$there" from other >out 2>err
		has err "$there: File exists"
	done
	[ ! -e there.new ]'
ok 'a link to a mapping file that somebody else made is not followed' '
	[ "$(id -u)" -eq 0 ] || exit 0
	printf "alice@one.test\tlegacy\n" >real
	ln -s real theirs
	chown -h nobody theirs
	cp real before
	run 2 remap -q --mapping-file theirs set stalwart alice@one.test >out 2>err
	has err "a link that somebody else made is not followed"
	same before real'

done_testing
