#!/bin/sh
# dirdump dovecot against the Dovecot that it asks: for every user the password
# lets in, or not, and the home and quota are those of the server. Only its auth
# service runs, over sockets in the scratch folder.
. "${0%/*}/lib.sh"
. "$top/t/dovecot.sh"

# serve NAME <DATABASES: starts a Dovecot; its settings go to NAME/saved.
serve() {
	{
		cat <<-END
		plugin {
		  quota_rule = *:storage=3G
		  quota_rule2 = Trash:storage=+100M
		}
		END
		cat
	} >settings
	start_dovecot "$1" <settings
	doveconf -c "$conf" -nP >"$1/saved"
}

{
	echo "ann@one.test:$(crypt SHA512-CRYPT a1):$ids::$tmp/home/ann::userdb_quota_rule=*:storage=1G"
	echo "bob@one.test:$(crypt SHA512-CRYPT b1 | sed 's/.*}//'):$ids::$tmp/home/bob::"
	echo "off@one.test:{PLAIN}o1:$ids::$tmp/home/off::"
	echo "nologin@one.test:{PLAIN}n1:$ids::$tmp/home/n::nologin"
	echo "none@one.test::$ids::$tmp/home/none::userdb_quota_rule=*:bytes=5000000"
	echo "half@one.test:{PLAIN}h1:5000"
	echo "UPPER@one.test:{PLAIN}u1:$ids::$tmp/home/upper::"
} >users
echo off@one.test >deny
echo "late@one.test:{PLAIN}l2" >second
echo "late@one.test:{PLAIN}no:$ids::$tmp/home/late" >late
echo 'admin:{PLAIN}m' >masters
mkdir dom dom/one.test dom/two.test
echo "ann:$(crypt SSHA512 one):$ids::$tmp/home/%d/ann::userdb_quota_rule=*:storage=7M" >dom/one.test/passwd
echo "ann:$(crypt BLF-CRYPT two):$ids::$tmp/home/two::" >dom/two.test/passwd
chmod -R a+rX users deny second late masters dom

serve plain <<END
passdb {
  driver = passwd-file
  deny = yes
  args = $tmp/deny
}
passdb {
  driver = passwd-file
  master = yes
  args = $tmp/masters
}
passdb {
  driver = passwd-file
  args = scheme=CRYPT username_format=%Lu $tmp/users
}
passdb {
  driver = passwd-file
  args = $tmp/second
}
userdb {
  driver = passwd-file
  args = $tmp/users
}
userdb {
  driver = passwd-file
  args = $tmp/late
  override_fields = home=$tmp/home/%d/%n quota_rule=*:storage=9M
}
END
ok 'passwd-files, deny, master, a second database' '
	run 1 dirdump-dovecot -c plain/saved >out 2>err
	everybody <<-END
	ann@one.test a1
	bob@one.test b1
	off@one.test o1
	nologin@one.test n1
	none@one.test x
	late@one.test l2
	END'
ok 'who is listed and not found is named' '
	has err "users:6: half@one.test: a listed name that the server does not find"
	has err "users:7: upper@one.test: a listed name that the server does not find"
	has err "because of its capitals"
	for user in half@one.test UPPER@one.test upper@one.test; do
		not doveadm -c "$conf" user "$user"
	done
	tail -n 1 out >last
	has last "\"type\":\"end\""'
ok 'the same from the program doveconf' '
	mkdir bin
	printf "#!/bin/sh\nexec %s -c %s \"\$@\"\n" "$(command -v doveconf)" "$conf" >bin/doveconf
	printf "#!/bin/sh\nexit 1\n" >bin/postconf
	chmod +x bin/*
	mkdir pf
	PATH=$tmp/bin:$PATH
	run 2 dirdump-dovecot --postfix pf >direct 2>err
	has err "postconf failed with status 1"
	hasnt direct "\"end\""
	printf "#!/bin/sh\n" >bin/postconf
	run 1 dirdump-dovecot >direct 2>err
	same out direct'

serve perdomain <<END
passdb {
  driver = passwd-file
  args = username_format=%n $tmp/dom/%d/passwd
}
userdb {
  driver = passwd-file
  args = username_format=%n $tmp/dom/%d/passwd
}
END
ok 'a file for each domain' '
	run 0 dirdump-dovecot -c perdomain/saved >out 2>err
	everybody <<-END
	ann@one.test one
	ann@two.test two
	END
	not may_login ann@two.test one'

serve static <<END
passdb {
  driver = passwd-file
  args = $tmp/users
}
userdb {
  driver = static
  args = uid=${ids%:*} gid=${ids#*:} home=$tmp/home/%Ln.%Ud quota_rule=*:storage=12M
}
END
ok 'a static userdb: the users are those of the passdb' '
	run 0 dirdump-dovecot -c static/saved >out 2>err
	for user in "ann@one.test a1" "bob@one.test b1" "half@one.test h1"; do
		agrees ${user% *} ${user#* }
	done'

ok 'what cannot be listed is named' '
	for driver in pam lua passwd checkpassword; do
		sed "s/driver = static/driver = $driver/" static/saved >other
		run 1 dirdump-dovecot -c other >out 2>err
		has err "userdb 1 ($driver): the driver \"$driver\" cannot be listed"
		sed "s/driver = passwd-file/driver = $driver/" static/saved >other
		run 1 dirdump-dovecot -c other >out 2>err
		has err "passdb 1 ($driver): the driver \"$driver\" cannot be listed"
	done'
ok 'files that are not there, or not what doveconf prints' '
	sed "s,$tmp/users,$tmp/nowhere," static/saved >other
	run 2 dirdump-dovecot -c other >out 2>err
	has err "nowhere"
	hasnt out "\"end\""
	run 2 dirdump-dovecot -c nowhere >out 2>err
	not [ -s out ]
	sed "\$d" static/saved >cut
	run 2 dirdump-dovecot -c cut >out 2>err
	has err "the text ends within the block of line"
	echo nonsense >>static/saved
	run 2 dirdump-dovecot -c static/saved >out 2>err
	has err "not what doveconf prints"
	sed -i "\$d" static/saved
	run 2 dirdump-dovecot -c static/saved >/dev/full 2>err'
ok 'a dovecot.conf is read by doveconf' '
	run 0 dirdump-dovecot -q -c static/saved >want
	run 0 dirdump-dovecot -q -c "$tmp/static/dovecot.conf" >got
	same want got
	sed 1d static/saved >headless
	run 0 dirdump-dovecot -q -c headless >got
	same want got
	echo nonsense >>headless
	run 2 dirdump-dovecot -c headless >out 2>err
	not [ -s out ]'
ok 'a text with a hidden password is refused' '
	sed "s/^passdb {/&\n  password = # hidden, use -P to show it/" static/saved >other
	run 2 dirdump-dovecot -c other >out 2>err
	has err "doveconf -nP"
	not [ -s out ]'
ok 'no message holds a password' '
	for saved in plain static perdomain; do
		dirdump-dovecot -vv -c $saved/saved 2>>all.err >/dev/null || :
	done
	for password in a1 o1 n1 h1 u1 l2; do
		hasnt all.err "{PLAIN}$password"
	done
	hasnt all.err "\$6\$"'

for user in "ann /h/ann" "info /h/ann" "off /h/ann" "bob /h/bob" "sales /h/sales maildir:/h/bob/M" \
    "team /h/team maildir:/h/bob/M"; do
	# shellcheck disable=SC2086
	set -- $user
	pw="{PLAIN}x"
	[ "$1" != off ] || pw=
	echo "$1@one.test:$pw:$ids::$2::${3:+userdb_mail=$3}"
done >mates
chmod a+r mates
serve shared <<END
passdb {
  driver = passwd-file
  args = $tmp/mates
}
userdb {
  driver = passwd-file
  args = $tmp/mates
}
END
ok 'accounts with one mailbox are named' '
	run 0 dirdump-dovecot -c "$conf" >out 2>err
	sed -n "s/.*\"type\":\"note\",.*\"what\":\"\([^\"]*\)\".*mailbox of \([^:]*\):.*/\1 \2/p" out >got
	printf "%s\n" "info@one.test ann@one.test" "team@one.test sales@one.test" >want
	same want got
	for user in ann info; do
		doveadm -c "$conf" user -f home "$user@one.test"
	done | uniq >homes
	[ "$(wc -l <homes)" -eq 1 ]'

printf '%s:{PLAIN}x\n' xyann@mail.one.test a@b.test >widths
chmod a+r widths
serve widths.of <<END
passdb {
  driver = passwd-file
  args = $tmp/widths
}
userdb {
  driver = static
  args = uid=1000 gid=1000 home=/%-2n/%-3d/%1.-2n/%-1.-2n/%0.-1n/%03Mu/%03n/%2.03n/%.2n/%2.n/%-02n/%1.0-2n/%08.16Hu/%04Xn/%-2.2n
}
END
ok 'widths and offsets of variables, in every form' '
	run 0 dirdump-dovecot -c "$conf" >out 2>err
	for user in xyann@mail.one.test a@b.test; do
		doveadm -c "$conf" user -f home "$user" >want
		member "$user" home >got
		same want got
	done'

done_testing
