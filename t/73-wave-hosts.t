#!/bin/sh
# migrate-wave over hosts of which one has an older mailferry: it is named before anything
# is begun, and not by the usage of its programs. Two hosts with an ssh between them:
# 73-two-hosts.t.
. "${0%/*}/lib.sh"
. "$top/t/procedure.sh"
need parallel

old_server ann ben
own
new_server
configure
ferry_ready
printf '%s@one.test\n' ann ben >list
# The wave begins what is beside it. Here that moves nobody, and on the older host it
# knows what "knows" says.
mkdir wave
cp "$top/scripts/migrate-wave" wave
cat >wave/migrate-account <<END
#!/bin/sh
for address; do :; done
echo "\$*" >>$tmp/begun
if [ -n "\${OLDER:-}" ]; then
	case \$1 in
	--help) exec cat $tmp/knows ;;
	esac
	[ -s $tmp/knows ] || { echo "migrate-account: no such option: --wave" >&2; exit 2; }
	echo "other \$address"
	exit
fi
case \$1 in
--help | --version) exec "$top/scripts/migrate-account" "\$@" ;;
esac
echo "other \$address"
END
cat >as-ssh <<'END'
#!/bin/sh
host=$1
shift
[ "$1" != -- ] || shift
[ "$host" != older ] || export OLDER=true
[ "$host" != none ] || exit 255
# What the shell of the owner of that host is, is no matter.
unset SHELL
exec sh -c "$*"
END
chmod 755 wave/migrate-account as-ssh
hosts() {
	for host; do echo "1/$tmp/as-ssh $host"; done >hosts
}
wave() {
	: >begun
	wave/migrate-wave -c ferry.conf --sshloginfile hosts "$@"
}
begun() {
	grep -c "@one.test" begun || :
}
older="as-ssh older: an older mailferry is there, whose migrate-account does not know"

ok 'an option that the mover of a host does not know is said, with what to do' '
	hosts current older
	printf "%s\n" "  --from STEP  x" "  --wave  x" >knows
	run 0 wave list 2>err
	has err "2 accounts: 2 done"
	[ "$(begun)" = 2 ]
	run 2 wave --resume 2>err
	has err "$older --since: install the same as here (migrate-account "
	hasnt err usage
	hasnt err "as-ssh current"
	[ "$(begun)" = 0 ]
	echo "  --from STEP  x" >knows
	run 2 wave list 2>err
	has err "$older --wave: "
	[ "$(begun)" = 0 ]
	printf "%s\n" "  --wave" "  --since TIME" >knows
	run 0 wave --resume 2>err
	has err "2 accounts: 2 done"'
ok 'a host that does not answer is no older one' '
	echo "  --from STEP  x" >knows
	hosts current none
	run 75 wave --halt never list 2>err
	hasnt err "an older mailferry"
	[ "$(begun)" -ge 1 ]'
done_testing
