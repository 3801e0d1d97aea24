#!/bin/sh
# maildir-merge --user and --through-doveadm where Dovecot has folders in other
# places, and marks of messages in another form, than the names of files say.
. "${0%/*}/lib.sh"
. "$top/t/places.sh"

other archive <<END2
namespace inbox {
  inbox = yes
  separator = /
}
namespace archive {
  prefix = Archive/
  separator = /
  location = maildir:~/archive
}
namespace shared {
  type = shared
  prefix = shared/%%u/
  separator = /
  location = maildir:$tmp/home/%%n/Maildir
}
namespace public {
  type = public
  prefix = Public/
  separator = /
  location = maildir:$tmp/home/public
  subscriptions = no
}
END2

ok 'no mail goes where another namespace hides it, and the rest is merged' '
	put away . in@one.test
	put away .Archive old@one.test
	put away .Archive.2023 older@one.test
	put away .Archives near@one.test
	put away .shared.bob other@one.test
	made one Sent Archive/2023
	run 1 merge_user --user one away >out 2>err
	jq -r "[.status, .file[:12]] | @tsv" out | sort >got
	cat >want <<-END2
	added	.Archives/cu
	added	cur/17000000
	failed	.Archive.202
	failed	.Archive/cur
	failed	.shared.bob/
	END2
	same want got
	has err "Dovecot has a namespace of its own for \"Archive/2023\""
	not ls -d home/one/Maildir/.Archive home/one/Maildir/.shared*
	counts one >got
	printf "%s\n" "Archive/2023 messages=0" "Archives messages=1" "INBOX messages=1" "Sent messages=0" >want
	same want got'
ok 'what lies in a hidden folder is no copy' '
	put home/one/Maildir .Archive in2@one.test
	put away2 . in2@one.test
	chown -R "$ids" home/one/Maildir/.Archive
	run 0 merge_user --user one away2 >out
	[ "$(jq -r .status out)" = added ]'
ok 'doveadm puts it into the namespace, and nothing into that of others' '
	made two Sent Archive/2023
	made bob Team
	put away .shared.bob.New new@one.test
	put away .Public.x public@one.test
	run 1 merge_user --through-doveadm two away >out 2>err
	jq -r "select(.status == \"failed\").file[:12]" out | sort >got
	printf "%s\n" ".Public.x/cu" ".shared.bob." ".shared.bob/" >want
	same want got
	has err "Dovecot has a namespace of its own for \"shared/bob/New\"; see --map"
	hasnt err "New\"; see --map and"
	counts two >got
	has got "Archive messages=1"
	has got "Archive/2023 messages=1"
	$da mailbox list -u bob >got
	hasnt got New
	not ls -d home/public/.x
	journal=$(sed -n "s/.*the journal of this run is //p" err)
	run 1 merge_user --undo "$journal" --through-doveadm two >out 2>err
	has err "Archive: Storage root" # nobody can delete that one
	jq -r "select(.object == \"folder\" and .dir != \"Archive\").status" out |
	    sort -u >got
	[ "$(cat got)" = removed ]
	run 0 merge_user --through-doveadm two --map shared/bob=Bob \
	    --map shared/bob/New=New --map Public/x=x away >out'
# A journal of another time can name a mailbox in a namespace that is not its own.
others=$da
other lent <<END2
namespace inbox {
  inbox = yes
  separator = /
}
END2
ok 'undoing says what it leaves there' '
	put lent .shared.bob.Team team@one.test
	run 0 merge_user --through-doveadm lent lent >out 2>err
	journal=$(sed -n "s/.*the journal of this run is //p" err)
	da=$others
	run 1 merge_user --undo "$journal" --through-doveadm lent >out 2>err
	has err "shared/bob/Team: it is in a namespace that is not the owner"
	$da mailbox list -u bob >got
	has got Team'
da=$others

other location <<END2
mail_location = maildir:~/elsewhere
namespace inbox {
  inbox = yes
  location = maildir:~/Maildir
}
END2

ok 'a namespace with a location of its own is not mistaken for mail_location' '
	made three Sent
	cp -a home/three/Maildir home/three/elsewhere
	run 0 merge_user --user three away2 >out
	not grep -rl in2@one.test home/three/elsewhere
	counts three >got
	has got "INBOX messages=1"'

other plain <<END2
namespace inbox {
  inbox = yes
  separator = /
}
END2

# Folders that other programs left.
strange() {
	made "$1" Sent
	put "home/$1/Maildir" ".Entw$(printf "\303\274")rfe" a@two.test
	put "home/$1/Maildir" ".A&B" b@two.test
	put "home/$1/Maildir" .Foo..Bar c@two.test
	chown -R "$ids" "home/$1/Maildir"
}

ok 'folders that Dovecot lists and cannot open do not stop a merge' '
	strange four
	run 0 merge_user --user four away2 >out 2>err
	[ "$(jq -r .status out)" = added ]
	strange five
	run 0 merge_user --through-doveadm five away2 >out 2>err
	[ "$(jq -r .status out)" = added ]
	run 0 merge_user --through-doveadm five away2 >out 2>err
	[ "$(jq -r .status out)" = present ]'

# flags USER ID: those of a message in the INBOX, as a client sees them.
flags() {
	$da -f flow fetch -u "$1" flags mailbox INBOX header message-id "$2" |
	    sed "s/^flags=//; s/ *.Recent//"
}
# deliver USER TREE: what is in a tree, by Dovecot.
deliver() {
	for file in "$2"/cur/*; do
		$da save -u "$1" -m INBOX <"$file"
	done
}
put passed . yes@three.test PS
put passed . no@three.test S
put passed . own@three.test S

# forwarded HOW USER
forwarded() {
	made "$2" Sent
	deliver "$2" passed
	$da flags add -u "$2" '\Seen' mailbox INBOX ALL
	$da flags add -u "$2" '$Forwarded' mailbox INBOX \
	    header message-id own@three.test
	run 0 merge_user "$1" "$2" passed >out
	jq -r 'select(.flags) | [.flags, .source_flags] | @tsv' out |
	    sort >got
	printf 'PS\tS\nS\tPS\n' >want
	same want got
	run 0 merge_user --flags=add "$1" "$2" passed >out 2>err
	journal=$(sed -n 's/.*the journal of this run is //p' err)
	[ "$(flags "$2" yes@three.test)" = '\Seen $Forwarded' ]
	[ "$(flags "$2" no@three.test)" = '\Seen' ]
	[ "$(flags "$2" own@three.test)" = '\Seen $Forwarded' ]
	run 0 merge_user --flags=mirror "$1" "$2" passed >out
	[ "$(flags "$2" own@three.test)" = '\Seen' ]
	run 0 merge_user --flags=mirror "$1" "$2" passed >out
	not jq -e 'select(.flags)' out
	run 0 merge_user --undo "$journal" "$1" "$2" >out
	[ "$(flags "$2" yes@three.test)" = '\Seen' ]
}

# kept HOW USER
kept() {
	made "$2" Sent
	rm -rf work
	put work . kept@four.test Sa
	put work . gone@four.test Sa
	echo '0 Work' >work/dovecot-keywords
	run 0 merge_user "$1" "$2" work >out 2>err
	journal=$(sed -n 's/.*the journal of this run is //p' err)
	$da flags add -u "$2" mine mailbox INBOX header message-id kept@four.test
	run 1 merge_user --undo "$journal" "$1" "$2" >out
	[ "$(jq -r 'select(.object == "message").status' out | sort |
	    paste -sd ' ')" = 'changed removed' ]
	flags "$2" kept@four.test >got
	has got mine
	has got Work
	run 0 merge_user --undo "$journal" --force "$1" "$2" >out
	[ "$(flags "$2" kept@four.test)" = '' ]
}

ok 'what was forwarded is so to clients' '
	forwarded --user six'
ok 'through doveadm, too' '
	forwarded --through-doveadm seven'
ok 'an undoing keeps what its owner gave a keyword' '
	kept --user eight'
ok 'through doveadm, too' '
	kept --through-doveadm nine'

# names USER: the mailboxes with a message in them.
names() {
	$da mailbox status -u "$1" messages '*' 'INBOX*' 2>/dev/null |
	    sed -n 's/ messages=1$//p' | sort -u
}
# As archive2maildir writes them.
put dots '.v1\2e2' a@five.test
put dots '.v1\2e2.Part' b@five.test
put dots '.\7etilde' c@five.test
for word in new cur tmp subscriptions; do
	put words .$word $word@five.test
done
put words . in@five.test

other acl <<END2
mail_plugins = acl
plugin {
  acl = vfile
}
namespace inbox {
  inbox = yes
  separator = /
}
END2
other plain <<END2
namespace inbox {
  inbox = yes
  separator = /
}
END2
# With acl Dovecot passes over what it may not read, without it that stops a call.
[ "$(id -u)" -ne 0 ] || ok 'what its owner may not enter is left, and nothing below it is made' '
	rm -rf foreign
	put foreign .Private a@seven.test
	put foreign .Private.Part b@seven.test
	put foreign .Sent c@seven.test
	printf "added\t.Sent/cur\nfailed\t.Private.\nfailed\t.Private/\n" >want
	for conf in acl plain; do
		da="doveadm -c $tmp/$conf.conf"
		made no-$conf Sent Private
		chown -R root:root home/no-$conf/Maildir/.Private
		chmod -R go= home/no-$conf/Maildir/.Private
		run 1 merge_user --user no-$conf foreign >out 2>err
		jq -r "[.status, .file[:9]] | @tsv" out | sort >got
		same want got
		has err "the owner of the mail may not enter it"
	done'
ok 'a run that was taken back from another target can be taken back from its own' '
	for how in --user --through-doveadm; do
		for user in eighteen nineteen; do
			made $user$how Sent
		done
		run 0 merge_user $how eighteen$how away2 >out 2>err
		journal=$(sed -n "s/.*the journal of this run is //p" err)
		run 0 merge_user --undo "$journal" --any-target $how nineteen$how
		run 0 merge_user --undo "$journal" $how eighteen$how >out
		[ "$(jq -r .status out)" = removed ]
		run 2 merge_user --undo "$journal" $how eighteen$how 2>err
		has err "this run was undone before"
	done'
other uses <<END2
namespace inbox {
  inbox = yes
  separator = /
  mailbox Odeslane {
    special_use = \\Sent
  }
}
END2
put sent ".Sent Items" s@six.test
ok 'a special use that Dovecot says counts more than a name' '
	for user in fifteen sixteen; do
		made $user Odeslane "Sent Items" Sent
	done
	run 0 merge_user --user fifteen sent >out
	[ "$(names fifteen)" = Odeslane ]
	run 0 merge_user --through-doveadm sixteen sent >out
	[ "$(names sixteen)" = Odeslane ]'

other debian <<END2
namespace inbox {
  inbox = yes
  separator = .
  prefix = INBOX.
  mailbox Sent {
    special_use = \\Sent
  }
  mailbox "Sent Messages" {
    special_use = \\Sent
  }
  mailbox Papierkorb {
    special_use = \\Trash
  }
  mailbox Junk/* {
    special_use = \\Junk
  }
}
END2
put uses ".Sent Items" a@eight.test
put uses ".Deleted Items" b@eight.test
put uses ".Junk" c@eight.test
printf '%s\n' 'Sent Items' Junk >uses/subscriptions
ok 'a folder that is to be made for a special use is the one that is made' '
	for how in --user --through-doveadm; do
		made uses$how INBOX.Work
		run 0 merge_user --summary $how uses$how uses >out
		[ "$(grep -c "(new)" out)" = 3 ]
		names uses$how >got
		printf "INBOX.%s\n" Junk Papierkorb Sent >want
		same want got
		$da mailbox list -s -u uses$how | sort >got
		printf "INBOX.%s\n" Junk Sent >want
		same want got
		run 0 merge_user $how uses$how uses >out
		[ "$(jq -r .status out | sort -u)" = present ]
		made used$how "INBOX.Gesendete Elemente" "INBOX.Sent Messages"
		run 0 merge_user $how used$how uses >out
		names used$how >got
		has got "INBOX.Sent Messages"
		made old$how "INBOX.Gesendete Elemente"
		run 0 merge_user $how old$how uses >out
		names old$how >got
		has got "INBOX.Gesendete Elemente"
	done'

other dbox <<END2
mail_plugins =
mail_location = mdbox:~/mdbox
namespace inbox {
  inbox = yes
  separator = /
}
END2
ok 'a dot in a name is no part of an escape to a store that can have it' '
	made ten INBOX v1.2 Sent 2>err || cat err
	run 0 merge_user --through-doveadm ten dots >out
	names ten >got
	[ "$(sed -n "/^v1/p" got | paste -sd " ")" = "v1.2 v1.2/Part" ]
	run 0 merge_user --through-doveadm ten dots >out
	[ "$(jq -r .status out | sort -u)" = present ]'
ok 'every name is one of a mailbox there' '
	run 0 merge_user --through-doveadm ten words >out
	names ten >got
	for word in new cur tmp subscriptions; do
		has got $word
	done'
ok 'the INBOX of a dbox that nobody has opened is made' '
	made eleven Sent
	run 0 merge_user --through-doveadm eleven away2 >out
	[ "$(jq -r .status out)" = added ]'

other escapes <<END2
mail_plugins = listescape
namespace inbox {
  inbox = yes
  separator = /
}
END2
ok 'with listescape, too' '
	made twelve Sent
	run 0 merge_user --through-doveadm twelve dots >out
	names twelve >got
	printf "%s\n" v1.2 v1.2/Part "~tilde" >want
	same want got
	made thirteen Sent
	run 0 merge_user --user thirteen dots >out
	names thirteen >got
	same want got'

other slashes <<END2
mail_location = maildir:~/Maildir:LAYOUT=fs
namespace inbox {
  inbox = yes
  separator = /
}
END2
ok 'LAYOUT=fs has dots in names' '
	made fourteen Sent v1.2
	run 0 merge_user --user fourteen dots >out
	names fourteen >got
	has got v1.2/Part
	hasnt got "v1\\"'
done_testing
