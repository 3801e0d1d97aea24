#!/bin/sh
# Each field map for LDAP on a real server with the layout's schema: from the
# server and from slapcat's LDIF the same records, those that were written down
# by hand; what is not carried is counted; and all of it goes onto the new
# server.
. "${0%/*}/lib.sh"
. "$top/t/ldap.sh"

# records FILE: a dump without origins and the end.
records() {
	grep -v -e '"type":"end"' -e '"type":"note"' "$1" | sed 's/,"origin":"[^"]*"}$/}/'
}

# notes FILE: what was said on standard error, without the tool's name.
notes() {
	sed 's/^[^:]*: //; s/ (-v names them)$//' "$1"
}

# apply FILE: the dump goes onto an empty server.
apply() {
	mkaccounts -q --no-secret=empty -o plan "$1" 2>plan.err || [ $? -eq 1 ]
	start_standin standin-stalwart --admin admin:secret
	echo secret >admin.pass
	stalwart-apply -q --url "$url" --user admin --password-file admin.pass \
	    plan >result
	hasnt result '"failed"'
	[ "$(grep -c '"object":"Account".*"created"' result)" -eq \
	    "$(grep -c '"type":"account"' "$1")" ]
}

for map in inetorgperson postfixbook qmail mailaccount yunohost iredmail-ldap inetlocal; do
	schema=$map
	[ -f "$fixtures/ldap/$map.schema" ] || schema=
	start_slapd "$map" "$schema" <"$fixtures/ldap/$map.ldif"
	ok "$map: the server's entries are these records" '
		run 0 dirdump-ldap -D "$reader" --password-file reader.pass \
		    --map "$map" "$ldap" >out 2>err
		records out >got
		same "$fixtures/ldap/$map.want" got
		notes err >got
		same "$fixtures/ldap/$map.notes" got
		[ "$(tail -n 1 out)" = \
		    "{\"v\":1,\"type\":\"end\",\"count\":$(($(wc -l <out) - 1)),\"source\":\"ldap\"}" ]'
	ok "$map: the origin is the URL of an entry" '
		sed -n "s|.*\"type\":\"account\".*\"origin\":\"ldap:$ldap/\(.*\)\"}|\1|p" out >dns
		[ "$(wc -l <dns)" -eq "$(grep -c "\"type\":\"account\"" out)" ]
		dn=$(printf %b "$(sed "s/\\\\\\\\/\\\\/g; 1q" dns)")
		ldapsearch -x -LLL -H "$ldap" -s base -b "$dn" dn >entry
		grep -q "^dn:" entry'
	ok "$map: the same from what slapcat writes" '
		slapcat -f "$map/slapd.conf" >dump.ldif
		run 0 dirdump-ldif --map "$map" dump.ldif >out.ldif 2>err
		records out.ldif >got
		same "$fixtures/ldap/$map.want" got
		notes err >got
		same "$fixtures/ldap/$map.notes" got
		grep -q "\"origin\":\"ldif:dump.ldif:[0-9]*\"" out.ldif'
	ok "$map: onto the new server, nothing fails" '
		apply out'
	kill "$slapd_pid"
done

done_testing
