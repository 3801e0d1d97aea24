#!/bin/sh
# The documents agree with the programs: every tool has a page, every option
# is in its help and its page and the other way round, and the lists of
# tools are complete.
. "${0%/*}/lib.sh"
need mandoc
need sqlite3

tools=$(cd "$top/bin" && ls -- *.c | sed 's/\.c$//')

# The procedure: programs of sh.
scripts=$(cd "$top/scripts" && ls -- *-*)

# The options in the table of a tool.
table_options() {
	if grep -q getopt_long "$top/bin/$1.c"; then
		sed -n 's/.*{ "\([a-z0-9-]*\)", \(no\|required\|optional\)_argument.*/--\1/p' \
		    "$top/bin/$1.c"
	else
		"$1" --complete | sed "/^	/d" | cut -f1
	fi | sort -u
}

# The options that a help text describes: its indented lines, up to the gap.
options() {
	sed -n 's/^  *\(-.*\)/\1/p' | sed 's/   *[^ -].*//; s/  .*//' |
	    grep -oE '(^|[[:space:],])--?[[:alnum:]][[:alnum:]-]*' |
	    sed 's/^[^-]*//' | sort -u
}

# The options that a page describes: the tags of its lists.
page_options() {
	sed -n 's/^\.It Fl \(.*\)/\1/p' "$top/man/$1.1" |
	    sed 's/ , Fl /\n/g; s/ Fl /\n/g' |
	    sed 's/ .*//; s/\\-/-/g; s/^/-/' | sort -u
}

missing() {
	comm -23 "$1" "$2" >missing.list
	if [ -s missing.list ]; then
		echo "$3:"
		cat missing.list
		return 1
	fi
}

for tool in $tools; do
	ok "$tool: help, table and page name the same options" '
		[ -f "$top/man/$tool.1" ] || { echo "no man/$tool.1"; exit 1; }
		run 0 "$tool" --help >help
		options <help >in.help
		table_options "$tool" >in.table
		page_options "$tool" >in.page
		[ -s in.table ]
		missing in.table in.help "in the table, not in the help"
		missing in.help in.page "in the help, not in the page"
		missing in.page in.help "in the page, not in the help"
		# The words of an option come from its table; no text repeats them.
		tr -s "[:space:]" " " <help >flat
		not grep -E "[a-z0-9+]+(, [a-z0-9+]+)*(,| or) [a-z0-9+]+: [a-z0-9+]+, [a-z0-9+]+" flat'
	ok "$tool: --version and a wrong option" '
		run 0 "$tool" --version >out
		grep -q "^$tool (mailferry) $(cat "$top/VERSION")\$" out
		run 2 "$tool" --no-such-option >out 2>err
		not [ -s out ]
		has err "usage: "'
done

for script in $scripts; do
	# What is copied to an old host has short options only.
	[ "$script" != dirdump-collect ] || continue
	ok "$script: help and page name the same options" '
		run 0 "$top/scripts/$script" --help >help
		options <help >in.help
		page_options "$script" >in.page
		[ -s in.help ]
		missing in.help in.page "in the help, not in the page"
		missing in.page in.help "in the page, not in the help"
		run 0 "$top/scripts/$script" --version >out
		grep -q "^$script (mailferry) $(cat "$top/VERSION")\$" out
		run 2 "$top/scripts/$script" --no-such-option >out 2>err
		not [ -s out ]
		has err "usage: "'
done

# "c config" for each letter of a help text.
letters() {
	sed -n 's/^  *-\([[:alnum:]]\), --\([a-z0-9-]*\).*/\1 \2/p'
}
# A name that is a letter elsewhere, and has none here, because it is about
# something else.
no_letter='acctcheck passwords
davmerge map
dirdump-postfix base
maildir-merge map
recfilter domain
recfilter index'
ok 'a letter is one long name in all programs, those that lib/cli/opt.h lists' '
	for tool in $tools; do
		"$tool" --help | letters
	done >all
	for script in $scripts; do
		"$top/scripts/$script" --help 2>/dev/null | letters
	done >>all
	sort -u all >used
	[ "$(wc -l <used)" -gt 15 ]
	cut -d" " -f1 used | uniq -d >twice
	same /dev/null twice
	sed -n "/^ \* The same letter/,/^ \* An option/s/^ \*	//p" "$top/lib/cli/opt.h" |
	    grep -oE -e "-[[:alnum:]] [a-z-]*[a-z]" | sed "s/^-//" | sort -u >listed
	same used listed
	# No option has a letter in its table that the help does not show.
	for tool in $tools; do
		"$tool" --help | sed -n "s/^  *-\([[:alnum:]]\) .*/$tool \1/p"
	done >alone
	same /dev/null alone'
ok 'a long name that has a letter has it in each program, or means another thing' '
	for tool in $tools; do
		"$tool" --help | sed -n "s/^  *--\([a-z0-9-]*\).*/\1/p" | while read -r name; do
			! grep -q " $name\$" used || echo "$tool $name"
		done
	done | sort >lacking
	printf "%s\n" "$no_letter" >allowed
	same allowed lacking'
# It runs where there is no getopt_long.
ok 'dirdump-collect, which has letters alone, gives none of them another meaning' '
	sed -n "s/^	while getopts \([A-Za-z:]*\) option.*/\1/p" "$top/scripts/dirdump-collect" |
	    tr -d ":\n" | fold -w 1 >its
	grep -qx h its
	grep -vx -e c -e h its >own
	cut -d" " -f1 used | grep -xF -f - own >taken || :
	same /dev/null taken'

ok 'mailferry(7) lists each tool, with the words of its own page' '
	for tool in $tools $scripts; do
		nd=$(sed -n "s/^\.Nd //p" "$top/man/$tool.1")
		tr "\n" " " <"$top/man/mailferry.7" >page
		has page ".It Xr $tool 1 $nd"
	done
	sed -n "s/^\.It Xr \([a-z0-9-]*\) 1.*/\1/p" "$top/man/mailferry.7" |
	    sort >listed
	printf "%s\n" $tools $scripts | sort >there
	same there listed'
ok 'README lists each tool, and NEWS has it' '
	for tool in $tools $scripts; do
		grep -qF -e "\`$tool\`" "$top/README.md" || echo "README.md: $tool"
		grep -qiw -e "${tool#dirdump-}" "$top/NEWS" || echo "NEWS: $tool"
	done >lacking
	same /dev/null lacking'
# A reader that fails before its first record leaves the dump of the next alone.
ok 'what writes a file in two commands does not go on where the first has failed' '
	awk "FNR == 1 { last = \"\" } />>[a-z]+\.ndjson/ && last !~ /&&\$/ { print FILENAME \": \" \$0 } { last = \$0 }" \
	    "$top"/README.md "$top"/man/*.[157] >lacking
	same /dev/null lacking'
ok 'dirdump(1) names each source' '
	for tool in $tools; do
		case $tool in
		dirdump-*)
			grep -qE "^\.Xr $tool 1|dirdump ${tool#dirdump-}( |\$)" \
			    "$top/man/dirdump.1" || echo "$tool"
			;;
		esac
	done >lacking
	same /dev/null lacking'
ok 'the completion knows each tool that a user calls' '
	for tool in $tools; do
		case $tool in
		dirdump-*) ;;
		*) grep -qw -e "$tool" "$top/share/completion/mailferry" || echo "$tool" ;;
		esac
	done >lacking
	same /dev/null lacking'
# "auto": the pages say what is found by itself.
ok 'the words of an option are in its page, and those of --same-id in the model' '
	for tool in $tools; do
		sed -n "s/^\.\(It \)\{0,1\}Cm //p" "$top/man/$tool.1" | tr -s " ," "\n" | sort -u >page
		"$tool" --complete | cut -s -f3 | tr -s " " "\n" | grep -vx -e "" -e auto |
		    sort -u | comm -23 - page | sed "s/^/$tool.1: /"
	done >lacking
	maildir-merge --complete | sed -n "s/^--same-id	.*	//p" | tr -s " " "\n" >words
	[ -s words ]
	while read -r word; do
		grep -q "'\''$word'\''" "$top/tests/maildir/property.py" ||
		    echo "property.py: $word"
	done <words >>lacking
	same /dev/null lacking'
# The names that a list of a page has as tags, one a line: PAGE FROM TO.
tags() {
	sed -n "/^\.Ss $2/,/^\.S[hs] $3/s/^\.It Cm //p" "$top/man/$1" |
	    sed 's/ , Cm /\n/g; s/ , /\n/g' | sort
}
ok 'the members of records are those of the code, and each has a kind' '
	sed -n "s/^	[MP](\([a-z_]*\),.*/\1/p; s/^	AS([a-z]*, \"\([a-z_]*\)\",.*/\1/p" \
	    "$top/lib/record/member.c" | sort >code
	[ "$(wc -l <code)" -gt 20 ]
	tags mailferry-record.5 Members Objects >page
	same code page'
ok 'the members of objects in records are those of the code' '
	sed -n "s/^	MUST([a-z_]*, \([a-z_]*\),.*/\1/p; s/^	MAY([a-z_]*, \([a-z_]*\),.*/\1/p
	    s/^	AN([a-z_]*, [a-z_]*, \"\([a-z_]*\)\".*/\1/p" \
	    "$top/lib/record/member.c" | sort -u >code
	[ "$(wc -l <code)" -gt 10 ]
	sed -n "/^\.Ss Objects/,/^\.Ss Rules/s/^\.Dq \([a-z_]\{1,\}\).*/\1/p" \
	    "$top/man/mailferry-record.5" | sort -u >page
	same code page'
ok 'the members of field maps are those of the code, and those of queries' '
	sed -n "s/^	\[FIELD_[A-Z_]*\] = { \"\([a-z_]*\)\", .*/\1/p" \
	    "$top/lib/source/fieldmap/parse.c" | sort >code
	[ "$(wc -l <code)" -gt 20 ]
	{ tags mailferry-fieldmap.5 Members ENV
	    tags mailferry-fieldmap.5 "What becomes" Members; } | sort >page
	grep -vx -e origin code >known
	same known page'
ok 'dirdump-sql(1) names the columns that a query may have' '
	sqlite3 db "CREATE TABLE t (x)"
	sed -n "/^\.It Fl .-query/,/^\.It/p" "$top/man/dirdump-sql.1" |
	    grep "^\.Cm" | sed "s/\.Cm //; s/ //g" | tr "," "\n" | grep . | sort >page
	[ "$(wc -l <page)" -gt 15 ]
	while read -r name; do
		run 0 dirdump sql --query "SELECT NULL AS $name, NULL AS $([ $name = address ] && echo name || echo address) FROM t" \
		    sqlite:db >out 2>err
		hasnt err "like no member"
	done <page
	# What the page does not name is not taken.
	sed -n "s/^	M(\([a-z_]*\),.*/\1/p" "$top/lib/record/member.c" |
	    sort | comm -23 - page >others
	while read -r name; do
		dirdump sql --query "SELECT NULL AS address, NULL AS $name FROM t" \
		    sqlite:db >out 2>err || :
		has err "like no member" || { echo "$name"; false; }
	done <others'
ok 'each message that a page quotes is one of the programs' '
	run 0 "$top/tests/helper/diagnostics" "$top"'
ok 'HACKING names each room of lib, in the order of the layers' '
	sed -n "s/^    \([a-z]*\(\/[a-z]*\)\{0,1\}\)\/  *[a-zA-Z].*/\1/p" "$top/HACKING.md" |
	    sed "1,/^build$/d" >rooms
	sed -n "/^USES/,/^}/s/^    .\([a-z/]*\).:.*/\1/p" "$top/tests/layers" >there
	[ -s there ]
	same there rooms
	sed "s|^|$top/lib/|" rooms | while read -r room; do
		[ -d "$room" ] || echo "$room"
	done >gone
	not [ -s gone ]'
ok 'every page is clean' '
	mandoc -Tlint -Wwarning "$top"/man/*.[157]'
# Of UTF-8: two ends of a quote, or an empty quote, double and single.
quotes=$(printf '\342\200\235\342\200\235|\342\200\231\342\200\231|\342\200\230\342\200\231|\342\200\234\342\200\235')
ok 'no quote of a page holds another by accident' '
	for page in "$top"/man/*.[157]; do
		mandoc -T utf8 "$page" | sed "s/.$(printf "\b")//g" >text
		not grep -E "$quotes" text
	done
	not grep -E "^\.(Pq )?(Dq|Ql|Sq) .* (No|Dq|Ql|Sq) " "$top"/man/*.[157]'
ok 'the pages that are referred to exist' '
	sed -n "s/^\.Xr \([a-z0-9-]*\) \([157]\).*/\1.\2/p" "$top"/man/* |
	    grep -E "^(mailferry|dirdump|mkaccounts|stalwart-apply|secretcheck|maildir-|migrat|rollback-|recfilter|mailroute|archive2maildir|davmerge|remap|mailroute|acctcheck|recfilter)" |
	    sort -u | while read -r page; do
		[ -f "$top/man/$page" ] || echo "$page"
	done >gone
	not [ -s gone ]'

done_testing
