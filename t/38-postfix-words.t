#!/bin/sh
# What people write in the tables of a Postfix: a running one, which delivers
# nothing, says who gets the mail.
. "${0%/*}/lib.sh"
need jq
. "$top/t/postfix.sh"
mkdir "$pf"

echo origin.test >mailname
printf '%s\n' '#y1@ext.test' 'z@ext.test, (a comment) dora' ' # y2@ext.test' >list
printf '# names.test\n \n\t# blanks.test\nlisted.test # after.test\nspare.test  OK\n%s\n' "texthash:$pf/more" >"$pf/domains"
echo 'deep.test x' >"$pf/more"
cat >"$pf/virtual" <<'END'
v.test anything
name@v.test Bob Jones <bob@ext.test>
dots@v.test Bob J. Jones <bob@ext.test>, ann@ext.test
comment@v.test bob@ext.test (Bob (J))
group@v.test Team: bob@ext.test, ann@ext.test;
quoted@v.test "Jones, Bob" <bob@ext.test> ann@ext.test
route@v.test <@relay.test:bob@ext.test>
slash@v.test \ann
plain@v.test ann bob@ext.test
tagged@v.test box+tag@m.test, far+tag@ext.test
special@v.test box+key@m.test
box+key@m.test key@ext.test
first.last carl@ext.test
root ann@ext.test
*@star.test star@ext.test
@all.test any@ext.test
box@m.test box@m.test, copy@ext.test
kept kept, copy@ext.test
early early@ext.test
early@origin.test whole@ext.test
later@origin.test whole@ext.test
later later@ext.test
END
cat >"$pf/aliases" <<'END'
info: ann, bob
"dot.name": ann
ann: \ann, ann@ext.test
bob: \carl
carl: carl@ext.test
kept: kept@ext.test, \kept
list: :include:@TMP@/list
mixed: list, Bob Jones <bob@ext.test>
END
sed -i "s|@TMP@|$tmp|" "$pf/aliases"
printf 'box@m.test m.test/box/\nother@m.test m.test/other/\n' >"$pf/boxes"
postalias -c "$pf" "hash:$pf/aliases" 2>/dev/null || :
# It bounces, so that what it refuses is not left in the queue.
postfix_services() {
	sed -i '/^[bdt][a-z]* .* 0 *discard$/s/discard$/bounce/' "$pf/master.cf"
}
postfix_start 'mydestination = mx.host.test, local.test, localhost' \
    "myorigin = $tmp/mailname" \
    "virtual_alias_maps = texthash:$pf/virtual" \
    "virtual_alias_domains = v.test, star.test, all.test $pf/domains" \
    'virtual_mailbox_domains = m.test, .sub.test # end.test' \
    "virtual_mailbox_maps = texthash:$pf/boxes" \
    "alias_maps = hash:$pf/aliases" \
    'recipient_delimiter = +' \
    "transport_maps = inline:{ origin.test=discard: }"
postalias -c "$pf" "hash:$pf/aliases"
dirdump-postfix -v -c "$pf" >out 2>err || status=$?

# leads ADDRESS: where the records lead to, names as they stand in the log of
# Postfix, which knows no mailboxes of its own.
leads() {
	jq -rs --arg a "$1" '
	    def domain: split("@")[-1];
	    (map(select(.type == "domain") | .domain as $d |
		(.aliases // [])[] | {key: ., value: $d}) | from_entries)
		as $other |
	    (map(select(.type == "alias") | {key: .address, value: .targets}) +
		map(select(.type == "account" and .forward) |
		    {key: .address, value: (.forward +
			if .keep then [.address] else [] end)}) | from_entries)
		as $entries |
	    (map(select(.type == "account") | {key: .address, value: 1}) |
		from_entries) as $boxes |
	    def lead($seen): . as $b |
		(if $other[domain] then
		    (split("@")[0:-1] | join("@")) + "@" + $other[domain]
		else . end) as $b |
		(if $entries[$b] or $boxes[$b] then $b else "@" + ($b | domain) end)
		    as $key |
		if ($seen | index([$b])) or ($entries[$key] | not) then $b
		else $entries[$key][] | lead($seen + [$b]) end;
	    [$a | lead([])] | unique | join(" ")' out
}

# agrees ADDRESS WHO...: so says Postfix, and so the records.
agrees() {
	agrees_at=$1
	shift
	echo "$*" >want
	delivered "$agrees_at" >got
	same want got || return 1
	leads "$agrees_at" >got
	same want got
}

# serves DOMAIN: it is one of virtual_alias_domains: nobody else is there.
serves() {
	delivered "nobody@$1" "" 400 >got
	hasnt got nobody@
	has "$pf/lines" "User unknown in virtual alias table"
}

ok 'a whole address comes before its name, whichever stands first' '
	for name in early later; do
		agrees $name@origin.test whole@ext.test
		has err "$name@origin.test: an entry of a name without a domain, which that of the address hides"
	done
	hasnt err "the alias is there twice"'
ok 'names, comments, groups, quotes, routes' '
	agrees name@v.test bob@ext.test
	agrees dots@v.test ann@ext.test bob@ext.test
	agrees comment@v.test bob@ext.test
	agrees group@v.test ann@ext.test bob@ext.test
	agrees quoted@v.test ann@ext.test bob@ext.test
	agrees route@v.test bob@ext.test
	agrees plain@v.test ann@origin.test bob@ext.test'
ok 'a backslash is not part of a name' '
	agrees slash@v.test ann@origin.test'
ok 'myorigin in a file; a key with a dot is a name' '
	agrees first.last@origin.test carl@ext.test
	agrees first.last@mx.host.test carl@ext.test
	agrees root@origin.test ann@ext.test
	agrees root@local.test ann@ext.test'
ok 'a line that names a domain is no alias' '
	hasnt out "\"v.test@"
	has err "left out: a line that only names a domain"'
ok '"*@" is not a catch-all, "@" is' '
	hasnt out "\"address\":\"@star.test\""
	hasnt out "\"address\":\"*@star.test\""
	has err "a key with \"*@\", which Postfix never finds"
	agrees nobody@all.test any@ext.test'
ok 'extensions: cut off where no entry has them' '
	has out "\"address\":\"tagged@v.test\",\"targets\":[\"box@m.test\",\"far+tag@ext.test\"]"
	agrees special@v.test key@ext.test'
ok 'local aliases, for each local domain; those of a name that was left' '
	for name in list@local.test list@mx.host.test; do
		agrees $name "#@origin.test" dora@origin.test y2@ext.test z@ext.test
	done
	agrees info@mx.host.test ann@origin.test bob@origin.test
	agrees dot.name@local.test ann@origin.test
	agrees mixed@local.test bob@ext.test list@origin.test'
ok 'a copy that an account keeps' '
	agrees box@m.test box@m.test copy@ext.test
	agrees other@m.test other@m.test'
ok 'domains in files and tables that lists name' '
	# A word beside a domain is one of the list, as in main.cf.
	serves spare.test
	[ "$(delivered nobody@strange.test)" = nobody@strange.test ]
	has err "a word in a list of domains that is not one: OK"
	# A comment begins a line, after blanks, too; and it ends a list.
	for d in names.test blanks.test after.test end.test; do
		[ "$(delivered nobody@$d)" = nobody@$d ]
		hasnt out $d
	done
	for d in v.test star.test all.test listed.test spare.test deep.test m.test; do
		has out "\"type\":\"domain\",\"domain\":\"$d\""
	done
	hasnt out "\"domain\":\"root\""
	hasnt out "\"domain\":\"first.last\""
	hasnt out "sub.test\""
	has err "all domains below another cannot be listed: .sub.test"'
ok 'each parameter that changes who gets which mail is a note' '
	postconf -c "$pf" -e "canonical_maps = texthash:$tmp/none" \
	    "always_bcc = all@m.test" "luser_relay = lost@m.test" \
	    "smtpd_sender_login_maps = pcre:$tmp/none" \
	    "smtpd_recipient_restrictions = check_recipient_access hash:x, permit" \
	    "smtpd_sender_restrictions = reject_unknown_sender_domain" \
	    "smtpd_data_restrictions = check_recipient_access hash:x" \
	    "smtp_generic_maps = hash:x" "smtpd_command_filter = pcre:x"
	dirdump-postfix -q -c "$pf" >notes
	jq -r "select(.type == \"note\") | .what" notes >got
	printf "%s\n" smtpd_sender_login_maps canonical_maps smtp_generic_maps \
	    always_bcc transport_maps relay_transport luser_relay \
	    smtpd_command_filter smtpd_recipient_restrictions \
	    smtpd_data_restrictions default_transport virtual_transport \
	    mailbox_transport >want
	same want got
	has notes "\"text\":\"all@m.test: gets a copy of all mail; not carried\""'
ok 'so are the rules of each stage, rewriting on the way out, and filters' '
	mkdir other
	cp "$pf/main.cf" "$pf/master.cf" other
	cp "$pf/dynamicmaps.cf" other 2>/dev/null || :
	set -- smtp_generic_maps=texthash:x lmtp_generic_maps=texthash:x \
	    relay_transport=smtp:x best_mx_transport=local forward_path=/f \
	    smtpd_proxy_filter=inet:x:1 smtpd_milters=inet:x:1 non_smtpd_milters=inet:x:1 \
	    receive_override_options=no_address_mappings milter_header_checks=pcre:x \
	    smtpd_command_filter=pcre:x postscreen_access_list=cidr:x \
	    "smtpd_helo_restrictions=check_recipient_access texthash:x" \
	    smtpd_data_restrictions=texthash:x \
	    "smtpd_end_of_data_restrictions=check_policy_service inet:x:1" \
	    local_recipient_maps=texthash:x local_login_sender_maps=pcre:x relayhost=x \
	    default_transport=smtp:x smtp_fallback_relay=x \
	    sender_dependent_relayhost_maps=texthash:x \
	    sender_dependent_default_transport_maps=texthash:x
	postconf -c other -e "$@"
	dirdump-postfix -q -c other >notes
	for parameter; do
		jq -r "select(.type == \"note\") | .what" notes | grep -qx "${parameter%%=*}" || {
			echo "no note of $parameter"
			false
		}
	done
	postconf -c other -e smtpd_data_restrictions=reject_unauth_pipelining \
	    postscreen_access_list=permit_mynetworks receive_override_options=no_header_body_checks
	dirdump-postfix -q -c other >notes
	for parameter in smtpd_data_restrictions postscreen_access_list receive_override_options; do
		hasnt notes "$parameter"
	done'
ok 'so is a transport that does not end in the mailbox' '
	printf "%s\n" "drop unix - n n - - pipe" "  flags=R argv=/usr/bin/maildrop" \
	    "lda unix - n n - - pipe" "# a comment" "" "  argv=/usr/lib/dovecot/dovecot-lda -d x" \
	    "box unix - n n - - virtual" >>other/master.cf
	while read -r value does; do
		for parameter in virtual_transport mailbox_transport; do
			postconf -c other -e "$parameter=$value"
			dirdump-postfix -q -c other |
			    jq -r "select(.what == \"$parameter\").text" >got
			echo "$parameter = $value"
			if [ -z "$does" ]; then
				same /dev/null got
			else
				has got "$value: mail to all "
				has got " $does; not carried"
			fi
		done
	done <<-\END
	virtual
	box:
	lmtp:unix:private/dovecot-lmtp
	lmtp:inet:127.0.0.1:24
	lmtp:[::1]:24
	lda
	dovecot
	lmtp:inet:10.0.0.1:24 goes to another server
	smtp:[10.0.0.1] goes to another server
	lmtp: goes to another server
	smtp:[127.0.0.1]:10025 goes to a program, which may do more than deliver it
	drop: goes to a program, which may do more than deliver it
	uucp: goes to a program, which may do more than deliver it
	error:no is refused
	discard: is thrown away
	local: goes to local(8), which looks at alias_maps and .forward files first
	END'
ok 'so is what a service has otherwise' '
	cp "$pf/master.cf" master.cf.old
	sed -i "/^cleanup/a\\  -o virtual_alias_maps=hash:/a,hash:/b -o content_filter=f: -o hopcount_limit=9\\n# -o alias_maps=x\\n  # -o alias_maps=y\\n  -o { always_bcc = x@m.test } -o canonical_maps=" "$pf/master.cf"
	dirdump-postfix -q -c "$pf" >more
	# What is after an indented "#" is nothing to Postfix either.
	postconf -c "$pf" -P | sed -n "s| *$||; s|^cleanup/unix/||p" | sort >seen
	cp master.cf.old "$pf/master.cf"
	printf "%s\n" "always_bcc = x@m.test" "canonical_maps =" "content_filter = f:" "hopcount_limit = 9" \
	    "virtual_alias_maps = hash:/a,hash:/b" >want
	same want seen
	jq -r "select(.type == \"note\") | .what + \" \" + .text" more | grep master.cf >got
	cat >want <<-\END
	virtual_alias_maps hash:/a,hash:/b: of the service cleanup in master.cf alone; not read
	content_filter f:: of the service cleanup in master.cf alone; not read
	always_bcc x@m.test: of the service cleanup in master.cf alone; not read
	END
	same want got'
# Users are in a domain of their own: what is no alias is one of them.
ok 'names of local aliases first, and then of users: -d of another domain' '
	cp "$pf/main.cf" main.cf.old2
	printf "%s\n" "postmaster: root" "root: ann, Info" "info: bob" "ann: \\ann, ann@ext.test" \
	    "far: Root@mx.host.test" "self: self, info" >"$pf/local"
	printf "ann@users.test x/\nbob@users.test y/\n" >"$pf/boxes2"
	postfix_main "mydestination = mx.host.test, localhost" "myorigin = mx.host.test" \
	    "virtual_mailbox_domains = users.test" \
	    "virtual_mailbox_maps = texthash:$pf/boxes2" "alias_maps = hash:$pf/local"
	postalias -c "$pf" "hash:$pf/local"
	postfix -c "$pf" reload
	run 0 dirdump-postfix -q -d users.test -c "$pf" >out 2>err
	for name in postmaster root info far self; do
		delivered $name@mx.host.test >got
		sed "s/@mx.host.test/@users.test/g" got >want
		leads $name@mx.host.test >got
		same want got
	done
	cp main.cf.old2 "$pf/main.cf"
	postfix -c "$pf" reload'
ok 'random tables: dirdump postfix and Postfix say the same' '
	cp "$pf/main.cf" main.cf.old
	postfix_main "mydestination = one.test, localhost" \
	    "myorigin = one.test" "virtual_alias_maps = hash:$pf/virtual" \
	    "virtual_alias_domains = v1.test v2.test" \
	    "virtual_mailbox_domains = m1.test m2.test" \
	    "virtual_mailbox_maps = texthash:$pf/boxes" \
	    "alias_maps = hash:$pf/aliases" "recipient_delimiter = +"
	/usr/bin/python3 "$top/tests/postfix/property.py" "$pf" "${POSTFIX_SEED:-1}" 5 \
	    "$fixtures/postfix/seeds"'

done_testing
