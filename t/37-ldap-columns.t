#!/bin/sh
# Field maps for LDAP on random entries, column by column, next to what the queries
# find that the Dovecot and the Postfix of the system ask. FERRY_SEEDS: how many.
. "${0%/*}/lib.sh"
/usr/bin/python3 -c 'import ldap' 2>/dev/null || need python3-ldap
. "$top/t/ldap.sh"
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE

judge() {
	/usr/bin/python3 "$top/tests/source/ldapmaps.py" "$@"
}

for map in inetlocal iredmail-ldap qmail yunohost univention zimbra; do
	for seed in $(seq "${FERRY_SEEDS:-2}"); do
		judge ldif "$map" "$seed" >random.ldif
		start_slapd "$map.$seed" "$map" <random.ldif 2>/dev/null
		ok "$map, entries of seed $seed" '
			dirdump-ldap -q -D "$reader" --password-file reader.pass --map "$map" "$ldap" >out
			[ "$(grep -c "\"type\":\"account\"" out)" -eq 30 ]
			run 0 judge judge "$map" "$ldap" out'
		kill "$slapd_pid"
	done
done

done_testing
