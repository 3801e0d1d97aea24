#!/bin/sh
# The same where every tool fails once, and each account's run is killed once, at a
# call that chance chooses: taken up again, it comes to the same end.
# MAILFERRY_LEDGER_ACCOUNTS: how many owners (2); MAILFERRY_LEDGER_SEED: of chance.
. "${0%/*}/lib.sh"
n=${MAILFERRY_LEDGER_ACCOUNTS:-2}
. "$top/t/ledger.sh"
plan_waves

# Each tool is called through this. Whose it is tells the lock, which all share.
mkdir shims faults
cat >shims/shim <<END
#!/bin/sh
name=\${0##*/}
PATH=\${PATH#$tmp/shims:}
whose=\$(readlink /proc/\$\$/fd/9)
whose=\${whose%/lock}
whose=$tmp/faults/\${whose##*/}
[ -n "\$whose" ] && [ -e "\$whose" ] || exec "\$name" "\$@"
read -r left when <"\$whose"
if [ \$left -gt 0 ]; then
	echo \$((left - 1)) \$when >"\$whose"
	if [ \$left -eq 1 ]; then
		[ \$when = before ] || "\$name" "\$@"
		echo "\$name \$when" >>"\$whose.killed"
		kill -9 \$PPID
		exit 1
	fi
fi
if ! [ -e "\$whose.\$name" ]; then
	: >"\$whose.\$name"
	echo "\$name: not now" >&2
	[ \$name != vandelay ] || exit 2
	exit 75
fi
exec "\$name" "\$@"
END
chmod 755 shims/shim
for tool in recfilter mkaccounts stalwart-apply vandelay acctcheck mailroute remap \
    archive2maildir maildir-check maildir-merge doveadm tar; do
	ln -s shim shims/$tool
done
# trouble SEED NUMBER...: what each account is to meet.
trouble() {
	chance=$1
	shift
	for i; do
		rm -f "faults/u$i@one.test".*
		awk -v seed="$chance$i" 'BEGIN { srand(seed); rand()
		    print int(rand() * 16) + 1, rand() < .5 ? "before" : "after" }' >"faults/u$i@one.test"
	done
}
# through [OPTION...]: the wave, and again until it is done.
through() {
	tries=0
	(PATH=$tmp/shims:$PATH migrate-wave -c ferry.conf -j 2 --halt never "$@" wave) 2>>waves || :
	until (PATH=$tmp/shims:$PATH migrate-wave -c ferry.conf -j 2 --halt never --resume "$@") 2>>waves; do
		tries=$((tries + 1))
		[ "$tries" -lt 40 ] || { cat waves; tail -n 25 state/*/log; return 1; }
	done
}
seed=${MAILFERRY_LEDGER_SEED:-1}

mail_arrives
# shellcheck disable=SC2046,SC2086 # words
ok 'waves move, whatever fails' '
	for first in $(seq 0 $size $((n - 1))); do
		those=$(seq $first $((first + size - 1)) | awk -v n=$n "\$1 < n")
		addresses $those >wave
		trouble $seed $those
		through
		has_moved $those
	done
	cat faults/*.killed >killed
	[ "$(wc -l <killed)" = "$n" ]'
# shellcheck disable=SC2086 # words
ok 'some go back, and some of these move again' '
	addresses $back >wave
	trouble 7$seed $back
	through --back
	is_back $back
	addresses $again >wave
	trouble 9$seed $again
	through
	has_moved $again'
mail_ends
ok 'the senders met no error, and all mail has arrived' '
	cat sent.* settled
	[ "$sent" = 0 ]'
ok 'each message is read once, where its owner is; the rest is as before' '
	all_is_well'
done_testing
