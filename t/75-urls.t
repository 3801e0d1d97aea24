#!/bin/sh
# A user or password in a URL, typed well or badly, is refused by every tool that
# takes a URL, and shown by none.
. "${0%/*}/lib.sh"
need curl
need /usr/bin/python3 python3

echo pw-long-enough >pw
echo '{"v":1,"type":"end","count":0}' >records
echo '{"@type":"create","object":"Domain","value":{"d":{"name":"one.test"}}}' >plan
mkdir -p tree/calendars/Personal
printf 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260101T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n' >tree/calendars/Personal/a.ics
admin='--user admin --password-file pw'
other='imaps://127.0.0.1:1'
who_target='--target-user admin --target-password-file pw'
who='--source-user m --source-password-file pw --target-user a --target-password-file pw'

# refused URL COMMAND...: the URL is put where the command has "%".
refused() {
	url=$1
	shift
	for word in "$@"; do
		shift
		[ "$word" != % ] || word=$url
		set -- "$@" "$word"
	done
	run 2 timeout 60 "$@" <records >out 2>&1 || {
		cat out
		return 1
	}
	hasnt out Zx
	has out 'user name or password'
}
# all COMMAND...: every way to type it.
all() {
	for rest in '://me:hidden-Zx@127.0.0.1:1' '://Zx@127.0.0.1:1' '://me:hidden-Zx%40127.0.0.1' \
	    ':/me:hidden-Zx@127.0.0.1:1' ':me:hidden-Zx@127.0.0.1:1' '://me:hid/den-Zx@127.0.0.1' \
	    '://me:hidden-Zx#@127.0.0.1' '://me:hidden-Zx\@127.0.0.1'; do
		for scheme in $schemes; do
			refused "$scheme$rest" "$@"
		done
	done
	refused 'me:hidden-Zx@127.0.0.1:1' "$@"
}

schemes='https http'
ok 'stalwart-apply, by option and environment' '
	all stalwart-apply $admin --url % plan
	all stalwart-apply $admin --check --url %
	STALWART_URL=https://me:hidden-Zx@h run 2 stalwart-apply $admin plan >out 2>&1
	hasnt out Zx'
ok 'mailroute, remap' '
	all mailroute list $admin --url %
	all mailroute get $admin --url % a@one.test
	all remap get --token-file pw --url % a@one.test'
ok 'davmerge' '
	all davmerge $admin % tree
	all davmerge $admin -n % tree'
ok 'dirdump with an API' '
	all dirdump mailcow-api --token-file pw %
	all dirdump stalwart $admin %'
ok 'acctcheck: both servers, and where scripts are' '
	all acctcheck $who --target https://127.0.0.1:1 --source %
	all acctcheck $who --source $other --target %
	schemes="imap imaps"
	all acctcheck $who --target https://127.0.0.1:1 --source %
	all acctcheck $who --source $other --target %
	schemes="sieve sieves"
	all acctcheck $who --source $other --target $other --source-sieve %'
ok 'databases and directories' '
	for url in ldap://me:hidden-Zx@127.0.0.1:1 ldap:/me:hidden-Zx@h ldaps://me@h/dc=Zx me:hidden-Zx@h; do
		run 2 dirdump ldap --map inetorgperson "$url" >out 2>&1
		hasnt out Zx
	done
	for url in postgresql://me:hidden-Zx@127.0.0.1:1/db mysql:/me:hidden-Zx@h/db me:hidden-Zx@h; do
		for source in "sql --map mailcow" roundcube sogo; do
			run 2 dirdump $source "$url" >out 2>&1
			hasnt out Zx
		done
	done'
ok 'an at sign in the path of a whole URL is an owner'"'"'s' '
	run 75 davmerge $admin http://127.0.0.1:1/alice@one.test/ tree >out 2>&1
	hasnt out "user name or password"
	run 75 davmerge $admin "http://[::1]:1/alice@one.test/" tree >out 2>&1
	hasnt out "user name or password"'

# A proxy would see the password of plain http, and answer in place of a server on
# this host.
start_standin standin-stalwart --admin admin:pw-long-enough \
    --schema "$fixtures/real/stalwart-schema.json.gz" --resolves
server=$url
: >store
start_standin standin-proxy --token pw-long-enough --store "$tmp/store"
/usr/bin/python3 "$top/tests/helper/counting" "$tmp/connections" >counting.out 2>/dev/null &
end_with_test "$!"
until [ -s counting.out ]; do
	sleep 0.05
done
ok 'a proxy that the environment names is not used' '
	proxy=http://$(cat counting.out)
	cat >calls <<-X
	0 stalwart-apply --url $server $admin plan
	0 mailroute --url $server $admin list
	0 remap --url $url --token-file pw get a@one.test
	2 davmerge $admin $server/nothing tree
	2 dirdump-stalwart $admin $server
	2 dirdump-mailcow-api --token-file pw $server
	0 acctcheck --partial --source $server --source-user admin --source-password-file pw --target $server $who_target none
	X
	: >none
	while read -r status line; do
		# shellcheck disable=SC2086
		run $status timeout 60 env http_proxy=$proxy https_proxy=$proxy all_proxy=$proxy \
		    HTTP_PROXY=$proxy HTTPS_PROXY=$proxy ALL_PROXY=$proxy $line >out 2>err </dev/null || {
			cat err
			exit 1
		}
		not [ -s connections ]
	done <calls
	# A program that does ask it:
	http_proxy=$proxy curl -s -o nowhere "$server" || true
	[ -s connections ]'
done_testing
