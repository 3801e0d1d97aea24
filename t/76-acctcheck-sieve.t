#!/bin/sh
# acctcheck --with scripts: those of a real Pigeonhole over ManageSieve, compared
# with a Dovecot's and with the Stalwart stand-in's.
. "${0%/*}/lib.sh"
. "$top/t/acctcheck.sh"
need_dovecot /usr/lib/dovecot/managesieve-login dovecot-managesieved

# All secrets of this test hold "Zx".
echo 'master:{PLAIN}master-Zx' >masters
echo master-Zx >master.pw
echo admin-Zx >admin.pw
printf '%s@one.test:{PLAIN}owner-Zx-long\n' alice bob carol dora >old.users
cp old.users new.users
for n in alice bob carol dora; do
	fill old "$n@one.test" '' 1
	fill new "$n@one.test" '' 1
done
# script SIDE USER NAME [active]: a script of an owner, as Pigeonhole keeps it.
script() {
	dir=homes/$1/$2@one.test
	mkdir -p "$dir/sieve"
	echo 'keep;' >"$dir/sieve/$3.sieve"
	[ -z "${4:-}" ] || ln -s "sieve/$3.sieve" "$dir/.dovecot.sieve"
}
script old alice main active
script old alice 'spare "ä"'
script old alice holidays
script old bob filters active
# serve SIDE [SETTINGS...]: sets $imaps, $sieve and $sieves.
serve() {
	side=$1
	shift
	# shellcheck disable=SC2046 # two words
	set -- $(free_ports) "$@"
	sieve=sieve://127.0.0.1:$1 sieves=sieves://127.0.0.1:$2
	serve_imap "$side" 'protocols = imap sieve' 'mail_plugins =' \
	    'service managesieve-login {' '  chroot =' '  inet_listener sieve {' \
	    '    address = 127.0.0.1' "    port = $1" '  }' \
	    '  inet_listener sieves {' '    address = 127.0.0.1' \
	    "    port = $2" '    ssl = yes' '  }' '}' 'plugin {' \
	    '  sieve = file:~/sieve;active=~/.dovecot.sieve' '}' \
	    "$(shift 2; printf '%s\n' "$@")"
}
serve new
new=$imaps new_sieve=$sieve new_sieves=$sieves
serve old
old=$imaps old_sieve=$sieve
own

# check STATUS ARGS...: between two Dovecots, as the master user; the records in
# out, the messages in err, and no secret in either.
check() {
	want=$1
	shift
	got=0
	acctcheck --source "$old" --source-user master --source-password-file master.pw \
	    --source-separator '*' --target "$new" --target-user master \
	    --target-password-file master.pw --target-separator '*' --cacert cert \
	    --with scripts "$@" >out 2>err || got=$?
	cat out err
	[ "$got" -eq "$want" ]
	hasnt out Zx
	hasnt err Zx
}
said() {
	jq -r '.findings[] | "\(.what) \(.short) \(.text)"' out
}
# sides: of one account, the numbers of scripts and the active ones.
sides() {
	jq -c '[.source, .target | .scripts, .active_script]' out
}

echo alice@one.test >alice
echo bob@one.test >bob
ok 'scripts are counted, and the active one is named' '
	check 1 --source-sieve "$old_sieve" --target-sieve "$new_sieve" alice
	[ "$(sides)" = "[3,\"main\",0,null]" ]
	said >got
	cat >want <<-\END
	scripts-short true scripts: 0 of 3
	scripts-inactive true scripts: main is active on the old server, none on the new one
	END
	same want got
	has err "alice@one.test: scripts: 0 of 3; and 1 more"'
ok 'one that is missing; another that is active; more than there were' '
	script new alice main
	script new alice holidays active
	script new bob filters active
	script new bob other
	script new carol own active
	own
	check 1 --source-sieve "$old_sieve" --target-sieve "$new_sieve" alice
	said >got
	cat >want <<-\END
	scripts-short true scripts: 2 of 3
	scripts-active false scripts: main is active on the old server, holidays on the new one
	END
	same want got
	check 0 --source-sieve "$old_sieve" --target-sieve "$new_sieve" bob
	said >got
	echo "scripts-more false scripts: 1 more than on the old server" >want
	same want got
	echo carol@one.test >carol
	check 0 --source-sieve "$old_sieve" --target-sieve "$new_sieve" carol
	said >got
	cat >want <<-\END
	scripts-more false scripts: 1 more than on the old server
	scripts-active false scripts: none is active on the old server, own on the new one
	END
	same want got
	echo dora@one.test >dora
	check 0 --source-sieve "$old_sieve" --target-sieve "$new_sieve" dora
	[ "$(sides)" = "[0,null,0,null]" ]
	[ -z "$(said)" ]'
ok 'STARTTLS, and TLS from the first byte; the authorization identity' '
	check 0 --starttls --source-authzid --target-authzid \
	    --source-sieve "$old_sieve" --target-sieve "$new_sieves" bob
	[ "$(sides)" = "[1,\"filters\",2,\"filters\"]" ]
	for side in old new; do
		grep "managesieve-login: .*Login: user=<bob@one.test>.*, TLS" $side/log
	done'
ok 'an owner by the own password' '
	printf "bob@one.test\towner-Zx-long\n" >passwords
	run 0 acctcheck --source "$old" --target "$new" --passwords passwords --cacert cert -q \
	    --with scripts --source-sieve "$old_sieve" --target-sieve "$new_sieve" bob >out 2>err
	[ "$(sides)" = "[1,\"filters\",2,\"filters\"]" ]'
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout other.key -out other.cert -days 2 -subj /CN=other.test 2>openssl.log
ok 'a certificate that cannot be trusted, on either way: 2' '
	cp old.users other.users
	fill other dora@one.test "" 0
	own
	chmod 644 other.key
	serve other "ssl_cert = <$tmp/other.cert" "ssl_key = <$tmp/other.key"
	trap "stop_dovecot ${conf%/*}" EXIT
	check 2 --starttls --source-sieve "$sieve" bob
	has err "ManageSieve: the server'"'"'s certificate cannot be trusted"
	check 2 --source-sieve "$sieves" bob
	has err "ManageSieve: the server'"'"'s certificate cannot be trusted"
	check 0 -k --starttls --source-sieve "$sieve" dora'
# The port that is tried where none is named may be somebody's.
cat >taken <<-\END
import socket, sys
sys.exit(socket.socket().connect_ex(("127.0.0.1", 4190)) != 0)
END
ok 'a server without it is named; what is not known is not missed, and not right' '
	if /usr/bin/python3 taken; then
		exit
	fi
	check 0 --target-sieve "$new_sieve" bob
	said >got
	grep "^not-comparable false scripts: the old server cannot tell how many: no ManageSieve at sieve://127.0.0.1 (.*connect.*)" got
	[ "$(sides)" = "[null,null,2,\"filters\"]" ]
	check 0 --source-sieve "$old_sieve" bob
	grep "\"scripts: the new server cannot tell how many: no ManageSieve at sieve://127.0.0.1 (.*connect.*)" out
	check 0 -j 1 --target-sieve "$new_sieve" alice bob carol dora
	[ "$(grep -c "cannot tell how many: no ManageSieve" out)" = 4 ]'
ok 'one that was named is there: 75 where it is away' '
	check 75 --source-sieve sieve://127.0.0.1:1 --target-sieve "$new_sieve" bob
	[ "$(jq -r .status out)" = unreachable ]
	has err "old server: ManageSieve: "'

# --- Stalwart ---

ok 'the other side over JMAP' '
	start_standin standin-stalwart --admin admin:admin-Zx --mail "$tmp/mail.ndjson"
	trap "kill $standin_pid" EXIT
	sed "s/\$/::::::/" old.users | dirdump passwd-file -q /dev/stdin | mkaccounts -q --partial 2>mk.err >plan ||
	    [ $? -eq 1 ]
	export STALWART_URL="$url" STALWART_USER=admin
	stalwart-apply -q --password-file admin.pw plan >applied
	for scripts in "[]" "[{\"name\":\"main\"},{\"name\":\"mailferry\",\"isActive\":true},{\"name\":\"spare\"},{\"name\":\"holidays\"}]"; do
		jq -nc --argjson s "$scripts" "{account:\"alice@one.test\",scripts:\$s,
		    mailboxes:[{id:\"a\",name:\"Inbox\",role:\"inbox\",totalEmails:1}]}" >mail.ndjson
		acctcheck --source "$old" --source-user master --source-password-file master.pw --cacert cert \
		    --target-password-file admin.pw --with scripts --source-sieve "$old_sieve" alice >out 2>err || echo "$?" >status
		cat err
		sides
		said
	done >got
	cat >want <<-\END
	acctcheck: alice:1: alice@one.test: scripts: 0 of 3; and 1 more
	[3,"main",0,null]
	scripts-short true scripts: 0 of 3
	scripts-inactive true scripts: main is active on the old server, none on the new one
	[3,"main",4,"mailferry"]
	scripts-more false scripts: 1 more than on the old server
	scripts-active false scripts: main is active on the old server, mailferry on the new one
	END
	same want got
	[ "$(cat status)" = 1 ]
	run 2 acctcheck --source "$old" --source-user master --source-password-file master.pw --cacert cert \
	    --target-password-file admin.pw --with scripts --target-sieve "$old_sieve" alice 2>err
	has err "--target-sieve: of a JMAP server scripts are counted over JMAP"'

# --- servers that misbehave ---

# odd CASE STATUS [ARGS...]: what comes of dora, whose old server counts scripts so.
odd() {
	kind=$1 want=$2
	shift 2
	: >odd.log
	rm -f odd.out
	/usr/bin/python3 "$top/tests/helper/odd-managesieve" "$kind" odd.log >odd.out &
	odd_pid=$!
	trap 'kill $odd_pid 2>/dev/null || :' EXIT
	tries=0
	until [ -s odd.out ] || [ "$tries" -gt 1200 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
	check "$want" --target-sieve "$new_sieve" --source-sieve "$(cat odd.out)" "$@" dora
	kill "$odd_pid"
}
ok 'a long list, names as literals' '
	odd long 1
	[ "$(sides)" = "[20000,\"l\\\"ä{1}\\r\",0,null]" ]
	grep "scripts: 0 of 20000" out
	odd none 0
	grep -Fx "|dora@one.test*master|master-Zx" odd.log'
ok 'greetings that are none: 75' '
	for kind in not-one silent endless; do
		odd $kind 75
		[ "$(jq -r .status out)" = unreachable ]
	done
	grep "has no end" err'
ok 'answers that end too soon, or are none: 75' '
	for kind in bye cut broken challenge later; do
		odd $kind 75
		[ "$(jq -r .status out)" = unreachable ]
	done
	has err "the login is refused (TRYLATER)"'
ok 'a refusal: what is there is not known, and the folders are compared' '
	for kind in refused refuses; do
		odd $kind 1
		[ "$(jq -r .status out)" = short ]
		[ "$(jq -c "[.source.messages, .target.messages]" out)" = "[1,1]" ]
		[ "$(jq -r ".findings[].what" out)" = scripts-unknown ]
	done
	has err "the old server does not tell how many: ManageSieve: LISTSCRIPTS is refused (QUOTA/MAXSCRIPTS)"'
ok 'no way that is safe: 2, and no password on the wire' '
	odd no-plain 2
	has err "offers no login by PLAIN"
	odd no-tls 2 --starttls
	has err "does not offer STARTTLS"
	odd injected 2 --starttls
	has err "says more in clear after STARTTLS"
	hasnt odd.log AUTHENTICATE'
ok 'wrong URLs, and none of them shows a password' '
	for url in imap://x sieve:// sieve://x/y sieve:x http://x; do
		check 2 --source-sieve "$url" dora
		has err "acctcheck: --source: "
	done
	check 2 --source-sieve sieve://me:hidden-Zx@x dora
	has err "holds a user name or password"'

done_testing
