#!/bin/sh
# dirdump dkim: the keys of each signer, in its own files. What is signed with a
# key by another implementation verifies against the record that we print.
. "${0%/*}/lib.sh"
. "$top/t/port.sh"
need jq
need openssl
need sqlite3
need /usr/bin/python3 python3
need redis-server
need redis-cli
/usr/bin/python3 -c 'import dkim, nacl' 2>/dev/null || need python3-dkim

keys=$fixtures/dkim

# Each test has its own root.
fresh() {
	rm -rf root
	mkdir root
}
# place FILE: standard input, in a folder that is made
place() {
	mkdir -p "${1%/*}"
	cat >"$1"
}
key() {
	mkdir -p "${2%/*}"
	cp "$keys/$1.pem" "$2"
}
# dump STATUS [OPTION...]: the files out, err, and got: "SELECTOR DOMAIN ALGORITHM"
dump() {
	want_status=$1
	shift
	run "$want_status" dirdump dkim "$@" >out 2>err
	jq -r 'select(.type == "dkim") | "\(.selector) \(.domain) \(.algorithm)"' \
	    out >got
}
# got_are LINE...
got_are() {
	if [ $# -gt 0 ]; then printf '%s\n' "$@"; fi >want
	same want got
}
# key_of SELECTOR FILE: the record of a selector holds that key
key_of() {
	jq -r --arg s "$1" 'select(.selector == $s) | .key' out | head -c -1 >key
	openssl pkey -in "$keys/$2.pem" >key.want
	same key.want key
}
keyless() {
	for f in "$keys"/*.pem; do
		grep -v -e '-----' "$f" >lines
		if grep -qF -f lines "$@"; then
			echo "a line of ${f##*/} is in $*"
			return 1
		fi
	done
}

ok 'opendkim: tables of either kind, texts and files, "%" for a domain' '
	fresh
	place root/etc/opendkim.conf <<-EOF
	# a comment
	Syslog yes
	KEYTABLE	refile:/etc/dkim/keytable	# at the end
	SigningTable	refile:/etc/dkim/signing
	Include /etc/dkim/more.conf
	EOF
	echo "Domain unused.test" | place root/etc/dkim/more.conf
	der=$(openssl pkey -in "$keys/rsa-other.pem" -outform der | base64 -w 0)
	place root/etc/dkim/keytable <<-EOF
	# name domain:selector:key
	one	One.Test:mail:/etc/dkim/one.private
	  ed    one.test:ed2026:/etc/dkim/ed.private
	text two.test:s1:$der
	each %:all:/etc/dkim/%/all.key
	spare one.test:spare:/etc/dkim/not.there
	EOF
	place root/etc/dkim/signing <<-EOF
	*@one.test one
	one.test ed
	*@*.sub.two.test text
	alice@two.test text
	*@three.test each
	four.test each
	*@lost.test nowhere
	*@five.test one
	* each
	EOF
	key rsa root/etc/dkim/one.private
	key ed25519 root/etc/dkim/ed.private
	key rsa root/etc/dkim/three.test/all.key
	key rsa-1024 root/etc/dkim/four.test/all.key
	dump 1 -v --from opendkim --root root
	sort got -o got
	got_are "all four.test rsa-sha256" "all three.test rsa-sha256" \
	    "ed2026 one.test ed25519-sha256" "mail one.test rsa-sha256" "s1 two.test rsa-sha256"
	key_of mail rsa
	key_of ed2026 ed25519
	key_of s1 rsa-other
	has err "spare: left out: a key that nothing is signed with"
	has err "lost.test: mail to be signed with a key that the KeyTable lacks: nowhere"
	has err "five.test: mail that is signed in the name of another domain"
	has err "each: it signs the mail of any domain, and is not carried: name yours with --sender-domain"
	jq -se "map(select(.type == \"dkim\") | .origin) | index(\"dkim:root/etc/dkim/one.private\") != null" out
	jq -se ".[-1] == {v: 1, type: \"end\", count: 5, failed: 1, source: \"dkim\"}" out
	keyless err'
ok 'opendkim: a key with who signs behind it, and "%" for the key of the domain' '
	fresh
	printf "%s\n" "KeyTable /etc/keys" "SigningTable refile:/etc/signing" |
		place root/etc/opendkim.conf
	for d in one two three four; do echo "$d.test $d.test:mail:/k"; done | place root/etc/keys
	echo "each.test %:all:/k" >>root/etc/keys
	key rsa root/k
	printf "%s\n" "*@one.test one.test:@one.test" "*@two.test	two.test:%" "*@three.test %" |
		place root/etc/signing
	dump 0 -v --root root
	got_are "mail one.test rsa-sha256" "mail two.test rsa-sha256" "mail three.test rsa-sha256"
	has err "four.test: left out: a key that nothing is signed with"
	echo "* %:x@%" >root/etc/signing
	dump 0 -v --root root
	[ "$(wc -l <got)" = 5 ]
	has got "all each.test rsa-sha256"
	hasnt err "left out"'
ok 'opendkim: one key for a list of domains' '
	fresh
	place root/etc/opendkim.conf <<-EOF
	Domain one.test, two.test
	Selector mail
	KeyFile /etc/one.private
	EOF
	key rsa root/etc/one.private
	dump 0 --root root
	got_are "mail one.test rsa-sha256" "mail two.test rsa-sha256"'
ok 'opendkim: the domains in a file, in each form' '
	fresh
	key rsa root/etc/one.private
	printf "one.test\n# no domain\ntwo.test\n" | place root/etc/domains
	for domains in /etc/domains file:/etc/domains refile:/etc/domains csl:one.test,two.test; do
		printf "%s\n" "Domain $domains" "Selector mail" "KeyFile /etc/one.private" |
			place root/etc/opendkim.conf
		dump 0 --root root
		got_are "mail one.test rsa-sha256" "mail two.test rsa-sha256"
	done'
ok 'opendkim: "%" is the domain of the sender, which a pattern may only be above' '
	fresh
	key rsa root/k
	printf "%s\n" "KeyTable refile:/etc/keys" "SigningTable refile:/etc/signing" |
		place root/etc/opendkim.conf
	printf "k %%:s:/k\nsub.r.test %%:s:/k\nr.test %%:s:/k\n" | place root/etc/keys
	printf "*@*.q.test k\n*@*.r.test %%\n" | place root/etc/signing
	dump 1 -v --root root
	got_are "s sub.r.test rsa-sha256"
	has err "k: it signs the mail of the domains below q.test, and is not carried: name yours with --sender-domain"
	has err "r.test: left out: a key that nothing is signed with"
	dump 1 --root root --sender-domain q.test --sender-domain xq.test
	got_are "s sub.r.test rsa-sha256"
	dump 0 --root root --sender-domain a.Q.test --sender-domain other.test
	got_are "s a.q.test rsa-sha256" "s sub.r.test rsa-sha256"
	# The domains of one key, too.
	printf "%s\n" "Domain refile:/etc/domains" "Selector s" "KeyFile /k" |
		place root/etc/opendkim.conf
	printf "one.test\n*.two.test\n" | place root/etc/domains
	dump 1 --root root
	got_are "s one.test rsa-sha256"
	dump 0 --root root --sender-domain a.two.test
	got_are "s one.test rsa-sha256" "s a.two.test rsa-sha256"'
ok 'a key for the mail of any domain: named, and listed for those that are given' '
	fresh
	key rsa root/etc/one.private
	printf "%s\n" "Domain *" "Selector mail" "KeyFile /etc/one.private" |
		place root/etc/opendkim.conf
	dump 1 --root root
	got_are
	has err "--sender-domain"
	hasnt err "no key was found"
	dump 0 --root root --sender-domain one.test --sender-domain two.test
	got_are "mail one.test rsa-sha256" "mail two.test rsa-sha256"
	printf "%s\n" "KeyTable /etc/keys" "SigningTable refile:/etc/signing" |
		place root/etc/opendkim.conf
	echo "k %:mail:/etc/one.private" | place root/etc/keys
	printf "%s\n" "*@three.test k" "* k" | place root/etc/signing
	dump 1 --root root
	got_are "mail three.test rsa-sha256"
	has err "--sender-domain"
	dump 0 --root root --sender-domain one.test
	got_are "mail one.test rsa-sha256" "mail three.test rsa-sha256"
	# rspamd
	fresh
	key rsa root/var/lib/rspamd/dkim/2024.key
	key rsa-other root/keys/own.key
	place root/etc/rspamd/local.d/dkim_signing.conf <<-EOF
	path = "/var/lib/rspamd/dkim/\$selector.key";
	selector = "2024";
	domain { own.test { path = "/keys/own.key"; selector = "mine"; } }
	EOF
	dump 1 --from rspamd --root root
	got_are "mine own.test rsa-sha256"
	has err "root/var/lib/rspamd/dkim/2024.key: it signs the mail of any domain, and is not carried"
	dump 0 --from rspamd --root root --sender-domain one.test --sender-domain own.test
	got_are "mine own.test rsa-sha256" "2024 one.test rsa-sha256"'
ok 'opendkim: a table elsewhere is named, and fails' '
	fresh
	echo "KeyTable dsn:mysql://a:Geheim77@h/db" | place root/etc/opendkim.conf
	dump 1 --root root
	got_are
	has err "KeyTable is not in a file"
	hasnt err Geheim
	jq -se ".[-1].failed == 1" out'
ok 'rspamd: blocks, maps, and the path for all others' '
	fresh
	place root/etc/rspamd/local.d/dkim_signing.conf <<-EOF
	# where they are
	enabled = true;
	path = "\$DBDIR/dkim/\$domain.\$selector.key"; /* for all */
	selector = "dkim";
	selector_map = "/etc/rspamd/selectors.map";
	path_map = "file:///etc/rspamd/paths.map";
	.include(try=true; priority=1) "\$LOCAL_CONFDIR/more.conf"
	domain {
	  One.Test {
	    selectors [
	      { path: "/keys/one.rsa"; selector: "r1" },
	      { path = /keys/one.ed, selector = "e1" }
	    ]
	  }
	  two.test { selector = "s2" }
	}
	domain "six.test" { path "/keys/\$selector-\$domain"; }
	EOF
	echo "sign_local = true" | place root/etc/rspamd/more.conf
	echo "three.test	s3" | place root/etc/rspamd/selectors.map
	echo "four.test /keys/four.key # a comment" | place root/etc/rspamd/paths.map
	key rsa root/keys/one.rsa
	key ed25519 root/keys/one.ed
	key rsa root/keys/dkim-six.test
	key rsa-other root/keys/four.key
	mkdir -p root/var/lib/rspamd/dkim
	key rsa root/var/lib/rspamd/dkim/two.test.s2.key
	key rsa root/var/lib/rspamd/dkim/three.test.s3.key
	key rsa root/var/lib/rspamd/dkim/five.test.dkim.key
	key rsa root/var/lib/rspamd/dkim/two.test.dkim.key
	key rsa root/var/lib/rspamd/dkim/seven.test.other.key
	dump 0 --from rspamd --root root
	sort got -o got
	got_are "dkim five.test rsa-sha256" "dkim four.test rsa-sha256" "dkim six.test rsa-sha256" \
	    "e1 one.test ed25519-sha256" "r1 one.test rsa-sha256" \
	    "s2 two.test rsa-sha256" "s3 three.test rsa-sha256"
	key_of e1 ed25519
	# an override says otherwise
	echo "try_fallback = false;" | place root/etc/rspamd/override.d/dkim_signing.conf
	dump 0 --root root
	[ "$(wc -l <got)" = 6 ]'
ok 'rspamd: a map is a file, a list of them, lines, or an object; another is named' '
	fresh
	key rsa root/k
	echo "one.test /k" | place root/maps/one
	echo "two.test /k" | place root/maps/two
	both="selector = s; try_fallback = false;"
	while IFS="|" read -r map want; do
		echo "$both path_map = $map" | place root/etc/rspamd/local.d/dkim_signing.conf
		dump 0 --from rspamd --root root
		sort got | cut -d " " -f 2 | paste -s -d " " >domains
		[ "$(cat domains)" = "$want" ] || { echo "$map"; exit 1; }
	done <<-END
	"/maps/one"|one.test
	"hash;/maps/one"|one.test
	["file:///maps/one", "/maps/two"]|one.test two.test
	["one.test /k", "three.test   /k"]|one.test three.test
	{ name = "m"; url = "/maps/one"; }|one.test
	{ urls = ["/maps/one", "/maps/two"]; }|one.test two.test
	{ url = "static"; data = ["two.test /k"]; }|two.test
	END
	for map in "\"http://h/map\"" "[\"/maps/one\", \"https://u:Geheim77@h/map\"]" "{ url = \"regexp;/maps/one\" }" \
	    "{ name = m; }" "[[\"/maps/one\"]]"; do
		echo "$both path_map = $map" >root/etc/rspamd/local.d/dkim_signing.conf
		dump 1 --from rspamd --root root
		has err "root/etc/rspamd: path_map: a map "
		has err "the keys of its domains are missing"
		hasnt err Geheim
	done
	# all maps of the module
	echo "sel.test s2" | place root/maps/selectors
	echo "*@table.test k" | place root/maps/signing
	place root/etc/rspamd/local.d/dkim_signing.conf <<-EOF
	path = "/k"; try_fallback = false;
	selector_map = [ "/maps/selectors" ];
	signing_table = { url = "/maps/signing"; }
	key_table = [ "k table.test:t:/k" ];
	use_vault = true;
	EOF
	dump 1 --from rspamd --root root
	got_are "t table.test rsa-sha256" "s2 sel.test rsa-sha256"
	[ "$(grep -c "missing" err)" = 1 ]
	has err "use_vault: keys in Vault are not read"'
ok 'rspamd: without a configuration the usual path; tables of opendkim' '
	fresh
	key rsa root/var/lib/rspamd/dkim/a.b.test.dkim.key
	dump 0 --root root
	got_are "dkim a.b.test rsa-sha256"
	place root/etc/rspamd/local.d/dkim_signing.conf <<-EOF
	signing_table = "/etc/signing"
	key_table = "/etc/keys";
	try_fallback = no
	EOF
	echo "*@one.test k" | place root/etc/signing
	echo "k one.test:mail:/var/lib/rspamd/dkim/a.b.test.dkim.key" | place root/etc/keys
	dump 0 --root root
	got_are "mail one.test rsa-sha256"'
ok 'rspamd: a condition in Lua, comments after values, the file for all sections' '
	fresh
	place root/etc/rspamd/local.d/dkim_signing.conf <<-EOF
	sign_condition =<<EOD
	return function(task)
	  if x then return { key = "/k", domain = "d.test" } end
	end
	EOD;
	selector = lua # and no other
	EOF
	key rsa root/var/lib/rspamd/dkim/one.test.lua.key
	key rsa root/keys/two.key
	dump 0 --root root
	got_are "lua one.test rsa-sha256"
	place root/etc/rspamd/rspamd.conf.local <<-EOF
	worker { bind_socket = "*:1" }
	dkim_signing {
	  domain { two.test { selector = "s2"; path = "/keys/two.key" } }
	}
	EOF
	dump 0 --root root
	sort got -o got
	got_are "lua one.test rsa-sha256" "s2 two.test rsa-sha256"
	printf "{ [ not read, for want of the section" | place root/etc/rspamd/rspamd.conf.local
	dump 0 --root root
	got_are "lua one.test rsa-sha256"
	printf "a = <<EOD\nb\n" | place root/etc/rspamd/local.d/dkim_signing.conf
	dump 2 --from rspamd --root root
	has err "a text that begins with << and has no end"'
ok 'rspamd: what is not its language is named with the line' '
	fresh
	for text in "domain {" "a = \"b" "domain { x [ }" "} b" "= x"; do
		printf "# first\n%s\n" "$text" | place root/etc/rspamd/local.d/dkim_signing.conf
		dump 2 --from rspamd --root root
		grep -q "dkim_signing.conf: line [23]: " err
	done'
ok 'docker-mailserver: the paths of its container, opendkim and rspamd' '
	fresh
	place dms/opendkim/KeyTable <<-EOF
	mail._domainkey.one.test one.test:mail:/etc/opendkim/keys/one.test/mail.private
	EOF
	echo "*@one.test mail._domainkey.one.test" | place dms/opendkim/SigningTable
	key rsa dms/opendkim/keys/one.test/mail.private
	place dms/rspamd/override.d/dkim_signing.conf <<-EOF
	# documentation: https://rspamd.com/doc/modules/dkim_signing.html
	enabled = true;
	sign_authenticated = true;
	use_domain = "header";
	use_redis = false; # do not change unless Redis also provides the DKIM keys
	use_esld = true;
	check_pubkey = true; # you want to use this in the beginning
	domain {
	    two.test {
	        path = "/tmp/docker-mailserver/rspamd/dkim/rsa-2048-mail-two.test.private.txt";
	        selector = "mail";
	    }
	}
	EOF
	key ed25519 dms/rspamd/dkim/rsa-2048-mail-two.test.private.txt
	dump 0 --from dms dms
	got_are "mail one.test rsa-sha256" "mail two.test ed25519-sha256"
	run 2 dirdump dkim --from dms 2>err
	has err "needs a place"'
ok 'Mail-in-a-Box, Mailu' '
	fresh
	key rsa box/mail/dkim/mail.private
	sqlite3 box/mail/users.sqlite "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL UNIQUE, password TEXT NOT NULL, extra, privileges TEXT NOT NULL DEFAULT \"\");
	    CREATE TABLE aliases (id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL UNIQUE, destination TEXT NOT NULL, permitted_senders TEXT);
	    INSERT INTO users VALUES (1, \"me@one.test\", \"x\", NULL, \"admin\"), (2, \"you@one.test\", \"x\", NULL, \"\");
	    INSERT INTO aliases VALUES (1, \"@two.test\", \"me@one.test\", NULL)"
	dump 0 --from mail-in-a-box box
	got_are "mail one.test rsa-sha256" "mail two.test rsa-sha256"
	key rsa mailu/dkim/one.test.dkim.key
	key ed25519 mailu/dkim/b.two.test.s1.key
	echo x | place mailu/dkim/README
	dump 0 --from mailu mailu
	sort got -o got
	got_are "dkim one.test rsa-sha256" "s1 b.two.test ed25519-sha256"'
ok 'HestiaCP, cPanel' '
	fresh
	key rsa root/home/ann/conf/mail/one.test/dkim.pem
	mkdir -p root/home/ann/conf/mail/two.test root/etc/exim4/domains
	for d in one.test two.test; do
		ln -s "/home/ann/conf/mail/$d" "root/etc/exim4/domains/$d"
	done
	dump 0 -v --root root --from hestiacp
	got_are "mail one.test rsa-sha256"
	has err "two.test: a domain without a key"
	echo x | place root/usr/local/hestia/conf/hestia.conf
	key ed25519 root/var/cpanel/domain_keys/private/three.test
	dump 0 --root root
	got_are "mail one.test rsa-sha256" "default three.test ed25519-sha256"
	dump 0 --from cpanel root/var/cpanel/domain_keys/private
	got_are "default three.test ed25519-sha256"'
ok 'iRedMail: the calls in the configuration of amavis' '
	fresh
	place root/etc/amavis/conf.d/50-user <<-EOF
	use strict;
	\$enable_dkim_signing = 1;
	# dkim_key("off.test", "dkim", "/var/lib/dkim/off.test.pem");
	dkim_key("one.test", "dkim", "/var/lib/dkim/one.test.pem");
	  dkim_key(q
	    , 3);
	dkim_key(
	    '"'two.test', 's2'"', "/var/lib/dkim/two.test.pem", "s=email");
	@dkim_signature_options_bysender_maps = ({ "." => { a => "rsa-sha256" } });
	EOF
	key rsa root/var/lib/dkim/one.test.pem
	key rsa-other root/var/lib/dkim/two.test.pem
	dump 1 --root root
	got_are "dkim one.test rsa-sha256" "s2 two.test rsa-sha256"
	has err "50-user:5: the arguments of dkim_key are not texts"'
ok 'Modoboa, ISPConfig: what the database names' '
	fresh
	sqlite3 modoboa "CREATE TABLE admin_domain (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, name varchar(100) NOT NULL UNIQUE, enabled bool NOT NULL, type varchar(20) NOT NULL, enable_dkim bool NOT NULL, dkim_key_selector varchar(30) NOT NULL, dkim_key_length integer, dkim_public_key text NOT NULL, dkim_private_key_path varchar(254) NOT NULL);
	    INSERT INTO admin_domain VALUES (1, \"one.test\", 1, \"domain\", 1, \"modoboa\", NULL, \"\", \"/keys/one.test.pem\"), (2, \"two.test\", 1, \"domain\", 0, \"modoboa\", NULL, \"\", \"\"), (3, \"three.test\", 1, \"domain\", 1, \"modoboa\", NULL, \"\", \"\")"
	key rsa root/keys/one.test.pem
	dump 1 --from modoboa --root root sqlite:modoboa
	got_are "modoboa one.test rsa-sha256"
	has err "a domain that is to be signed, and has no key"
	sed -n "/^CREATE TABLE mail_domain/,/^)/p" "$fixtures/fieldmap/ispconfig.sql" |
	    sed "s/ENUM([^)]*)/TEXT/; s/UNSIGNED//; s/INT(11)/INTEGER/; s/AUTO_INCREMENT//; s/) DEFAULT CHARSET.*/);/" >schema
	sqlite3 ispconfig <schema
	sqlite3 ispconfig "INSERT INTO mail_domain (domain, dkim, dkim_selector, dkim_private) VALUES (\"one.test\", \"y\", \"default\", CAST(readfile(\"$keys/rsa.pem\") AS TEXT)), (\"two.test\", \"n\", \"default\", \"\")"
	dump 0 --from ispconfig sqlite:ispconfig
	got_are "default one.test rsa-sha256"
	key_of default rsa'

# A Redis with a password, on a port that was free a moment ago: tried again
# where somebody else was faster.
redis_start() {
	for redis_try in 1 2 3 4 5; do
		port=$(free_port)
		redis-server --port "$port" --bind 127.0.0.1 --save "" \
		    --dir "$tmp" --requirepass Geheim77 --daemonize yes \
		    --pidfile "$tmp/redis.pid" --logfile "$tmp/redis.log" >/dev/null
		i=0
		until redis ping 2>/dev/null | grep -q PONG; do
			i=$((i + 1))
			[ "$i" -lt 600 ] || continue 2
			sleep 0.1
		done
		at_exit="$at_exit; redis shutdown nosave; redis_gone"
		return
	done
	echo "Bail out! Redis does not start"
	exit 2
}
redis() {
	REDISCLI_AUTH=Geheim77 redis-cli -p "$port" "$@"
}
redis_gone() {
	i=0
	while [ -e "$tmp/redis.pid" ] && [ "$i" -lt 600 ]; do
		i=$((i + 1))
		sleep 0.1
	done
}
redis_start
ok 'mailcow: the hashes in Redis' '
	fresh
	redis -x HSET DKIM_PRIV_KEYS dkim.one.test <"$keys/rsa-pkcs8.pem"
	redis -x HSET DKIM_PRIV_KEYS s2.two.test <"$keys/rsa-other.pem"
	redis -x HSET DKIM_PRIV_KEYS old.one.test <"$keys/rsa-other.pem"
	redis HSET DKIM_SELECTORS one.test dkim two.test s2 three.test gone
	printf "REDIS_PORT=127.0.0.1:%s\nREDISPASS=Geheim77\n" "$port" | place cow/mailcow.conf
	dump 1 --from mailcow cow
	sort got -o got
	got_are "dkim one.test rsa-sha256" "s2 two.test rsa-sha256"
	key_of dkim rsa
	has err "three.test: there is no key for its selector"
	# the wrong password is said, and not shown
	printf "REDIS_PORT=127.0.0.1:%s\nREDISPASS=falsch-und-lang\n" "$port" | place cow/mailcow.conf
	dump 2 --from mailcow cow
	got_are
	hasnt err falsch
	has err "NOAUTH"
	printf "REDIS_PORT=1\n" | place cow/mailcow.conf
	run 2 dirdump dkim --from mailcow cow >out 2>err
	run 2 dirdump dkim --from mailcow --redis-cli ./not-there cow >out 2>err
	has err "not-there cannot be run"'
ok 'rspamd with Redis: every key of the hash' '
	fresh
	redis -x HSET DKIM_KEYS dkim.a.one.test <"$keys/ed25519.pem"
	place root/etc/rspamd/local.d/dkim_signing.conf <<-EOF
	use_redis = true;
	try_fallback = false;
	servers = "127.0.0.1:$port";
	EOF
	export REDISCLI_AUTH=Geheim77
	dump 0 --root root
	got_are "dkim a.one.test ed25519-sha256"'

ok 'two systems with one key: once; two keys of one name: said' '
	fresh
	place root/etc/opendkim.conf <<-EOF
	Domain one.test
	Selector dkim
	KeyFile /one.private
	EOF
	key rsa root/one.private
	key rsa-pkcs8 root/var/lib/rspamd/dkim/one.test.dkim.key
	dump 0 --root root
	got_are "dkim one.test rsa-sha256"
	key rsa-other root/var/lib/rspamd/dkim/one.test.dkim.key
	dump 1 --root root
	got_are "dkim one.test rsa-sha256"
	has err "dkim._domainkey.one.test: another key of this name is at root/one.private"'
ok 'hostile places: links out, loops, pipes, folders, huge and odd files' '
	fresh
	i=0
	mkdir -p root/keys outside root/keys/folder.test.x.key
	key rsa outside/key
	ln -s "$PWD/outside/key" root/keys/a.test.out.key
	ln -s ../../../../../../outside/key root/keys/a.test.up.key
	ln -s loop.test.x.key root/keys/loop.test.x.key
	ln -s /keys/good root/keys/a.test.inside.key
	key rsa root/keys/good
	mkfifo root/keys/pipe.test.x.key
	ln -s /dev/zero root/keys/zero.test.x.key
	head -c 70000 /dev/zero | tr "\0" A >root/keys/huge.test.x.key
	printf "a\0b" >root/keys/nul.test.x.key
	: >root/keys/empty.test.x.key
	echo Geheim77 >root/keys/text.test.x.key
	key rsa root/keys/a..b.x.key
	key rsa "root/keys/a b.x.key"
	cp "$keys/rsa.pem" "root/keys/-.-.key"
	run 1 timeout 120 dirdump dkim --from mailu --root root /keys >out 2>err
	jq -r "select(.type == \"dkim\") | \"\(.selector) \(.domain)\"" out >got
	got_are "inside a.test"
	for bad in out up loop; do
		grep -q "$bad.* cannot be opened" err
	done
	grep -q "pipe.test: the key file .* is not a file" err
	grep -q "folder.test: the key file .* is not a file" err
	grep -q "huge.test: the key file .* is longer than" err
	hasnt err Geheim77
	keyless err
	jq -se ".[-1].failed >= 10" out'
ok 'no signer at all; a place without its system' '
	fresh
	run 2 dirdump dkim --root root >out 2>err
	has err "no signer is in its usual place"
	run 2 dirdump dkim /etc >out 2>err
	has err "a place without --from"
	run 2 dirdump dkim --from modoboa >out 2>err
	has err "needs a place: the URL of the database"'

ok 'what python3-dkim signs with the old key verifies with the record printed' '
	fresh
	place root/etc/opendkim.conf <<-EOF
	KeyTable /keytable
	EOF
	place root/keytable <<-EOF
	r one.test:r:/r
	o one.test:o:/o
	s one.test:s:/s
	e one.test:e:/e
	EOF
	key rsa root/r
	key rsa-pkcs8 root/o
	key rsa-1024 root/s
	key ed25519 root/e
	run 0 dirdump dkim --dns --root root >zone 2>err
	[ "$(grep -c "_domainkey.one.test. IN TXT ( \"v=DKIM1; k=" zone)" = 4 ]
	# The modulus, in the first lines, is public.
	tail -n +8 "$keys/rsa.pem" | grep -v -e "---" >lines
	not grep -F -f lines zone
	dump 0 --root root
	cat >sign.py <<-EOF
	import base64, dkim, json, re, sys
	zone = {}
	for line in open("zone"):
	    name, rest = line.split(" IN TXT ", 1)
	    zone[name] = "".join(re.findall("\"([^\"]*)\"", rest)).encode()
	    assert all(len(s) <= 255 for s in re.findall("\"([^\"]*)\"", rest))
	text = b"From: a@one.test\r\nTo: b@two.test\r\nSubject: x\r\n\r\nText\r\n"
	seed = open("seed", "rb").read()
	n = 0
	for selector, key, algorithm in (
	        (b"r", open("root/r", "rb").read(), b"rsa-sha256"),
	        (b"o", open("root/o", "rb").read(), b"rsa-sha256"),
	        (b"s", open("root/s", "rb").read(), b"rsa-sha256"),
	        (b"e", base64.b64encode(seed), b"ed25519-sha256")):
	    signed = dkim.sign(text, selector, b"one.test", key,
	                       signature_algorithm=algorithm,
	                       include_headers=[b"from", b"to", b"subject"]) + text
	    look = lambda name, timeout=5: zone.get(
	        name.decode() if isinstance(name, bytes) else name)
	    assert dkim.verify(signed, dnsfunc=look), selector
	    assert not dkim.verify(signed.replace(b"Text", b"text"), dnsfunc=look)
	    others = dict(zone)
	    zone[selector.decode() + "._domainkey.one.test."] = others[
	        ("o" if selector != b"o" else "s") + "._domainkey.one.test."]
	    wrong = dkim.verify(signed, dnsfunc=look)
	    assert selector in (b"r",) or not wrong, selector
	    zone = others
	    n += 1
	print(n, "verified")
	EOF
	openssl pkey -in root/e -outform der | tail -c 32 >seed
	/usr/bin/python3 sign.py >verified
	has verified "4 verified"'
done_testing
