#!/bin/sh
# Proves that the harness fails when a test fails.
. "${0%/*}/lib.sh"

inner() {
	printf '#!/bin/sh\n. "%s/t/lib.sh"\n%s\ndone_testing\n' "$top" "$1" \
	    >inner.t
	# lib.sh finds the tree by the name of the test.
	sed -i "s|\${0%/\*}/\.\.|$top|" inner.t
	sed "s|top=.*|top=$top|" "$top/t/lib.sh" >lib.sh
	sed -i "s|^\. .*|. ./lib.sh|" inner.t
	sh ./inner.t >inner.out 2>&1
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
ok 'a skip is a skip' '
	run 0 env FERRY_REQUIRE_ALL=0 sh -c ". ./lib.sh; need no-such-program pkg" >out
	has out "1..0 # SKIP no-such-program is not installed (Debian: pkg)"'
ok 'a skip fails where everything is required' '
	run 1 env FERRY_REQUIRE_ALL=1 sh -c ". ./lib.sh; need no-such-program" >out
	has out "not ok 1"'

done_testing
