#!/bin/sh
# dirdump-collect and --root: what is read from the tar of a host, or from its
# files in a folder, is what is read on the host itself.
. "${0%/*}/lib.sh"
. "$top/t/dovecot23.sh"
need postconf postfix
need postmap postfix
need sqlite3
need busybox
need tar

collect=$top/scripts/dirdump-collect

# same_as_here NAME COMMAND...: with --root each way, the records and the messages
# are those without.
same_as_here() {
	name=$1
	shift
	code=0
	"$@" >"$name.out" 2>"$name.err" || code=$?
	[ -s "$name.out" ]
	for root in all.tar unpacked; do
		run $code "$@" --root "$root" >"$name.root" 2>"$name.root.err"
		same "$name.out" "$name.root"
		same "$name.err" "$name.root.err"
	done
	echo "$code" >"$name.code"
}

# --- a host with a bit of everything ---

mkdir pf etc dom dom/one.test dom/two.test include
{
	echo "ann@one.test:{PLAIN}ann secret:mail:mail::/h/ann::userdb_quota_rule=*:storage=1G"
	echo "bob@one.test:{SSHA256}x:5000:5000::/h/bob::"
	echo "odd@one.test:{PLAIN}o:nosuchuser:mail::/h/odd::"
} >users
echo bob@one.test >deny
echo 'zoe:{PLAIN}z1:5000:5000::/h/zoe::' >dom/one.test/passwd
echo 'zoe:{PLAIN}z2:5000:5000::/h/zoe2::' >dom/two.test/passwd
sqlite3 m.sqlite "CREATE TABLE u (address, password, quota, active);
INSERT INTO u VALUES ('sue@sql.test', '{PLAIN}s1', 1048576, 1), ('off@sql.test', '{PLAIN}s2', 0, 0);
CREATE TABLE a (source, target); INSERT INTO a VALUES ('sales@sql.test', 'sue@sql.test'), ('sales@sql.test', 'x@ext.test');"
cat >m.ext <<END
driver = sqlite
!include include/secret.ext
password_query = SELECT address AS user, password FROM u \\
  WHERE address = '%u' AND active = 1
user_query = SELECT '/h/%u' AS home, 5000 AS uid, 5000 AS gid, '*:bytes=' || quota AS quota_rule \\
  FROM u WHERE address = '%u'
iterate_query = SELECT address AS user FROM u
END
echo "connect = $tmp/m.sqlite" >include/secret.ext
cat >dovecot.conf <<END
passdb {
  driver = passwd-file
  deny = yes
  args = $tmp/deny
}
passdb {
  driver = passwd-file
  args = scheme=CRYPT username_format=%u $tmp/users
}
passdb {
  driver = passwd-file
  args = username_format=%n $tmp/dom/%d/passwd
  result_success = return
}
passdb {
  driver = sql
  args = $tmp/m.ext
}
passdb {
  driver = pam
}
userdb {
  driver = passwd-file
  args = $tmp/users
}
userdb {
  driver = passwd-file
  args = username_format=%n $tmp/dom/%d/passwd
}
userdb {
  driver = sql
  args = $tmp/m.ext
}
ssl_key = <$tmp/key.pem
ssl = no
END
echo 'PRIVATE KEY' >key.pem
cp /etc/postfix/dynamicmaps.cf pf 2>/dev/null || :
: >pf/master.cf
echo host.test >mailname
cat >pf/main.cf <<END
compatibility_level = 3.6
myorigin = $tmp/mailname
mydestination = \$myorigin, localhost
alias_maps = hash:$tmp/pf/aliases
virtual_alias_maps = hash:$tmp/pf/virtual, proxy:texthash:$tmp/pf/text
 lmdb:$tmp/pf/more regexp:$tmp/pf/re proxy:sqlite:$tmp/pf/a.cf
virtual_alias_domains = alias.test, three.test, $tmp/pf/names
virtual_mailbox_domains = $tmp/pf/domains texthash:$tmp/pf/two
virtual_mailbox_maps = texthash:$tmp/pf/boxes
virtual_mailbox_base = /srv/mail
recipient_delimiter = +
sender_canonical_maps = hash:$tmp/pf/canonical
END
printf 'info@one.test\tann@one.test, ext@example.com\n@alias.test\t@one.test\n' >pf/virtual
printf '@three.test\tann\n' >pf/text
echo 'list@one.test ann@one.test bob@one.test' >pf/more
printf 'box@two.test two/box/\n' >pf/boxes
printf '/^x/ ann@one.test\n' >pf/re
printf 'dbpath = %s\nquery = SELECT target FROM a WHERE source = '"'%%s'"'\n' "$tmp/m.sqlite" >pf/a.cf
printf '# those of files\none.test\n%s\nsql.test\n' "$tmp/pf/domains2" >pf/domains
printf 'texthash:%s\n' "$tmp/pf/two2" >pf/domains2
echo 'two.test anything' >pf/two
echo 'deep.test anything' >pf/two2
printf 'root: ann\nteam: ":include:%s"\n' "$tmp/pf/team" >pf/aliases
printf 'ann\n:include:%s\n' "$tmp/pf/team2" >pf/team
echo x@ext.test >pf/team2
echo four.test >pf/names
for table in hash:pf/virtual lmdb:pf/more; do
	postmap -c pf "$table" || skip_all "postmap cannot make a table $table (Debian: postfix-lmdb)"
done
postalias -c pf hash:pf/aliases
mkdir dms
cp -R "$fixtures/demo/dms/." dms
mkdir dms/sieve-pipe
echo 'keep;' >dms/sam@shop.test.dovecot.sieve
echo x >dms/sieve-pipe/y
echo 'always_bcc = x@ext.test' >dms/postfix-main.cf

# Those that any machine of the tests has, and others where they are.
ok 'it gathers the same in dash, bash, busybox and other shells' '
	for shell in dash bash "bash --posix" "busybox sh" mksh lksh yash \
	    "yash --posixly-correct"; do
		name=$(echo "$shell" | tr -d " -")
		command -v "${shell%% *}" >/dev/null || continue
		run 0 $shell -s -- -c "$tmp/dovecot.conf" -P "$tmp/pf" dms \
		    <"$collect" >"$name.tar" 2>"$name.err"
		tail -n 1 "$name.err" | has /dev/stdin "files, "
		tar tf "$name.tar" | sort >"$name.list"
		same dash.list "$name.list"
		# postconf says its own number.
		tar xOf "$name.tar" | grep -av "^process_id = " | cksum >"$name.sum"
		same dash.sum "$name.sum"
	done
	[ -s dash.list ]
	tar tvf dash.tar | grep -v "^-rw------- " >modes || :
	not [ -s modes ]
	cp dash.tar all.tar
	mkdir unpacked
	tar xf all.tar -C unpacked'
ok 'it leaves private keys where they are, and writes nothing' '
	hasnt dash.list key.pem
	not grep -q "PRIVATE KEY" all.tar
	find "$tmp/pf" "$tmp/dom" "$tmp/dms" | sort >before
	mkdir empty
	TMPDIR=$tmp/empty run 0 dash "$collect" -c "$tmp/dovecot.conf" -P "$tmp/pf" >again.tar 2>/dev/null
	find "$tmp/pf" "$tmp/dom" "$tmp/dms" | sort >after
	same before after
	[ -z "$(ls -A empty)" ]'
ok 'dirdump dovecot' '
	same_as_here dovecot dirdump dovecot -d host.test -c "$tmp/dovecot.conf" --postfix "$tmp/pf"
	has dovecot.out "\"address\":\"zoe@two.test\""
	has dovecot.out "\"address\":\"sue@sql.test\""
	has dovecot.out "\"address\":\"team@host.test\",\"targets\":[\"ann@one.test\",\"x@ext.test\"]" ||
	    has dovecot.out "team@host.test"
	has dovecot.out "sqlite:m.sqlite"'
ok 'dirdump postfix' '
	same_as_here postfix dirdump postfix -v -c "$tmp/pf"
	for name in deep.test two.test four.test; do
		has postfix.out "\"domain\":\"$name\""
	done
	has postfix.out "\"address\":\"sales@sql.test\""
	has postfix.out "x@ext.test"'
ok 'dirdump passwd-file, with names of users and a path for all domains' '
	same_as_here passwd dirdump passwd-file -v --deny "$tmp/deny" "$tmp/users" "$tmp/dom/%d/passwd"
	has passwd.out "zoe@two.test"
	has passwd.out "\"uid\":8"'
ok 'a path has blanks, commas, quotes and @ in it' '
	mkdir "odd dir" "odd dir/one.test"
	sqlite3 "odd dir/a b, c.db" "CREATE TABLE u (a, p);
	    INSERT INTO u VALUES (\"sue@one.test\", \"{PLAIN}s\")"
	{
		echo "driver = sqlite"
		echo "connect = $tmp/odd dir/a b, c.db"
		echo "password_query = SELECT p AS password FROM u WHERE a = \"%u\""
		echo "iterate_query = SELECT a AS user FROM u"
	} >"odd dir/users @ home.ext"
	for name in "dash:it'"'"'s,one  @ home" "bash:end " "busybox sh:a # b"; do
		shell=${name%%:*} name=${name#*:}
		echo "ann@one.test:{PLAIN}a:1000:1000::/h::" >"odd dir/$name"
		echo "bob:{PLAIN}b:1000:1000::/h::" >"odd dir/one.test/$name"
		cat >odd.conf <<-END
		ssl = no
		passdb {
		  driver = passwd-file
		  args = "username_format=%u $tmp/odd dir/$name"
		}
		passdb {
		  driver = passwd-file
		  args = "username_format=%n $tmp/odd dir/%d/$name"
		}
		passdb {
		  driver = sql
		  args = $tmp/odd dir/users @ home.ext
		}
		userdb {
		  driver = static
		  args = uid=1000 gid=1000 home=/h/%u
		}
		END
		run 0 dirdump-dovecot -v -c "$tmp/odd.conf" >here 2>here.err
		for user in ann bob sue; do
			has here "$user@one.test"
		done
		run 0 $shell "$collect" -c "$tmp/odd.conf" -P "$tmp/pf" >odd.tar
		run 0 dirdump-dovecot -v -c "$tmp/odd.conf" --root odd.tar >there 2>there.err
		same here there
		same here.err there.err
	done'
ok 'dirdump shadow' '
	same_as_here shadow dirdump shadow -d host.test --min-uid 0'
ok 'dirdump dms' '
	same_as_here dms dirdump dms -d host.test "$tmp/dms"
	for text in "\"scripts\":" always_bcc sieve-pipe/y; do
		has dms.out "$text"
	done'
ok 'the tar may come over standard input' '
	run "$(cat postfix.code)" dirdump postfix -v -c "$tmp/pf" --root - <all.tar >out 2>err
	same postfix.out out'
ok 'what is not there is named' '
	mkdir nothing
	run 2 dirdump dovecot --root nothing >out 2>err
	has err "run dirdump-collect there"
	run 2 dirdump dovecot --root nowhere >out 2>err
	has err "nowhere: No such file or directory"
	run 2 dirdump dovecot --root "$top/README.md" >out 2>err
	has err "neither a folder nor a tar"
	gzip -c all.tar >all.tar.gz
	run 2 dirdump dovecot --root all.tar.gz >out 2>err
	has err "gzip -d"
	head -c 3000 all.tar >cut.tar
	run 2 dirdump dovecot --root cut.tar >out 2>err
	has err "not a whole tar"'
ok '/etc/shadow is gathered where a passdb asks it, or with -S' '
	for drivers in "passwd-file passwd" "shadow static" "pam passwd"; do
		printf "passdb {\n  driver = %s\n}\nuserdb {\n  driver = %s\n}\nssl = no\n" \
		    $drivers >of.conf
		dash "$collect" -c "$tmp/of.conf" -P "$tmp/pf" >of.tar
		tar tf of.tar | grep -c "^etc/shadow\$" || :
	done >got
	sed -i "s/passdb {/&\n  args = x/; s/= pam/= passwd-file/" of.conf
	dash "$collect" -S -c "$tmp/of.conf" -P "$tmp/pf" >of.tar
	tar tf of.tar | grep -c "^etc/shadow\$" >>got
	printf "%s\n" 0 1 1 1 >want
	same want got'
ok 'what is unpacked does not stay' '
	mkdir scratch
	TMPDIR=$tmp/scratch run 0 dirdump shadow --root all.tar -d host.test >out 2>err
	[ -z "$(ls -A scratch)" ]'

# --- servers ---

cat >net.conf <<END
passdb {
  driver = sql
  args = $tmp/net.ext
}
userdb {
  driver = static
  args = uid=5000 gid=5000 home=/h/%u
}
ssl = no
END
cat >net.ext <<END
driver = pgsql
connect = host=localhost dbname=nosuchdatabase user=nobody password=topsecret
password_query = SELECT address AS user, password FROM u WHERE address = '%u'
iterate_query = SELECT address AS user FROM u
END
ok 'a database on the host itself is not looked for on this machine' '
	run 0 dash "$collect" -c "$tmp/net.conf" -P "$tmp/pf" >net.tar 2>err
	run 2 dirdump dovecot -c "$tmp/net.conf" --root net.tar >out 2>err
	has err "--host-map localhost="
	hasnt err topsecret'
ok 'with --host-map it is reached where that says' '
	run 75 dirdump dovecot -c "$tmp/net.conf" --root net.tar --host-map localhost=127.0.0.1:1 >out 2>err
	has err "port 1"
	hasnt err topsecret
	run 2 dirdump dovecot -c "$tmp/net.conf" --root net.tar --host-map localhost >out 2>err
	has err "not OLD=NEW"'

ok 'a link to itself does not lead to the file of this machine' '
	cp -a unpacked loop
	ln -sf m.sqlite "loop$tmp/m.sqlite"
	run 2 dirdump dovecot -c "$tmp/dovecot.conf" --root loop >out 2>err
	hasnt out sue@sql.test
	has err "m.sqlite: unable to open database file"'
ok 'the files of this machine are not looked at' '
	mkdir away
	mv pf dom dms users deny m.sqlite m.ext include dovecot.conf mailname away
	run "$(cat dovecot.code)" dirdump dovecot -d host.test -c "$tmp/dovecot.conf" \
	    --postfix "$tmp/pf" --root all.tar >out 2>err
	same dovecot.out out
	same dovecot.err err
	run "$(cat dms.code)" dirdump dms -d host.test "$tmp/dms" --root unpacked >out 2>err
	same dms.out out'

done_testing
