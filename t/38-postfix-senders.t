#!/bin/sh
# dirdump postfix: who may send as which address (smtpd_sender_login_maps); judged
# by what postmap(1) answers smtpd(8) for each sender.
. "${0%/*}/lib.sh"
. "$top/t/postmap.sh"
. "$top/t/mkaccounts.sh"
dir=$(pwd)/conf

cat >boxes <<\END
ann@one.test one.test/ann/
bob@one.test one.test/bob/
cat@two.test two.test/cat/
END
cat >logins <<\END
ann@one.test ann@one.test
Info@one.test ann@one.test, bob@one.test
sales@one.test ann@one.test gone@one.test
@two.test BOB@one.test
@three.test BOB@one.test
partner@else.test bob
END
sqlite3 logins.db <<\END
CREATE TABLE acl (sender TEXT, login TEXT);
INSERT INTO acl VALUES ('list@one.test', 'cat@two.test'),
    ('team@one.test', 'ann@one.test'), ('cat@two.test', 'bob@one.test');
END
cat >listed.cf <<-END
	dbpath = $dir/../logins.db
	query = SELECT login FROM acl WHERE sender = '%s'
END
# Turns into no list.
cat >asked.cf <<-END
	dbpath = $dir/../logins.db
	query = SELECT login FROM acl WHERE sender = '%s' UNION SELECT '%s' WHERE 0
END
echo 'team@one.test ann@one.test, bob@one.test' >aliases
cat >>conf/main.cf <<-END
	virtual_alias_maps = texthash:$dir/../aliases
	virtual_alias_domains = three.test
	virtual_mailbox_domains = one.test two.test
	virtual_mailbox_maps = texthash:$dir/../boxes
	virtual_mailbox_base = /var/mail
END

# maps TABLES: dumps with these; senders prints "LOGIN SENDER".
maps() {
	postconf -c conf -e "smtpd_sender_login_maps = $1"
	run "${2:-0}" dirdump-postfix -v -c "$dir" >out 2>err
	jq -r 'select(.type == "settings") | .address as $a | .send_as[] |
	    $a + " " + .' out | sort >senders
}
# granted TABLE...: Postfix would let each login use each sender.
granted() {
	while read -r login sender; do
		for table; do
			postmap -c conf -q "$sender" "$table" || :
		done | tr -s ', ' '\n' | tr '[:upper:]' '[:lower:]' |
		    grep -qx "$login\\|${login%@one.test}" || {
			echo "$login may not send as $sender"
			return 1
		}
	done <senders
}

ok 'a text: lists of logins, whole domains, bare names, addresses elsewhere' '
	maps "texthash:$dir/../logins"
	cat >want <<-\END
	ann@one.test info@one.test
	ann@one.test sales@one.test
	bob@one.test @three.test
	bob@one.test info@one.test
	bob@one.test partner@else.test
	END
	same want senders
	granted "texthash:$dir/../logins"
	has err "bob@one.test: a right to send as the rest of a domain is not carried"
	has err "gone@one.test: left out: the right of an address elsewhere"
	[ "$(jq -r "select(.type == \"note\") | .what" out | grep -c login)" -eq 0 ]'
ok 'a database that can be listed, and one that is asked for the addresses' '
	maps "proxy:sqlite:$dir/../listed.cf"
	cat >want <<-\END
	ann@one.test team@one.test
	bob@one.test cat@two.test
	cat@two.test list@one.test
	END
	same want senders
	granted "sqlite:$dir/../listed.cf"
	maps "sqlite:$dir/../asked.cf"
	grep -v list@ want >known
	same known senders
	has out "only rights to send as addresses that are known"'
ok 'several tables, as one or in a row; patterns are named' '
	maps "unionmap:{texthash:$dir/../logins, pcre:$dir/none}, sqlite:$dir/../listed.cf"
	[ "$(wc -l <senders)" -eq 8 ]
	granted "texthash:$dir/../logins" "sqlite:$dir/../listed.cf"
	jq -r "select(.type == \"note\") | .what + \" \" + .text" out >notes
	has notes "smtpd_sender_login_maps pcre:"'
ok 'a table that is not there loses no address' '
	maps "texthash:$dir/none"
	[ "$(grep -c "\"type\":\"account\"" out)" -eq 3 ]
	has out "none: cannot be opened: No such file or directory; not carried"'
ok 'the new server asks for what is not an own address' '
	maps "texthash:$dir/../logins, sqlite:$dir/../listed.cf"
	mkaccounts --no-secret=empty --send-as out >plan 2>err
	grep -o "\"key\":\"[^\"]*\"" plan | sort >got
	sed "s/ @/ *@/; s/.*/\"key\":\"&\"/" senders | sort >want
	same want got'

ok 'without the parameter: said once' '
	maps ""
	[ ! -s senders ]
	[ "$(grep -c "^dirdump-postfix: postconf: smtpd_sender_login_maps is not set: a login may send as any address" err)" = 1 ]
	has err "its own only: 1 line"
	maps "texthash:$dir/../logins"
	hasnt err "is not set"'
done_testing
