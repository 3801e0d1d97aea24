#!/bin/sh
# Field maps for LDAP on random entries, column by column, next to what the queries
# find that the Dovecot and the Postfix of the system ask. FERRY_SEEDS: how many.
. "${0%/*}/lib.sh"
/usr/bin/python3 -c 'import ldap' 2>/dev/null || need python3-ldap
. "$top/t/ldap.sh"
need jq
need postmap postfix-ldap
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE

judge() {
	/usr/bin/python3 "$top/tests/source/ldapmaps.py" "$@"
}

# by_postmap: the targets of each alias and list, and of the other addresses of each
# account, as the tables of docker-mailserver have them.
by_postmap() {
	PATH=$PATH:/usr/sbin
	table() {
		printf '%s\n' "server_host = $ldap" "search_base = dc=example,dc=org" \
		    "bind = yes" "bind_dn = $reader" "bind_pw = $(cat reader.pass)" \
		    "version = 3" "query_filter = $2" "result_attribute = mail" >"$1.cf"
	}
	table aliases '(|(&(mailAlias=%s)(objectClass=PostfixBookMailForward))(&(mailAlias=%s)(objectClass=PostfixBookMailAccount)(mailEnabled=TRUE)))'
	table groups '(&(mailGroupMember=%s)(mailEnabled=TRUE))'
	jq -r '(select(.type == "alias" and .active) | [.address, .targets[]] | @tsv),
	    (select(.type == "account" and .receive != false) | .address as $to |
	    (.aliases // [])[] | [., $to] | @tsv)' out >wanted
	[ "$(wc -l <wanted)" -gt 8 ]
	while read -r address targets; do
		for name in aliases groups; do
			postmap -q "$address" "ldap:$tmp/$name.cf" || :
		done </dev/null | tr ',' '\n' | sort -u >want
		echo "$targets" | tr '\t ' '[\n*]' | sort -u >got
		same want got
	done <wanted
}

for map in gosa inetlocal iredmail-ldap postfixbook qmail yunohost univention zimbra; do
	for seed in $(seq "${FERRY_SEEDS:-2}"); do
		judge ldif "$map" "$seed" >random.ldif
		start_slapd "$map.$seed" "$map" <random.ldif 2>/dev/null
		ok "$map, entries of seed $seed" '
			dirdump-ldap -q -D "$reader" --password-file reader.pass --map "$map" "$ldap" >out
			[ "$(grep -c "\"type\":\"account\"" out)" -eq 30 ]
			run 0 judge judge "$map" "$ldap" out'
		if [ "$map" = postfixbook ]; then
			ok "$map, entries of seed $seed: what Postfix finds" by_postmap
		fi
		kill "$slapd_pid"
	done
done

done_testing
