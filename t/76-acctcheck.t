#!/bin/sh
# acctcheck with real Dovecots on both sides, over IMAP: each thing that can be
# missing is found, and nothing else is.
. "${0%/*}/lib.sh"
. "$top/t/acctcheck.sh"

# All secrets of this test hold "Zx".
echo 'master:{PLAIN}master-Zx' >masters
echo master-Zx >master.pw
echo wrong-Zx >wrong.pw
cat >old.users <<-END
alice@one.test:{PLAIN}alice-Zx
bob@one.test:{PLAIN}bob-Zx
carol:{PLAIN}carol-Zx
dora@one.test:{PLAIN}dora-Zx
END
cat >new.users <<-END
alice@one.test:{PLAIN}alice-Zx
bob@one.test:{PLAIN}bob-Zx
carol@one.test:{PLAIN}carol-Zx
gone@one.test:{PLAIN}gone-Zx
END
printf '%s\t%s\n' alice@one.test alice-Zx bob@one.test bob-Zx \
    carol@one.test carol-Zx >passwords

# The mail of alice: on the new server a special folder has another name, and
# one lies there as it stood on the old disk.
fill old alice@one.test "" 5
fill old alice@one.test Sent 4
fill old alice@one.test Trash 2
fill old alice@one.test 'Entw&APw-rfe.&AOQ-' 3
fill old alice@one.test Work 10
fill new alice@one.test "" 5
fill new alice@one.test 'Sent Items' 4
fill new alice@one.test 'Deleted Items' 2
fill new alice@one.test 'Entw&-APw-rfe.&-AOQ-' 3
fill new alice@one.test Work 10
for n in bob@one.test carol carol@one.test; do
	fill old "$n" "" 1
	fill new "$n" "" 1
done
public='namespace public {
  type = public
  separator = .
  prefix = Public.
  location = maildir:'$tmp'/homes/public
}'
mkdir -p homes/public/.all/cur homes/public/.all/new homes/public/.all/tmp
# The names on the new server differ from the old one's also where a prefix is.
serve_imap new "$public" 'namespace inbox {
  prefix = INBOX.
  mailbox Sent {
    special_use =
  }
  mailbox "Sent Items" {
    special_use = \Sent
  }
}'
new=$imaps new_clear=$imap
# A namespace that the list of all folders leaves out.
mkdir -p homes/more
serve_imap old "$public" 'namespace more {
  separator = .
  prefix = More.
  list = no
  location = maildir:'"$tmp"'/homes/more/%u
}'
old=$imaps old_clear=$imap old_conf=$conf
own

# check STATUS ARGS...: with the master user on both sides; the records in out,
# the messages in err, and no secret in either.
check() {
	want=$1
	shift
	got=0
	acctcheck --source "$old" --source-user master --source-password-file master.pw \
	    --target "$new" --target-user master --target-password-file master.pw \
	    --target-separator '*' --cacert cert "$@" >out 2>err || got=$?
	cat out err
	[ "$got" -eq "$want" ]
	hasnt out Zx
	hasnt err Zx
}
# found: what was found, "ADDRESS STATUS WHAT..." a line.
found() {
	jq -r '"\(.address) \(.status) \(.findings | map(.what) | join(" "))"' out |
	    sed 's/ *$//'
}

ok 'everything is there: by role, by name, by the name it had on disk' '
	check 0 <<-\END
	alice@one.test
	END
	cat >want <<-\END
	{"v":1,"type":"verification","address":"alice@one.test","status":"ok","login":{"source":"master","target":"master"},"source":{"folders":5,"messages":24,"foreign_folders":1,"foreign":["Public."]},"target":{"folders":5,"messages":24,"foreign_folders":1,"foreign":["Public."]},"findings":[]}
	END
	same want out
	not [ -s err ]'
ok 'STARTTLS; the authorization identity instead of a separator' '
	old=$old_clear
	new=$new_clear
	echo alice@one.test >in
	check 0 --starttls --source-authzid --target-authzid in
	[ "$(found)" = "alice@one.test ok" ]
	[ "$(tail -n 4 old/log | grep -c "Login: user=<alice@one.test>.*, TLS")" -ge 1 ]'
# refused: how many logins the new server refused so far.
refused() {
	grep -c "auth failed" "$imap_log" || :
}
ok 'the separator is found: one login is refused, on one account' '
	imap_log=new/log
	mkdir -p nothing
	printf "#!/bin/sh\nexit 1\n" >nothing/doveconf
	chmod 755 nothing/doveconf
	printf "%s@one.test\n" alice bob >in
	before=$(refused)
	run 0 env PATH="$tmp/nothing:$PATH" acctcheck --source "$old" --source-user master \
	    --source-password-file master.pw --target "$new" --target-user master \
	    --target-password-file master.pw --cacert cert --ignore-empty -j 3 in >out 2>err || {
		cat out err
		exit 1
	}
	found | sort >got
	printf "%s@one.test ok\n" alice bob >want
	same want got
	after=$(refused)
	tail -n 20 new/log
	[ "$((after - before))" -eq 1 ]'
ok 'and none where doveconf knows it' '
	imap_log=new/log
	mkdir -p there
	printf "#!/bin/sh\n[ \"\$*\" = \"-h auth_master_user_separator\" ] && echo \"*\"\n" >there/doveconf
	chmod 755 there/doveconf
	before=$(refused)
	run 0 env PATH="$tmp/there:$PATH" acctcheck --source "$old" --source-user master \
	    --source-password-file master.pw --target "$new" --target-user master \
	    --target-password-file master.pw --cacert cert --ignore-empty in >out 2>err
	[ "$(refused)" -eq "$before" ]'
ok 'nor is doveconf asked about a server of JMAP' '
	printf "#!/bin/sh\n: >%s/asked\nexit 1\n" "$tmp" >there/doveconf
	run 75 env PATH="$tmp/there:$PATH" acctcheck --source http://127.0.0.1:1 \
	    --source-user master --source-password-file master.pw --target http://127.0.0.1:1 \
	    --target-user master --target-password-file master.pw in >out 2>err
	not [ -e asked ]
	run 75 env PATH="$tmp/there:$PATH" acctcheck --source "$old" --source-user master \
	    --source-password-file master.pw --target http://127.0.0.1:1 \
	    --target-user master --target-password-file master.pw --cacert cert in >out 2>err
	[ -e asked ]'
ok 'clear text on this machine' '
	old=$old_clear
	check 0 in'

# --- logins ---

ok 'owners log in with the passwords of a file' '
	printf "%s\n" alice@one.test bob@one.test >in
	check 0 --passwords passwords in
	[ "$(jq -r "[.login.source, .login.target] | join(\" \")" out | sort -u)" = "ok ok" ]
	has err "carol@one.test: there is a password, but no account record"'
ok 'a wrong password is found' '
	printf "alice@one.test\talice-Zx\nbob@one.test\twrong-Zx\n" >some
	check 1 --target-passwords some in
	found >got
	printf "%s\n" "alice@one.test ok" "bob@one.test short login-refused" >want
	same want got
	has err "acctcheck: in:2: bob@one.test: login on the new server: wrong user or password"'
ok 'the old password is another: said, and not missed' '
	check 0 --source-passwords some in
	found >got
	printf "%s\n" "alice@one.test ok" "bob@one.test ok source-login-refused" >want
	same want got'
ok 'own passwords alone are enough' '
	run 0 acctcheck --source "$old" --target "$new" --cacert cert --passwords passwords -q in >out 2>err
	not [ -s err ]
	[ "$(found)" = "$(printf "alice@one.test ok\nbob@one.test ok")" ]'
ok 'and a wrong one shuts the way in' '
	run 1 acctcheck --source "$old" --target "$new" --cacert cert --source-passwords passwords \
	    --target-passwords some -q in >out 2>err
	[ "$(found)" = "$(printf "alice@one.test ok\nbob@one.test short login-refused")" ]'
ok 'a login without a domain, as the record has it' '
	echo "{\"v\":1,\"type\":\"account\",\"address\":\"carol@one.test\",\"logins\":[\"carol\"]}" >record
	check 1 --passwords passwords record
	[ "$(found)" = "carol@one.test ok" ]
	has err "no end record"
	run 0 acctcheck --source "$new" --target "$old" --passwords passwords --cacert cert -q --partial record >out 2>err
	[ "$(found)" = "carol@one.test ok" ]
	check 0 --partial record
	[ "$(found)" = "carol@one.test ok" ]
	(eval "old=$new new=$old"; check 0 --partial record)
	[ "$(found)" = "carol@one.test ok" ]
	echo carol@one.test >in
	check 1 in
	[ "$(found)" = "carol@one.test failed source-missing" ]'
ok 'accounts that are not there do not make the master user refused' '
	for n in 1 2 3 4; do
		echo "{\"v\":1,\"type\":\"account\",\"address\":\"no$n@one.test\",\"logins\":[\"no$n\"]}"
	done >records
	check 1 --partial -j 1 records
	[ "$(found | sort -u | wc -l)" = 4 ]
	[ "$(jq -r ".findings[0].what" out | sort -u)" = source-missing ]'
ok 'an account that the new server does not have' '
	echo dora@one.test >in
	check 1 in
	[ "$(found)" = "dora@one.test short account-missing" ]'
ok 'disabled on the old server: nothing to compare; but nobody may log in' '
	echo "{\"v\":1,\"type\":\"account\",\"address\":\"gone@one.test\",\"active\":false}" >record
	echo "{\"v\":1,\"type\":\"end\",\"count\":1}" >>record
	check 0 record
	[ "$(found)" = "gone@one.test skipped source-disabled" ]
	printf "gone@one.test\tgone-Zx\n" >gone
	check 1 --target-passwords gone record
	[ "$(found)" = "gone@one.test short login-allowed source-disabled" ]'
# --- folders ---

fill new alice@one.test Work 9
fill new alice@one.test 'Sent Items' 6
fill new alice@one.test New 2
rm -rf 'homes/new/alice@one.test/Maildir/.Entw&-APw-rfe.&-AOQ-'
own
ok 'one message short, a folder missing; extra ones are told from that' '
	echo alice@one.test >in
	check 1 -E rejects in
	jq -c ".findings[] | [.what, .short, .source_folder, .source_messages, .target_folder, .target_messages]" out | sort >got
	cat >want <<-\END
	["folder-extra",false,null,null,"New",2]
	["folder-missing",true,"Entwürfe/ä",3,null,null]
	["folder-more",false,"Sent",4,"Sent Items",6]
	["folder-short",true,"Work",10,"Work",9]
	END
	same want got
	grep -q "alice@one.test: .*; and 1 more" err
	has rejects alice@one.test'
ok 'what was rejected can be read again' '
	check 1 rejects
	has err "rejects:1: alice@one.test"'
ok 'within a tolerance' '
	check 0 --tolerance 1 --ignore "Entw*" in
	jq -r ".findings[] | select(.what == \"folder-tolerated\") | .text" out >got
	[ "$(cat got)" = "Work: 9 of 10 messages" ]
	check 0 --tolerance 10% --ignore "Entw*" in
	check 1 --tolerance 9% --ignore "Entw*" in'
ok 'an empty folder that is missing counts, unless it is said' '
	fill old bob@one.test Empty 0
	own
	echo bob@one.test >in
	check 1 in
	[ "$(found)" = "bob@one.test short folder-missing" ]
	check 0 --ignore-empty in'
ok 'public folders are nobody'"'"'s own' '
	check 0 --ignore-empty in
	[ "$(jq -c .source.folders out)" = 2 ]
	[ "$(jq -c .target.folders out)" = 1 ]'
ok 'a namespace of the owner that is not in the list of all' '
	more=homes/more/bob@one.test
	mkdir -p $more/cur $more/new $more/tmp $more/.2019/cur
	printf "Subject: x\n\n" >$more/cur/1.M1.host:2,S
	own
	check 1 --ignore-empty in
	jq -r ".findings[] | select(.short) | .text" out >got
	echo "More: the folder is missing, with 1 message" >want
	same want got
	check 0 --ignore-empty --ignore "More*" in
	mv $more/cur/1.M1.host:2,S $more/.2019/cur
	check 1 --ignore-empty in
	jq -r ".findings[] | select(.short) | .text" out >got
	echo "More/2019: the folder is missing, with 1 message" >want
	same want got
	rm -r $more'
ok 'a text for people' '
	printf "%s\n" alice@one.test bob@one.test dora@one.test >in
	check 1 --summary in
	grep -F "alice@one.test  short  Work: 9 of 10 messages" out
	grep "^dora@one.test  short  the new server has no such account" out
	grep -F "3 accounts: 0 ok, 3 short, 0 failed, 0 unreachable, 0 skipped" out
	grep -F "25 messages on the old server, 25 on the new one" out
	not grep -F "only on the new server" out
	check 1 --summary -v in
	grep -F "alice@one.test  note  New: only on the new server, with 2 messages" out
	has err "0 ok, 3 failed"'
ok '-x stops at the first that falls short' '
	check 1 -x in
	[ "$(wc -l <out)" = 1 ]'
ok 'what cannot be counted is said' '
	echo bob@one.test >in
	check 0 --ignore-empty --with contacts,events in
	jq -r ".findings[].text" out >got
	printf "%s: the old server cannot tell how many\n" contacts events >want
	same want got'

# --- servers that know less ---

cp old.users less.users
serve_imap less 'imap_capability = IMAP4rev1 LITERAL+ ID'
less=$imaps
fill less alice@one.test "" 5
fill less alice@one.test Sent 4
fill less alice@one.test Trash 2
fill less alice@one.test 'Entw&APw-rfe.&AOQ-' 3
fill less alice@one.test Work 10
fill less bob@one.test "" 1
fill less bob@one.test Empty 0
own
ok 'without LIST-STATUS each folder is asked for' '
	check 0 -q --source "$less" --target "$old" in
	printf "%s\n" alice@one.test bob@one.test >in
	check 0 --source "$less" --target "$old" in
	[ "$(jq -c "[.source, .target]" out | sort -u | wc -l)" = 2 ]
	[ "$(jq -c "select(.address == \"alice@one.test\") | .source" out)" = "{\"folders\":5,\"messages\":24}" ]'

# --- access lists ---

sed -n '/^alice\|^bob/p' old.users >acl.users
cp acl.users open.users
fill acl alice@one.test "" 2
fill acl alice@one.test Work 3
fill acl bob@one.test "" 1
printf 'anyone lr\nowner lrwstipekxa\n' >homes/acl/alice@one.test/Maildir/dovecot-acl
cp -r homes/acl homes/open
plugins='protocol imap {
  mail_plugins = acl imap_acl
}'
serve_imap acl "$plugins" 'plugin {
  acl = vfile
}'
acl=$imaps acl_conf=$conf
serve_imap open "$plugins" 'plugin {
  acl = vfile
  acl_user = %u
}'
open=$imaps open_conf=$conf
own
ok 'access lists hide folders from the master user, and that is said' '
	printf "%s\n" alice@one.test bob@one.test >in
	check 1 --source "$acl" --target "$acl" -j 1 in
	jq -c "[.address, .status, .source.folders, ([.findings[].what] | unique | join(\" \"))]" out >got
	cat >want <<-\END
	["alice@one.test","short",1,"folders-hidden"]
	["bob@one.test","short",1,"folder-unknown folders-hidden"]
	END
	same want got
	grep "in:1: alice@one.test: the old server has access lists (ACL), .* acl_user" err'
ok 'the owner sees all of them, and so does a master user with the rights of the owner' '
	check 0 --source "$open" --target "$acl" --target-passwords passwords in
	[ "$(jq -c .source.folders out | xargs)" = "2 1" ]'
# by_doveconf CONF: doveconf of this machine says what is in that configuration.
by_doveconf() {
	printf "#!/bin/sh\necho x >>%s/asked\nexec %s -c %s \"\$@\"\n" \
	    "$tmp" "$(command -v doveconf)" "$1" >there/doveconf
	PATH=$tmp/there:$PATH
}
ok 'where the server does not speak of them, doveconf does' '
	rm -f asked
	(by_doveconf "$acl_conf" && check 1 --source "$less" --target "$open" -q in)
	[ "$(jq -r ".findings[].what" out | grep -c folders-hidden)" = 2 ]
	# Once for each side, and for the separator of the old one.
	[ "$(wc -l <asked)" -le 3 ]
	for c in "$open_conf" "$old_conf"; do
		(by_doveconf "$c" && check 1 --source "$less" --target "$open" -q in)
		hasnt out folders-hidden
	done'

# --- servers that cannot be reached, or trusted ---

ok 'a side that is away: 75, and what was not asked is not written' '
	yes alice@one.test | head -n 100 >in
	check 75 --target imaps://127.0.0.1:1 in
	jq -r .status out | sort -u >got
	echo unreachable >want
	same want got
	[ "$(wc -l <out)" -lt 70 ]
	has err "acctcheck: imaps://127.0.0.1:1: "
	check 75 --source imaps://127.0.0.1:1 in'
ok 'a side that is away, and an account that falls short: 1' '
	printf "%s\n" bob@one.test >in
	check 1 --source imaps://127.0.0.1:1 --target-passwords some in
	found >got
	echo "bob@one.test short login-refused unreachable" >want
	same want got'
ok 'a certificate that is not known: 2' '
	run 2 acctcheck --source "$old" --target "$new" --passwords passwords in >out 2>err
	has err "certificate cannot be trusted"
	not [ -s out ]
	run 1 acctcheck --source "$old" --target "$new" --passwords passwords -k in >out 2>err'
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout other.key -out other.cert -days 2 -subj /CN=other.test 2>openssl.log
ok 'a certificate of another name: 2' '
	cp old.users other.users
	chmod 644 other.key
	serve_imap other "ssl_cert = <$tmp/other.cert" "ssl_key = <$tmp/other.key"
	trap "stop_dovecot ${conf%/*}" EXIT
	run 2 acctcheck --source "$imaps" --target "$new" --passwords passwords --cacert other.cert in >out 2>err
	has err "certificate cannot be trusted"'
ok 'no STARTTLS where it is demanded: 2' '
	cp old.users bare.users
	serve_imap bare "ssl = no"
	trap "stop_dovecot ${conf%/*}" EXIT
	run 2 acctcheck --source "$imap" --starttls --target "$new" --passwords passwords --cacert cert in >out 2>err
	has err "does not offer STARTTLS"
	hasnt err Zx'

# odd CASE: a server of that kind; sets $odd.
odd() {
	[ -z "${odd_pid:-}" ] || kill "$odd_pid"
	: >odd.out
	: >odd.log
	/usr/bin/python3 "$top/tests/helper/odd-imap" "$1" odd.log >odd.out &
	odd_pid=$!
	trap 'kill $odd_pid 2>/dev/null || :' EXIT
	tries=0
	until [ -s odd.out ] || [ "$tries" -gt 1200 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
	odd=$(cat odd.out)
	echo a@one.test >in
	printf 'a@one.test\tsecret-Zx\n' >odd.pw
}
# against STATUS ARGS...: both sides are the odd server.
against() {
	want=$1
	shift
	run "$want" acctcheck --source "$odd" --target "$odd" --passwords odd.pw -q "$@" in >out 2>err
	cat out err
	hasnt out Zx
	hasnt err Zx
}
ok 'a master user without pass = yes: maybe it is no such account' '
	odd ill
	run 75 acctcheck --source "$odd" --source-user master --source-password-file master.pw \
	    --target "$odd" --target-passwords odd.pw -q in >out 2>err
	has err "or it has no such account"'
ok 'LOGIN where there is no PLAIN; names as literals' '
	odd no-plain
	against 0
	grep -F "LOGIN \"a@one.test\" \"secret-Zx\"" odd.log
	jq -c .source out >got
	echo "{\"folders\":3,\"messages\":21}" >want
	same want got
	printf "a@one.test\tpass\303\274-Zx\n" >odd.pw
	against 0
	grep -F "LOGIN \"a@one.test\" <passü-Zx>" odd.log'
ok 'AUTHENTICATE in two steps; STATUS of names that cannot be quoted' '
	odd no-ir
	against 0
	grep -Fx "|a@one.test|secret-Zx" odd.log
	grep -F "STATUS <café>" odd.log
	[ "$(jq -c .source out)" = "{\"folders\":3,\"messages\":21}" ]'
ok 'no way to log in: 2' '
	odd disabled
	against 2
	has err "no AUTH=PLAIN, no LOGIN"'
ok 'a server that is ill is no wrong password' '
	odd ill
	against 75
	[ "$(jq -r .status out)" = unreachable ]
	has err "cannot check the login now (UNAVAILABLE)"'
ok 'a login that is not allowed' '
	odd forbidden
	run 1 acctcheck --source "$old" --source-user master --source-password-file master.pw \
	    --target "$odd" --cacert cert --target-passwords odd.pw -q in >out 2>err
	jq -r ".findings[] | select(.what == \"login-forbidden\") | .text" out >got
	echo "login on the new server: the password is right, but the login is not allowed" >want
	same want got'
ok 'connections that end, or are no IMAP: 75' '
	for case in bye garbage cut; do
		odd $case
		against 75
	done'
ok 'folders that are not listed, or not counted: 1' '
	odd refuses
	against 1
	[ "$(jq -r .status out)" = failed ]
	has err "does not list the folders: no"
	odd closed
	against 1
	jq -r ".findings[].what" out | sort -u >got
	echo folder-unknown >want
	same want got'
ok 'an INBOX that is not listed, or as of others: counted all the same, or 1' '
	for case in unlisted others; do
		odd $case
		against 0
		jq -e ".source.messages >= 7" out
	done
	odd lost
	against 1
	[ "$(jq -r ".findings[].what" out | sort -u)" = folder-unknown ]'
ok 'after some refusals no password is tried any more' '
	odd refused
	seq -f "u%g@one.test" 10 >in
	seq -f "u%g@one.test	no-Zx" 10 >odd.pw
	against 1 --max-refused 2 -j 1
	[ "$(grep -c AUTHENTICATE odd.log)" = 4 ]
	[ "$(grep -c "login-skipped" out)" = 8 ]'
ok 'a wrong master password stops after three accounts' '
	odd refused
	seq -f "u%g@one.test" 40 >in
	run 2 acctcheck --source "$odd" --source-user master --source-password-file master.pw \
	    --target "$new" --target-passwords odd.pw --cacert cert -j 1 -q in >out 2>err
	has err "refused for all of the first 3 accounts"
	has err "(--source-separator)"
	# by both separators, where none is given
	[ "$(grep -c AUTHENTICATE odd.log)" = 6 ]
	hasnt err Zx
	: >odd.log
	run 2 acctcheck --source "$odd" --source-user master --source-password-file master.pw \
	    --source-separator "*" --target "$new" --target-passwords odd.pw --cacert cert -j 1 -q in >out 2>err
	has err "by each separator of \"*\""
	[ "$(grep -c AUTHENTICATE odd.log)" = 3 ]'

# --- the command line ---

ok 'wrong calls' '
	run 2 acctcheck in 2>err
	has err "no source"
	run 2 acctcheck --source "$old" in 2>err
	has err "no way into the accounts"
	run 2 acctcheck --source "$old" --source-user master in 2>err
	has err "no password of master"
	run 2 acctcheck --source "$old" --passwords passwords in 2>err
	has err "no target"
	run 2 acctcheck --source ftp://x --target "$new" --passwords passwords in 2>err
	has err "not an imaps:// or imap:// URL"
	run 2 acctcheck --source imaps://a:b@x --target "$new" --passwords passwords in 2>err
	has err "holds a user name or password"
	run 2 acctcheck --source imaps://x/INBOX --target "$new" --passwords passwords in 2>err
	has err "with a path"
	run 2 acctcheck --source "$old" --target https://x --passwords passwords in 2>err
	has err "no administrator for JMAP"
	run 2 acctcheck --source "$old" --target http://192.0.2.1 --passwords passwords --target-user a --target-password-file master.pw in 2>err
	has err "in clear"
	for option in "--tolerance x" "--with mail" "--source-separator ab" "-j 0" "-j 65" "--max-refused 0"; do
		# shellcheck disable=SC2086 # two words
		run 2 acctcheck --source "$old" --target "$new" --passwords passwords $option in 2>err
	done
	chmod 644 master.pw
	run 2 acctcheck --source "$old" --source-user master --source-password-file master.pw --target "$new" in 2>err
	has err "others can use it"
	chmod 600 master.pw'
ok 'bad records, no records, and no room for the answer' '
	check 1 </dev/null
	has err "no records"
	check 0 --partial </dev/null
	not [ -s out ]
	printf "%s\n" "{\"v\":1" "no address" bob@one.test >in
	check 1 --ignore-empty in
	[ "$(found)" = "bob@one.test ok" ]
	[ "$(grep -c "in:[12]: " err)" = 2 ]
	run 2 acctcheck --source "$old" --target "$old" --passwords passwords --cacert cert -q in >/dev/full 2>err'
ok 'no secret in what the servers did not need to see' '
	not grep -r Zx out err rejects'

done_testing
