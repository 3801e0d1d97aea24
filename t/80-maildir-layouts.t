#!/bin/sh
# Where a Maildir has its folders and its INBOX: done right, or refused before
# anything is written.
. "${0%/*}/lib.sh"
XDG_STATE_HOME=$tmp/xdg
export XDG_STATE_HOME

# box FOLDER...: makes folders.
box() {
	for folder; do
		mkdir -p "$folder/cur" "$folder/new" "$folder/tmp"
	done
}

# live FOLDER...: Dovecot has opened them.
live() {
	for folder; do
		echo "3 V1 N1 G$$" >"$folder/dovecot-uidlist"
	done
}

# mail FILE ID
mail() {
	printf 'From: a@x\nSubject: s\nMessage-ID: <%s>\n\nhello\n' "$2" >"$1"
}

merge() {
	want_status=$1
	shift
	run "$want_status" maildir-merge "$@" >out 2>err
}

# count FOLDER: its messages.
count() {
	find "$1/cur" "$1/new" -type f 2>/dev/null | wc -l
}

# unchanged TREE: nothing was written.
unchanged() {
	[ -z "$(find "$1" -name "*mailferry*")" ]
}

box s s/.Work
mail s/cur/1.a:2, one
mail s/cur/2.a:2, two
mail s/.Work/cur/3.a:2, three

ok 'INBOX=~/Maildir/.INBOX' '
	box b/.INBOX b/.Work
	live b/.INBOX b/.Work
	mail b/.INBOX/cur/9.a:2, one
	merge 0 s b
	[ "$(count b/.INBOX)" -eq 2 ] && [ "$(count b/.Work)" -eq 1 ]
	not [ -e b/cur ]
	run 0 maildir-check b
	merge 0 s b
	not has out "\"added\""
	run 0 maildir-merge --undo "$(ls xdg/mailferry/*)" b >out
	[ "$(count b/.INBOX)" -eq 1 ]'
ok 'LAYOUT=fs with INBOX=~/mail/INBOX' '
	box d/INBOX d/Work
	mail d/INBOX/cur/9.a:2, one
	merge 0 s d
	[ "$(count d/INBOX)" -eq 2 ] && [ "$(count d/Work)" -eq 1 ]
	not [ -e d/cur ]'
ok 'LAYOUT=fs with DIRNAME=' '
	box a/INBOX/mAildir a/Work/mAildir s/.New
	mail s/.New/cur/4.a:2, four
	merge 0 s a
	[ "$(count a/INBOX/mAildir)" -eq 2 ] && [ "$(count a/Work/mAildir)" -eq 1 ]
	[ "$(count a/New/mAildir)" -eq 1 ]
	not [ -e a/cur ] && not [ -e a/Work/cur ]
	grep -q "^New$" a/subscriptions
	run 0 maildir-check a
	rm -r s/.New
	run 0 maildir-ids a >out
	[ "$(grep -c "\"folder\":\"INBOX\"" out)" -eq 2 ] && has out "\"folder\":\"New\""'
ok 'a folder in which all others lie is no DIRNAME' '
	box f/A/x f/B/x
	merge 0 s f
	[ "$(count f/Work)" -eq 1 ] && [ "$(count f)" -eq 2 ]'
ok 'an INBOX that is elsewhere is asked for' '
	box c/.Work spool
	live c/.Work
	mail spool/cur/9.a:2, one
	merge 2 s c
	has err "the INBOX is not in it"
	has err "--target-inbox"
	unchanged c
	merge 0 --target-inbox spool s c
	[ "$(count spool)" -eq 2 ] && [ "$(count c/.Work)" -eq 1 ]
	not [ -e c/cur ]
	run 2 maildir-check c 2>err
	has err "--inbox"
	run 0 maildir-check --inbox spool c'
ok 'a tree that Dovecot is not at work in may lack an INBOX' '
	box n/.Work
	merge 0 s n
	[ "$(count n)" -eq 2 ]'
# tree ROOT: its directories and files, but for the mark and the list.
tree() {
	(cd "$1" && find . ! -name mailferry-merges ! -name subscriptions | sort)
}
# undo TREE [OPTION]: takes the newest run back.
undo() {
	run 0 maildir-merge --undo "$(ls -t xdg/mailferry/*.journal | head -n 1)" "$@" >out
}

ok 'LAYOUT=fs: what was only a level is one again after --undo' '
	box levels/A/B levels src/.A src/.D.E.F src/.Empty.X
	mail src/.A/cur/1.a:2, in-A
	mail src/.D.E.F/cur/1.a:2, in-F
	tree levels >before
	merge 0 src levels
	[ "$(count levels/A)" -eq 1 ] && [ "$(count levels/D/E/F)" -eq 1 ]
	[ -d levels/Empty/X/cur ] && not [ -e levels/D/cur ]
	merge 0 src levels
	not has out "\"added\""
	touch levels/A/dovecot-uidlist levels/A/dovecot.index.log
	undo levels -n
	tree levels >after
	grep -q "A/cur" after
	sed "s/\"/ /g" out | sort >foreseen
	undo levels
	sed "s/\"/ /g" out | sort >done
	same foreseen done
	tree levels >after
	same before after'
ok 'the same of a level that got another folder, or mail, since' '
	merge 0 src levels
	box levels/D/E/Own
	mail levels/A/new/9.b mine
	undo levels
	[ "$(count levels/A)" -eq 1 ] && [ -d levels/A/cur ] && [ -d levels/A/tmp ]
	[ -d levels/D/E/Own/cur ] && not [ -e levels/D/E/F ] && not [ -e levels/D/cur ]
	not [ -e levels/Empty ]
	has out "\"object\":\"folder\",\"dir\":\"D/E\",\"status\":\"in use\""'
ok 'an empty folder whose directory is there is made, once' '
	box once/A/B once empty empty/.A
	merge 0 empty once
	[ -d once/A/cur ]
	n=$(ls xdg/mailferry | wc -l)
	merge 0 empty once
	[ "$(ls xdg/mailferry | wc -l)" -eq "$n" ]'
ok 'an INBOX that was not there goes again, but not one that was opened since' '
	box inbox/.Work
	tree inbox >before
	merge 0 s inbox
	undo inbox
	tree inbox >after
	same before after
	merge 0 s inbox
	live inbox
	undo inbox
	[ -d inbox/cur ] && [ -d inbox/new ] && [ -d inbox/tmp ] && [ -e inbox/dovecot-uidlist ]'
ok 'an empty directory is a new Maildir where its layout is said' '
	mkdir fresh
	tree fresh >before
	merge 2 s fresh
	has err "fresh: empty: see --target-layout to make a Maildir of it, or --user"
	merge 2 fresh s
	has err "fresh: not a Maildir"
	unchanged fresh
	merge 0 -n --target-layout maildir++ s fresh
	tree fresh >after
	same before after
	touch fresh/dovecot-uidvalidity
	for layout in maildir++ fs; do
		tree fresh >before
		merge 0 --target-layout $layout s fresh
		[ "$(count fresh)" -eq 2 ]
		[ "$(count fresh/.Work)" -eq 1 ] || [ "$(count fresh/Work)" -eq 1 ]
		not [ -e fresh/maildirfolder ]
		merge 0 --target-layout $layout s fresh
		not has out "\"added\""
		undo fresh
		tree fresh >after
		same before after
		rm -f fresh/subscriptions
	done
	touch fresh/file
	merge 2 --target-layout fs s fresh
	has err "fresh: not a Maildir"'
ok 'folders of both layouts' '
	box two two/.Stale two/Work
	merge 2 s two
	has err "folders of both layouts, .Stale and Work"
	has err "--target-layout"
	unchanged two
	merge 0 --target-layout fs s two
	[ "$(count two/Work)" -eq 1 ]
	merge 2 two d
	has err "--source-layout"'
ok 'what was left of a folder that was being made is none' '
	box l l/.Work l/mailferry-unfinished-folder
	merge 0 s l
	[ "$(count l/.Work)" -eq 1 ]
	not [ -e l/mailferry-unfinished-folder ]'
ok 'the directory above the tree, as archive2maildir makes it' '
	mkdir -p above/.archive2maildir above/calendars
	cp -r s above/mail
	box t1
	merge 0 above t1
	[ "$(count t1)" -eq 2 ] && [ "$(count t1/.Work)" -eq 1 ]
	not [ -e t1/.mail ]'
ok 'a plain INBOX, as mbsync and offlineimap make it' '
	for name in INBOX Inbox inbox; do
		box m/$name m/Work t2
		mail m/$name/cur/1.a:2, one
		mail m/Work/cur/3.a:2, three
		merge 0 m t2
		[ "$(count t2)" -eq 1 ]
		[ "$(count t2/.Work)" -eq 1 ]
		rm -r m t2
	done'
ok 'a link to a folder of the same tree is followed' '
	box s3 s3/.Real t3 t3/.Real
	ln -s .Real s3/.Archive
	mail s3/.Real/cur/1.a:2, one
	merge 0 s3 t3
	[ "$(count t3/.Real)" -eq 1 ] && [ "$(count t3/.Archive)" -eq 1 ]
	ln -s .Real t3/.Old
	mail t3/.Real/cur/5.b:2, other
	merge 0 s3 t3
	not has out "\"added\""'
ok 'a link out of the tree is followed with --follow only' '
	box s4 elsewhere t4
	ln -s ../elsewhere s4/.Archive
	mail elsewhere/cur/1.a:2, one
	merge 1 s4 t4
	has err "s4: .Archive: a symbolic link out of the tree"
	has out "\"failed\"" || [ ! -s out ]
	[ "$(count t4/.Archive)" -eq 0 ]
	merge 0 --follow s4 t4
	[ "$(count t4/.Archive)" -eq 1 ]
	ln -s "$PWD/elsewhere" t4/.Old
	merge 2 s4 t4
	has err "t4/.Old: a symbolic link out of the tree"
	merge 0 --follow s4 t4
	not has out "\"added\""'
ok 'links that lead nowhere, or to no folder, are none' '
	box s5 t5
	ln -s gone s5/.Gone
	ln -s /etc s5/.Etc
	ln -s .Loop s5/.Loop
	mail s5/cur/1.a:2, one
	merge 0 s5 t5
	[ "$(count t5)" -eq 1 ]
	not [ -e t5/.Gone ] && not [ -e t5/.Etc ]'
ok 'a name that looks like UTF-8 does not outweigh one that is modified UTF-7' '
	box s6 t6 "t6/.R&APw-ckgabe" "t6/.Z&x" s6/.Neu "s6/.&APw-"
	mail s6/.Neu/cur/1.a:2, one
	mail "s6/.&APw-/cur/1.a:2," two
	merge 0 --map "ü=Rückgabe" s6 t6
	[ "$(count "t6/.R&APw-ckgabe")" -eq 1 ]
	# Nor in the source: it alone cannot be read.
	box "s6/.R&APw-ckgabe" "s6/.Z&x" t62/.Sent
	mail "s6/.R&APw-ckgabe/cur/3.a:2," three
	mail "s6/.Z&x/cur/4.a:2," four
	merge 1 s6 t62
	[ "$(count "t62/.R&APw-ckgabe")" -eq 1 ]
	has err ".Z&x: the name of the folder cannot be read; name one with --map"
	merge 0 --map ".Z&x=Z" s6 t62
	[ "$(count t62/.Z)" -eq 1 ]'
ok 'a source that spells its folders in both ways: each name is what it says' '
	box s63 "s63/.Entw&APw-rfe" s63/.Entwürfe "s63/.Neu.R&APw-ck.Täg&lich" \
	    t63 "t63/.R&APw-ck"
	mail "s63/.Entw&APw-rfe/cur/1.a:2," one
	mail s63/.Entwürfe/cur/2.a:2, two
	mail "s63/.Neu.R&APw-ck.Täg&lich/cur/3.a:2," three
	merge 0 s63 t63
	[ "$(count "t63/.Entw&APw-rfe")" -eq 2 ]
	[ "$(count "t63/.Neu.R&APw-ck.T&AOQ-g&-lich")" -eq 1 ]
	merge 0 s63 t63
	hasnt out "\"added\""
	# A literal name that looks like the other spelling is asked for.
	merge 0 --source-names utf8 s63 t63
	[ "$(count "t63/.Entw&-APw-rfe")" -eq 0 ]
	box u63 u63/.Entwürfe
	merge 0 s63 u63
	[ "$(count u63/.Entwürfe)" -eq 2 ]
	[ "$(count "u63/.Neu.Rück.Täg&lich")" -eq 1 ]'
ok 'a backslash that archive2maildir escaped is that of the folder which is there' '
	mkdir esc && cd esc
	for box in s "s/.back\\5cslash" "s/.back\\5cslash.Sub" "s/.two\\5c2e" "s/.new\\5cone" \
	    t "t/.back\\slash" "t/.two\\2e" "t/.two\\5c2e"; do
		mkdir -p "$box/cur" "$box/new" "$box/tmp"
	done
	for box in "back\\5cslash" "back\\5cslash.Sub" "two\\5c2e" "new\\5cone"; do
		printf "Message-ID: <%s@x>\n\nx\n" "$box" >"s/.$box/cur/1.x:2,"
	done
	run 0 maildir-merge --state-dir state s t >out
	(cd t && find . -path "*/cur/*" | sed "s,/cur/.*,," | sort) >got
	printf "%s\n" "./.back\\slash" "./.back\\slash.Sub" "./.new\\5cone" "./.two\\5c2e" >want
	same want got'
ok 'a target that has both spellings, and no sign of Dovecot' '
	box s64 s64/.Müll t64 "t64/.R&APw-ck" t64/.Größe
	mail s64/.Müll/cur/1.a:2, one
	merge 2 s64 t64
	has err "folder names in UTF-8 and in modified UTF-7: name the right one with --target-names"
	unchanged t64
	merge 0 --target-names mutf7 s64 t64
	[ "$(count "t64/.M&APw-ll")" -eq 1 ]
	# What Dovecot opened says which it is.
	box t65 "t65/.R&APw-ck" t65/.Größe
	live t65 "t65/.R&APw-ck"
	merge 0 s64 t65
	[ "$(count "t65/.M&APw-ll")" -eq 1 ]
	live t65/.Größe
	box s66 s66/.Grün
	mail s66/.Grün/cur/2.a:2, two
	merge 0 s66 t65
	[ "$(count t65/.Grün)" -eq 1 ]'
ok 'a link may be named for the tree' '
	box r/.Work
	ln -s s ls
	ln -s r lr
	merge 0 ls lr
	[ "$(count r)" -eq 2 ] && [ "$(count r/.Work)" -eq 1 ]
	merge 0 s r
	not has out "\"added\""
	merge 2 r lr
	has err "source and target overlap"'
ok 'a dbox is named, and what reads it' '
	mkdir -p s7/cur s7/new s7/tmp t7/mailboxes/INBOX/dbox-Mails
	mail s7/cur/1.a:2, one
	run 2 maildir-merge s7 t7 2>err
	has err "a dbox of Dovecot" && has err through-doveadm'
ok 'a tree that archive2maildir did not finish is not taken for the whole' '
	mkdir -p part/.archive2maildir part/calendars
	touch part/.archive2maildir/unfinished
	box part/mail
	mail part/mail/cur/1.a:2, one
	box t8
	for source in part part/mail part/mail/; do
		run 2 maildir-merge "$source" t8 2>err
		has err "did not finish this tree"
	done
	[ "$(count t8)" -eq 0 ]
	DAV_USER=a DAV_PASSWORD=b run 2 davmerge http://127.0.0.1:1/ part 2>err
	has err "did not finish this tree"
	rm part/.archive2maildir/unfinished
	merge 0 part t8
	[ "$(count t8)" -eq 1 ]'
done_testing
