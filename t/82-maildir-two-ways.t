#!/bin/sh
# maildir-merge --user and --through-doveadm into one account: at the same time, and
# of the same mind about its folders.
# What readdir(3) shows of a folder that changes is the file system's.
on_disk=yes
. "${0%/*}/lib.sh"
. "$top/t/places.sh"

other plain <<END2
namespace inbox {
  inbox = yes
  separator = /
}
END2
put in . in@one.test
put in .Work work@one.test

# await FILE: until it is there.
await() {
	tries=0
	until [ -e "$1" ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 1200 ] || return 1
		sleep 0.1
	done
}
# A doveadm that waits before a call with this word, until it may go on.
cat >held <<END
#!/bin/sh
case " \$* " in
*" \$HELD "*)
	! ls "$tmp/\${STATE:-first}"/*.journal >/dev/null 2>&1 || {
		: >"$tmp/holding"
		while ! [ -e "$tmp/go" ]; do
			sleep 0.1
		done
	}
	;;
esac
exec $da "\$@"
END
chmod +x held

# kept_out USER WORD WAY...: while one run is at work, held before that word, no
# other one is, whichever way it comes; afterwards nothing is left to do.
kept_out() {
	user=$1
	made "$user" Sent
	rm -rf first holding go
	HELD=$2 maildir-merge --doveadm "$tmp/held" --state-dir first "$3" \
	    "$user" in >out 2>err &
	first=$!
	await holding
	for way in --user --through-doveadm; do
		run 75 merge_user --state-dir second "$way" "$user" in >out2 2>err2
		has err2 "another merge or check is at work in it"
	done
	run 75 maildir-merge --state-dir third in "home/$user/Maildir" 2>err2
	run 75 maildir-check --fix "home/$user/Maildir" 2>err2
	has err2 "another merge or check is at work in it"
	: >go
	wait "$first"
	for way in --user --through-doveadm; do
		run 0 merge_user --state-dir second "$way" "$user" in >out2
		[ "$(jq -r .status out2 | sort -u)" = present ]
	done
	counts "$user" >got
	printf "%s\n" "INBOX messages=1" "Sent messages=0" "Work messages=1" >want
	same want got
}
ok 'while Dovecot takes mail in, no other run is at work' '
	kept_out twenty import --through-doveadm'
ok 'while a run writes into the Maildir, none is through Dovecot' '
	kept_out twentyone list --user'

# unopened USER: a Maildir that Dovecot has not opened, and a run into its path that
# waits for somebody to read its results, of which a pipe does not hold two batches,
# before its last one.
unopened() {
	mkdir -p "home/$1/Maildir/cur" "home/$1/Maildir/new" "home/$1/Maildir/tmp"
	chown -R "$ids" "home/$1"
	rm -rf results first
	mkfifo results
	maildir-merge --state-dir third many "home/$1/Maildir" >results 2>err3 &
	waits=$!
	exec 3<results
	tries=0
	until [ "$(ls "home/$1/Maildir/cur" | wc -l)" -ge 1024 ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 1200 ] || return 1
		sleep 0.1
	done
}
# all_once USER: nothing is left to do, and nothing is there twice.
all_once() {
	run 0 merge_user --state-dir second --through-doveadm "$1" many >out2
	[ "$(jq -r .status out2 | sort -u)" = present ]
	counts "$1" >got
	has got "INBOX messages=1500"
}
mkdir -p many/cur many/new many/tmp
for n in $(seq 1500); do
	printf 'Message-ID: <%s@many.test>\n\nx\n' "$n" >"many/cur/$n.M1P1.one:2,S"
done
ok 'a run into the path of a Maildir that Dovecot has not opened keeps others out' '
	unopened path
	for way in --user --through-doveadm; do
		run 75 merge_user --state-dir second "$way" path many 2>err2
		has err2 "another merge or check is at work in it"
	done
	cat <&3 >out
	run 0 wait "$waits"
	all_once path'
# A Dovecot in a container has paths of its own.
cat >far <<END
#!/bin/sh
case " \$* " in
*" mailbox path "*" INBOX ") echo /nowhere/Maildir ;;
*) exec "$tmp/held" "\$@" ;;
esac
END
chmod +x far
ok 'where Dovecot is in a container it gives way to a run that began since' '
	unopened contained
	rm -rf holding go
	HELD=import maildir-merge --doveadm "$tmp/far" --state-dir first \
	    --through-doveadm contained many >out 2>err &
	first=$!
	await holding
	cat <&3 >out3
	run 75 wait "$waits"
	has err3 "another merge or check is at work in it"
	: >go
	run 0 wait "$first"
	all_once contained'

# halted CALL WHAT: the run into the path is killed or stopped at that call that
# reads or changes the Maildir.
mkdir -p few/cur few/new few/tmp
cp many/cur/[1-9].* few/cur
halted() {
	rm -rf home/halted third
	mkdir -p home/halted/Maildir/cur home/halted/Maildir/new home/halted/Maildir/tmp
	chown -R "$ids" home/halted
	# What has just changed is listed once more: so many calls are no others.
	touch -d "1 hour ago" few/* few home/halted/Maildir/* home/halted/Maildir
	LD_PRELOAD=$build/shim/fscalls.so FSCALL_ALL=1 FSCALL_BELOW=$tmp/home/halted \
	    FSCALL_AT=$1 FSCALL_DO=$2 FSCALL_COUNT=calls maildir-merge -j 1 \
	    --state-dir third few home/halted/Maildir >out3 2>err3
}
stopped() {
	[ "$(sed 's/.*) //; s/ .*//' "/proc/$1/stat")" = T ]
}
sanitized || ok 'and so it does amid what it adds at once' '
	halted 0 none
	# The first call by which one message is there.
	from=0 to=$(cat calls)
	while [ $((to - from)) -gt 1 ]; do
		half=$(((from + to) / 2))
		halted "$half" kill || [ $? -eq 137 ]
		if [ -z "$(ls home/halted/Maildir/cur)" ]; then
			from=$half
		else
			to=$half
		fi
	done
	halted "$to" stop &
	waits=$!
	tries=0
	until path=$(pgrep -P "$waits") && stopped "$path"; do
		tries=$((tries + 1))
		[ "$tries" -lt 1200 ] || exit 1
		sleep 0.1
	done
	[ "$(ls home/halted/Maildir/cur | wc -l)" -eq 1 ]
	rm -rf first holding go
	HELD=import maildir-merge --doveadm "$tmp/far" --state-dir first \
	    --through-doveadm halted few >out 2>err &
	first=$!
	await holding
	kill -CONT "$path"
	run 75 wait "$waits"
	has err3 "another merge or check is at work in it"
	has err3 "broke off: 1 message added"
	: >go
	run 0 wait "$first"
	[ "$(jq -r .status out | sort | uniq -c | tr -s " \n" " ")" = " 8 added 1 present " ]
	run 0 merge_user --state-dir second --through-doveadm halted few >out2
	[ "$(jq -r .status out2 | sort -u)" = present ]
	counts halted >got
	has got "INBOX messages=9"
	run 0 maildir-merge --state-dir third few home/halted/Maildir >out3
	[ "$(jq -r .status out3 | sort -u)" = present ]'

# mailboxes USER: with the count of their messages; and which are subscribed.
mailboxes() {
	$da mailbox status -u "$1" messages '*' 'INBOX*' 2>/dev/null
	$da mailbox list -u "$1" -s | sed 's/^/subscribed /'
}

# Another machine has neither the names of sockets here nor the directories.
apart=
! unshare --net true 2>/dev/null || apart='unshare --net'
there() {
	$apart maildir-merge --doveadm "$tmp/far" --state-dir there "$@"
}
# refused: the last run found another machine's at work. Sets unclaim, what it says
# to do if none is.
refused() {
	[ -n "$apart" ] || return 0
	has err2 "another merge or check is at work in it, here or on another machine"
	unclaim=$(sed -n 's/.*"doveadm \(mailbox unsubscribe .*\)".*/\1/p' err2)
	[ -n "$unclaim" ]
}
# unclaimed USER: all is there once, and no claim is left.
unclaimed() {
	counts "$1" >got
	printf "%s\n" "INBOX messages=1" "Sent messages=0" "Work messages=1" >want
	same want got
	mailboxes "$1" >got
	hasnt got mailferry
}
ok 'two machines are not at work in one account at the same time' '
	for way in --user --through-doveadm; do
		user=far$way
		made "$user" Sent
		rm -rf first holding go
		HELD=list maildir-merge --doveadm "$tmp/held" --state-dir first "$way" \
		    "$user" in >out 2>err &
		await holding
		run 75 there --through-doveadm "$user" in >out2 2>err2
		refused
		: >go
		run 0 wait $!
		run 0 there --through-doveadm "$user" in >out2
		[ "$(jq -r .status out2 | sort -u)" = present ]
		unclaimed "$user"
	done
	made near Sent
	rm -rf there holding go
	STATE=there HELD=import there --through-doveadm near in >out 2>err &
	await holding
	for way in --user --through-doveadm; do
		run 75 merge_user --state-dir second "$way" near in >out2 2>err2
		refused
	done
	: >go
	run 0 wait $!
	unclaimed near'
ok 'what a killed run has claimed is taken over from its machine, or given up' '
	for how in over up; do
		made "$how" Sent
		rm -rf first holding go
		HELD=import maildir-merge --doveadm "$tmp/held" --state-dir first \
		    --through-doveadm "$how" in >out 2>err &
		await holding
		kill -KILL $!
		run 137 wait $!
		run 75 there --through-doveadm "$how" in >out2 2>err2
		refused
		: >go
		if [ "$how" = over ]; then
			until merge_user --state-dir first --through-doveadm "$how" in >out2; do
				[ $? -eq 75 ]
			done
		else
			[ -z "$apart" ] || $da $unclaim
			until there --through-doveadm "$how" in >out2; do
				[ $? -eq 75 ]
			done
		fi
		unclaimed "$how"
	done'
ok 'where no claim can be made, the run says so' '
	cat >unclaiming <<-END2
	#!/bin/sh
	case " \$* " in
	*" mailbox subscribe "*mailferry*) exit 65 ;;
	esac
	exec $da "\$@"
	END2
	chmod +x unclaiming
	for way in --user --through-doveadm; do
		made un$way Sent
		run 0 maildir-merge --doveadm "$tmp/unclaiming" $way un$way in >out 2>err
		has err "un$way: a merge on another machine would not be kept out"
		unclaimed un$way
	done'

# What archive2maildir makes of mailboxes Neu/Unter, Entwürfe, ~tilde, c\d and a\2fb.
n=0
for folder in . .Sent .Neu.Unter '.Entw&APw-rfe' '.\7etilde' '.c\5cd' '.a\5c2fb'; do
	n=$((n + 1))
	put odd "$folder" "m$n@two.test"
done

# agree SEPARATOR MAILBOXES NUMBER <SETTINGS: with a namespace of these, what comes one way is
# where it belongs, there for the other way, and goes again; MAILBOXES, one a line, are
# there and used.
agree() {
	cat >settings
	{
		! grep -q listescape settings || echo 'mail_plugins = listescape'
		printf 'namespace inbox {\n  inbox = yes\n  separator = %s\n' "$1"
		grep -v listescape settings || :
		echo '}'
	} >namespace
	other agree <namespace
	printf '%s\n' "$2" >wanted
	for way in --user --through-doveadm; do
		case $way in
		--user) back=--through-doveadm ;;
		*) back=--user ;;
		esac
		user=style$3$way
		made "$user" INBOX Sent 2>err || : # there, or not yet
		while read -r mailbox; do
			made "$user" -- "$mailbox"
		done <wanted
		mailboxes "$user" | sort -u >before
		run 0 merge_user "$way" "$user" odd >out 2>err
		[ "$(jq -r .status out | sort -u)" = added ]
		journal=$(sed -n 's/.*the journal of this run is //p' err)
		mailboxes "$user" | sort -u >after
		has after "Neu${1}Unter messages=1"
		has after "subscribed Neu${1}Unter"
		has after "subscribed Entwürfe"
		has after "Sent messages=1"
		while read -r mailbox; do
			has after "$mailbox messages=1"
		done <wanted
		[ "$(grep -c messages=1 after)" = 7 ]
		run 0 merge_user "$back" "$user" odd >out
		[ "$(jq -r .status out | sort -u)" = present ]
		run 0 merge_user --undo "$journal" "$way" "$user" >out
		mailboxes "$user" | sort -u | grep -v '^Neu messages' >got
		same before got
	done
}
escaped='~tilde
c\d
a\2fb'
n=0
for style in / . .:LAYOUT=fs; do
	n=$((n + 1))
	ok "listescape: $style" '
		agree ${style%%:*} "$escaped" $n <<-END2
		listescape
		location = maildir:~/Maildir${style#?}
		END2'
done
ok 'a slash in a level, and what looks like one' '
	put slash ".x\\2fy" a@three.test
	put slash ".v\\2e2" b@three.test
	other slash <<-END2
	mail_plugins = listescape
	namespace inbox {
	  inbox = yes
	  separator = .
	}
	END2
	for way in --user --through-doveadm; do
		made slash$way x/y
		run 0 merge_user $way slash$way slash >out
		mailboxes slash$way >got
		has got "x/y messages=1"
		has got "v\\2e2 messages=1"
		[ "$(grep -c messages=1 got)" = 2 ]
	done'
rm -r 'odd/.\7etilde' 'odd/.a\5c2fb' 'odd/.c\5cd'
n=0
for folder in .A .B .C; do
	n=$((n + 1))
	put odd "$folder" "n$n@two.test"
done
# The options are those of the namespace alone, in the same directory.
n=5
for options in :UTF-8:CONTROL=~/control:INDEX=~/index \
    :LAYOUT=fs:SUBSCRIPTIONS=subs:CONTROL=%h/control \
    :LAYOUT=fs:DIRNAME=mAildir:INBOX=~/inbox:CONTROL=~/control:UTF-8; do
	n=$((n + 1))
	ok "a namespace with a location of its own: $options" '
		agree . A $n <<-END2
		location = maildir:~/Maildir$options
		END2'
done
other plain <<END2
namespace inbox {
  inbox = yes
  separator = /
}
END2
ok 'a mailbox is one whatever characters are in its name' '
	for folder in .tab\&AAk-tab .line\&AAo-end ".quo\"te"; do
		put control "$folder" "m${folder#.}@four.test"
	done
	for way in --user --through-doveadm; do
		made control$way Sent
		cp -R control/. home/control$way/Maildir
		chown -R "$ids" home/control$way/Maildir
		put new . "mtab&AAk-tab@four.test"
		put new . "mline&AAo-end@four.test"
		put new .line\&AAo-new b@four.test
		run 1 merge_user $way control$way new >out 2>err
		[ "$(jq -r .status out | sort | uniq -c | tr -s " \n" " ")" = " 2 elsewhere 1 failed " ]
		has err ".line&AAo-new: no folder of this name can be made: a control character in the name"
		LC_ALL=C not grep "[[:cntrl:]]" out err
	done'

put first .F a@five.test Sa
put first .F.Sub a2@five.test
put second .F b@five.test Sa
put second .F.Sub b2@five.test
put second .F.Sub.Own b3@five.test
put third .F c@five.test
for tree in first second; do
	echo '0 Kw' >$tree/.F/dovecot-keywords
done
# overlap WAY USER STYLE: three runs, the first of which makes the folders, are undone,
# the oldest first: nothing of them is left.
overlap() {
	made "$2" Sent
	mailboxes "$2" | sort -u >before
	for tree in first second third; do
		run 0 merge_user "$1" "$2" "$tree" >out 2>err
		sed -n 's/.*the journal of this run is //p' err
	done >journals
	n=0
	while read -r journal; do
		n=$((n + 1))
		run 0 merge_user --undo "$journal" "$1" "$2" >"undone.$n"
	done <journals
	jq -r 'select(.object == "folder") | [.dir, .status] | @tsv' undone.1 >got
	[ "$(grep -c "in use" got)" = 2 ]
	mailboxes "$2" | sort -u >got
	same before got
	not ls "home/$2/Maildir/.F" "home/$2/Maildir/F"
}
ok 'a folder that several runs used goes with the last of them' '
	for way in --user --through-doveadm; do
		overlap $way overlap$way
	done
	other fs <<-END2
	mail_location = maildir:~/Maildir:LAYOUT=fs
	namespace inbox {
	  inbox = yes
	  separator = /
	}
	END2
	overlap --user overlapfs'
ok 'what its owner has in it stays' '
	made kept Sent
	journals=
	for tree in first second; do
		run 0 merge_user --user kept $tree >out 2>err
		journals="$journals $(sed -n "s/.*the journal of this run is //p" err)"
	done
	message own@five.test | $da save -u kept -m F
	for journal in $journals; do
		run 0 merge_user --undo "$journal" --user kept >out
	done
	mailboxes kept >got
	has got "F messages=1"
	has got "subscribed F"
	hasnt got Sub'

# As ssh(1) does it.
cat >joined <<'END2'
#!/bin/sh
shift
exec sh -c "$*"
END2
chmod +x joined
ok 'a command that hands its words to a shell gets them whole' '
	put words . in@six.test FS
	put words ".Sent Items" a@six.test
	put words ".\$(touch touched)" b@six.test
	put words ".It'"'"'s; a & b" c@six.test
	for way in --user --through-doveadm; do
		made shell$way Sent
		message in@six.test | $da save -u shell$way -m INBOX
		run 0 maildir-merge --doveadm "$tmp/joined host $da" --flags=add \
		    $way shell$way words >out 2>err
		mailboxes shell$way >got
		has got "It'"'"'s; a & b messages=1"
		has got "\$(touch touched) messages=1"
		has got "Sent messages=1"
		not ls touched
		$da fetch -u shell$way flags mailbox INBOX >got
		has got "\\Flagged \\Seen"
	done
	run 2 maildir-merge --doveadm "echo" --user shell--user words 2>err
	has err "does not hand words on as they are; see --doveadm"'
# A doveadm before which a mailbox goes when flags are to be changed.
cat >going <<END2
#!/bin/sh
case " \$* " in
*" flags add "*"mailbox Work "*) $da mailbox delete -u going Work ;;
esac
exec $da "\$@"
END2
chmod +x going
ok 'flags that cannot be changed are told, and the rest is done' '
	put flags .Work a@seven.test FS
	put flags .Work b@seven.test FS
	put flags . c@seven.test FS
	put flags .Later d@seven.test S
	made going Sent Work
	for id in a b; do
		message $id@seven.test | $da save -u going -m Work
	done
	message c@seven.test | $da save -u going -m INBOX
	run 75 maildir-merge --doveadm "$tmp/going" --flags=add --through-doveadm \
	    going flags >out 2>err
	[ "$(grep -c "going: Work/.*Dovecot did not change its flags" err)" = 2 ]
	has err "1 message gets other flags"
	$da fetch -u going flags mailbox INBOX >got
	has got "\\Flagged \\Seen"
	mailboxes going >got
	has got "Later messages=1"'
ok 'a dry run has the table and the remarks of the run' '
	put like . l1@nine.test FS
	put like . l2@nine.test T
	put like .Neu l3@nine.test Sab
	put like .Sent l4@nine.test
	put like .Work l5@nine.test FS
	put like .Work l6@nine.test S
	put like ".a&AAo-b" l7@nine.test S
	printf "0 bad name here\n1 Good\n" >like/.Neu/dovecot-keywords
	for way in --user --through-doveadm; do
		for how in report add; do
			user=like$how$way
			made $user Sent Work Trash
			message l5@nine.test | $da save -u $user -m Work
			message l6@nine.test | $da save -u $user -m Trash
			run 1 merge_user -n --summary --flags $how $way $user like \
			    >dry 2>dryerr
			run 1 merge_user --summary --flags $how $way $user like \
			    >out 2>err
			same dry out
			[ "$(wc -l <dryerr)" -ge 3 ]
			grep -v "journal of this run" err | same dryerr -
		done
	done'
ok 'what cannot be done is refused, with the option that helps' '
	for setting in "location = maildir:~/Maildir:LAYOUT=index" \
	    "location = maildir:~/Maildir:LAYOUT=fs:MAILBOXDIR=boxes" \
	    "subscriptions = no"; do
		other refused <<-END2
		namespace all {
		  prefix = all/
		  separator = /
		  location = maildir:~/all
		}
		namespace inbox {
		  inbox = yes
		  separator = /
		  $setting
		}
		END2
		made refused Sent
		run 2 merge_user --user refused odd 2>err
		has err "--through-doveadm"
		not find home/refused -name "1700*" | grep .
		rm -r home/refused
	done'
done_testing
