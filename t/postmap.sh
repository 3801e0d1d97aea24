# Postfix's own postmap(1), with the configuration ./conf, and its tables in
# databases.
# shellcheck shell=sh
. "$top/t/sql.sh"
. "$top/t/ldap.sh"
. "$top/t/cooled.sh"
PATH=$PATH:/usr/sbin
need postmap postfix
need sqlite3
need jq

mkdir conf
cp /etc/postfix/dynamicmaps.cf conf 2>/dev/null || :
cp -r /etc/postfix/dynamicmaps.cf.d conf 2>/dev/null || :
printf 'compatibility_level = 3.6\nmyhostname = mail.one.test\nmyorigin = one.test\n' >conf/main.cf
cooled conf/main.cf
: >conf/master.cf
for type in mysql pgsql sqlite ldap; do
	postconf -c conf -m | grep -qx $type ||
		skip_all "Postfix has no tables of the type $type (Debian: postfix-$type)"
done

# put_entries: the aliases in out, "KEY TARGET,TARGET...", the targets sorted.
put_entries() {
	jq -r 'select(.type == "alias") |
	    .address + " " + (.targets | sort | unique | join(","))' out
}

# answers TABLE <KEYS: what Postfix finds for each, in the same form; a key that it
# does not find has no line.
answers() {
	postmap -c conf -q - "$1" 2>/dev/null |
	    jq -Rr 'split("\t") | .[0] + " " +
	        (.[1] | gsub(" "; "") | split(",") | unique | join(","))'
}
