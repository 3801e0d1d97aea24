#!/bin/sh
# A wave over two hosts, network namespaces with an sshd each: one dies in the
# middle, and --resume finishes.
. "${0%/*}/lib.sh"
[ "$(id -u)" -eq 0 ] || skip_all 'network namespaces take root'
unshare --net true 2>/dev/null || skip_all 'this machine allows no network namespaces'
. "$top/t/procedure.sh"
PATH=$PATH:/usr/sbin:/sbin
need parallel
need ip iproute2
need sshd openssh-server

users='ann ben cat dan eve fay gus hal'
ready_for_wave
users=${users% gus hal}

# --- the hosts ---

ssh-keygen -q -t ed25519 -N '' -f id
ssh-keygen -q -t ed25519 -N '' -f host
cp id.pub authorized
[ -d /run/sshd ] || (umask 022 && mkdir /run/sshd)
: >known
# listening COMMAND...: it runs in the background, and has printed a line.
listening() {
	: >ready
	"$@" >ready 2>&1 &
	end_with_test "$!"
	until [ -s ready ]; do
		kill -0 $! || { cat ready; exit 2; }
		sleep 0.05
	done
}
# Servers are at the same addresses on each host.
ports=$(printf '%s\n' "$imap" "$new_url" "$proxy_url" | sed 's/.*://; s,/.*,,')
for port in $ports; do
	listening "$top/tests/helper/relay" "$tmp/port.$port" "127.0.0.1:$port"
done
# boots HOST [FOLDER [SHARE]]: with programs of that folder before the others. What is
# in $tmp/own is its own.
mkdir own own.one own.two
boots() {
	for port in $ports; do
		listening ip netns exec "ferry$$$1" "$top/tests/helper/relay" "127.0.0.1:$port" "$tmp/port.$port"
	done
	cat >"$1.sshd" <<-END
	ListenAddress $(address_of "$1")
	HostKey $tmp/host
	AuthorizedKeysFile $tmp/authorized
	StrictModes no
	PasswordAuthentication no
	PidFile none
	SetEnv PATH=${2:+$2:}$PATH MAILFERRY_LIBEXEC=$MAILFERRY_LIBEXEC MAILFERRY_SHARE=${3:-$MAILFERRY_SHARE} LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
	END
	# shellcheck disable=SC2016 # expanded there
	ip netns exec "ferry$$$1" sh -c 'mount --bind "$1" "$2" && shift 2 && exec "$@"' sh \
	    "$tmp/own.$1" "$tmp/own" "$(command -v sshd)" -f "$tmp/$1.sshd" -E "$tmp/$1.log"
	until ssh -n -F ssh.conf "$1" true; do
		ip netns pids "ferry$$$1" | grep -q . || { cat "$1.log"; exit 2; }
		sleep 0.1
	done
}
address_of() {
	[ "$1" = one ] && echo 10.213.77.2 || echo 10.213.78.2
}
# dies HOST: nothing that runs there is left.
dies() {
	while ip netns pids "ferry$$$1" 2>/dev/null | grep -q .; do
		# One that has ended by itself meanwhile cannot be killed.
		ip netns pids "ferry$$$1" | xargs -r kill -9 2>/dev/null || :
	done
}
host() {
	ip netns add "ferry$$$1" || skip_all 'no network namespace can be added'
	at_exit="dies $1; ip netns del ferry$$$1; $at_exit"
	address=$(address_of "$1")
	ip link add "f$$$1" type veth peer name eth0 netns "ferry$$$1" &&
	    ip address add "${address%.2}.1/30" dev "f$$$1" &&
	    ip link set "f$$$1" up &&
	    ip -n "ferry$$$1" address add "$address/30" dev eth0 &&
	    ip -n "ferry$$$1" link set eth0 up &&
	    ip -n "ferry$$$1" link set lo up || skip_all 'no network between namespaces'
	cat >>ssh.conf <<-END
	Host $1
		HostName $address
		User root
		IdentityFile $tmp/id
		UserKnownHostsFile $tmp/known
		StrictHostKeyChecking accept-new
		LogLevel ERROR
	END
}
host one
host two
# On the second host the copy never ends.
mkdir stuck
printf '#!/bin/sh\n: >"%s/at-work"\nexec sleep 1000\n' "$tmp" >stuck/vandelay
chmod 755 stuck/vandelay
boots one
boots two "$tmp/stuck"
printf '2/ssh -F %s/ssh.conf %s\n' "$tmp" one "$tmp" two >hosts
for user in $users; do echo "$user@one.test"; done >list
moved() {
	for user in $users; do
		[ "$(routes "$user@one.test")" != stalwart ] || echo "$user"
	done
}

ok 'one host dies in the middle: what it was at is to run again' '
	migrate-wave -c ferry.conf -j 1 --halt never --sshloginfile hosts list >out 2>err &
	wave=$!
	until [ -e at-work ]; do
		kill -0 $wave
		sleep 0.1
	done
	dies two
	got=0
	wait $wave || got=$?
	[ "$got" = 75 ]
	grep -E "6 accounts: [0-9] done, 0 for a person to look at, [1-6] to run again" err
	[ "$(moved | wc -l)" -lt 6 ]'
boots two
ok '--resume finishes, on both hosts' '
	run 0 migrate-wave -c ferry.conf -j 1 --resume --sshloginfile hosts >out 2>err || { cat err; tail -n 5 state/*/log; false; }
	has err "6 accounts: 6 done"
	[ "$(moved | wc -l)" = 6 ]
	for user in $users; do
		new_folders "$user@one.test" | grep -x "Inbox 2"
	done
	# Both did some of it.
	for host in one two; do
		cut -f 2,7 state/wave.log | grep "ssh.conf.$host.0$"
	done'
# Their owners change the password when the record was read. On the second host mailferry
# does not say what that was.
mkdir late
cat >late/vandelay <<END
#!/bin/sh
for word; do
	case \$word in
	gus@one.test\** | hal@one.test\**)
		flock "$tmp/lock" sed -i "s/^\${word%%\\**}:[^:]*/\${word%%\\**}:{PLAIN}Zx-late/" "$tmp/directory" ;;
	esac
done
exec "$top/tests/standin/vandelay" "\$@"
END
chmod 755 late/vandelay
cp -R "$MAILFERRY_SHARE" share
rm share/procedure/late.awk
ok 'hosts with a STATE of their own: changes are known of each account, or that nobody knows' '
	sed "s,^STATE=.*,STATE=$tmp/own," ferry.conf >own.conf
	echo DUMP_AGE=3600 >>own.conf
	dies one
	dies two
	boots one "$tmp/late"
	boots two "$tmp/late" "$tmp/share"
	printf "%s\n" gus@one.test hal@one.test >both
	run 1 migrate-wave -c own.conf -j 1 --sshloginfile hosts both 2>err || { cat err; tail -n 5 own.*/*/log; false; }
	has err "2 accounts: 2 done"
	not [ -e own/gus@one.test ]
	one=$(cd own.one && echo ???@one.test) two=$(cd own.two && echo ???@one.test)
	has err "$one: the password was changed on the old server while the account moved"
	has err "--reset-passwords $one\" on ssh -F $tmp/ssh.conf one brings it"
	has err "$two: moved on ssh -F $tmp/ssh.conf two, which does not say what its record was"'
# The file system of the hosts is this one's.
ok 'the way back, where the old server is reached over ssh' '
	settings "OLD_RUN=\"ssh -F $tmp/ssh.conf one\""
	run 0 migrate-wave --rehearse -c ferry.conf list >out || { cat out; false; }
	id=$(new_id ann@one.test)
	blob=$(printf "From: x@two.test\r\nMessage-ID: <n1@two.test>\r\nSubject: new\r\n\r\nnew\r\n" |
	    curl -s -K jmap.conf --data-binary @- -H "Content-Type: message/rfc822" "$new_url/jmap/upload/$id/" | jq -r .blobId)
	jmap Email/import "{\"accountId\":\"$id\",\"emails\":{\"m\":{\"blobId\":\"$blob\",\"mailboxIds\":{\"a\":true},\"keywords\":{}}}}" >imported
	run 0 rollback ann@one.test 2>err || { cat err; tail -n 20 state/ann@one.test/log; false; }
	has state/ann@one.test/log "ssh -F $tmp/ssh.conf one "
	old_folders ann@one.test | grep -x "INBOX 3"'
done_testing
