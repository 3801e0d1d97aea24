#!/bin/sh
# dirdump acl: the access lists of folders, compared with what a real Dovecot says
# of each person's rights.
. "${0%/*}/lib.sh"
. "$top/t/dovecot.sh"
. "$top/t/acl.sh"
need /usr/bin/python3 python3

person alice ''
person bob sales,staff
person carol staff
person dave ''
person fs '' 'maildir:~/tree:LAYOUT=fs'
person db '' 'mdbox:~/mdbox'
chmod 644 users
printf '%s\n' 'shared/*/F1* user=dave@one.test lrt' '"shared/alice@one.test/F2 x" user=bob@one.test la' \
    '*/F? group=staff lp' 'F1? owner lr' '* -group=sales a' >global
chmod 644 global
for c in one two; do
	start_shares $c "vfile$([ $c = one ] || echo ":$tmp/global")" \
	    "acl_shared_dict = file:$tmp/home/shared.db"
done
admin() {
	doveadm -c "$tmp/one/dovecot.conf" "$@"
}
# shares: of the file out, one a line
shares() {
	jq -r 'select(.type == "settings") | .address as $a | .shares[] |
	    "\($a) \(.folder) \(.with) \(.rights)"' out
}

ok 'what doveadm has set, in Maildir++, LAYOUT=fs and mdbox' '
	admin mailbox create -u alice@one.test Work "Work/Über"
	admin mailbox create -u fs@one.test Work Work/Deep
	admin mailbox create -u db@one.test Work Work/Deep
	admin acl set -u alice@one.test "Work/Über" user=bob@one.test lookup read write-seen
	admin acl set -u alice@one.test Work group=staff lookup insert
	admin acl set -u alice@one.test INBOX user=dave@one.test admin lookup
	admin acl set -u fs@one.test Work/Deep user=bob@one.test lookup read
	admin acl set -u db@one.test Work/Deep user=bob@one.test lookup expunge delete
	run 0 dirdump acl records >out 2>err
	shares | sort >got
	cat >want <<-EOF
	alice@one.test INBOX dave@one.test la
	alice@one.test Work bob@one.test li
	alice@one.test Work carol@one.test li
	alice@one.test Work/Über bob@one.test lrs
	db@one.test Work/Deep bob@one.test lex
	fs@one.test Work/Deep bob@one.test lr
	EOF
	same want got
	jq -se ".[-1].count == 3" out'
# What an IMAP client of each sharee sees in the shared namespace, which has the
# Maildirs: the folders of LIST, MYRIGHTS of each, and whether SELECT opens it.
# client COUNT [DOVECOT GLOBAL]: of the shares of alice in out; at least COUNT folders
# are seen.
client() {
	jq -r "select(.address == \"alice@one.test\") | .address as \$a | .shares[] |
	    [\$a, .folder, .with, .rights] | @tsv" out >tsv
	run 0 /usr/bin/python3 "$top/tests/source/acl.py" client \
	    "$tmp/${2:-one}/dovecot.conf" tsv "$1" ${3:+"$3"}
}
ok 'the same from what dirdump dovecot lists: acl_groups' '
	run 0 dirdump-dovecot -c "$tmp/one/dovecot.conf" >dumped 2>err
	has dumped "\"acl_groups\":[\"sales\",\"staff\"]"
	cp out out.records
	run 0 dirdump acl dumped >out 2>err
	shares | sort >got
	same want got
	mv out.records out'
ok 'an IMAP client of each sharee sees the same' 'client 4'
ok 'the shared dictionary, in a file and in a database' '
	run 0 dirdump acl -v --shared-dict "file:$tmp/home/shared.db" records >out 2>err
	hasnt err "was not shown"
	sqlite3 dict.db "CREATE TABLE user_shares (from_user varchar(100) not null, to_user varchar(100) not null, dummy char(1) DEFAULT 1, PRIMARY KEY (from_user, to_user));
	    CREATE TABLE anyone_shares (from_user varchar(100) not null, dummy char(1) DEFAULT 1, PRIMARY KEY (from_user));
	    INSERT INTO user_shares (from_user, to_user) VALUES (\"alice@one.test\", \"bob@one.test\"), (\"alice@one.test\", \"dave@one.test\");
	    INSERT INTO anyone_shares (from_user) VALUES (\"fs@one.test\")"
	run 0 dirdump acl -v --shared-dict sqlite:dict.db records >again 2>err
	same out again
	[ "$(grep -c "was not shown.*: \(bob\|carol\)@one.test" err)" = 2 ]
	run 2 dirdump acl --shared-dict not-there records >again 2>err'

# Random lists in folders F1 to F30 of alice, and what Dovecot makes of them.
# ACL_SEEDS: other ones.
random_lists() {
	/usr/bin/python3 "$top/tests/source/acl.py" lists "$@"
	# Dovecot's memory of which folders have a list.
	rm -f home/alice/Maildir/dovecot-acl-list
	[ "$(id -u)" -ne 0 ] || chown -R "$ids" home/alice
}
for seed in ${ACL_SEEDS:-1}; do
	ok "random lists mean what Dovecot makes of them, seed $seed" '
		random_lists $seed global
		run 0 dirdump acl records >out 2>err
		run 0 /usr/bin/python3 "$top/tests/source/acl.py" judge one/dovecot.conf
		client 10
		has err "everybody may use"
		has err "an owner has all of them"'
	ok "and with a list for all folders, seed $seed" '
		run 0 dirdump acl --global global records >out 2>err
		run 0 /usr/bin/python3 "$top/tests/source/acl.py" judge two/dovecot.conf global
		client 10 two global
		run 0 dirdump acl -c two/dovecot.conf records >again 2>err
		same out again
		run 0 dirdump acl -c one/dovecot.conf records >again 2>err
		not cmp -s out again'
done
# Dovecot asks INBOX's list for whom a folder's own has nothing.
ok 'INBOX for whom the list of a folder does not name' '
	random_lists 3
	cp home/alice/Maildir/dovecot-acl inbox.before
	printf "user=dave@one.test lrs\ngroup=staff lp\n-user=bob@one.test p\n" >home/alice/Maildir/dovecot-acl
	rm home/alice/Maildir/.F4/dovecot-acl
	: >home/alice/Maildir/.F5/dovecot-acl
	echo "user=bob@one.test lx" >home/alice/Maildir/.F6/dovecot-acl
	echo "-user=dave@one.test s" >home/alice/Maildir/.F7/dovecot-acl
	[ "$(id -u)" -ne 0 ] || chown -R "$ids" home/alice
	sed "/acl = vfile/a acl_defaults_from_inbox = yes" one/dovecot.conf >three.conf
	run 0 dirdump acl --inbox-defaults records >out 2>err
	run 0 dirdump acl -c three.conf records >again 2>err
	same out again
	shares | grep "^alice.* F[4-7] " | sort >got
	cat >want <<-EOF
	alice@one.test F4 bob@one.test l
	alice@one.test F4 carol@one.test lp
	alice@one.test F4 dave@one.test lrs
	alice@one.test F5 bob@one.test l
	alice@one.test F5 carol@one.test lp
	alice@one.test F5 dave@one.test lrs
	alice@one.test F6 bob@one.test lx
	alice@one.test F6 carol@one.test lp
	alice@one.test F6 dave@one.test lrs
	EOF
	grep -v " F7 " got | same want -
	run 0 /usr/bin/python3 "$top/tests/source/acl.py" judge "$tmp/three.conf" all
	mv inbox.before home/alice/Maildir/dovecot-acl
	rm -rf home/alice/Maildir/.F*'
# Dovecot looks at lists by the settings of the one who asks.
ok 'settings of access lists that a userdb gives one account' '
	random_lists 5
	printf "group=staff lrp\n" >home/alice/Maildir/dovecot-acl
	rm home/alice/Maildir/.F4/dovecot-acl
	mkdir of
	cp -p users users.before
	printf "%s\n" "* user=bob@one.test lrsk" "*/F1? -user=bob@one.test sw" >of/one.test
	chmod 755 of; chmod 644 of/one.test
	[ "$(id -u)" -ne 0 ] || chown -R "$ids" home/alice
	for fields in "bob userdb_acl=vfile:$tmp/of/%d:cache_secs=9" "carol userdb_acl_defaults_from_inbox=on" \
	    "dave userdb_plugin/acl_globals_only=yes userdb_acl_user=x"; do
		sed -i "/^${fields%% *}@/s|\$| ${fields#* }|" users
	done
	run 0 dirdump dovecot -c one/dovecot.conf >dumped 2>err
	has dumped "\"acl_settings\":[\"acl_globals_only=yes\",\"acl_user=x\"]"
	run 0 dirdump acl -v -c one/dovecot.conf dumped >out 2>err
	has err "not followed: acl_user=x"
	[ "$(grep -c "not followed: [a-z]" err)" = 1 ]
	sed -i "s/ userdb_acl_user=x//" users
	sleep 1.1 # Dovecot looks at a passwd-file once a second.
	run 0 /usr/bin/python3 "$top/tests/source/acl.py" judge one/dovecot.conf all
	shares >before
	grep -q "F4 carol@one.test lrp" before
	grep " dave@one.test" before | grep alice && exit 1
	run 0 dirdump acl -c one/dovecot.conf records >out 2>err
	shares | not cmp -s before -
	# The same of everybody, by the name of who asks.
	sed "s|acl = vfile|&:$tmp/of/%d|" one/dovecot.conf >four.conf
	run 0 dirdump acl -v -c four.conf dumped >out 2>err
	has err "whose name depends on who asks: not known for others"
	run 0 /usr/bin/python3 "$top/tests/source/acl.py" judge four.conf all
	printf "%s\n" "bob@one.test:{PLAIN}x::::::userdb_acl=" >none
	run 0 dirdump passwd-file none >dumped
	run 0 dirdump acl -v -c one/dovecot.conf dumped >out 2>err
	has err "bob@one.test: an account for which Dovecot looks at no lists"
	mv users.before users
	sleep 1.1
	rm -rf home/alice/Maildir/.F*
	printf "user=dave@one.test la\n" >home/alice/Maildir/dovecot-acl'
# Names are those that others see, with their separator; the prefix alone is INBOX,
# and what holds for it holds for whom no list names.
ok 'patterns in the list for all folders, and other namespaces' '
	sed "s|/etc/none||; s|separator = /|separator = .|; s|prefix = shared/%%u/|prefix = Others.%%n.|
	    s|acl = vfile|&:$tmp/patterns|" one/dovecot.conf >five.conf
	cat >>five.conf <<-EOF
	auth_default_realm = one.test
	namespace {
	  type = shared
	  separator = .
	  prefix = More.%%n.
	  location = maildir:%%h/more
	}
	namespace {
	  type = public
	  separator = .
	  prefix = Public.
	  location = maildir:$tmp/home/public
	}
	namespace {
	  separator = .
	  prefix = Archive.
	  location = maildir:~/archive
	}
	EOF
	cat >patterns <<-EOF
	Others.alice.* user=bob@one.test lr
	Others.alice.P? user=bob@one.test w
	Others/alice/P1 user=bob@one.test k
	Others.alice.P2.% user=bob@one.test x
	OTHERS.alice.P2 user=bob@one.test e
	INBOX user=bob@one.test lrp
	*.INBOX user=bob@one.test lrp
	Others.alice.P2.U?x user=carol@one.test lr
	Others.alice.P2.U??x user=carol@one.test lt
	Others.alice.P2.s\\*x user=carol@one.test lrt
	Others.alic? user=dave@one.test lrp
	Others.alice.P1 user=dave@one.test lk
	EOF
	chmod 644 patterns five.conf
	set -- P1 P2 "P2/Uüx" "P2/s*x" "P2/%"
	for folder; do admin mailbox create -u alice@one.test "$folder"; done
	run 0 dirdump acl -v -c five.conf records >out 2>err
	for what in "a further shared namespace.*: More.%%n.$" "a public namespace.*: Public.$" \
	    "a namespace with mail in another.*: Archive.$"; do
		grep "^dirdump-acl: five.conf:[0-9]*: $what" err
	done
	for who in bob carol dave; do
		for folder in INBOX "$@"; do
			name=$(printf ".%s" "$folder" | tr / .)
			doveadm -c five.conf -f flow acl rights -u $who@one.test \
			    "Others.alice$([ "$folder" = INBOX ] || echo "$name")" >rights 2>&1 || :
			printf "alice@one.test %s %s@one.test " "$folder" "$who"
			/usr/bin/python3 -c "import sys
words = sys.stdin.read().partition(\"=\")[2].split()
names = \"lookup read write write-seen write-deleted insert post expunge create delete admin\".split()
print(\"\".join(l for n, l in zip(names, \"lrwstipekxa\") if n in words))" <rights
		done
	done | grep -v " $" | sort >want
	shares | grep -e "^alice.* INBOX " -e "^alice.* P" | sort >got
	same want got
	[ "$(wc -l <want)" -ge 12 ]
	grep "INBOX bob" want && exit 1
	rm -rf home/alice/Maildir/.P*'
ok 'the same in dbox, where INBOX is not the first' '
	admin mailbox create -u db@one.test Archive
	admin acl set -u db@one.test INBOX user=dave@one.test lookup read
	run 0 dirdump acl --inbox-defaults records >out 2>err
	shares | grep -q "^db@one.test Archive dave@one.test lr$"
	shares | grep -q "^db@one.test Work/Deep dave@one.test lr$"'
# Where the folders are, by the options of a location, and what doveadm has set.
ok 'mail in other places and layouts' '
	n=0
	while read -r place; do
		n=$((n + 1))
		person "place$n" "" "$place"
	done <<-EOF
	maildir:~/Maildir:INBOX=~/Maildir/inbox
	maildir:~/Maildir:INBOX=~/Maildir/.INBOX
	maildir:~/Maildir:LAYOUT=fs:INBOX=~/Maildir/INBOX
	maildir:~/Maildir:LAYOUT=FS:DIRNAME=mail
	maildir:~/Maildir:FULLDIRNAME=mail:LAYOUT=fs
	mdbox:~/mdbox:DIRNAME=mail
	sdbox:~/sdbox:MAILBOXDIR=boxes:CONTROL=~/control
	mdbox:~/mdbox:MAILBOXDIR=:ALT=~/alt:INDEX=~/index
	EOF
	admin reload
	for who in $(seq -f place%.0f@one.test $n); do
		admin mailbox create -u "$who" Work Work/Deep
		admin acl set -u "$who" INBOX user=dave@one.test lookup insert
		admin acl set -u "$who" Work user=dave@one.test lookup post
		admin acl set -u "$who" Work/Deep user=dave@one.test lookup read
		printf "%s\n" "$who INBOX dave@one.test li" "$who Work dave@one.test lp" "$who Work/Deep dave@one.test lr"
	done >want
	run 0 dirdump dovecot -c one/dovecot.conf >dumped 2>err
	run 0 dirdump acl -c one/dovecot.conf dumped >out 2>err
	shares | grep ^place | sort >got
	same want got
	person index "" "maildir:~/Maildir:LAYOUT=index"
	tail -n 1 records >one.record
	run 1 dirdump acl one.record >out 2>err
	has err "index@one.test: the mail has another layout (LAYOUT=index): its lists are not read"
	sed -i "/^index@/d" users
	sleep 1.1
	sed -i "/index@/d" records'
ok 'who is nobody here, bare names, groups of which nobody is known' '
	mkdir -p home/alice/Maildir/.Odd/cur
	cat >home/alice/Maildir/.Odd/dovecot-acl <<-EOF
	user=x@elsewhere.test lr
	user=stranger lr
	user=bobby lrs:named other
	user=Dave@one.test lr
	group=nobody-knows lr

	user=carol@one.test
	EOF
	sed "s/\"address\":\"bob@one.test\"/&,\"logins\":[\"bobby\"]/" records >with
	run 0 dirdump acl -v with >out 2>err
	shares | grep " Odd " >got
	cat >want <<-EOF
	alice@one.test Odd bob@one.test lrs
	alice@one.test Odd x@elsewhere.test lr
	EOF
	same want got
	has err "somebody who is not among the records: stranger"
	has err "somebody who is not among the records: Dave@one.test"
	doveadm -c one/dovecot.conf acl rights -u dave@one.test shared/alice@one.test/Odd >rights 2>&1 || :
	hasnt rights lookup
	has err "a group of which no member is known: nobody-knows"'
ok 'hostile lists and folders: named, and nothing read through links' '
	cd home/alice/Maildir
	echo "user=bob@one.test lr" >"$tmp/outside"
	for d in Link Fifo Huge Bad "A..B" Latin; do mkdir -p ".$d/cur"; done
	mkdir -p ".&x/cur"
	ln -s "$tmp/outside" .Link/dovecot-acl
	mkfifo .Fifo/dovecot-acl
	head -c 1100000 /dev/zero | tr "\0" x >.Huge/dovecot-acl
	printf "user=bob@one.test lrQ\nnobody lr\n\"user=bob lr\nuser=bob@one.test r\n" >.Bad/dovecot-acl
	printf "user=b\344r@one.test lr\n" >.Latin/dovecot-acl
	mkdir -p "$tmp/elsewhere/cur"
	echo "user=bob@one.test lr" >"$tmp/elsewhere/dovecot-acl"
	ln -s "$tmp/elsewhere" .Linked
	cd "$tmp"
	run 1 timeout 120 dirdump acl records >out 2>err
	shares | grep -e Link -e Fifo -e Huge -e Linked && exit 1
	shares | grep -q "Bad bob@one.test r$"
	has err "a right that Dovecot does not have: \"Q\""
	has err "alice@one.test/Bad: an identifier that Dovecot does not have"
	has err "a quote that is not closed"
	has err "alice@one.test/Latin: a line is not UTF-8"
	has err "a folder whose name Dovecot could not open"
	has err "dovecot-acl is not a file"'
ok 'mail that is elsewhere, or in another form' '
	echo "{\"v\":1,\"type\":\"account\",\"address\":\"m@one.test\",\"mail\":\"mbox:/var/mail/m\"}" >m
	run 1 dirdump acl m >out 2>err
	has err "m@one.test: the mail is not in Maildir, sdbox or mdbox"
	echo "{\"v\":1,\"type\":\"account\",\"address\":\"m@one.test\",\"home\":\"/not/there\"}" >m
	run 0 dirdump acl -v --mail "maildir:%h/M/%d/%n" m >out 2>err
	has err "maildir:/not/there/M/one.test/m: m@one.test: an account without mail"'
# Courier writes the first of these lists by itself. cyrus.header begins like this.
ok 'lists of Courier and of Cyrus are named' '
	set -- home/courier/Maildir
	for d in . .Own .Bob .All .Minus .None; do mkdir -p "$1/$d/cur"; done
	own="owner aceilrstwx\nadministrators aceilrstwx\n"
	for d in . .Own .Bob .All .Minus .None; do printf "$own" >"$1/$d/courierimapacl"; done
	echo "user=bob lr" >>"$1/.Bob/courierimapacl"
	echo "anyone lr" >>"$1/.All/courierimapacl"
	echo "-user=bob a" >>"$1/.Minus/courierimapacl"
	echo "user=bob " >>"$1/.None/courierimapacl"
	echo "user=dave@one.test lr" >"$1/.Bob/dovecot-acl"
	mkdir -p spool/user/cyrus/Work
	printf "\241\002\213\015Cyrus mailbox header\n" | tee spool/user/cyrus/cyrus.header >spool/user/cyrus/Work/cyrus.header
	cat >m <<-EOF
	{"v":1,"type":"account","address":"courier@one.test","home":"$tmp/home/courier"}
	{"v":1,"type":"account","address":"cyrus@one.test","mail":"maildir:$tmp/spool/user/cyrus"}
	{"v":1,"type":"end","count":2}
	EOF
	run 0 dirdump acl -v m >out 2>err
	sed -n "s/^dirdump-acl: .*one.test: a folder that others may use by a list of Courier (courierimapacl): not carried: //p" err >got
	printf "%s\n" All Bob >want
	same want got
	has err "cyrus@one.test: a mailbox of Cyrus: its access lists are not carried"
	shares | grep "courier@one.test Bob dave@one.test lr"
	run 0 mkaccounts -q --no-secret=skip --report report --settings settings m out >plan
	[ "$(grep -c "\"courier@one.test\".*by a list of Courier" report)" = 2 ]
	grep "cyrus@one.test.*a mailbox of Cyrus" report
	rm "$1/.Bob/courierimapacl"
	mkfifo "$1/.Bob/courierimapacl"
	run 1 timeout 120 dirdump acl m >out 2>err
	has err "courier@one.test/Bob: courierimapacl is not a file"
	shares | grep "courier@one.test Bob dave@one.test lr"'
done_testing
