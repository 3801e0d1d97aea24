#!/bin/sh
# The users of a system: passwd and shadow, and BSD's master.passwd.
. "${0%/*}/lib.sh"
. "$top/t/source.sh"
tool=dirdump-shadow

cat >passwd <<-\END
root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
ann:x:1000:1000:Ann Example,,,:/home/ann:/bin/bash
bob:x:1001:1001::/home/bob:/usr/sbin/nologin
cid:x:1002:1002::/home/cid:/bin/sh
dot:x:1003:1003::/home/dot:/bin/sh
eve:x:1004:1004::/home/eve:/bin/sh
fay:$6$Zx$own:1005:1005::/home/fay:/bin/sh
gil:x:1006:1006::/home/gil:/bin/sh
hal:x:1007:1007::/home/hal:/bin/sh
END
cat >shadow <<-\END
root:$6$Zx$root:19000:0:99999:7:::
ann:$y$j9T$Zx$hash:19000:0:99999:7:::
bob:!$6$Zx$hash:19000:0:99999:7:::
cid:*:19000:0:99999:7:::
dot:!!:19000:0:99999:7:::
eve:$6$Zx$hash:19000:0:99999:7::10000:
gil::19000:0:99999:7:::
hal:$6$Zx$hash:19000:0:99999:7::999999:
END

ok 'the users, their hashes, and who cannot log in' '
	dump 0 --domain Example.org passwd shadow
	sed -n "s/.*\"type\":\"account\",\(.*\),\"origin.*/\1/p" out >got
	cat >want <<-\END
	"address":"ann@example.org","logins":["ann"],"name":"Ann Example","secret":"$y$j9T$Zx$hash","default_scheme":"CRYPT","active":true,"receive":true,"home":"/home/ann","uid":1000,"gid":1000
	"address":"bob@example.org","logins":["bob"],"secret":"!$6$Zx$hash","default_scheme":"CRYPT","active":false,"receive":true,"home":"/home/bob","uid":1001,"gid":1001
	"address":"cid@example.org","logins":["cid"],"secret":"*","default_scheme":"CRYPT","active":false,"receive":true,"home":"/home/cid","uid":1002,"gid":1002
	"address":"dot@example.org","logins":["dot"],"secret":"!!","default_scheme":"CRYPT","active":false,"receive":true,"home":"/home/dot","uid":1003,"gid":1003
	"address":"eve@example.org","logins":["eve"],"secret":"$6$Zx$hash","default_scheme":"CRYPT","active":false,"receive":true,"home":"/home/eve","uid":1004,"gid":1004
	"address":"fay@example.org","logins":["fay"],"secret":"$6$Zx$own","default_scheme":"CRYPT","active":true,"receive":true,"home":"/home/fay","uid":1005,"gid":1005
	"address":"gil@example.org","logins":["gil"],"active":false,"receive":true,"home":"/home/gil","uid":1006,"gid":1006
	"address":"hal@example.org","logins":["hal"],"secret":"$6$Zx$hash","default_scheme":"CRYPT","active":true,"receive":true,"home":"/home/hal","uid":1007,"gid":1007
	END
	same want got
	has err "left out: a user of the system, by the user id: 3 lines"
	has out "\"origin\":\"shadow:passwd:4\""
	has out "{\"v\":1,\"type\":\"end\",\"count\":9,\"source\":\"shadow\"}"'
ok 'the day of expiry is the first day without the account' '
	today=$(($(date +%s) / 86400))
	printf "%s\n" "a:x:1000:1000:::" "b:x:1001:1001:::" >p
	printf "%s\n" "a:\$6\$Zx\$h:1::::: $today:" "b:\$6\$Zx\$h:1:::::$((today + 2)):" | tr -d " " >s
	dump 0 --domain one.test p s
	grep -c "\"active\":true" out >got
	[ "$(grep account out | grep -c "\"active\":true")" -eq 1 ]
	grep b@one.test out | grep -q "\"active\":true"'
ok 'who could change an old password for too long is no user any more' '
	today=$(($(date +%s) / 86400))
	printf "u%s:x:100%s:1000:::\n" 1 1 2 2 3 3 4 4 >p
	printf "%s\n" "u1:h:$((today - 100)):0:90:7:9::" "u2:h:$((today - 99)):0:90:7:9::" \
	    "u3:h:$((today - 100)):0:90:7:::" "u4:h:$((today - 100)):0::7:9::" |
	    sed "s/:h:/:\$6\$Zx\$h:/" >s
	dump 0 --domain one.test p s
	sed -n "s/.*\"address\":\"\(u.\).*\"active\":\([a-z]*\).*/\1 \2/p" out >got
	printf "%s\n" "u1 false" "u2 true" "u3 true" "u4 true" >want
	same want got'
ok 'who is left out by the usual limits and has a password is named' '
	printf "%s:x:%s:100:::\n" root 0 low 999 locked 998 none 997 high 60001 \
	    gone 60002 >p
	{
		printf "%s:\$6\$Zx\$h:19000:0:99999:7:::\n" root low high
		echo "locked:!\$6\$Zx\$h:19000:0:99999:7:::"
		echo "gone:\$6\$Zx\$h:19000:0:99999:7::10000:"
	} >s
	dump 1 --domain one.test p s
	has err "p:2: low@one.test: a user with a password is left out, by the user id: see --min-uid and --max-uid"
	has err "p:5: high@one.test: a user with a password"
	has err "left out: a user of the system, by the user id: 4 lines"
	has out "\"failed\":2"
	dump 0 --domain one.test --min-uid 1000 --max-uid 60000 p s
	has err "left out: a user of the system, by the user id: 6 lines"
	dump 0 --domain one.test --min-uid 999 --max-uid 60001 p s
	[ "$(grep -c "\"type\":\"account\"" out)" -eq 2 ]
	printf "%s\n" "l@one.test low" >virtual
	dump 1 --virtual virtual p s
	has err "p:2: l@one.test: a user with a password is left out"
	has err "left out: a user without an address: 1 line"'
ok 'the limits of user ids' '
	dump 0 --domain one.test --min-uid 1002 --max-uid 1003 passwd shadow
	sed -n "s/.*\"address\":\"\([^\"]*\)\".*/\1/p" out >got
	printf "%s\n" cid@one.test dot@one.test >want
	same want got
	dump 0 --domain one.test --min-uid 0 --max-uid 0 passwd shadow
	grep root@one.test out | grep -q "\"active\":false"
	dump 2 --domain one.test --min-uid x passwd
	has err "$tool: --min-uid: \"x\" is not a number"'
ok 'master.passwd of a BSD system' '
	cat >master <<-\END
	# $FreeBSD$
	root:$6$Zx$root:0:0::0:0:Charlie &:/root:/bin/sh
	ann:$6$Zx$hash:1001:1001:staff:0:0:Ann Example:/home/ann:/bin/sh
	bob:*LOCKED*$6$Zx$hash:1002:1002::0:0:Bob:/home/bob:/bin/sh
	cid:$6$Zx$hash:1003:1003::0:100000000:Cid:/home/cid:/bin/sh
	dot:$6$Zx$hash:1004:1004::0:99999999999:Dot:/home/dot:/bin/sh
	END
	dump 0 -q --domain one.test master
	sed -n "s/.*\"type\":\"account\",\(.*\),\"receive.*\(,\"home.*\),\"origin.*/\1\2/p" out >got
	cat >want <<-\END
	"address":"ann@one.test","logins":["ann"],"name":"Ann Example","secret":"$6$Zx$hash","default_scheme":"CRYPT","active":true,"home":"/home/ann","uid":1001,"gid":1001
	"address":"bob@one.test","logins":["bob"],"name":"Bob","secret":"*LOCKED*$6$Zx$hash","default_scheme":"CRYPT","active":false,"home":"/home/bob","uid":1002,"gid":1002
	"address":"cid@one.test","logins":["cid"],"name":"Cid","secret":"$6$Zx$hash","default_scheme":"CRYPT","active":false,"home":"/home/cid","uid":1003,"gid":1003
	"address":"dot@one.test","logins":["dot"],"name":"Dot","secret":"$6$Zx$hash","default_scheme":"CRYPT","active":true,"home":"/home/dot","uid":1004,"gid":1004
	END
	same want got'
ok 'bad lines are named, and the rest is read' '
	cat >p <<-\END
	ann:x:1000:1000:::
	bob:x:1001
	cid:$6$Zx:1002:1002:y:0:0::::
	+nis:::::
	dot:x:z:1:::
	eve:x:1004:1004:::
	END
	printf "%s\n" "ann:\$6\$Zx\$h:::::::" "short:Zx:1" >s
	dump 1 --domain one.test p s
	cat >want <<-END
	$tool: s:2: not the nine fields of shadow(5)
	$tool: p:2: not the seven fields of passwd(5), nor the ten of master.passwd(5)
	$tool: p:3: not the seven fields of passwd(5), nor the ten of master.passwd(5)
	$tool: p:4: users of NIS are not listed here
	$tool: p:5: the third field is not a user id
	$tool: p:6: the user has no shadow entry
	END
	same want err
	has out ann@one.test
	has out "\"type\":\"end\""'
ok 'Virtualmin: addresses from the table of virtual users' '
	cat >passwd.v <<-\END
	one:x:1000:1000:Owner:/home/one:/bin/sh
	ann-one.test:x:1001:1000:Ann:/home/one/homes/ann:/bin/sh
	bob.one:x:1002:1000:Bob:/home/one/homes/bob:/bin/sh
	web:x:1003:1003:Web:/home/web:/bin/sh
	END
	for user in one ann-one.test bob.one web; do
		printf "%s:\$6\$Zx\$%s:19000:0:99999:7:::\n" $user $user
	done >shadow.v
	cat >virtual.v <<-\END
	# Virtualmin
	one.test	one.test
	info@one.test	ann-one.test
	ann@one.test	ann-one.test
	bob@one.test	\bob.one, b@away.test
	robert@one.test	bob.one
	team@one.test	ann-one.test, bob.one, x@away.test
	@two.test	@one.test
	one@one.test	one
	END
	dump 0 -v --virtual virtual.v passwd.v shadow.v
	cut -d: -f1-3 virtual.v >/dev/null
	sed "s/,\"origin\":\"[^\"]*\"//; s/\"secret\":\"[^\"]*\",//" out >got
	cat >want <<-\END
	{"v":1,"type":"domain","domain":"one.test","active":true,"aliases":["two.test"]}
	{"v":1,"type":"account","address":"one@one.test","logins":["one"],"name":"Owner","default_scheme":"CRYPT","active":true,"receive":true,"home":"/home/one","uid":1000,"gid":1000}
	{"v":1,"type":"account","address":"ann@one.test","logins":["ann-one.test"],"name":"Ann","default_scheme":"CRYPT","active":true,"receive":true,"home":"/home/one/homes/ann","uid":1001,"gid":1000}
	{"v":1,"type":"account","address":"robert@one.test","logins":["bob.one"],"name":"Bob","default_scheme":"CRYPT","active":true,"receive":true,"home":"/home/one/homes/bob","uid":1002,"gid":1000}
	{"v":1,"type":"alias","address":"info@one.test","targets":["ann@one.test"],"active":true}
	{"v":1,"type":"alias","address":"bob@one.test","targets":["robert@one.test","b@away.test"],"active":true}
	{"v":1,"type":"alias","address":"team@one.test","targets":["ann@one.test","robert@one.test","x@away.test"],"active":true}
	{"v":1,"type":"end","count":7,"source":"shadow"}
	END
	same want got
	has err "left out: a user without an address"
	dump 0 -q -d host.test --virtual virtual.v passwd.v shadow.v
	has out "\"address\":\"web@host.test\""'
ok 'the system itself' '
	if [ -r /etc/shadow ]; then
		run 0 $tool -q --domain one.test --min-uid 0 >out
		has out "\"origin\":\"shadow:/etc/passwd:1\""
	fi'
ok 'a domain is needed, and files that can be read' '
	dump 2 passwd shadow
	has err "give --domain"
	dump 2 --domain one.test passwd no-such
	has err "$tool: no-such: cannot be opened"
	hasnt out "\"type\":\"end\""
	dump 2 --domain one.test no-such
	dump 2 --domain one.test a b c
	run 2 $tool --domain one.test passwd shadow >/dev/full'

ok 'a .forward in a home is named' '
	mkdir -p root/etc root/home/ann root/home/cid
	cp passwd shadow root/etc
	echo ext@other.test >root/home/ann/.forward
	: >root/home/cid/.forward
	dump 0 --domain one.test --root root
	[ "$(grep -c "\"type\":\"note\"" out)" -eq 1 ]
	has out "\"what\":\"/home/ann/.forward\",\"text\":\"says where the mail of its owner goes; not carried\""'

done_testing
