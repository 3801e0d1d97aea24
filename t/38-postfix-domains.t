#!/bin/sh
# Whose mail it is: names with the character that begins an extension, and
# addresses in domains that the server does not take mail for. A running Postfix,
# which delivers nothing, says who gets it.
. "${0%/*}/lib.sh"
need jq
. "$top/t/postfix.sh"
mkdir "$pf"

cat >"$pf/virtual" <<'END'
info@one.test anna-maria@one.test, anna-x@one.test
team@one.test anna-y@one.test, anna-z@one.test, anna@one.test
bob@one.test bob@one.test, anna-maria@one.test
boss@other.test anna@one.test
@all.test any@ext.test
own@all.test own@all.test
END
printf '%s x\n' bob@one.test anna@one.test anna-maria@one.test gone@off.test \
    anna@all.test own@all.test >"$pf/boxes"
postfix_start 'mydestination = localhost' 'myorigin = host.test' \
    "virtual_alias_maps = texthash:$pf/virtual" \
    'virtual_mailbox_domains = one.test all.test' \
    "virtual_mailbox_maps = texthash:$pf/boxes" \
    'recipient_delimiter = -'
run 0 dirdump-postfix -v -c "$pf" >out 2>err

targets() {
	jq -r --arg a "$1" 'select(.type == "alias" and .address == $a) |
	    .targets | sort | join(" ")' out
}

# gone FILE VALUE: whether the mailbox of the other domain receives.
gone() {
	[ "$(jq "select(.address == \"gone@off.test\") | .receive" "$1")" = "$2" ]
}

ok 'another delimiter than that of the new server: said' '
	has out "\"what\":\"recipient_delimiter\",\"text\":\"-: what begins the extension"'
ok 'a mailbox whose name looks like one with an extension gets its mail' '
	[ "$(delivered info@one.test)" = "anna-maria@one.test anna-x@one.test" ]
	[ "$(targets info@one.test)" = "anna-maria@one.test anna@one.test" ]'
ok 'what is left without an extension is there once' '
	[ "$(targets team@one.test)" = anna@one.test ]'
ok 'a forward to such a mailbox' '
	[ "$(delivered bob@one.test)" = "anna-maria@one.test bob@one.test" ]
	[ "$(jq -r "select(.address == \"bob@one.test\") | .forward[]" out)" = \
	    anna-maria@one.test ]'
ok 'a forward with an extension, when nobody knew yet that it is one: said' '
	sed "s/^bob@.*/bob@one.test bob@one.test, anna-x@one.test/" \
	    "$pf/virtual" >other
	cp "$pf/virtual" kept
	cat other >"$pf/virtual"
	run 1 dirdump-postfix -c "$pf" >more 2>err.more
	cat kept >"$pf/virtual"
	has err.more "bob@one.test: a forward to an address with an extension"'
ok 'a domain of somebody else is not taken over' '
	hasnt out "\"domain\":\"other.test\""
	[ -z "$(targets boss@other.test)" ]
	has err "boss@other.test: left out: an alias in a domain that this server"
	has out "\"type\":\"note\",\"what\":\"boss@other.test\""'
ok 'a name without a domain does not take the domain of myorigin over' '
	echo "root anna@one.test" >>"$pf/virtual"
	dirdump-postfix -v -c "$pf" >more 2>err.more
	hasnt more "\"domain\":\"host.test\""
	[ -z "$(jq -r "select(.address == \"root@host.test\") | .address" more)" ]
	has err.more "root@host.test: left out: an alias in a domain that this server takes no mail for"
	# It has it where it takes the mail, or where somebody says so.
	postconf -c "$pf" -e "mydestination = localhost, host.test"
	dirdump-postfix -q -c "$pf" | grep "\"address\":\"root@host.test\""
	postconf -c "$pf" -e "mydestination = localhost"
	dirdump-postfix -q -d host.test -c "$pf" | grep "\"address\":\"root@host.test\""
	sed -i "/^root/d" "$pf/virtual"'
ok 'a mailbox in a domain that is switched off receives nothing' '
	has out "\"domain\":\"off.test\",\"active\":false,\"elsewhere\":true"
	gone out false'
ok 'nor does one in a domain of aliases alone' '
	echo "al@alias.test x" >>"$pf/boxes"
	postconf -c "$pf" -e "virtual_alias_domains = alias.test"
	dirdump-postfix -v -c "$pf" >more 2>err.more
	postfix -c "$pf" reload >/dev/null 2>&1
	[ -z "$(delivered al@alias.test)" ]
	[ "$(jq "select(.address == \"al@alias.test\") | .receive" more)" = false ]
	has err.more "al@alias.test: a mailbox that gets no mail, because its domain is one of aliases alone"
	has more "\"domain\":\"alias.test\",\"active\":true"
	hasnt more "\"domain\":\"alias.test\",\"active\":true,\"elsewhere\""
	sed -i "/^al@/d" "$pf/boxes"
	postconf -c "$pf" -X virtual_alias_domains'
ok 'a catch-all that comes before the mailboxes of its domain is named' '
	[ "$(delivered anna@all.test)" = any@ext.test ]
	[ "$(delivered own@all.test)" = own@all.test ]
	has err "anna@all.test: its domain'"'"'s catch-all gets its mail on the old server"
	hasnt err "own@all.test: its domain"
	has out "\"type\":\"note\",\"what\":\"@all.test\""'
ok 'where nobody knows which domains there are, none is left out' '
	postconf -c "$pf" -e "virtual_mailbox_domains = one.test regexp:$pf/none"
	run 1 dirdump-postfix -q -c "$pf" >more 2>err.more
	has more "\"address\":\"boss@other.test\""
	gone more true
	postconf -c "$pf" -e "virtual_mailbox_domains = one.test" \
	    "relay_domains = other.test"
	dirdump-postfix -q -c "$pf" >more
	has more "\"address\":\"boss@other.test\""'

done_testing
