#!/bin/sh
# The examples of every page, and of README, do what they say: each is typed as
# it is printed, in a house of its own (t/house.sh), where the names in it exist.
. "${0%/*}/lib.sh"
need unshare util-linux
need bash
need /usr/bin/python3 python3
need jq
need openssl

# Mounts, ports and processes of its own, as root or as somebody who may have
# more than one user id (newuidmap(1)).
how='-m -n -p -f --kill-child'
if [ "$(id -u)" -ne 0 ]; then
	how="-U --map-root-user --map-auto $how"
fi
# shellcheck disable=SC2086 # one word an option
unshare $how mount -t tmpfs none /tmp 2>/dev/null ||
	skip_all 'needs namespaces for users, mounts, networks and processes'

export HOUSE_TMP="$tmp" BUILD="$build"
# EXAMPLES_OF: the names of the pages, if not all.
cd "$top/man" || exit 2
pages=${EXAMPLES_OF:-$(echo *.[157]) README.md}
cd "$tmp" || exit 2
for name in $pages; do
	page=$top/man/$name
	[ -f "$page" ] || page=$top/$name
	# shellcheck disable=SC2034 # used by the script
	work=$tmp/$name
	ok "$name" '
		mkdir "$work"
		HOUSE_TMP=$work run 0 unshare $how \
		    bash "$top/t/house.sh" "$page" "$top/t/examples/$name.sh"'
done

done_testing
