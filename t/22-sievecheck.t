#!/bin/sh
# sievecheck: what becomes of scripts on the new server, judged by what it was
# recorded to answer, and for the syntax by Pigeonhole's sievec.
. "${0%/*}/lib.sh"
need jq

cp "$fixtures/sieve/"*.sieve .
status() {
	run "$1" sievecheck "$2" >out 2>err
	jq -r .status out
}

ok 'each script of the fixtures gets its verdict' '
	[ "$(wc -l <"$fixtures/sieve/verdicts")" -ge 60 ]
	while read -r name verdict; do
		case $verdict in good) want=0 ;; *) want=1 ;; esac
		got=$(status "$want" "$name.sieve")
		[ "$got" = "$verdict" ] || { echo "$name: $got, wanted $verdict"; cat out; exit 1; }
	done <"$fixtures/sieve/verdicts"'

ok 'the scripts that the real server was given get its answers' '
	n=0
	jq -c "select(.note | startswith(\"script: \"))" "$fixtures/real/stalwart-carry-exchanges.ndjson" >recorded
	[ "$(wc -l <recorded)" -ge 18 ]
	while read -r line; do
		printf "%s\n" "$line" | jq -j ".body.methodCalls[0][1].create.b.data[0][\"data:asText\"]" >script
		answer=$(printf "%s\n" "$line" | jq -r ".response.methodResponses[1][1].notCreated.f.type // \"taken\"")
		# A reserved name says nothing of the script.
		[ "$answer" != forbidden ] || answer=taken
		sievecheck script >out 2>err || :
		case $answer,$(jq -r .status out) in
		invalidScript,refused | taken,good | taken,differs) n=$((n + 1)) ;;
		*) echo "$line"; cat out; exit 1 ;;
		esac
	done <recorded
	[ "$n" -ge 18 ]'

ok 'findings name line, kind and reason' '
	printf "require [\"fileinto\",\"include\"];\nfileinto \"INBOX.A\";\n\ninclude :global \"g\";\nredirect \"a@b.test\";\nredirect \"c@d.test\";\n" >s
	run 1 sievecheck -v s >out 2>err
	jq -c "[.name, .status, (.findings | map([.line, .what]))]" out >got
	echo "[\"s\",\"differs\",[[2,\"folder\"],[4,\"global\"],[1,\"redirects\"]]]" >want
	same want got
	has err "s: line 4: the global script"
	has err "0 good, 1 differ, 0 refused"
	run 1 sievecheck -q s >out 2>err
	[ ! -s out ]
	printf "keep;" | run 0 sievecheck >out 2>err
	[ "$(jq -r .name out)" = - ]'

ok '--records: scripts of accounts and settings, with their owner' '
	{
		echo "{\"v\":1,\"type\":\"account\",\"address\":\"a@one.test\",\"scripts\":[{\"name\":\"m\",\"text\":\"keep;\"},{\"name\":\"n\",\"text\":\"keep\"}]}"
		echo "nonsense"
		echo "{\"v\":1,\"type\":\"settings\",\"address\":\"b@one.test\",\"scripts\":[{\"name\":\"m\",\"text\":\"pipe \\\"x\\\";\"}]}"
		echo "{\"v\":1,\"type\":\"end\",\"count\":2}"
	} >records
	run 1 sievecheck --records -E bad records >out 2>err
	jq -c "[.address, .name, .status]" out >got
	printf "%s\n" "[\"a@one.test\",\"m\",\"good\"]" "[\"a@one.test\",\"n\",\"refused\"]" "[\"b@one.test\",\"m\",\"refused\"]" >want
	same want got
	has bad nonsense'

ok 'odd input: not UTF-8, a NUL, too deep, too large, not there' '
	printf "keep; # \377" >s
	[ "$(status 1 s)" = refused ]
	printf "keep;\0" >s
	[ "$(status 1 s)" = refused ]
	awk "BEGIN { for (i = 0; i < 5000; i++) printf \"if true { \" }" >s
	[ "$(status 1 s)" = refused ]
	has out "less nesting"
	awk "BEGIN { printf \"if \"; for (i = 0; i < 5000; i++) printf \"not \" }" >s
	[ "$(status 1 s)" = refused ]
	head -c 1100000 /dev/zero | tr "\0" " " >s
	run 1 sievecheck s keep.sieve nowhere >out 2>err
	[ "$(jq -r .status out)" = good ]
	has err "nowhere: No such file"
	run 2 sievecheck --nonsense >out 2>err'

# --- the other judge ---
dovecot_root=$("$top/tests/helper/dovecot" 2.3) && [ -e "$dovecot_root/usr/bin/sievec" ] || {
	[ -z "${FERRY_REQUIRE_ALL:-}" ] || ok 'sievec of a Dovecot 2.3 is there' false
	done_testing
}
. "$top/t/dovecot23.sh"
mkdir global personal
echo 'keep;' >global/spam.sieve
cat >dovecot.conf <<END
log_path = /dev/stderr
ssl = no
protocols =
plugin {
  sieve_extensions = +editheader +spamtest +spamtestplus +virustest +mboxmetadata +servermetadata +vacation-seconds +special-use +vnd.dovecot.environment
  sieve_global = $tmp/global
  sieve = file:$tmp/personal
  sieve_spamtest_status_type = score
  sieve_spamtest_status_header = X-Spam: (.*)
  sieve_spamtest_max_value = 10
  sieve_virustest_status_type = text
  sieve_virustest_status_header = X-V: (.*)
  sieve_virustest_text_value1 = clean
}
END
# compiles FILE: whether sievec takes it; what it says is in said.
compiles() {
	sievec -c dovecot.conf "$1" compiled.svbin >said 2>&1
}
ok 'sievec refuses the same scripts' '
	while read -r name verdict; do
		# Extensions that it needs a plugin for, or lacks; debug is on by itself.
		case $name in imapsieve | ereject | extlists | dovecot-filter-unused | dovecot-debug) continue ;; esac
		if compiles "$name.sieve"; then other=taken; else other=refused; fi
		case $verdict,$other in
		refused,refused | good,taken | differs,taken) ;;
		*) echo "$name: $verdict, and sievec: $other"; cat said; exit 1 ;;
		esac
	done <"$fixtures/sieve/verdicts"'
# Those of its plugins, and of before RFC 5232 and 5435, where they are switched on.
sed "s/sieve_extensions = /sieve_plugins = sieve_extprograms\n  sieve_pipe_bin_dir = \/usr\/bin\n  sieve_filter_bin_dir = \/usr\/bin\n  sieve_execute_bin_dir = \/usr\/bin\n  sieve_global_extensions = +vnd.dovecot.pipe +vnd.dovecot.filter +vnd.dovecot.execute\n&+vnd.dovecot.pipe +vnd.dovecot.filter +vnd.dovecot.execute +vnd.dovecot.debug +vnd.dovecot.report +imapflags +notify /" dovecot.conf >plugins.conf
ok 'what Pigeonhole alone has is written right, and the new server refuses it' '
	for f in dovecot-*.sieve imapflags-old.sieve notify-old.sieve; do
		if sievec -c plugins.conf "$f" compiled.svbin >said 2>&1; then other=taken; else other=refused; fi
		verdict=$(sed -n "s/^${f%.sieve} //p" "$fixtures/sieve/verdicts")
		case $f,$verdict,$other in
		dovecot-report-odd.sieve,refused,refused) ;;
		dovecot-filter-unused.sieve,differs,taken | dovecot-environment*,*,taken) ;;
		*,refused,taken) ;;
		*) echo "$f: $verdict, and sievec: $other"; cat said; exit 1 ;;
		esac
	done'
# same_verdicts FOLDER CONFIG: of each script there; what sievec has against the
# values in it is not syntax.
same_verdicts() {
	sievecheck "$1"/*.sieve >out 2>err || :
	taken=0 refused=0
	jq -r "[.name, .status, ([.findings[] | select(.what | IN(\"syntax\", \"require\"))] | length)] | join(\" \")" out >verdicts
	while read -r name verdict wrong; do
		if sievec -c "$2" "$name" compiled.svbin >said 2>&1; then
			taken=$((taken + 1))
			[ "$verdict" != refused ] && continue
			# A plugin of Dovecot; a tag twice, which it overlooks.
			[ "$wrong" -gt 0 ] || ! grep -q "vnd.dovecot" "$name" || continue
			! grep -q ":last :last" "$name" || continue
		else
			refused=$((refused + 1))
			[ "$verdict" = refused ] && continue
			grep -q -e "is not allowed for" -e "invalid regular expression" \
			    -e "unknown namespace" -e "is not supported by" -e "is invalid" \
			    -e "unknown Sieve capability" -e "not known as a Sieve capability" \
			    -e "invalid option name" -e "empty option" -e "invalid scheme part" -e "invalid special-use flag" said && continue
		fi
		echo "$name: $verdict"
		cat "$name" said
		exit 1
	done <verdicts
}
ok 'and of scripts at random' '
	mkdir from random
	# Constant conditions are left out: sievec does not look into what cannot
	# run; and what it takes beyond RFC 5293.
	for f in *.sieve; do
		case $f in open-* | imapsieve* | ereject* | include-* | dovecot-* | editheader* | extlists* | *-old* | duplicate-both* | foreverypart*) continue ;; esac
		grep -qw -e true -e false -e not "$f" || cp "$f" from
	done
	/usr/bin/python3 "$top/tests/helper/random-sieve" 3 90 from random
	same_verdicts random dovecot.conf
	[ "$taken" -ge 15 ]
	[ "$refused" -ge 30 ]'
# SIEVE_SEEDS: other ones, 10 scripts each.
ok 'and of scripts by the grammar of every extension, whole and broken' '
	mkdir whole
	echo "keep;" >personal/spam.sieve
	for seed in ${SIEVE_SEEDS:-1 31 36}; do
		/usr/bin/python3 "$top/tests/helper/grammar-sieve" "$seed" 10 whole
	done
	same_verdicts whole plugins.conf
	[ "$taken" -ge 15 ]
	[ "$refused" -ge 10 ]'

done_testing
