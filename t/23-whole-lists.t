#!/bin/sh
# Every tool that needs a whole list takes an input that is empty or lacks its end
# in the same way: status 1, a line that says so, and nothing is done.
. "${0%/*}/lib.sh"
. "$top/t/acctcheck.sh"
. "$top/t/mkaccounts.sh"

echo good >token
echo 'master:{PLAIN}word' >masters
echo word >word
echo 'a@one.test:{PLAIN}word' >old.users
fill old a@one.test "" 1
serve_imap old
own
{
	account a@one.test
	end
} | counted >whole
account a@one.test >'cut'
sed 's/"count":1/"count":1,"failed":2/' whole >failed
sed 's/"count":1/"count":1,"part":"x"/' whole >part
cat 'cut' whole >joined
: >empty
echo a@one.test >name
: >store
start_standin standin-proxy --token good --store "$tmp/store"
PROXY_ADMIN_URL=$url
start_standin standin-stalwart --admin admin:word \
    --schema "$fixtures/real/stalwart-schema.json.gz" --resolves
STALWART_URL=$url STALWART_USER=admin STALWART_PASSWORD=word
export PROXY_ADMIN_URL STALWART_URL STALWART_USER STALWART_PASSWORD
run 0 stalwart-apply -q >apply.out <<-END
	{"@type":"create","object":"Domain","value":{"d":{"name":"one.test"}}}
	{"@type":"create","object":"Account","value":{"a":{"@type":"User","name":"a","domainId":"#d"}}}
	END
run 0 mailroute setup --old old.test >setup.out 2>setup.err

# How each is called, with its input on standard input.
call() {
	tool=$1
	shift
	case $tool in
	mkaccounts) mkaccounts "$@" ;;
	recfilter) recfilter -a a@one.test "$@" ;;
	secretcheck) secretcheck "$@" ;;
	remap-set) remap set --token-file token stalwart "$@" ;;
	remap-pick) remap pick --token-file token legacy "$@" ;;
	mailroute) mailroute set "$@" ;;
	acctcheck)
		acctcheck --source "$imaps" --source-user master \
		    --source-password-file word --target "$imaps" \
		    --target-user master --target-password-file word \
		    --target-separator '*' --cacert cert "$@"
		;;
	esac
}

# Until Dovecot takes logins.
tries=0
until call acctcheck <name >first.out 2>first.err || [ $tries -eq 300 ]; do
	tries=$((tries + 1))
	sleep 0.2
done

for tool in mkaccounts recfilter secretcheck remap-set remap-pick mailroute acctcheck; do
	ok "$tool: whole, and a part of one" '
		run 0 call $tool <whole >out 2>err || { cat out err; exit 1; }
		hasnt err "end record"
		run 0 call $tool <part >out 2>err'
	: >store
	mailroute unset a@one.test >unset.out
	ok "$tool: empty" '
		run 1 call $tool <empty >out 2>err
		has err "${tool%-*}: no records: the reader of the directory may have failed"
		not [ -s out ]'
	ok "$tool: without its end" '
		run 1 call $tool <cut >out 2>err
		has err "${tool%-*}: stdin: no end record: the dump was cut off, or is part of one (--partial)"'
	ok "$tool: with entries that could not be read" '
		[ $tool != recfilter ] || exit 0 # its end counts them again
		run 1 call $tool <failed >out 2>err
		has err "${tool%-*}: 2 of the directory'"'"'s entries could not be read"'
	ok "$tool: without its end, before another one" '
		[ $tool != recfilter ] || exit 0 # its end counts them no more
		run 1 call $tool <joined >out 2>err
		has err "${tool%-*}: 1 record more than the end record counts"'
	ok "$tool: nothing was done" '
		case $tool in
		mkaccounts | recfilter) not [ -s out ] ;;
		remap-set) not [ -s store ] ;;
		mailroute) run 0 mailroute list >list; not grep moved list ;;
		esac'
	ok "$tool: --partial allows it" '
		for input in cut failed; do
			run 0 call $tool --partial <$input >out 2>err
			hasnt err "no end record"
		done'
done
# Of the tools that take files, each beside a whole one.
takes() {
	tool=$1
	shift
	case $tool in
	secretcheck) secretcheck -q "$@" ;;
	remap-pick) remap pick --token-file token -q legacy "$@" ;;
	recfilter) recfilter -q -a a@one.test "$@" ;;
	*) "$tool" -q "$@" ;;
	esac
}
printf '\n \t\r\n\n' >blank
for tool in mkaccounts recfilter secretcheck remap-pick; do
	ok "$tool: a file without a line beside a whole one" '
		for file in empty blank; do
			for files in "whole $file" "$file whole"; do
				run 1 takes $tool $files >out 2>err
				has err "${tool%-*}: $file: no records: the reader of the directory may have failed"
				run 0 takes $tool --partial $files >out 2>err
				not [ -s err ]
			done
		done
		run 1 takes $tool whole - <empty >out 2>err
		has err "${tool%-*}: stdin: no records"'
done
ok 'mkaccounts: nothing goes, and no settings end, for a file without a line' '
	run 2 mkaccounts -q --reconcile -o plan whole empty 2>err
	has err "mkaccounts: empty: no records"
	not [ -e plan ]
	run 1 mkaccounts -q --settings set -o plan whole blank 2>err
	not [ -e set ] && not [ -e plan ]'
ok 'recfilter passes the count of what could not be read on' '
	run 0 call recfilter <failed >out
	has out "\"failed\":2"
	run 1 mkaccounts <out >plan 2>err'
ok 'names need no end' '
	for tool in remap-set mailroute acctcheck; do
		run 0 call $tool <name >out 2>err
	done'

done_testing
