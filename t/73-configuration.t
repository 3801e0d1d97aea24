#!/bin/sh
# The configuration of the procedure: what is wrong in it is said before anything is
# done, by each of its programs.
. "${0%/*}/lib.sh"
. "$top/t/procedure.sh"
need parallel
need /usr/bin/python3 python3

ready_for_wave
cp ferry.conf good.conf
# refused TEXT LINE...: with these lines, nobody moves.
refused() {
	refused_text=$1
	shift
	cp good.conf ferry.conf
	settings "$@"
	for program in migrate-account rollback-account; do
		run 2 "$program" -c ferry.conf ann@one.test 2>err
		has err "$refused_text"
	done
	run 2 migrate-wave --rehearse -c ferry.conf 2>err
	has err "$refused_text"
	not [ -e state ]
}
# stops TEXT LINE...: with these, the rehearsal names it.
stops() {
	stops_text=$1
	shift
	cp good.conf ferry.conf
	settings "$@"
	run 1 migrate-wave --rehearse -c ferry.conf >out 2>err
	grep "^  STOPS  .*$stops_text" out || {
		cat out err
		return 1
	}
	rm -rf state
}

ok 'a command line that cannot be understood: what of it, in each program' '
	cp good.conf ferry.conf
	for program in migrate-account rollback-account migrate-wave migration-report; do
		run 2 "$program" --tomorrow 2>err
		has err "$program: no such option: --tomorrow"
		run 2 "$program" -c 2>err
		has err "$program: -c needs a value"
		has err "usage: $program "
	done
	for program in migrate-account rollback-account; do
		run 2 "$program" -c ferry.conf 2>err
		has err "$program: no address is given"
	done
	run 2 migration-report state other 2>err
	has err "one folder at a time: other"
	not [ -e /etc/mailferry/mailferry.conf ] || return 0
	run 2 migration-report 2>err
	has err "/etc/mailferry/mailferry.conf: cannot be read"'
ok 'files of secrets that are not there: all are said, each with its setting' '
	refused "NEW_PASSWORD_FILE: $tmp/none cannot be read; PROXY_TOKEN_FILE: $tmp/no/token cannot be read; its first line is the secret" \
	    "NEW_PASSWORD_FILE=$tmp/none" "PROXY_TOKEN_FILE=$tmp/no/token"'
ok 'INSECURE is yes or no; no checks every certificate' '
	for word in maybe true YES 0 false; do
		refused "INSECURE=$word is neither yes nor no" "INSECURE=$word"
	done
	cp good.conf ferry.conf
	settings INSECURE=no
	run 0 migrate-account -n -c ferry.conf ann@one.test >out
	not grep -E "(^| )(-k|--insecure|--allow-invalid-certs)( |$)" out
	settings INSECURE=yes
	run 0 migrate-account -n -c ferry.conf ann@one.test >out
	grep -q -e " -k " out
	rm -rf state'
ok 'where the merge works is an absolute path' 'refused "OLD_WORK=merge is not an absolute path" OLD_WORK=merge'
ok 'a name that is no setting' '
	for name in OLD_TRANSPROT PROXY_URL DELAI; do
		refused "$name is no setting" "$name=x"
	done
	cp good.conf ferry.conf
	settings DELAI=1
	mkdir state
	run 2 migration-report -c ferry.conf 2>err
	has err "DELAI is no setting"
	rmdir state'
ok 'a value that no program takes' '
	refused "DELAY=10s: a number" DELAY=10s
	refused "NO_SECRET=tmp is not one of" NO_SECRET=tmp
	refused "PROXY_OLD and PROXY_NEW are the same" PROXY_OLD=stalwart
	refused "OLD_TRANSPORT=/x is not a type and a file" OLD_TRANSPORT=/x NEW_SMTP=a.test:25
	refused "OLD_TRANSPORT is set, and NEW_SMTP is not" OLD_TRANSPORT=hash:/x
	refused "OLD_DAV_USER is not set" OLD_CALDAV=http://127.0.0.1/
	refused "PROXY_TOKEN_FILE is not set" PROXY_TOKEN_FILE=
	refused "OLD_MASTER is not set" OLD_MASTER='
ok 'a file that others can write, or that came from Windows' '
	cp good.conf ferry.conf
	chmod 660 ferry.conf
	run 2 migrate -n ann@one.test 2>err
	has err "others can write it"
	run 2 migration-report -c ferry.conf 2>err
	has err "others can write it"
	chmod 600 ferry.conf
	mkdir open
	cp ferry.conf open
	chmod 775 open
	run 2 migrate-account -n -c open/ferry.conf ann@one.test 2>err
	has err "open: others can put another ferry.conf there"
	chmod 1777 open
	run 0 migrate-account -n -c open/ferry.conf ann@one.test >out
	if [ "$(id -u)" -eq 0 ]; then
		chown nobody open/ferry.conf
		run 2 migrate-account -n -c open/ferry.conf ann@one.test 2>err
		has err "others can write it"
	fi
	sed "s/\$/\r/" good.conf >ferry.conf
	run 2 migrate -n ann@one.test 2>err
	has err "CR LF"'
ok 'a STATE that others can write' '
	cp good.conf ferry.conf
	for mode in 777 1777 770; do
		mkdir -m "$mode" state
		chmod "$mode" state
		run 2 migrate ann@one.test 2>err
		has err "$tmp/state: others can write it"
		run 2 rollback ann@one.test 2>err
		rmdir state
	done'
ok 'variables of its own are its own affair' '
	{
		echo "export TEMP=9 DATA=9 FATAL=9"
		echo "quote() { echo junk; }"
		echo "die() { :; }"
		echo "set -- x y z; set -f; cd /"
		for name in settings_known conf_name conf_says IFS \
		    from until force text; do
			echo "export $name=junk"
		done
		for name in user host dry quiet verbose force from until way prog conf all list \
		    mover resume rehearse refresh jobs halt joblog state page scratch here share HOST; do
			echo "$name=junk"
		done
		sed "s,^STATE=.*,STATE=\${HOME_OF_STATE}/state," good.conf
	} >ferry.conf
	sed -i "1i HOME_OF_STATE=$tmp" ferry.conf
	run 2 migrate -n ann@one.test 2>err
	has err "HOST is no setting"
	echo "OLD_USER=\"\${HOST:+%u}\"" >>ferry.conf
	echo "export FOR_A_PROGRAM=\"it'\''s one\"" >>ferry.conf
	echo "CHECK_OPTIONS=\"a  \\\\ \\\$x \\\" \\\`y '\''z'\''\"" >>ferry.conf
	printf "#!/bin/sh\nprintf \"%%s\\\\n\" \"\$FOR_A_PROGRAM\" >$tmp/seen\nexec $(command -v recfilter) \"\$@\"\n" >bin/recfilter
	chmod 755 bin/recfilter
	run 0 migrate --until record ann@one.test >out
	has out "ann@one.test: record is done"
	rm bin/recfilter
	[ "$(cat seen)" = "it'\''s one" ]
	run 0 migrate -n --from check --until check ann@one.test >out
	echo ann@one.test | run 0 migrate-wave -c ferry.conf --until record 2>err
	has err "1 account: 1 done"
	run 0 migration-report -c ferry.conf >out
	echo "false" >>ferry.conf
	run 2 migrate ann@one.test 2>err
	has err "not a file of shell variables"
	rm -rf state'
ok 'what other programs read of the environment changes nothing' '
	mkdir -p here elsewhere/here
	cp good.conf here/ferry.conf
	export POSIXLY_CORRECT=1 TAR_OPTIONS=--no-such-option CDPATH="$tmp/elsewhere"
	echo fay@one.test | run 0 migrate-wave -c here/ferry.conf 2>err
	has err "1 account: 1 done"
	run 0 rollback-account -c here/ferry.conf fay@one.test 2>err
	rm -rf state'
ok 'the rehearsal tries what the settings name' '
	stops "logins cannot be routed to legcay" PROXY_OLD=legcay
	stops "logins cannot be routed to stalwrat" PROXY_NEW=stalwrat
	for of in CHECK APPLY MAILROUTE REMAP MERGE; do
		stops "${of}_OPTIONS: .*no-such" "${of}_OPTIONS=--no-such"
	done
	for at in $tmp/masters/x /proc/x; do
		stops "OLD_WORK=$at cannot be made there" "OLD_WORK=$at"
	done
	stops "/proc/moved cannot be written there" OLD_TRANSPORT=hash:/proc/moved NEW_SMTP=a.test:25
	stops "OLD_IMAP with IMAP_OPTIONS: .*no-such" IMAP_OPTIONS=--no-such
	stops "OLD_IMAP with IMAP_OPTIONS: .*invalid choice" "IMAP_OPTIONS=\"--imap-connections 9\""
	stops "Vandelay cannot write there, with EXPORT_OPTIONS: .*no-such" EXPORT_OPTIONS=--no-such
	stops "no Maildir there" "OLD_MAILDIR=$tmp/none/%u"
	stops "OLD_SIEVE: that of ann@one.test cannot be read" OLD_SIEVE=sieve://127.0.0.1:1
	stops "PROXY_IMAP=.* does not answer" PROXY_IMAP=imaps://127.0.0.1:1
	grep -v ^PROXY_ good.conf >ferry.conf
	run 0 migrate-wave --rehearse -c ferry.conf >out
	has out "  note   PROXY_ADMIN_URL is not set"
	cp good.conf ferry.conf
	settings "OLD_MAILDIR=$tmp/homes/old/%u/Maildir"
	run 0 migrate-wave --rehearse -c ferry.conf >out
	not grep STOPS out
	has out "OLD_IMAP: Vandelay reads that of "
	has out "Vandelay can log in there"
	[ -z "$(ls homes/old/*/.mailferry* .mailferry* 2>/dev/null)" ]
	settings "IMAP_OPTIONS=--compress" "EXPORT_OPTIONS=\"--max-retries 2\""
	run 0 migrate-wave --rehearse -c ferry.conf >out
	not grep STOPS out'
ok 'a secret may end as a line of Windows does' '
	cp good.conf ferry.conf
	printf "master-Zx\r\n" >master.crlf
	printf "admin-Zx\r\n" >admin.crlf
	settings "OLD_MASTER_PASSWORD_FILE=$tmp/master.crlf" "NEW_PASSWORD_FILE=$tmp/admin.crlf"
	run 0 migrate ann@one.test
	[ "$(routes ann@one.test)" = stalwart ]'
ok 'a secret that Vandelay repeats is in no log and no message' '
	cp good.conf ferry.conf
	mkdir loud
	cat >loud/vandelay <<-END
	#!/bin/sh
	echo created=1
	for before in "" a: ab:; do echo "Basic \$(printf "\$before\$VANDELAY_PASSWORD:" | base64)"; done
	echo "admin:\$VANDELAY_PASSWORD is refused, \$VANDELAY_PASSWORD" >&2
	exit 2
	END
	chmod 755 loud/vandelay
	(PATH=$tmp/loud:$PATH run 75 migrate ben@one.test 2>err)
	has err "admin:*** is refused, ***"
	hasnt err Zx
	has state/ben@one.test/log "Basic ***"
	for file in log steps.ndjson err out; do
		hasnt state/ben@one.test/$file Zx
		not grep -E "^Basic .*[A-Za-z0-9]" state/ben@one.test/$file
	done
	# acctcheck, which is asked first, lets such a password nowhere.
	printf "#!/bin/sh\n" >loud/acctcheck
	chmod 755 loud/acctcheck
	printf "%s\n" "Zx'\''s \"+/&\\\\ <Tür> 🔑 ^[x]" >odd.pw
	/usr/bin/python3 "$top/tests/helper/forms.py" "$(cat odd.pw)" >forms
	(share=$top/share; . "$share/procedure/common.sh" && quote "$(cat odd.pw)") >>forms
	echo >>forms
	[ "$(wc -l <forms)" -ge 11 ]
	printf "#!/bin/sh\ncat $tmp/forms\nsed \"s/^/admin:/\" $tmp/forms >&2\nexit 2\n" >loud/vandelay
	settings "OLD_MASTER_PASSWORD_FILE=$tmp/odd.pw"
	(PATH=$tmp/loud:$PATH run 75 migrate ben@one.test 2>err)
	for file in state/ben@one.test/log state/ben@one.test/steps.ndjson state/ben@one.test/out err; do
		not grep -aF -f forms $file
		grep -F "***" $file
	done
	printf "#!/bin/sh\necho \"admin:\$VANDELAY_PASSWORD is refused, \$VANDELAY_PASSWORD\" >&2\nexit 2\n" >loud/vandelay
	echo abc >short
	settings "OLD_MASTER_PASSWORD_FILE=$tmp/short"
	(PATH=$tmp/loud:$PATH run 75 migrate ben@one.test 2>err)
	has err "admin:*** is refused, ***"'
ok 'a server that cannot be reached now may be there later: 75' '
	cp good.conf ferry.conf
	settings "OLD_RUN=\"sh -c exit\\ 255\"" "OLD_TRANSPORT=hash:$tmp/moved" NEW_SMTP=new.one.test:25
	printf "#!/bin/sh\nexit 255\n" >bin/far
	chmod 755 bin/far
	settings OLD_RUN=far
	run 75 migrate cat@one.test 2>err
	[ "$(routes cat@one.test)" = legacy ]
	cp good.conf ferry.conf
	printf "#!/bin/sh\ncase \$* in *--way*) exit \$(cat $tmp/status) ;; esac\nexec sh -c \"\$*\"\n" >bin/far
	settings OLD_RUN=far
	for status in 255:75 1:1; do
		echo ${status%:*} >status
		run ${status#*:} rollback --until merge ann@one.test 2>err
		hasnt state/ann@one.test/log through-doveadm
	done
	echo 0 >status
	run 1 rollback --until merge ann@one.test 2>err
	has err "the old server does not say how mail can be put back"
	cp good.conf ferry.conf
	run 0 rollback ann@one.test
	rm state/records.ndjson
	settings "OLD_DUMP=\"exit 255\""
	run 75 migrate eve@one.test 2>err
	settings "OLD_DUMP=\"exit 3\""
	run 2 migrate eve@one.test 2>err'

ok 'whether the old server still has the account: no answer is no no' '
	cp good.conf ferry.conf
	run 0 migrate ann@one.test
	printf "#!/bin/sh\nexit \$(cat $tmp/status)\n" >bin/far
	settings OLD_RUN=far
	for status in 255:75 75:75 1:1 127:1; do
		echo ${status%:*} >status
		run ${status#*:} rollback ann@one.test 2>err
		has err "does not say whether it has the account"
		[ "$(routes ann@one.test)" = stalwart ]
		mailroute get --url "$new_url" --user admin --password-file admin.pw ann@one.test >key
		has key "\"mail\":\"new\""
	done
	cp good.conf ferry.conf
	run 0 rollback ann@one.test
	[ "$(routes ann@one.test)" = legacy ]'
ok 'what tar could not write is said, not that it ends' '
	cp good.conf ferry.conf
	run 0 migrate ann@one.test
	printf "#!/bin/sh\necho \"tar: x: Cannot write: No space left on device\" >&2\necho \"tar: Exiting with failure status due to previous errors\" >&2\nexit 2\n" >bin/tar
	chmod 755 bin/tar
	run 2 rollback ann@one.test 2>err
	rm bin/tar
	has err "No space left on device"
	run 0 rollback ann@one.test'

# --- waves ---

cp good.conf ferry.conf
ok 'comments, the mark of Windows, and a file that is not there' '
	printf "\357\273\277dan@one.test\r\neve@one.test # her own wish\r\n\r\n# fay@one.test\r\n" >wave1
	run 0 migrate-wave -c ferry.conf --until record wave1
	printf "dan@one.test\neve@one.test\n" >want
	same want state/wave.list
	run 2 migrate-wave -c ferry.conf --until record wave1 none 2>err
	has err "none: not a file that can be read"'
ok 'an address that the records do not have yet' '
	run 1 migrate hal@one.test 2>err
	has err "--refresh reads the records of the old server again"
	echo "hal@one.test:{PLAIN}hal-Zx-long::::::" >>directory
	run 0 migrate --refresh --until record hal@one.test
	run 1 migrate --refresh nobody@one.test 2>err
	hasnt err "--refresh reads"
	sed -i "/^hal@/d" directory
	rm -r state/hal@one.test state/nobody@one.test state/records.ndjson*'
ok 'the command line of a wave' '
	for jobs in 0 x "" + 5-3 %; do
		run 2 migrate-wave -c ferry.conf -j "$jobs" wave1 2>err
		has err "not a number of accounts"
	done
	for halt in whenever soon,fail=x now,odd=3 soon,fail=3%x; do
		run 2 migrate-wave -c ferry.conf --halt "$halt" wave1 2>err
		has err "not of the form"
	done
	run 2 migrate-wave -c ferry.conf --sshloginfile none wave1 2>err
	has err "parallel has begun nothing"
	hasnt err awk
	run 2 migrate-wave -c ferry.conf --until chekc wave1 2>err
	has err "no such step: chekc"'
sums() {
	find . -type f ! -name "*.lock" ! -name .log ! -name err ! -name out ! -name kept ! -name now -exec cksum {} + |
	    sort -k 3
}
# no_place COMMAND...: with the name of a file that is needed, it writes nothing there.
no_place() {
	mkdir -p folder
	: >empty
	ln -sf "$tmp/good.conf" link
	sums >kept
	for place in ferry.conf wave1 state/records.ndjson state/wave.list master.pw link folder \
	    state/smtp.hosts state/wave.log.of state/ben@one.test/log state/ben@one.test/x.log \
	    state/dump.log state/x none/x /dev/null /dev/stdout; do
		run 2 "$@" "$place" 2>err >out
		grep -E -e "^(migrate-wave|migration-report): --(joblog|html): $place(\.of)?: .* no such folder$" \
		    -e "^(migrate-wave|migration-report): --(joblog|html): $place.* (give another|has to end in)" err || {
			cat err
			return 1
		}
	done
	sums >now
	same kept now
	[ -c /dev/null ]
}
wave_at() {
	migrate-wave -c ferry.conf --until record --joblog "$1" wave1
}
ok 'what is needed is not written over' '
	cp ferry.conf ferry.kept
	no_place wave_at
	no_place migration-report -c ferry.conf --html
	printf "notes\n" >notes.log.of
	run 2 migrate-wave -c ferry.conf --until record --joblog notes.log wave1 2>err
	has err "notes.log.of is there, and not from an earlier run"
	printf "notes\n" >notes.html.new
	run 2 migration-report -c ferry.conf --html notes.html 2>err
	has err "notes.html.new is there, and not from an earlier run"
	printf "<!DOCTYPE html>\n<html lang=\"de\"><title>Our pages</title></html>\n" >index.html
	run 2 migration-report -c ferry.conf --html index.html 2>err
	has err "index.html is there, and not from an earlier run"
	has index.html "Our pages"
	printf "Seq\tHost\tStarttime\n1\t:\t0\t0\t0\t0\t0\t0\tgzip a\n" >their.log
	printf "Seq\tHost\tStarttime\nnotes\n" >noted.log
	for place in their noted; do
		cp $place.log kept
		run 2 migrate-wave -c ferry.conf --until record --joblog $place.log wave1 2>err
		has err "$place.log is there, and not from an earlier run"
		same kept $place.log
	done
	run 2 migration-report -c ferry.conf >/dev/full
	for place in empty state/other.log here.log here.log; do
		run 0 migrate-wave -c ferry.conf --until record --joblog $place wave1 2>err
		head -n 1 $place | grep "^Seq"
	done
	: >empty
	for place in empty state/page.html page.html page.html; do
		run 0 migration-report -c ferry.conf --html $place >out
		head -n 1 $place | grep DOCTYPE
	done'
# shellcheck disable=SC1003 # a quote in a name
ok 'the report counts those who have not begun, and its commands can be typed' '
	mkdir "state/o'\''x@one.test"
	cp state/ben@one.test/steps.ndjson "state/o'\''x@one.test"
	run 0 migration-report -c ferry.conf >out
	grep -qx "       1  not begun" out
	grep -qx "       7  in all" out
	has out "migrate-account -c ferry.conf '\''o'\''\\'\'''\''x@one.test'\''"'
done_testing
