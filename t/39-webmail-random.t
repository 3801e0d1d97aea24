#!/bin/sh
# dirdump roundcube --vcards: random contacts in Roundcube's tables, read by an
# independent parser, and put into a real server. FERRY_SEEDS: how many times.
. "${0%/*}/lib.sh"
. "$top/t/radicale.sh"
need jq
need sqlite3
need /usr/bin/python3 python3
/usr/bin/python3 -c 'import vobject' 2>/dev/null || need python3-vobject

contacts() {
	/usr/bin/python3 "$top/tests/webmail/contacts.py" "$@"
}
seeds=${FERRY_SEEDS:-3}

ok 'each contact says what it said, in its groups, with a UID of its own' '
	for seed in $(seq "$seeds"); do
		echo "seed $seed"
		rm -rf books rc.db
		{
			cat "$fixtures/webmail/roundcube-1.6.sqlite.sql"
			contacts rows "$seed" want
		} | sqlite3 -bail rc.db
		run 0 dirdump roundcube --vcards books sqlite:rc.db >out 2>err
		contacts files want books/alice@example.org
	done'
ok 'a server has every one of them, and says the same' '
	run 0 merge "$server" books/alice@example.org >out 2>err
	[ "$(grep -c "\"object\":\"card\".*\"status\":\"created\"" out)" = "$(jq length want)" ]
	contacts server want "$server/alice/Contacts/" alice password'
# A card that was copied, with its long UID on two lines; one whose UID is empty; a
# carriage return in a line.
ok 'a copied contact, and one with an empty UID, get UIDs of their own' '
	cat "$fixtures/webmail/roundcube-1.6.sqlite.sql" - <<-EOF | sqlite3 -bail copy.db
	INSERT INTO users VALUES (1, '"'bob', 'h', '', NULL, NULL, NULL, NULL, 'a:1:{s:8:\"timezone\";s:3:\"UTC\";}'"');
	INSERT INTO identities (identity_id, user_id, standard, email) VALUES
	    (1, 1, 1, '"'info@example.org'), (2, 1, 0, 'bob@example.org'"');
	INSERT INTO contacts (contact_id, user_id, vcard) VALUES
	    (1, 1, '"'BEGIN:VCARD' || char(10) || 'UID:lo' || char(10) || ' ng' || char(10) || 'FN:One' || char(10) || 'END:VCARD'"'),
	    (2, 1, '"'BEGIN:VCARD' || char(10) || 'UID:lo' || char(10) || ' ng' || char(10) || 'FN:Two' || char(10) || 'END:VCARD'"'),
	    (3, 1, '"'BEGIN:VCARD' || char(10) || 'UID:' || char(10) || 'FN:Th' || char(13) || 'ree' || char(10) || 'END:VCARD'"');
	EOF
	run 0 dirdump roundcube --vcards copies sqlite:copy.db >out 2>err
	cd copies/bob@example.org/contacts/Contacts
	grep -q "^UID:lo" 1.vcf
	hasnt 2.vcf "UID:lo"
	hasnt 2.vcf " ng"
	has 2.vcf FN:Two
	grep -q "^UID:........-" 2.vcf
	[ "$(grep -c "^UID:" 3.vcf)" = 1 ]
	grep -q "^UID:........-" 3.vcf
	has 3.vcf "FN:Three"'
ok 'the identities of a name without its domain: any that has it before its @' '
	run 0 dirdump roundcube sqlite:copy.db >out 2>err
	has out "\"type\":\"settings\",\"address\":\"bob@example.org\""
	has out "\"time_zone\":\"UTC\""'
done_testing
