#!/bin/sh
# Proves that the harness fails when a test fails.
. "${0%/*}/lib.sh"

mkdir t
cp "$top/t/lib.sh" t/

# inner SCRIPT: a test file of its own, run with the harness.
inner() {
	printf '. "${0%%/*}/lib.sh"\n%s\ndone_testing\n' "$1" >t/inner.t
	sh t/inner.t >inner.out 2>&1
}

ok 'a failing middle step fails the test' '
	run 1 inner "ok one \"true; false; true\""
	has inner.out "not ok 1 - one"'
ok 'a passing test passes' '
	run 0 inner "ok one true"
	has inner.out "ok 1 - one"
	has inner.out "1..1"'
ok 'run wants the exact status' '
	run 1 inner "ok one \"run 1 sh -c \\\"exit 2\\\"\""
	has inner.out "exit 2, wanted 1"'
ok 'one failure among many is a failure' '
	run 1 inner "ok one true; ok two false; ok three true"
	has inner.out "ok 3 - three"'
printf '. "${0%%/*}/lib.sh"\nneed no-such-program pkg\n' >t/skip.t
ok 'a skip is a skip' '
	run 0 env FERRY_REQUIRE_ALL=0 sh t/skip.t >out
	has out "1..0 # SKIP no-such-program is not installed (Debian: pkg)"'
ok 'a skip fails where everything is required' '
	run 1 env FERRY_REQUIRE_ALL=1 sh t/skip.t >out
	has out "not ok 1"'

ok 'a process is ended by its number and its time, not by its number alone' '
	sleep 60 &
	end_process $! 1
	end_process $! ""
	kill -0 $!
	born $!
	[ -n "$born" ]
	end_process $! "$born"
	wait $! || :
	born $!
	[ -z "$born" ]
	end_process $! ""'

done_testing
