#!/bin/sh
# The documents agree with the programs: every tool has a page, every option
# stands in its help and its page and the other way round, and the lists of
# tools are complete.
. "${0%/*}/lib.sh"
need mandoc

tools=$(cd "$top/bin" && ls -- *.c | sed 's/\.c$//')

# The long options in the source of a tool.
source_options() {
	sed -n 's/.*{ "\([a-z0-9-]*\)", \(no\|required\|optional\)_argument.*/--\1/p' \
	    "$top/bin/$1.c" | sort -u
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
	ok "$tool: help, source and page name the same options" '
		[ -f "$top/man/$tool.1" ]
		run 0 "$tool" --help >help
		options <help >in.help
		source_options "$tool" >in.source
		page_options "$tool" >in.page
		[ -s in.source ]
		missing in.source in.help "in the source, not in the help"
		missing in.help in.page "in the help, not in the page"
		missing in.page in.help "in the page, not in the help"'
	ok "$tool: --version and a wrong option" '
		run 0 "$tool" --version >out
		grep -q "^$tool (mailferry) $(cat "$top/VERSION")\$" out
		run 2 "$tool" --no-such-option >out 2>err
		not [ -s out ]
		has err "usage: "'
done

ok 'mailferry(7) lists each tool, with the words of its own page' '
	for tool in $tools; do
		nd=$(sed -n "s/^\.Nd //p" "$top/man/$tool.1")
		tr "\n" " " <"$top/man/mailferry.7" >page
		has page ".It Xr $tool 1 $nd"
	done
	sed -n "s/^\.It Xr \([a-z0-9-]*\) 1.*/\1/p" "$top/man/mailferry.7" |
	    sort >listed
	echo "$tools" | sort >there
	same there listed'
ok 'README lists each tool' '
	for tool in $tools; do
		has "$top/README.md" "\`$tool\`"
	done'
ok 'the completion knows each tool that a user calls' '
	for tool in $tools; do
		case $tool in
		dirdump-*) ;;
		*) grep -qw -e "$tool" "$top/share/completion/mailferry" ;;
		esac
	done'
ok 'every page is clean' '
	mandoc -Tlint -Wwarning "$top"/man/*.[157]'
ok 'the pages that are referred to exist' '
	sed -n "s/^\.Xr \([a-z0-9-]*\) \([157]\).*/\1.\2/p" "$top"/man/* |
	    grep -E "^(mailferry|dirdump|mkaccounts|stalwart-apply|secretcheck|maildir-|archive2maildir|davmerge|remap|acctcheck)" |
	    sort -u | while read -r page; do
		[ -f "$top/man/$page" ] || echo "$page"
	done >gone
	not [ -s gone ]'

done_testing
