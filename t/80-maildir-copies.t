#!/bin/sh
# What counts as a copy of a message: what its owner will still have tomorrow.
. "${0%/*}/lib.sh"
XDG_STATE_HOME=$tmp/xdg
export XDG_STATE_HOME

box() {
	for folder; do
		mkdir -p "$folder/cur" "$folder/new" "$folder/tmp"
	done
}

# mail FILE ID [HEADER [BODY]]: HEADER is a whole line, or empty.
mail() {
	printf 'From: a@x\nTo: b@x\nSubject: s\nMessage-ID: <%s>\n%s\n%s\n' \
	    "$2" "${3:+$3
}" "${4:-hello}" >"$1"
}

# is FILE STATUS [REASON]
is() {
	line=$(grep -F "\"file\":\"$1\"" out)
	case $line in
	*"\"status\":\"$2\""*"${3-}"*) ;;
	*)
		echo "$1 is not $2 ${3-}"
		cat out err
		return 1
		;;
	esac
}

merge() {
	want_status=$1
	shift
	run "$want_status" maildir-merge --state-dir state "$@" >out 2>err
}

# fresh FOLDER...: new trees s and t with these folders.
fresh() {
	rm -rf s t state
	box s t
	for folder; do
		box "s/$folder" "t/$folder"
	done
}

ok 'a copy that is marked as deleted is none' '
	fresh .Work
	mail s/cur/1.a:2,S one
	mail t/cur/9.a:2,ST one
	mail s/.Work/cur/2.a:2,S two
	mail t/cur/8.a:2,T two
	mail s/cur/3.a:2,S three
	mail t/new/7.a:2,S three
	merge 0 s t
	is cur/1.a:2,S added "marked as deleted"
	is .Work/cur/2.a:2,S added
	is cur/3.a:2,S present
	merge 0 s t
	not has out "\"added\""'
ok 'a copy in a folder that Dovecot cannot open is none' '
	fresh
	box "s/.R&APw-ckgabe" "t/.Rückgabe" t/.Sent t/.INBOX
	# Dovecot is at work here, and never opened the one in UTF-8.
	echo "3 V1 N1 G$$" >t/dovecot-uidlist
	mail "s/.R&APw-ckgabe/cur/1.a:2," one
	mail "t/.Rückgabe/cur/1.a:2," one
	mail s/cur/2.a:2, two
	mail t/.INBOX/cur/2.a:2, two
	merge 0 s t
	is ".R&APw-ckgabe/cur/1.a:2," added "cannot be opened"
	is cur/2.a:2, added
	[ "$(ls "t/.R&APw-ckgabe/cur" | wc -l)" -eq 1 ]'
ok 'a draft is no copy of what was sent' '
	fresh .Sent .Drafts
	mail s/.Sent/cur/1.a:2,S one
	mail t/.Drafts/cur/1.a:2,DS one
	mail s/.Sent/cur/2.a:2,S two
	mail t/cur/2.a:2,D two
	mail s/.Drafts/cur/3.a:2,D three
	mail t/.Drafts/cur/3.a:2, three
	mail s/.Drafts/cur/4.a:2,D four
	mail t/.Sent/cur/4.a:2,S four
	merge 0 s t
	is .Sent/cur/1.a:2,S added "its copy is a draft"
	is .Sent/cur/2.a:2,S added
	is .Drafts/cur/3.a:2,D present
	is .Drafts/cur/4.a:2,D elsewhere'
ok 'a copy in the Trash is none, unless the message belongs there' '
	fresh .Trash
	mail s/cur/1.a:2, one
	mail t/.Trash/cur/1.a:2, one
	mail s/.Trash/cur/2.a:2, two
	mail t/.Trash/cur/2.a:2, two
	mail s/.Trash/cur/3.a:2, three
	mail t/cur/3.a:2, three
	merge 0 -n s t
	is cur/1.a:2, planned "does not count"
	is .Trash/cur/2.a:2, present
	is .Trash/cur/3.a:2, elsewhere
	merge 0 -n --count-trash s t
	is cur/1.a:2, elsewhere'
ok 'what lies below the Trash goes with it' '
	fresh .Trash .Trash.Old .Trashed .Junk .Junk.Old
	box t/.INBOX.Sub
	n=0
	for folder in .Trash.Old .Trashed .Junk.Old .INBOX.Sub; do
		n=$((n + 1))
		mail s/cur/$n.a:2, m$n
		mail t/$folder/cur/$n.a:2, m$n
	done
	merge 0 -n s t
	is cur/1.a:2, planned "does not count"
	is cur/2.a:2, elsewhere
	is cur/3.a:2, elsewhere
	is cur/4.a:2, elsewhere
	merge 0 -n --ignore-folders Junk,INBOX s t
	is cur/1.a:2, elsewhere
	is cur/3.a:2, planned "does not count"
	is cur/4.a:2, elsewhere
	rm -r s/.Trash t/.Trash
	merge 0 -n s t
	is cur/1.a:2, planned "does not count"
	is cur/2.a:2, elsewhere'
ok 'the copy with the Bcc is worth more than the one without' '
	fresh .Sent
	mail s/.Sent/cur/1.a:2,S one "Bcc: c@x"
	mail t/cur/1.a:2,S one
	mail s/cur/2.a:2,S two
	mail t/.Sent/cur/2.a:2,S two "Bcc: c@x"
	mail s/.Sent/cur/3.a:2,S three "Bcc: c@x"
	mail t/.Sent/cur/3.a:2,S three "bcc: c@x"
	mail s/.Sent/cur/4.a:2,S four "Bcc: c@x"
	mail t/.Sent/cur/4.a:2,S four "Bcc: d@x"
	printf "Subject: t\nFrom: a@x\n\nno id\n" >s/cur/5.a:2,
	printf "Bcc: c@x\nSubject: t\nFrom: a@x\n\nno id\n" >t/cur/5.a:2,
	merge 0 s t
	is .Sent/cur/1.a:2,S added
	is cur/2.a:2,S elsewhere
	is .Sent/cur/3.a:2,S present
	is .Sent/cur/4.a:2,S added
	is cur/5.a:2, present'
ok 'signed is not encrypted, and only what came back may be' '
	fresh
	signed="Content-Type: application/pkcs7-mime; smime-type=signed-data"
	sealed="Content-Type: application/pkcs7-mime; smime-type=enveloped-data"
	pgp="Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\""
	mail s/cur/1.a:2, one
	mail t/cur/1.a:2, one "$signed" xyz
	mail s/cur/2.a:2, two
	mail t/cur/2.a:2, two "$sealed" xyz
	mail s/cur/3.a:2, three "$sealed" xyz
	mail t/cur/3.a:2, three
	mail s/cur/4.a:2, four "$pgp" xyz
	mail t/cur/4.a:2, four
	mail s/cur/5.a:2, five "$signed" xyz
	mail t/cur/5.a:2, five
	merge 0 -n s t
	is cur/1.a:2, planned
	is cur/2.a:2, planned
	is cur/3.a:2, present "encrypted at rest"
	is cur/4.a:2, present "encrypted at rest"
	is cur/5.a:2, planned'
ok 'a NUL byte is the 0x80 that IMAP made of it' '
	fresh
	for side in s t; do
		nul="\\000"
		[ "$side" = s ] && nul="\\200"
		printf "Message-ID: <1>\nSubject: s\n\na${nul}b\n" >"$side/cur/1.a:2,"
		printf "From: x\nSubject: a${nul}b\n\nno id\n" >"$side/cur/2.a:2,"
		printf "Message-ID: <3${nul}4>\n\nb\n" >"$side/cur/3.a:2,"
		{ printf "Message-ID: <5>\n\n"; head -c 70000 /dev/zero |
		    tr "\\000" "$nul"; echo; } >"$side/cur/5.a:2,"
	done
	merge 0 -n s t
	[ "$(grep -c present out)" -eq 4 ]'
ok 'keywords that cannot be read keep their messages back' '
	fresh
	printf "0 Work\n" >s/dovecot-keywords
	mail s/cur/1.a:2,Sa one
	mail s/cur/2.a:2,S two
	mail s/cur/3.a:2,a three
	mail t/cur/3.a:2, three
	mv s/dovecot-keywords keep
	mkdir s/dovecot-keywords
	merge 1 s t
	is cur/1.a:2,Sa failed
	is cur/2.a:2,S added
	is cur/3.a:2,a present
	rmdir s/dovecot-keywords
	mv keep s/dovecot-keywords
	merge 0 s t
	is cur/1.a:2,Sa added
	[ "$(cat t/dovecot-keywords)" = "0 Work" ]'
ok 'the flags in a record are those of the files' '
	fresh
	mail s/cur/1.a:2, one
	mail t/cur/1.a:2,DS one
	mail s/cur/2.a:2,D two
	mail t/cur/2.a:2,D two
	merge 0 -n s t
	not grep -q "\"file\":\"cur/2.*\"flags\"" out
	box s/.Drafts t/.Drafts
	mail s/.Drafts/cur/3.a:2,S three
	mail t/.Drafts/cur/3.a:2,DF three
	merge 0 -n s t
	has out "\"flags\":\"DF\",\"source_flags\":\"S\""'
ok 'folders that options name must be there' '
	fresh .Sent .Trash
	mail s/cur/1.a:2, one
	merge 2 --map "Sent Itmes=Sent" s t
	has err "--map: the source has no folder \"Sent Itmes\""
	merge 2 --ignore-folders Trsh s t
	has err "--ignore-folders: the target has no folder \"Trsh\""
	merge 2 --ignore-folders Trash,Jnk s t
	merge 0 --map .Sent=Sent --ignore-folders .Trash s t'
ok 'a dry run makes the remarks of a real one' '
	fresh .Sent
	for i in $(seq 0 25); do echo "$i have$i"; done >t/dovecot-keywords
	printf "0 One\n1 have3\n" >s/dovecot-keywords
	mail s/cur/1.a:2,Sabz one
	mail s/cur/2.a:2,S two
	mail t/cur/2.a:2, two
	merge 0 -n s t
	grep -v "journal of this run" err >dry
	sed "s/\"planned\"/\"added\"/" out >foretold
	merge 0 s t
	grep -v "journal of this run" err >real
	cmp dry real
	same foretold out
	has out "not all keywords could be carried"
	has real "1 keyword letter not carried: without a usable name"
	has real "1 keyword not carried"
	has real "1 message with other flags"'
ok '60 versions of one id, 8,000 equal messages of one second' '
	fresh
	for i in $(seq 60); do
		mail "s/cur/$i.a:2," one "List-Id: l" "version $i"
		mail "t/cur/$i.b:2," one "List-Id: l" "other $i
-- 
a footer"
	done
	mail s/cur/0.a:2, one "" "other 7"
	merge 0 s t
	[ "$(grep -c "\"added\"" out)" -eq 60 ]
	is cur/0.a:2, present "list footer"
	fresh
	mail one one
	touch -d @1700000000 one
	/usr/bin/python3 -c "
import shutil
for i in range(8000):
    shutil.copy2(\"one\", \"s/cur/%d.x:2,\" % i)"
	run 0 timeout 60 maildir-merge -q --state-dir state s t 2>err
	[ "$(ls t/cur | wc -l)" -eq 8000 ]
	run 0 timeout 60 maildir-merge -q --state-dir state s t 2>err
	[ "$(ls t/cur | wc -l)" -eq 8000 ]'
done_testing
