#!/bin/sh
# What a journal says, and what the target shows: the second is right.
. "${0%/*}/lib.sh"
XDG_STATE_HOME=$tmp/xdg
export XDG_STATE_HOME
shim=$build/shim/fscalls.so
not_sanitized

# box FOLDER...: makes folders.
box() {
	for folder; do
		mkdir -p "$folder/cur" "$folder/new" "$folder/tmp"
	done
}

# mails FOLDER FROM TO: messages with these numbers.
mails() {
	for i in $(seq "$2" "$3"); do
		printf 'From: a@x\nSubject: s\nMessage-ID: <%s>\n\nhello %s\n' \
		    "$i" "$i" >"$1/cur/$i.x:2,S"
	done
}

merge() {
	want_status=$1
	shift
	run "$want_status" maildir-merge "$@" >out 2>err
}

count() {
	find "$1" -path '*/cur/*' -type f | wc -l
}

# journal: the newest one.
journal() {
	ls -t xdg/mailferry/* | head -n 1
}

# fresh: a new target, and no journals.
fresh() {
	rm -rf t xdg
	box t
}

# at CALL ERROR COMMAND...: with that call failing.
at() {
	number=$1 error=$2
	shift 2
	LD_PRELOAD=$shim FSCALL_AT=$number FSCALL_DO=$error FSCALL_COUNT=calls "$@"
}

box s s/.New
mails s 1 40
mails s/.New 41 44

ok 'a write or sync of the journal that fails, at each place' '
	fresh
	at 0 none maildir-merge -q -j 1 s t 2>err
	calls=$(cat calls)
	[ "$calls" -gt 100 ]
	for error in EIO EDQUOT ENOSPC; do
		for n in $(seq 1 7 "$calls"); do
			fresh
			at "$n" "$error" maildir-merge -q -j 1 s t 2>err || true
			maildir-merge -q s t 2>err
			[ "$(count t)" -eq 44 ] ||
				{ echo "$error at $n: $(count t)"; exit 1; }
		done
	done'
ok 'every write and sync of the journal fails once, in a run of several batches' '
	mkdir several
	cd several
	box s s/.New
	mails s 1 1100
	mails s/.New 1101 1103
	FSCALL_FILES=$PWD/xdg
	XDG_STATE_HOME=$PWD/xdg
	export FSCALL_FILES XDG_STATE_HOME
	fresh
	at 0 none maildir-merge -q -j 1 s t 2>err
	calls=$(cat calls)
	[ "$calls" -ge 10 ] && [ "$(count t)" -eq 1103 ]
	for n in $(seq "$calls"); do
		set -- EIO EDQUOT ENOSPC
		shift $((n % 3))
		fresh
		at "$n" "$1" maildir-merge -q -j 1 s t 2>err && exit 1
		merge 0 -q s t
		[ "$(count t)" -eq 1103 ] && [ "$(cat t/cur/* t/.New/cur/* |
		    grep Message-ID | sort -u | wc -l)" -eq 1103 ]
	done'
ok 'a batch whose count is wrong is not believed' '
	fresh
	merge 0 s t
	rm t/cur/*
	merge 0 s t
	[ "$(grep -c skipped out)" -eq 40 ]
	# One message more than it counts, with a right checksum.
	/usr/bin/python3 - "$(journal)" <<-"END"
	import json, sys, zlib
	lines = open(sys.argv[1]).read().splitlines()
	out = []
	for line in lines:
	    r = json.loads(line[9:])
	    if r["type"] == "done":
	        r["number"] += 1
	        text = json.dumps(r, separators=(",", ":"))
	        line = "%08x %s" % (zlib.crc32(text.encode()), text)
	    out.append(line)
	open(sys.argv[1], "w").write("\n".join(out) + "\n")
	END
	merge 0 s t
	[ "$(grep -c "\"added\"" out)" -eq 40 ]'
ok 'lines that are doubled count once' '
	fresh
	merge 0 s t
	j=$(journal)
	sed -n "1p;2,\$ {p;p;}" "$j" >doubled
	cp doubled "$j"
	rm t/cur/1.* t/cur/[0-9]*mailferry* 2>/dev/null || true
	merge 0 s t
	has err " merged before and removed since"
	run 0 maildir-merge --undo "$j" t >out 2>err
	[ "$(grep -c "\"object\":\"message\"" out)" -ge 40 ]
	[ "$(count t)" -eq 0 ]'
ok 'damaged lines cost what they name, and are told' '
	fresh
	merge 0 s t
	j=$(journal)
	sed "5s/name/nome/; 9s/^./x/" "$j" >damaged
	cp damaged "$j"
	merge 0 s t
	has err "some of its lines are damaged"
	not has out "\"added\""
	run 0 maildir-merge --undo "$j" t >out 2>err
	has err "2 damaged lines; what is named there stays"
	[ "$(count t)" -eq 2 ]'
ok 'a journal that cannot be read stops the next run' '
	fresh
	merge 0 s t
	j=$(journal)
	mv "$j" kept
	mkdir "$j"
	find t/cur -type f | head -n 3 | xargs rm
	merge 2 s t
	has err "mend this, move the journal away, or use --ignore-unreadable"
	[ "$(count t)" -eq 41 ]
	merge 0 --ignore-unreadable s t
	[ "$(grep -c "\"added\"" out)" -eq 3 ]
	rmdir "$j"
	mv kept "$j"'
ok 'a last line that is torn, at each byte, does not stop an undoing' '
	fresh
	merge 0 s t
	j=$(journal)
	cp "$j" whole
	cp -a t before
	size=$(wc -c <whole)
	for cut in $(seq "$((size - 400))" 37 "$((size - 1))"); do
		rm -rf t
		cp -a before t
		head -c "$cut" whole >"$j"
		run 0 maildir-merge -q --undo "$j" t 2>err
		# And it says so to itself in lines of their own.
		run 2 maildir-merge -q --undo "$j" t 2>err
		has err "undone before"
	done'
ok 'a run that was undone cannot be undone again' '
	fresh
	merge 0 s t
	one=$(journal)
	run 0 maildir-merge -q --undo "$one" t
	[ "$(count t)" -eq 0 ] && not [ -e t/mailferry-merges ]
	merge 0 -J two s t
	[ "$(grep -c "\"added\"" out)" -eq 44 ]
	run 2 maildir-merge -q --undo "$one" t 2>err
	has err "this run was undone before"
	[ "$(count t)" -eq 44 ]
	# Nor does it touch the files of another run if it is made to.
	run 2 maildir-merge -q --any-target --undo "$one" t 2>err
	[ "$(count t)" -eq 44 ]
	run 0 maildir-merge -q --undo two t
	[ "$(count t)" -eq 0 ]'
ok 'undoing a run does not touch what a later one added' '
	fresh
	merge 0 -J first s t
	rm t/cur/*
	merge 0 --readd -J second s t
	run 0 maildir-merge --undo first t >out 2>err
	has err "messages of the run not found"
	[ "$(count t)" -eq 40 ]
	run 0 maildir-merge --undo second t >out 2>err
	[ "$(count t)" -eq 0 ]'
ok 'a journal that lies elsewhere is known to later runs' '
	fresh
	mkdir -p elsewhere
	rm -f elsewhere/*
	merge 0 -J elsewhere/j s t
	rm t/cur/"$(ls t/cur | head -n 1)"
	merge 0 s t
	[ "$(count t)" -eq 43 ]
	[ "$(grep -c "merged before and removed since" out)" -eq 1 ]
	# What passes to it when the run that made the folder is undone goes with it.
	fresh
	merge 0 s t
	one=$(journal)
	box more/.New more
	mails more/.New 90 91
	merge 0 -J elsewhere/two more t
	run 0 maildir-merge -q --undo "$one" t
	[ -d t/.New ]
	run 0 maildir-merge -q --undo elsewhere/two t
	[ "$(count t)" -eq 0 ] && not [ -e t/.New ]
	# Nobody else follows a link that leads nowhere.
	merge 0 -J elsewhere/gone s t
	rm elsewhere/gone
	merge 0 s t
	has err "the journal that this leads to is gone"
	# Nor is a link put where there is no place for one.
	fresh
	echo >xdg
	merge 0 -J elsewhere/three s t
	has err "later runs do not know of this journal"
	[ "$(count t)" -eq 44 ]
	rm xdg
	# A state directory of another name: it is said.
	rm t/cur/"$(ls t/cur | head -n 1)"
	merge 0 --state-dir xdg2 s t
	has err "1 earlier merge without a journal in the state directory"
	[ "$(count t)" -eq 44 ]'
ok 'a target that was put back from a backup is merged into again' '
	fresh
	mails t 1 2
	merge 0 s t
	cp -a t backup
	mails s 45 46
	merge 0 s t
	[ "$(count t)" -eq 46 ]
	# All of it, to a time before the second merge.
	rm -rf t
	cp -a backup t
	merge 0 s t
	has err "was put back to a time before 1 earlier merge;"
	[ "$(count t)" -eq 46 ]
	# In place, without the files that came since being removed.
	cp -a backup/. t
	merge 0 s t
	not has out "\"added\""
	# To a time before all merges.
	rm -rf t && box t
	merge 0 s t
	[ "$(count t)" -eq 46 ]
	rm s/cur/45.* s/cur/46.*'
ok 'a part that was put back is not added again, and that is said' '
	fresh
	merge 0 s t
	rm t/.New/cur/*
	merge 0 -q s t
	has err "4 messages merged before and removed since"
	has err "--readd"
	merge 0 --readd s t
	[ "$(count t)" -eq 44 ]'
ok 'removed mail does not come back from the folder it was moved to there' '
	fresh
	merge 0 s t
	rm t/.New/cur/* "t/cur/$(ls t/cur | head -n 1)"
	cp -a s later
	box later/.Proj
	mv later/.New/cur/* later/cur/1.x:2,S later/.Proj/cur
	merge 0 later t
	[ "$(count t)" -eq 39 ]
	[ "$(grep -c "merged before into another folder and removed since" out)" -ge 4 ]
	has err "5 messages merged before and removed since"
	# Where the folder is part of what is to be there, it comes.
	merge 0 -n --scope=folder later t
	[ "$(grep -c "\"planned\".*Proj" out)" -eq 5 ]
	merge 0 --readd later t
	[ "$(count t)" -eq 44 ]
	rm -r later'
ok 'what the owner moved was not removed: a second copy of it is a new one' '
	fresh
	merge 0 s t
	box t/.Kept later/.Proj
	mv t/.New/cur/* t/.Kept/cur
	cp -a s/cur s/new s/tmp s/.New later
	cp later/.New/cur/* later/.Proj/cur
	merge 0 later t
	hasnt out "\"skipped\""
	[ "$(count t)" -eq 48 ]
	rm -r later'
ok 'a Maildir that is moved, or mounted anew, is the same one' '
	fresh
	merge 0 s t
	moved=$(journal)
	rm t/.New/cur/*
	mkdir other
	mv t other/t
	merge 0 s other/t
	[ "$(grep -c "merged before and removed since" out)" -eq 4 ]
	run 0 maildir-merge --undo "$moved" other/t >out 2>err
	[ "$(grep -c "\"object\":\"message\".*\"removed\"" out)" -eq 40 ]
	[ "$(grep -c "\"object\":\"message\".*\"gone\"" out)" -eq 4 ]
	box copy
	run 2 maildir-merge --undo "$moved" copy 2>err
	has err "undone before"'
ok 'a remount gives the device another number: nothing is new, and undo works' '
	fresh
	merge 0 -i "$PWD/index" s t
	remounted=$(journal)
	rm t/.New/cur/*
	FSCALL_DEVICE=3 LD_PRELOAD=$shim run 0 maildir-merge -i "$PWD/index" s t >out
	[ "$(grep -c "merged before and removed since" out)" -eq 4 ]
	[ "$(grep -c "\"present\"" out)" -eq 40 ]
	mv t/cur/1577* t/cur/.keep 2>/dev/null || :
	FSCALL_DEVICE=9 LD_PRELOAD=$shim \
	    run 0 maildir-merge --undo "$remounted" t >out 2>err
	[ "$(grep -c "\"object\":\"message\".*\"removed\"" out)" -eq 40 ]
	[ "$(count t)" -eq 0 ]
	FSCALL_DEVICE=11 LD_PRELOAD=$shim run 0 maildir-merge s t >out
	[ "$(grep -c "\"added\"" out)" -eq 44 ]'
ok 'a mark that is damaged stops the run' '
	fresh
	merge 0 s t
	echo "run 12" >>t/mailferry-merges
	merge 2 s t
	has err "mailferry-merges in the target is damaged"
	rm t/mailferry-merges
	ln -s /etc/passwd t/mailferry-merges
	merge 2 s t
	rm t/mailferry-merges
	merge 0 s t'
ok 'the journal is named before anything is written' '
	fresh
	merge 0 -q s t
	has err "the journal of this run is"
	fresh
	maildir-merge s t 2>err | head -n 1 >first
	has err "the journal of this run is"
	[ "$(count t)" -eq 44 ]'
ok 'an undoing that was cut off goes on in the layout of its run' '
	for box in s s/A/Neu s/L t; do
		mkdir -p "layout/$box/cur" "layout/$box/new"
	done
	cd layout
	printf "Message-ID: <1@x>\n\n" >s/A/Neu/cur/1.x:2,
	printf "V\t2\n\nA\tNeu\nL\n" >s/subscriptions
	printf "V\t2\n\nOld\n" >t/subscriptions
	run 0 maildir-merge -q --target-layout fs -J j s t
	printf "V\t2\n\nOld\nA\tNeu\nL\n" | same t/subscriptions -
	rm -r t/A t/L
	run 0 maildir-merge -q --undo j t
	printf "V\t2\n\nOld\n" | same t/subscriptions -
	mkdir -p p/.N/cur p/.N/new p/cur p/new
	cp s/A/Neu/cur/1.x:2, p/.N/cur
	printf "V\t2\n\nN\n" >p/subscriptions
	run 0 maildir-merge -q --target-layout maildir++ -J k p t
	rm -r t/.N
	run 0 maildir-merge -q --undo k t
	printf "V\t2\n\nOld\n" | same t/subscriptions -'

ok 'no journal is written through a link that somebody else made' '
	[ "$(id -u)" -eq 0 ] || exit 0
	mkdir -p planted/s/cur planted/s/new planted/t/cur planted/t/new planted/real
	cd planted
	printf "Message-ID: <1@x>\n\n" >s/cur/1.x:2,
	ln -s real theirs
	chown -h nobody theirs
	for dir in theirs theirs/a; do
		run 2 maildir-merge --state-dir $dir s t 2>err
		has err "theirs: a link that somebody else made is not followed"
	done
	[ -z "$(ls real)" ] && [ -z "$(ls t/cur)" ]
	ln -s real ours
	run 0 maildir-merge --state-dir ours/a s t
	[ -n "$(ls real/a)" ]'

ok 'a run that broke off says what it added and what is left' '
	fresh
	at 0 none maildir-merge -q -j 1 s t 2>err
	calls=$(cat calls)
	seen=no
	for n in $(seq 20 11 "$calls"); do
		fresh
		if at "$n" EIO maildir-merge --summary -j 1 s t >out 2>err; then
			continue
		fi
		grep -q LEFT out || continue
		seen=yes
		# What it did and where that is written come before the reason.
		left=$(awk "NR > 1 { n += \$6 } END { print n }" out)
		said=$(grep -n "broke off: .* messages\{0,1\} added, $left left; the journal is .*/$(journal)" err)
		reason=$(grep -n "Input/output error" err | tail -n 1)
		[ "${said%%:*}" -lt "${reason%%:*}" ]
		added=$(awk "NR > 1 { n += \$1 } END { print n }" out)
		[ "$added" -le "$(count t)" ]
	done
	[ "$seen" = yes ]'
ok 'the table of a dry run is that of the run, with the same remarks' '
	fresh
	box s3 s3/.Sent s3/.Neu s3/.Drafts s3/.INBOX.odd. t/.Sent t/.Trash
	mails s3 1 6
	mails s3/.Sent 7 9
	mails s3/.Neu 10 12
	printf "0 bad name here\n" >s3/.Neu/dovecot-keywords
	mv s3/.Neu/cur/10.x:2,S s3/.Neu/cur/10.x:2,Sab
	mv s3/cur/5.x:2,S s3/cur/5.x:2,T
	printf "no id\n\n" >s3/cur/13.x:2,
	mails t 1 2
	mails t/.Sent 3 3
	mails t/.Trash 7 7
	mv t/cur/1.x:2,S t/cur/1.x:2,F
	echo "400S" >t/maildirsize
	merge 0 -q --readd s3 t
	rm t/.Sent/cur/*mailferry* && mails s3 20 21
	for how in report add; do
		cp -a t kept
		run 0 maildir-merge -n --summary --flags $how s3 t >dry 2>dryerr
		run 0 maildir-merge --summary --flags $how s3 t >out 2>err
		cmp dry out
		grep -v "journal of this run" err | same dryerr -
		rm -rf t && mv kept t
	done'
ok 'a run that broke off can be undone, wherever it was' '
	fresh
	at 0 none maildir-merge -q -j 1 s t 2>err
	calls=$(cat calls)
	for error in ENOSPC EIO; do
		for n in $(seq 5 17 "$calls"); do
			fresh
			at "$n" "$error" maildir-merge -q -j 1 s t 2>err || true
			j=$(journal)
			[ -s "$j" ] || continue
			run 0 maildir-merge -q --undo "$j" t 2>err
			[ "$(count t)" -eq 0 ] && not [ -e t/.New ]
		done
	done'
ok 'a copy that cannot be read now, or not at once, is no other message' '
	rm -rf a b
	box a b
	mails b 1 1
	{ cat b/cur/1.x:2,S; echo ____; echo footer; } |
	    sed "s/^Subject/List-Id: l\\n&/" >a/cur/1.x:2,S
	{ printf "Message-ID: <long>\n\n"; seq 4000; } >a/cur/2.x:2,S
	cp a/cur/2.x:2,S b/cur/2.y:2,S
	for below in a b; do
		FSCALL_ALL=1 FSCALL_BELOW=$PWD/$below
		export FSCALL_ALL FSCALL_BELOW
		at 0 none run 0 maildir-merge -j 1 -n a b >out 2>err
		[ "$(grep -c "\"present\"" out)" -eq 2 ]
		calls=$(cat calls)
		for error in EIO EMFILE short; do
			for n in $(seq "$calls"); do
				at "$n" "$error" maildir-merge -j 1 -n a b \
				    >out 2>err || true
				not grep "\"planned\"" out
			done
		done
	done
	unset FSCALL_ALL FSCALL_BELOW'
ok 'a file system without RENAME_NOREPLACE: merge, flags, check, undo' '
	for error in EINVAL ENOSYS; do
		fresh
		mails t 1 3
		for f in t/cur/*; do mv "$f" "${f%S}"; done
		printf "Message-ID: <w>\n\nwrong\n" >t/cur/7.x,S=1:2,
		cp -r t before-$error
		FSCALL_NOREPLACE=$error LD_PRELOAD=$shim \
		    run 0 maildir-merge --flags=add -J j$error s t >out 2>err
		[ "$(count t)" -eq 45 ] && [ -d t/.New/cur ]
		[ "$(ls t/cur | grep -c "^[123].x:2,S$")" -eq 3 ]
		FSCALL_NOREPLACE=$error LD_PRELOAD=$shim \
		    run 0 maildir-check --fix t >out
		has out "\"fixed\":true"
		FSCALL_NOREPLACE=$error LD_PRELOAD=$shim \
		    run 0 maildir-merge --undo j$error t >out 2>err
		[ "$(count t)" -eq 4 ] && not [ -e t/.New ]
		[ "$(ls t/cur | grep -c "^[123].x:2,$")" -eq 3 ]
		[ "$(grep -c "\"object\":\"flags\".*\"restored\"" out)" -eq 3 ]
	done'
ok 'a file system that cannot sync directories: keywords, folders, undo' '
	fresh
	rm -rf k
	cp -r s k
	printf "0 Work\n" >k/.New/dovecot-keywords
	mv k/.New/cur/41.x:2,S k/.New/cur/41.x:2,Sa
	FSCALL_NODIRSYNC=1 LD_PRELOAD=$shim \
	    run 0 maildir-merge -J jk k t >out 2>err
	hasnt err Invalid
	[ "$(count t)" -eq 44 ] && has t/subscriptions New
	has t/.New/dovecot-keywords "0 Work"
	[ "$(ls t/.New/cur | grep -c ":2,Sa$")" -eq 1 ]
	FSCALL_NODIRSYNC=1 LD_PRELOAD=$shim \
	    run 0 maildir-merge --undo jk t >out 2>err
	[ "$(count t)" -eq 0 ] && not [ -e t/.New ]'
ok 'undoing says what it leaves, and a dry run the same' '
	fresh
	printf "0 Old\n" >t/dovecot-keywords
	box s2 s2/.Made s2/.Used
	printf "0 Mine\n1 Kept\n" >s2/dovecot-keywords
	mails s2 1 2
	mv s2/cur/1.x:2,S s2/cur/1.x:2,Sa
	mv s2/cur/2.x:2,S s2/cur/2.x:2,Sb
	merge 0 -J j s2 t
	f=$(grep -l "hello 2" t/cur/*)
	mv "$f" "${f%:2,*}:2,F${f##*:2,}"
	box t/.Used && mails t/.Used 90 90
	run 1 maildir-merge -n --undo j t >dry 2>err
	run 1 maildir-merge --undo j t >out 2>err
	cmp dry out
	has out "\"object\":\"keyword\",\"dir\":\".\",\"name\":\"Mine\",\"status\":\"removed\""
	has out "\"object\":\"keyword\",\"dir\":\".\",\"name\":\"Kept\",\"status\":\"in use\""
	has out "\"object\":\"folder\",\"dir\":\".Used\",\"status\":\"in use\""
	has out "\"object\":\"folder\",\"dir\":\".Made\",\"status\":\"removed\""
	has out "\"object\":\"subscription\",\"dir\":\".Used\",\"status\":\"in use\""
	has out "\"object\":\"subscription\",\"dir\":\".Made\",\"status\":\"removed\""
	has err "changed since it was added, kept"
	run 0 maildir-merge -n --force --undo j t >dry 2>foretold
	has foretold "changed since it was added; --force removes it"
	has foretold ":2,F"
	[ "$(grep -c "force removes" foretold)" -eq 1 ]
	[ "$(count t)" -eq 2 ]
	run 0 maildir-merge --force --undo j t >out 2>err
	same foretold err
	[ "$(count t)" -eq 1 ]'

ok "what force removes is said before it is done" '
	fresh
	merge 0 -J forced s t
	for f in t/cur/*mailferry*; do mv "$f" "${f%:2,*}:2,F"; done
	n=$(ls t/cur/*mailferry* | wc -l)
	[ "$n" -gt 1 ]
	# The first call that would change the target fails: all was said by then.
	run 1 maildir-merge --undo forced t >out 2>err
	hasnt err "force removes"
	LD_PRELOAD=$shim FSCALL_DO=kill FSCALL_AT=1 run 137 \
	    maildir-merge --force --undo forced t >out 2>err
	[ "$(grep -c "force removes it" err)" -eq "$n" ]
	[ "$(ls t/cur/*mailferry* | wc -l)" -eq "$n" ]'
done_testing
