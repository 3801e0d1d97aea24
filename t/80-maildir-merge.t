#!/bin/sh
# maildir-merge, maildir-ids and maildir-check at the command line.
. "${0%/*}/lib.sh"
XDG_STATE_HOME=$tmp/xdg
export XDG_STATE_HOME

# box TREE [FOLDER...]: makes the INBOX and folders of a Maildir++ tree.
box() {
	tree=$1
	shift
	mkdir -p "$tree/cur" "$tree/new" "$tree/tmp"
	for folder; do
		mkdir -p "$tree/$folder/cur" "$tree/$folder/new" \
		    "$tree/$folder/tmp"
	done
}

# mail FILE ID [BODY]
mail() {
	printf 'From: a@x\nTo: b@x\nSubject: s\nMessage-ID: <%s>\n\n%s\n' \
	    "$2" "${3:-hello}" >"$1"
}

# status FILE: the status of the record on a source file.
status() {
	grep -F "\"file\":\"$1\"" out | sed 's/.*"status":"\([a-z]*\)".*/\1/'
}

# is FILE STATUS
is() {
	[ "$(status "$1")" = "$2" ] || {
		echo "$1 is $(status "$1"), not $2"
		cat out err
		return 1
	}
}

merge() {
	want_status=$1
	shift
	run "$want_status" maildir-merge "$@" >out 2>err
}

count() {
	find "$1" -type f -path '*/cur/*' | wc -l
}

ok 'wrong calls' '
	run 2 maildir-merge
	run 2 maildir-merge one
	run 2 maildir-merge one two three
	run 2 maildir-merge --scope=all a b
	run 2 maildir-merge -j 0 a b
	run 2 maildir-merge --map x a b
	run 2 maildir-ids
	run 2 maildir-check --layout=x y'
ok 'what is no Maildir' '
	mkdir empty
	box m
	merge 2 empty m
	has err "empty: not a Maildir"
	merge 2 m empty
	merge 2 gone m
	has err "gone: No such file"
	merge 2 m gone'
ok 'source and target overlap' '
	box n .a
	merge 2 n n
	merge 2 n n/.a
	merge 2 n/.a n
	has err "source and target overlap"'
ok 'a dry run changes nothing, not even the state' '
	box s1 .new && box t1
	mail s1/cur/1.a:2,S one
	mail s1/.new/cur/1.b:2,F two
	merge 0 -n s1 t1
	is cur/1.a:2,S planned
	merge 0 -n --summary s1 t1
	has out "        1         0         0         0         0  new (new)"
	[ "$(find t1 -type f | wc -l)" -eq 0 ]
	not [ -e t1/.new ]
	not [ -e xdg ]'
ok 'two runs' '
	merge 0 s1 t1
	is cur/1.a:2,S added
	[ "$(count t1)" -eq 2 ]
	merge 0 s1 t1
	is cur/1.a:2,S present
	is .new/cur/1.b:2,F present
	[ "$(count t1)" -eq 2 ]
	[ "$(ls xdg/mailferry | wc -l)" -eq 1 ]'
ok 'a closed standard output is no success' '
	if [ -e /dev/full ]; then
		run 2 maildir-merge s1 t1 >/dev/full 2>err
	fi'
ok 'trashed messages and drafts' '
	box s2 .Drafts && box t2
	mail s2/cur/1.a:2,ST one
	mail s2/.Drafts/cur/1.b:2,D two
	merge 0 --skip-drafts s2 t2
	is cur/1.a:2,ST skipped
	is .Drafts/cur/1.b:2,D skipped
	merge 0 --keep-trashed s2 t2
	is cur/1.a:2,ST added
	is .Drafts/cur/1.b:2,D added
	ls t2/cur | grep -q ":2,ST$"'
ok 'a copy elsewhere, in an ignored folder, and --scope=folder' '
	box s3 && box t3 .Trash
	mail s3/cur/1.a:2, one
	mail t3/.Trash/cur/9.a:2, one
	merge 0 -n s3 t3
	is cur/1.a:2, planned
	has out "its copy does not count"
	merge 0 -n --count-trash s3 t3
	is cur/1.a:2, elsewhere
	merge 0 -n --ignore-folders Trash s3 t3
	is cur/1.a:2, planned
	merge 2 -n --ignore-folders Junk,Trash s3 t3
	has err "the target has no folder \"Junk\""
	merge 0 -n --scope=folder s3 t3
	is cur/1.a:2, planned'
ok 'copies are counted, or collapsed' '
	box s4 && box t4
	for i in 1 2 3; do mail s4/cur/$i.a:2, one; done
	mail t4/cur/9.a:2, one
	merge 0 -n s4 t4
	[ "$(grep -c planned out)" -eq 2 ]
	merge 0 -n --collapse s4 t4
	[ "$(grep -c planned out)" -eq 0 ]
	[ "$(grep -c skipped out)" -eq 2 ]'
ok 'one id and another content' '
	box s5 && box t5
	mail s5/cur/1.a:2, one "quota 90%"
	mail t5/cur/9.a:2, one "quota 80%"
	merge 0 -n s5 t5
	is cur/1.a:2, planned
	has out "same Message-ID, other content"
	merge 0 -n --same-id=trust s5 t5
	is cur/1.a:2, present'
ok 'folders by rule' '
	box s6 .Alt .INBOX.Sub && box t6 .Neu
	mail s6/.Alt/cur/1.a:2, one
	mail s6/.INBOX.Sub/cur/1.a:2, two
	merge 0 --map Alt=Neu --strip-inbox s6 t6
	[ "$(count t6/.Neu)" -eq 1 ]
	[ "$(count t6/.Sub)" -eq 1 ]
	has t6/subscriptions Sub'
ok 'roles and subscriptions of folders.ndjson' '
	mkdir -p roll && box roll/mail ".Weg" ".Still" && box t7 .Sent
	mail roll/mail/.Weg/cur/1.a:2, one
	cat >roll/folders.ndjson <<-"END"
	{"v":1,"type":"folder","dir":".Weg","path":["Weg"],"role":"sent","subscribed":true}
	{"v":1,"type":"folder","dir":".Still","path":["Still"],"subscribed":false}
	END
	merge 0 roll/mail t7
	[ "$(count t7/.Sent)" -eq 1 ]
	not [ -e t7/.Weg ]
	[ -d t7/.Still/cur ]
	not [ -e t7/subscriptions ] || hasnt t7/subscriptions Still'
ok 'subscriptions and keywords in each form that Dovecot reads' '
	tab=$(printf "\t")
	for form in "Old\nA.B\n" "V\t2\n\nOld\nA\tB\n" "A.B\nOld" \
	    "Old\r\nA.B\r\n"; do
		rm -rf sf tf uf
		box sf .Old .A.B .Not && box tf && box uf .Old
		printf "$form" >sf/subscriptions
		printf "$form" >uf/subscriptions
		merge 0 sf tf
		printf "V\t2\n\nA\tB\nOld\n" | same - tf/subscriptions
		merge 0 -J jf --subscribe all sf uf
		sep=.
		grep -q ^V uf/subscriptions && sep=$tab
		[ "$(grep -c "^Old" uf/subscriptions)" -eq 1 ]
		[ "$(grep -c "^A${sep}B" uf/subscriptions)" -eq 1 ]
		[ "$(grep -c "^Not$" uf/subscriptions)" -eq 1 ]
		run 0 maildir-merge -q --undo jf uf
		rm jf
		[ "$(grep -c Not uf/subscriptions)" -eq 0 ]
	done
	mail sf/cur/1.a:2,Sbc one
	printf "0 x\n1 Old\n1 Work\r\n2 Later\r\n" >sf/dovecot-keywords
	merge 0 sf tf
	printf "0 Work\n1 Later\n" | same - tf/dovecot-keywords'
ok 'what is only for Dovecot, Courier or Sieve stays as it is' '
	box s25 && box t25 .Sent
	mail s25/cur/1.a:2, one
	mkdir -p t25/virtual/All t25/sieve/tmp t25/courierimapkeywords
	echo INBOX.Sent >t25/courierimapsubscribed
	echo All >t25/virtual/All/dovecot-virtual
	for text in "1 1234567 5\n1 1.x\n" "garbage\n" ""; do
		rm -f t25/cur/*
		printf "$text" | tee t25/dovecot-uidlist >uidlist
		(cd t25 && find virtual sieve courier* .Sent) >before
		merge 0 --readd s25 t25
		is cur/1.a:2, added
		same uidlist t25/dovecot-uidlist
		(cd t25 && find virtual sieve courier* .Sent) | same before -
		[ "$(cat t25/courierimapsubscribed)" = INBOX.Sent ]
	done'
ok 'a hostile source: each message has its result, the rest is merged' '
	box s8 .ok ..x && box t8
	mail s8/cur/1.good:2, good
	ln -s /etc/passwd s8/cur/2.link:2,
	mkfifo s8/cur/3.fifo:2,
	mail "s8/cur/4.line
end:2," nl
	mail s8/..x/cur/5.x:2, unreachable
	printf "no header at all" >s8/cur/6.none:2,
	printf "Message-ID: <nul@x>\n\n\000\000" >s8/cur/7.nul:2,
	: >s8/cur/8.empty:2,
	{ for i in 1 2 3 4 5; do
		printf "X-%s: " $i
		head -c 2000000 /dev/zero | tr "\000" x
		echo
	  done
	  printf "Message-ID: <long@x>\n\nb\n"; } >s8/cur/9.long:2,
	mail s8/cur/"$(printf "%0200d" 1)":2, longname
	mkdir s8/cur/10.dir
	if [ "$(id -u)" -eq 0 ]; then
		mknod s8/cur/11.device:2, c 1 5
	else
		mkfifo s8/cur/11.device:2,
	fi
	box s8 .blocked
	mail s8/.blocked/cur/12.x:2, nowhere
	echo "no directory" >t8/.blocked
	ln -s / s8/.away
	ln -s /etc s8/.ok/cur/link
	merge 1 s8 t8
	is cur/1.good:2, added
	is cur/2.link:2, failed
	is cur/3.fifo:2, failed
	is cur/11.device:2, failed
	is .blocked/cur/12.x:2, failed
	is "cur/4.line\\\\x0aend:2," failed
	is ..x/cur/5.x:2, failed
	is cur/6.none:2, added
	is cur/7.nul:2, added
	is cur/8.empty:2, added
	is cur/9.long:2, added
	[ "$(count t8)" -eq 6 ]
	[ "$(grep -c . err)" -ge 5 ]
	cmp s8/cur/7.nul:2, t8/cur/*S=23,W=25*
	merge 1 s8 t8
	[ "$(count t8)" -eq 6 ]
	is cur/6.none:2, present
	[ "$(cat t8/.blocked)" = "no directory" ]
	rm t8/.blocked
	merge 1 s8 t8
	is .blocked/cur/12.x:2, added'
ok 'a target that cannot be read stops the run' '
	box s9 && box t9
	mail s9/cur/1.a:2, one
	printf "\037\213compressed" >t9/cur/1.z:2,
	merge 2 s9 t9
	has err "stored compressed"
	[ "$(count t9)" -eq 1 ]
	merge 0 --ignore-unreadable s9 t9
	[ "$(count t9)" -eq 2 ]'
ok 'unreadable files of the source' '
	box s10 && box t10
	mail s10/cur/1.a:2, one
	mail s10/cur/2.a:2, two
	set --
	if [ "$(id -u)" -eq 0 ]; then
		chmod -R go+rX "$tmp"
		chown -R 65534:65534 t10
		mkdir state10 && chown 65534 state10
		set -- --owner --state-dir state10
	fi
	chmod 0 s10/cur/2.a:2,
	merge 1 "$@" s10 t10
	is cur/1.a:2, added
	is cur/2.a:2, failed
	has err "2.a:2,: cannot be opened: Permission denied"'
ok 'another file system' '
	if [ -w /dev/shm ]; then
		other=$(mktemp -d /dev/shm/mailferry.XXXXXX)
		cp -R t1 "$other/t"
		rm "$other"/t/cur/*
		# A copy has the mark of the merges before.
		merge 0 s1 "$other/t" || { rm -rf "$other"; exit 1; }
		is cur/1.a:2,S skipped
		has err "1 message merged before and removed since"
		merge 0 --readd s1 "$other/t" || { rm -rf "$other"; exit 1; }
		is cur/1.a:2,S added
		rm -rf "$other"
	fi'
ok 'a disk that is full, and then has room' '
	box s15 .a
	mail s15/cur/1.small:2, small
	head -c 150000 /dev/zero | tr "\000" x >body
	mail s15/.a/cur/2.large:2, large "$(cat body)"
	mail s15/.a/cur/3.small:2, small2
	cat >full.sh <<-"END"
	set -e
	mkdir disk
	mount -t tmpfs -o size=100k none disk
	mkdir -p disk/t/cur disk/t/new disk/t/tmp
	status() {
		maildir-merge --state-dir st "$@" s15 disk/t >out 2>err || echo $? >code
	}
	echo 0 >code
	status
	[ "$(cat code)" = 2 ]
	grep -q "no room: 15[0-9]* bytes are to be added, [0-9]* are free" err
	[ ! -s out ]
	[ -z "$(find disk -type f)" ]
	echo 0 >code
	status -n
	[ "$(cat code)" = 0 ]
	grep -q "disk/t: no room" err
	status --force
	[ "$(cat code)" = 75 ]
	grep -q "2.large:2,: cannot be written: No space left on device" err
	[ "$(grep -c added out)" = 2 ]
	[ "$(find disk -type f -path "*/cur/*" | wc -l)" = 2 ]
	[ -z "$(find disk -type f -path "*/tmp/*")" ]
	mount -o remount,size=1m disk
	echo 0 >code
	status
	[ "$(cat code)" = 0 ]
	[ "$(grep -c present out)" = 2 ] && [ "$(grep -c added out)" = 1 ]
	END
	if unshare -m true 2>/dev/null; then
		run 0 unshare -m sh -x full.sh
	fi'
ok 'a quota that will be exceeded is told' '
	box s16 && box t16
	mail s16/cur/1.a:2, one
	printf "1000S,10C\n990 9\n" >t16/maildirsize
	merge 0 -n s16 t16
	has err "t16: the quota will be exceeded: 990 bytes and 9 messages"
	printf "1000S,9C\n100 9\n" >t16/maildirsize
	merge 0 -n s16 t16
	has err "the quota will be exceeded"
	for text in "1000S,10C\n100 9\n" "0S\n900 9\n" "1000X\n900 9\n" ""; do
		printf "$text" >t16/maildirsize
		merge 0 -n s16 t16
		hasnt err "quota will be"
	done'
ok 'a maildirsize that is a link or no file is not written to, and named' '
		echo keep >victim
	mkfifo fifo
	for to in victim gone fifo; do
		rm -rf t16q
		box t16q
		ln -s "../$to" t16q/maildirsize
		merge 0 -n s16 t16q
		cp err foreseen
		merge 0 s16 t16q
		has foreseen "t16q: maildirsize: a symbolic link, which is not followed: the quota does not know of this run"
		grep maildirsize foreseen >want
		grep maildirsize err >got
		same want got
		[ -L t16q/maildirsize ] && not [ -e gone ] && [ "$(cat victim)" = keep ]
		merge 0 s16 t16q
		hasnt err maildirsize
		for how in -n -q; do
			run 0 maildir-merge --undo "$(ls -t xdg/mailferry/*.journal | head -n 1)" $how t16q 2>err
			has err "t16q: maildirsize: a symbolic link"
		done
		[ "$(cat victim)" = keep ]
	done
	rm -rf t16q
	box t16q
	mkfifo t16q/maildirsize
	merge 0 s16 t16q
	has err "t16q: maildirsize: not a regular file: the quota does not know"'
ok 'owner and mode are the folder'"'"'s' '
	box s11 .n && box t11
	mail s11/.n/cur/1.a:2, one
	chmod 750 t11
	if [ "$(id -u)" -eq 0 ]; then chown 65534:65534 t11 t11/*; fi
	merge 0 s11 t11
	[ "$(stat -c %a t11/.n)" = 750 ]
	[ "$(stat -c %a t11/.n/cur/*)" = 640 ]
	[ "$(stat -c %u:%g t11/.n/cur/*)" = "$(stat -c %u:%g t11)" ]'
ok 'what root alone may read is no copy, and what it alone may enter no folder' '
	if [ "$(id -u)" -eq 0 ]; then
		box sroot .a .b && box troot .a .b
		mail sroot/cur/1.a:2, one
		mail sroot/cur/2.a:2, two
		mail sroot/.a/cur/3.a:2, three
		mail sroot/.b/cur/4.a:2, four
		mkdir -p sroot/.b.c/cur sroot/.b.c/new
		mail sroot/.b.c/cur/5.a:2, five
		cp sroot/cur/* troot/cur && cp sroot/.b/cur/* troot/.b/cur
		chown -R 65534:65534 troot
		chown 0:0 troot/cur/1.a:2, troot/.b troot/.b/*
		chmod 600 troot/cur/1.a:2,
		cp -a troot iroot
		merge 1 sroot troot
		is cur/1.a:2, added
		is cur/2.a:2, present
		is .a/cur/3.a:2, added
		is .b/cur/4.a:2, failed
		is .b.c/cur/5.a:2, failed
		has err "sroot: .b: the owner of the mail may not enter it; see maildir-check"
		not [ -e troot/.b.c ]
		# An index does not have them read by that.
		merge 1 --index iroot.index sroot iroot
		is cur/1.a:2, added
		rm iroot/cur/*mailferry*
		merge 1 --index iroot.index --readd sroot iroot
		is cur/1.a:2, added
		is cur/2.a:2, present
		# Root may have mail of its own, and others read what all may read.
		chown -R 0:0 troot
		merge 0 sroot troot
		is .b/cur/4.a:2, present
	fi'
ok '--owner gives root up' '
	if [ "$(id -u)" -eq 0 ]; then
		box s12 && box t12
		mail s12/cur/1.a:2, one
		chmod -R go+rX s12 "$tmp"
		chown -R 65534:65534 t12
		mkdir state12 && chown 65534 state12
		merge 0 --owner --state-dir state12 s12 t12
		[ "$(stat -c %u state12/*)" -eq 65534 ]
	fi'
ok 'two merges at once: the second waits for another time' '
	flock -n t1 maildir-merge s1 t1 >out 2>err && exit 1
	run 75 flock -n t1 maildir-merge s1 t1 >out 2>err
	has err "another merge or check is at work"
	run 75 flock -n t1 maildir-check --fix t1'
ok 'an index saves opening files, and is never believed blindly' '
	box s13 && box t13
	for i in 1 2 3; do mail s13/cur/$i.a:2, m$i; mail t13/cur/$i.b:2, m$i; done
	merge 0 -n -i idx s13 t13
	[ -s idx ]
	# The same inode, other content: what the index knows still holds ...
	mail t13/cur/1.b:2, other
	touch -d "2001-01-01" t13/cur/1.b:2,
	merge 0 -n -i idx s13 t13
	is cur/1.a:2, present
	# ... unless it is to be verified.
	merge 0 -n -i idx --verify-index s13 t13
	is cur/1.a:2, planned
	printf x | dd of=idx bs=1 seek=100 conv=notrunc 2>/dev/null
	merge 0 -n -i idx s13 t13
	is cur/1.a:2, planned
	: >idx
	merge 0 -n -i idx s13 t13
	is cur/2.a:2, present'
ok 'a file that is no index is not made one' '
	echo "my notes" >notes
	ln -s notes link
	for file in notes link; do
		run 2 maildir-merge -n -i $file s13 t13 2>err
		has err "$file: not an index, and it would be replaced: give another file"
	done
	[ "$(cat notes)" = "my notes" ]'
ok 'an index that is verified: a file emptied or cut since is no copy' '
	box s16 && box t16
	for i in 1 2 3 4; do mail s16/cur/$i.a:2, m$i; mail t16/cur/$i.b:2, m$i; done
	merge 0 -n -i idx16 s16 t16
	# As after a power failure: the inode and the name stay.
	: >t16/cur/1.b:2,
	head -c 20 s16/cur/2.a:2, >t16/cur/2.b:2,
	head -c -1 s16/cur/3.a:2, >t16/cur/3.b:2,
	cp idx16 before
	merge 0 -n -i idx16 --verify-index s16 t16
	is cur/1.a:2, planned
	is cur/2.a:2, planned
	is cur/4.a:2, present
	# Verified once, it is known from then on; and all without an index.
	merge 0 -n -i idx16 s16 t16
	is cur/1.a:2, planned
	is cur/2.a:2, planned
	merge 0 -n s16 t16
	is cur/1.a:2, planned
	is cur/2.a:2, planned
	merge 0 -i before --verify-index s16 t16
	merge 0 -n s16 t16
	not has out "\"planned\""
	for i in 1 2 4; do grep -q "<m$i" t16/cur/*; done'
ok 'undo, and what it leaves alone' '
	box s14 .New && box t14
	for i in 1 2 3; do mail s14/cur/$i.a:2, m$i; done
	mail s14/.New/cur/1.a:2,F m9
	mail t14/cur/0.old:2, old
	merge 0 -J j14 s14 t14
	set -- t14/cur/*mailferry*
	mv "$1" "${1}S"
	run 1 maildir-merge -n --undo j14 t14 >out 2>err
	[ "$(count t14)" -eq 5 ]
	run 1 maildir-merge --undo j14 t14 >out 2>err
	[ "$(count t14)" -eq 2 ]
	has err "changed since it was added, kept"
	not [ -e t14/.New ]
	run 0 maildir-merge --force --undo j14 t14 >out 2>err
	[ "$(count t14)" -eq 1 ]
	run 2 maildir-merge --undo j14 t14 >out 2>err
	has err "j14: this run was undone before"
	merge 2 -J j14 s14 t14
	has err "File exists"
	merge 0 -J j14b s14 t14
	run 2 maildir-merge --undo j14b t13 >out 2>err
	has err "the target has no mark of this run"
	[ "$(count t14)" -eq 5 ]'
ok 'a source of LAYOUT=fs, and a target of it' '
	mkdir -p s24/A/B/cur s24/A/B/new s24/A/B/tmp s24/cur s24/new s24/tmp
	mail s24/A/B/cur/1.a:2,S deep
	mail s24/new/2.a top
	box t24 .Other
	merge 0 s24 t24
	[ "$(count t24/.A.B)" -eq 1 ] && [ "$(count t24/cur)" -eq 1 ]
	mkdir -p f24/cur f24/new f24/tmp f24/X/cur f24/X/new f24/X/tmp
	merge 0 t24 f24
	[ "$(count f24/A/B)" -eq 1 ] && [ -d f24/Other/cur ]
	not [ -e f24/A/B/maildirfolder ]
	merge 0 t24 f24
	[ "$(grep -c present out)" -eq 2 ]
	merge 1 --map "A/B=tmp/x" --scope=folder -n s24 f24
	has out "a level that the Maildir itself uses"'
ok 'files that are renamed while their directory is read' '
	need_python=$(command -v /usr/bin/python3) || exit 0
	mkdir flips
	cd flips
	PYTHONDONTWRITEBYTECODE=1 run 0 "$need_python" \
	    "$top/tests/maildir/flips.py" 2000 3'
ok 'mail that is delivered without a pause' '
	need_python=$(command -v /usr/bin/python3) || exit 0
	mkdir deliveries
	cd deliveries
	PYTHONDONTWRITEBYTECODE=1 run 0 "$need_python" \
	    "$top/tests/maildir/deliveries.py" 2000'
ok 'folders that cannot be read' '
	box s17 .shut .open .link .onlynew && box t17
	for f in .shut .open .link .onlynew; do mail s17/$f/cur/1.a:2, id$f; done
	rm -r s17/.onlynew/cur s17/.link/cur
	ln -s ../.open/cur s17/.link/cur
	rm -r s17/.open/new
	set --
	if [ "$(id -u)" -eq 0 ]; then
		chmod -R go+rX "$tmp"
		chown -R 65534:65534 t17
		mkdir state17 && chown 65534 state17
		set -- --owner --state-dir state17
	fi
	chmod 0 s17/.shut
	merge 1 "$@" s17 t17
	has err "s17: .shut: s17/.shut: Permission denied"
	has err "s17: .link: s17/.link/cur: "
	is .open/cur/1.a:2, added
	[ "$(count t17)" -eq 1 ]
	# In the target it could hold any of the messages.
	mkdir -p t17/.other && chmod 0 t17/.other
	[ "$(id -u)" -ne 0 ] || chown 65534 t17/.other
	merge 2 "$@" s17 t17
	has err "t17/.other: Permission denied"
	merge 1 "$@" --ignore-unreadable s17 t17
	is .open/cur/1.a:2, present
	chmod 700 s17/.shut t17/.other'
ok 'maildir-ids and maildir-check tell of such a folder' '
	if [ "$(id -u)" -ne 0 ]; then
		chmod 0 s17/.shut
		run 1 maildir-ids s17 >out 2>err
		has err ".shut: s17/.shut: Permission denied"
		has out ".open/cur/1.a:2,"
		chmod 700 s17/.shut
	fi
	run 1 maildir-ids s17 >out 2>err
	has err ".link: s17/.link/cur: "
	run 1 maildir-check s17 >out
	has out "\"finding\":\"folder\",\"dir\":\".link\""'
ok 'names and files that would stop a reader' '
	box s18 && box t18
	mail s18/cur/1.a:2,Sab one
	mail s18/cur/2.a:2,c two
	printf "0 bad name)\n1 Good\n" >s18/dovecot-keywords
	mail "t18/cur/1.line
end:2," two
	merge 0 s18 t18
	[ "$(cat t18/dovecot-keywords)" = "0 Good" ]
	ls t18/cur | grep -q ":2,Sa$"
	has out "\"reason\":\"not all keywords could be carried\""
	[ "$(grep -c "could be carried" out)" -eq 2 ]
	has err "2 keyword letters not carried: without a usable name"
	rm s18/dovecot-keywords
	mkfifo s18/dovecot-keywords
	merge 0 s18 t18
	[ "$(grep -c present out)" -eq 2 ]
	mkfifo s18/folders.ndjson
	merge 2 s18 t18
	has err "folders.ndjson: not a regular file"'
ok 'more keywords than a folder can have' '
	box s19 && box t19
	for i in $(seq 0 25); do echo "$i have$i"; done >t19/dovecot-keywords
	printf "0 New\n1 HAVE3\n" >s19/dovecot-keywords
	mail s19/cur/1.a:2,ab one
	merge 0 s19 t19
	has out "\"reason\":\"not all keywords could be carried\""
	ls t19/cur | grep -q ":2,d$"
	has err "1 keyword not carried: a folder can have 26"'
ok 'folders that cannot be made' '
	box s20 .ok && box t20
	long=$(printf "%0100d" 0 | sed "s/0/ü/g")
	box s20 "$(printf ".a\nb")" ".$long" .void
	mail "$(printf "s20/.a\nb/cur/1.a:2,")" nl
	mail s20/.ok/cur/1.a:2, ok
	mail "s20/.$long/cur/1.a:2," long
	echo file >t20/.void
	chmod 700 t20
	merge 1 --source-names utf8 s20 t20
	has out "no folder of this name can be made: a control character in the name"
	has out "no folder of this name can be made: too long for the file system"
	has err "t20: .void: .void: Not a directory"
	is .ok/cur/1.a:2, added
	merge 1 --source-names utf8 --map "$(printf "a\nb")=A/B" s20 t20
	[ "$(count t20/.A.B)" -eq 1 ]'
ok 'a lock that another program holds for long' '
	box s21 && box t21
	echo "0 Work" >s21/dovecot-keywords
	mail s21/cur/1.a:2,a one
	printf "%s:%s" $$ "$(uname -n)" >t21/dovecot-uidlist.lock
	mail t21/cur/9.a,S=1:2, nine
	run 1 maildir-check --fix t21 >out21
	has out21 "\"finding\":\"size\""
	has out21 "\"fixed\":false"
	[ -e t21/cur/9.a,S=1:2, ]
	merge 75 s21 t21
	is cur/1.a:2,a failed
	has err "dovecot-uidlist.lock: held by another program"
	# A process that nobody sees here may be one in a container that has the
	# name of this host: its lock is left alone until it is old.
	printf "%s:%s" "$(sh -c "echo \$\$")" "$(uname -n)" \
	    >t21/dovecot-uidlist.lock
	merge 75 s21 t21
	[ -e t21/dovecot-uidlist.lock ]
	touch -d "40 seconds ago" t21/dovecot-uidlist.lock
	merge 0 s21 t21
	is cur/1.a:2,a added'
ok 'undo leaves what the run did not make' '
	box s22 .Neu .Half && box t22
	mail s22/.Neu/cur/1.a:2, one
	mail s22/.Half/cur/1.a:2, two
	mkdir t22/.Half
	printf "V\t2\n\nNeu\n" >t22/subscriptions
	merge 0 -J j22 s22 t22
	run 0 maildir-merge --undo j22 t22 >out 2>err
	[ "$(cat t22/subscriptions)" = "$(printf "V\t2\n\nNeu")" ]
	[ -d t22/.Half ]
	not [ -e t22/.Neu ]
	merge 0 -J j22b s22 t22
	mail t22/.Neu/cur/9.a:2, meanwhile
	run 0 maildir-merge --undo j22b t22 >out 2>err
	[ "$(count t22)" -eq 1 ] && [ -d t22/.Neu/new ]'
ok 'a journal can be read whatever the paths are' '
	box "$(printf "s23\377")" && box "$(printf "t23\377")"
	mail "$(printf "s23\377/cur/1.a:2,")" one
	mail "$(printf "s23\377/cur/2.a:2,S")" two
	mail "$(printf "t23\377/cur/2.h\344st:2,")" two
	merge 1 --flags=add -J j23 "$(printf "s23\377")" "$(printf "t23\377")"
	has err "keeps its flags: its name is not UTF-8"
	run 0 maildir-merge --undo j23 "$(printf "t23\377")" >out 2>err
	[ "$(grep -c removed out)" -eq 1 ]'
ok 'maildir-ids' '
	run 0 maildir-ids --digest t14 >out
	[ "$(grep -c . out)" -eq 5 ]
	has out "\"folder\":\"New\""
	has out "\"message_id\":\"<m9>\",\"id\":\"m9\",\"digest\":\""
	has out "\"keywords\":[\"\$flagged\"]"
	run 1 maildir-ids s8 >out 2>err
	has err "2.link:2,: a symbolic link"'
ok 'maildir-check' '
	run 0 maildir-check t14 >out
	not [ -s out ]
	box c .v1
	mail c/cur/1.a,S=1,W=2:2,Sc one
	mail c/cur/2.a:2, two
	mail c/new/2.a three
	mail c/cur/3.a:x:2, four
	chmod 400 c/cur/3.a:x:2,
	ln -s x c/cur/4.link
	run 1 maildir-check c >out
	for f in size vsize letter twice colon mode file; do
		has out "\"finding\":\"$f\""
	done
	run 1 maildir-check --fix c >out
	size=$(wc -c <"$(echo c/cur/1.a*)")
	[ -e "c/cur/1.a,S=$size,W=$((size + 6)):2,Sc" ]
	[ -e c/cur/3.a:2, ]
	grep -q two c/cur/2.a.2:2, c/cur/2.a:2,
	grep -q three c/new/2.a c/new/2.a.2
	run 1 maildir-check c >out
	for f in size vsize twice colon; do
		hasnt out "\"finding\":\"$f\""
	done
	mail c/cur/5.a,S=7:2, fiv
	mail c/cur/5.a,S=$size:2, six
	run 1 maildir-check --fix c >out
	ls c/cur | grep -q "^5.a,S="
	ls c/cur | grep -q "^5.a.2,S="
	chmod 500 c/tmp
	run 1 maildir-check c >out
	has out "enter the directory tmp"
	chmod 700 c/tmp'

done_testing
