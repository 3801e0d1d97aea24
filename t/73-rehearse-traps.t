#!/bin/sh
# migrate-wave --rehearse on a directory with every trap that is known: each one is
# named, and nothing has changed on either server.
. "${0%/*}/lib.sh"
. "$top/t/procedure.sh"
need parallel

users='ann ben cat dan eve fay gil'
n=0
for user in $users; do
	n=$((n + 2))
	mail "$user@one.test" '' $((n - 1)) $n
done
# shellcheck disable=SC2086 # words
old_server $users
deep=f
for n in 1 2 3 4 5 6 7 8 9 10 11; do deep=$deep.f; done
mail dan@one.test "$deep" 51 51
for n in $(seq 260); do
	mkdir -p "homes/old/fay@one.test/Maildir/.n$n/cur" "homes/old/fay@one.test/Maildir/.n$n/new" \
	    "homes/old/fay@one.test/Maildir/.n$n/tmp"
done
for file in homes/old/eve@one.test/Maildir/cur/*1780000009*; do
	mv "$file" "${file}T"
done
sed -i 's/^protocols = imap$/protocols = imap pop3/' "$old_conf"
own
new_server
configure
ferry_ready
# account NAME MEMBERS: a record.
account() {
	printf '{"v":1,"type":"account","address":"%s@one.test"%s}\n' "$1" "$2"
}
pw=',"secret":"{PLAIN}x-Zx-long"'
{
	echo '{"v":1,"type":"domain","domain":"one.test","aliases":["uno.test"]}'
	account ann "$pw"',"otp":"otpauth://totp/a?secret=JBSWY3DPEHPK3PXP-Zx","app_passwords":[{"name":"Phone"}],"locale":"de","identities":[{"name":"Ann","address":"ann@one.test","text":"'"$(printf '%03000d' 0)"'"}]'
	account ben ',"secret":"{SCRAM-SHA-256}4096,x,y,z","disabled":["pop3","imap"],"allow_nets":["10.0.0.0/8"]'
	account cat "$pw"',"send_as":["sales@one.test"],"admin":"domain","quota":10'
	account dan "$pw"',"forward":["x@ext.test","y@ext.test"],"keep":true,"vacation":{"active":true,"text":"away"}'
	account eve "$pw"',"scripts":[{"name":"main","active":true,"text":"require \"vnd.dovecot.pipe\"; pipe \"x\";\r\n"}]'
	account fay "$pw"',"scripts":[{"name":"bad","active":true,"text":"if {\r\n"}],"shares":[{"folder":"Work","with":"ann@one.test","rights":"lrs"}]'
	account gil "$pw"',"active":false,"receive":false'
	for odd in 'odd name' 'w?ld'; do account "$odd" "$pw"; done
	echo '{"v":1,"type":"domain","domain":"company.loc"}'
	echo '{"v":1,"type":"account","address":"hal@company.loc"'"$pw"'}'
	for odd in a+b x%y two..dots; do account "$odd" "$pw"; done
	echo '{"v":1,"type":"alias","address":"n+m@one.test","targets":["ann@one.test"]}'
	echo '{"v":1,"type":"alias","address":"l1@one.test","targets":["l2@one.test","x@ext.test"]}'
	echo '{"v":1,"type":"alias","address":"l2@one.test","targets":["l1@one.test","y@ext.test"]}'
	echo '{"v":1,"type":"alias","address":"dead@one.test","targets":["gone@one.test"]}'
	echo '{"v":1,"type":"dkim","domain":"one.test","selector":"mail","algorithm":"rsa-sha256","key":"broken"}'
	echo '{"v":1,"type":"alias","address":"@one.test","targets":["ann@one.test"]}'
	echo '{"v":1,"type":"alias","address":"pipe@one.test","targets":["|/bin/cat"]}'
	echo '{"v":1,"type":"alias","address":"ext@one.test","targets":["x@ext.test"]}'
	echo '{"v":1,"type":"note","what":"recipient_bcc_maps","text":"all mail is copied"}'
	echo '{"v":1,"type":"end","count":24,"failed":1}'
} >records
settings "OLD_DUMP='cat $tmp/records'" NO_SECRET=temp
dumped() {
	find homes -type f | grep -v -e dovecot -e maildirsize | sort | tr "\n" "\0" | xargs -0 b3sum
	for type in Domain Account MailingList MemoryLookupKey MtaRoute MtaOutboundStrategy; do
		jmap "x:$type/get" '{"ids":null}'
	done
	cat mappings
}
dumped >before

ok 'each trap is named' '
	run 1 migrate-wave --rehearse -c ferry.conf >out 2>err
	not [ -s err ]
	tr "\047" . <out >said
	while IFS= read -r said; do
		has said "$said"
	done <<-END
	STOPS  1 account (odd name@one.test): not for the procedure: a line of a table cannot have white space
	STOPS  1 account (w?ld@one.test): not for the procedure: doveadm takes "*" and "?" for any characters
	mend: move them by hand, as in mailferry-steps(7)
	note   1 records could not be read
	ok     the master user reads 7 accounts
	1 account (gil@one.test): disabled there
	STOPS  1 account (dan@one.test): folders more than ten deep
	1 account (dan@one.test): a folder below one that does not exist
	STOPS  1 account (fay@one.test): more than 250 folders
	STOPS  1 account (eve@one.test): messages marked as deleted, which Vandelay leaves out
	a+b@one.test: the server takes off what follows the +, and no mail reaches this address
	x%y@one.test: the server takes what follows the % for a master user, and no login works
	two..dots@one.test: the server refuses this local part
	n+m@one.test: as an alias of ann@one.test: the server takes off what follows the +
	l2@one.test: the target l1@one.test leads back to this alias
	dead@one.test: leads to gone@one.test
	ann@one.test: a signature of ann@one.test: it has 3000 bytes, and the server takes 2047
	POP3 is on: programs that leave mail
	note   1 account (ben@one.test): a new password is needed (unusable: SCRAM-SHA-256)
	note   1 catch-alls (@one.test) are set with the last account
	note   1 account (cat@one.test): more mail than 95% of the quota
	2 accounts (eve@one.test, fay@one.test): a filter that the new server refuses
	carried: dan@one.test: a forward
	carried: dan@one.test: a vacation message
	carried: ann@one.test: names of app passwords
	carried: fay@one.test: shared folders
	not-carried: recipient_bcc_maps: all mail is copied
	STOPS  company.loc: the server refuses this domain name: "loc" is no top-level domain
	STOPS  1 account (hal@company.loc): the new server would refuse it: it needs company.loc, which failed
	ok     answers; 0 logins go to stalwart already
	STOPS  1 account (odd name@one.test): no login of it can be routed to stalwart: an identifier with white space
	administrator.s rights
	pipe@one.test: the target |/bin/cat
	logins from some networks only
	protocols are switched off
	owner.s language
	the right to send as others
	the second factor
	App passwords and second factors
	A password that an owner changes there is not carried back
	END
	has state/rehearsal/refused "one.test: this is not a private key"
	hasnt out Zx'
ok 'and nothing has changed on either server' '
	dumped >after
	same before after'
done_testing
