#!/bin/sh
# A domain that the old server takes no mail for, in which somebody may log in: the
# new server does not take it over unless it is told to.
. "${0%/*}/lib.sh"
need jq
. "$top/t/mkaccounts.sh"

# The alias at moved.test would only be what the own users of the old server send.
records() {
	domain one.test
	domain moved.test '"active":false,"elsewhere":true'
	account ann@one.test '"aliases":["ann@moved.test"]'
	account old@moved.test '"receive":false'
	alias_row info@one.test '"ann@one.test","boss@moved.test"'
	alias_row sales@one.test '"boss@moved.test"'
	alias_row help@one.test '"old@moved.test"'
	alias_row tom@moved.test '"ann@one.test"'
	end
}
# members LIST: the recipients of a list at one.test.
members() {
	jq -r --arg l "$1" '.value[]? | select(.recipients and .name == $l) |
	    .recipients | keys | join(" ")' plan
}
why='the old server takes no mail for moved.test, and the new one would take over the whole domain: mail of its users for anybody there would not leave it any more (see --elsewhere)'

ok 'the account is refused, the domain is not made, its addresses are elsewhere' '
	records | plan 1
	hasnt plan "\"name\":\"moved.test\""
	hasnt plan "\"name\":\"old\""
	plan_has "any(.[]; .object == \"Account\" and (.value | tostring | contains(\"ann\")))"
	[ "$(members info)" = "ann@one.test boss@moved.test" ]
	[ "$(members sales)" = boss@moved.test ]
	[ "$(members help)" = old@moved.test ]
	[ -z "$(members tom)" ]
	has err "old@moved.test: refused: $why"
	notes_are "refused old@moved.test: $why" \
	    "not-carried tom@moved.test: an alias in a domain that the old server takes no mail for" \
	    "not-carried ann@moved.test: as an alias of ann@one.test: the old server takes no mail for its domain (--elsewhere)"'
ok 'the account is left out' '
	records | plan 0 --elsewhere=skip
	hasnt plan "\"name\":\"moved.test\""
	has report "\"status\":\"not-carried\",\"address\":\"old@moved.test\",\"reason\":\"$why\""
	has err "1 skipped"'
ok 'the owner logs in, and it is said what becomes of the domain' '
	records | plan 0 --elsewhere=login
	has plan "\"name\":\"moved.test\""
	jq -c ".value[]? | select(.name == \"old\") | .permissions.disabledPermissions" plan >got
	echo "{\"emailReceive\":true}" | same - got
	jq -e ".value[]? | select(.name == \"old\") | .credentials" plan >/dev/null
	# Whoever is not here may get the mail by a route of its own.
	[ "$(members sales)" = boss@moved.test ]
	has err "changed: moved.test: the old server takes no mail for this domain; the new one takes it for its own"'
ok 'a domain that is on the server already is its own' '
	records | plan 0 --existing-domain moved.test=b
	jq -e ".value[]? | select(.name == \"old\" and .domainId == \"b\")" plan >/dev/null
	has err "changed: moved.test: the old server takes no mail for this domain"'
ok 'nothing is taken away there' '
	records | plan 1 --reconcile
	hasnt plan "\"name\":\"moved.test\""'
ok 'the record of the domain goes with its account' '
	records | counted >all
	run 0 recfilter -a old@moved.test all >out
	has out "\"elsewhere\":true"
	run 1 mkaccounts out >plan 2>err
	has err "old@moved.test: refused: the old server takes no mail for moved.test"'

done_testing
