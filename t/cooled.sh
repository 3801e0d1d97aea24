# What Postfix reads whole, main.cf and tables of the type texthash, it reads again
# until it is older than a second; a test that has just written it waits each time.
# shellcheck shell=sh

# cooled FILE...: as if it were older.
cooled() {
	touch -d '1 minute ago' -- "$@"
}
# With -c and -e as the first options main.cf is cooled.
postconf() {
	command postconf "$@" || return
	[ "$1 ${3-}" != '-c -e' ] || cooled "$2/main.cf"
}
