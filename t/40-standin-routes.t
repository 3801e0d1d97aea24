#!/bin/sh
# The mail side of the stand-in for Stalwart: who an address is, and which way its
# mail goes, as the running server was seen to do it.
. "${0%/*}/lib.sh"
. "$top/t/apply.sh"
. "$top/t/port.sh"
PATH=$PATH:/usr/sbin
need smtp-sink postfix
need jq
need /usr/bin/python3 python3

STALWART_PASSWORD=secret
export STALWART_PASSWORD

# An old server that takes everything, and the world outside: whoever listens.
old=$(free_port)
smtp-sink -u postfix -c "127.0.0.1:$old" 10 >/dev/null 2>&1 &
end_with_test "$!"
world=$(free_port)
smtp-sink -u postfix -c "127.0.0.1:$world" 10 >/dev/null 2>&1 &
end_with_test "$!"
new() {
	: >smtp.log
	serve --schema "$fixtures/real/stalwart-schema.json.gz" \
	    --smtp 127.0.0.1:0 --smtp-log "$tmp/smtp.log" \
	    --world "127.0.0.1:$world" "$@"
	smtp=$(sed -n 's/^smtp:\/\///p' standin.out)
	stalwart-apply -q >applied <<-'END'
	{"@type":"upsert","object":"Domain","matchOn":["name"],"value":{"d":{"name":"one.test","aliases":{"uno.test":true}}}}
	{"@type":"upsert","object":"Account","matchOn":["name","domainId"],"value":{"a":{"@type":"User","name":"alice","domainId":"#d","aliases":{"0":{"name":"al","domainId":"#d"}}},"b":{"@type":"User","name":"bob","domainId":"#d"}}}
	{"@type":"upsert","object":"MailingList","matchOn":["name","domainId"],"value":{"l":{"name":"team","domainId":"#d","recipients":{"alice@one.test":true,"bob@one.test":true,"eve@outside.test":true,"team@one.test":true}}}}
	END
}
# goes ADDRESS: what becomes of mail for it, a word for each recipient; or the
# status of its RCPT command.
goes() {
	lines=$(wc -l <smtp.log)
	/usr/bin/python3 - "$smtp" "$1" >rcpt <<-'END'
	import smtplib, sys
	host, port = sys.argv[1].split(':')
	with smtplib.SMTP(host, int(port), timeout=60) as smtp:
	    try:
	        smtp.sendmail('x@outside.test', [sys.argv[2]], 'Subject: x\r\n\r\n.x\r\n')
	    except smtplib.SMTPRecipientsRefused as e:
	        print(list(e.recipients.values())[0][0])
	END
	[ ! -s rcpt ] || { cat rcpt; return; }
	tries=0
	while tail -n "+$((lines + 1))" smtp.log >said
		[ "$(grep -c '"queued"' said)" -ne "$(grep -vc '"queued"' said)" ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 1200 ] || { cat said; return 1; }
		grep -q '"deferred"' said && break
		sleep 0.05
	done
	jq -r 'select(.status != "queued") | "\(.rcpt) \(.route) \(.status)"' said |
	    sort -u | paste -sd , -
}

new --resolves --reach "192.0.2.1:25=127.0.0.1:$old"
ok 'by default: who exists is at home, who does not is refused' '
	[ "$(goes alice@one.test)" = "alice@one.test local delivered" ]
	[ "$(goes Al+tag@Uno.Test)" = "Al@uno.test local delivered" ]
	[ "$(goes nobody@one.test)" = 550 ]
	[ "$(goes x@elsewhere.test)" = 550 ]'
ok 'a list is taken apart first, without itself, and each member goes its way' '
	[ "$(goes team@one.test)" = "alice@one.test local delivered,bob@one.test local delivered,eve@outside.test mx relayed" ]'
ok 'with split delivery: who has no key goes to the old server' '
	mailroute setup --old 192.0.2.1 >/dev/null
	[ "$(goes alice@one.test)" = "alice@one.test mailferry-old relayed" ]
	[ "$(goes nobody@one.test)" = "nobody@one.test mailferry-old relayed" ]
	mailroute set alice@one.test >/dev/null
	[ "$(goes ALICE+x@One.test)" = "ALICE@one.test local delivered" ]
	[ "$(goes al@uno.test)" = "al@uno.test local delivered" ]
	[ "$(goes team@one.test)" = "alice@one.test local delivered,bob@one.test mailferry-old relayed,eve@outside.test mx relayed" ]'
ok 'a key counts when the keys are loaded, and not before' '
	jmap x:MemoryLookupKey/set "{\"create\":{\"k\":{\"namespace\":\"moved\",\"key\":\"bob@one.test\",\"isGlobPattern\":false}}}" >/dev/null
	[ "$(goes bob@one.test)" = "bob@one.test mailferry-old relayed" ]
	jmap x:Action/set "{\"create\":{\"a\":{\"@type\":\"ReloadLookupStores\"}}}" >/dev/null
	[ "$(goes bob@one.test)" = "bob@one.test local delivered" ]'
ok 'a catch-all takes mail before relaying is looked at' '
	jmap x:Domain/set "{\"update\":{\"b\":{\"catchAllAddress\":\"alice@one.test\"}}}" >/dev/null
	[ "$(goes nobody@one.test)" = "alice@one.test local delivered" ]
	jmap x:Domain/set "{\"update\":{\"b\":{\"catchAllAddress\":null}}}" >/dev/null'
ok 'is_local_address is strict with capitals' '
	jmap x:MtaOutboundStrategy/set "{\"update\":{\"singleton\":{\"route\":{\"match\":{\"0\":{\"if\":\"is_local_address(rcpt) && key_exists('"'moved'"', rcpt)\",\"then\":\"'"'local'"'\"},\"1\":{\"if\":\"is_local_domain(rcpt_domain)\",\"then\":\"'"'nowhere'"'\"}},\"else\":\"'"'mx'"'\"}}}}" >/dev/null
	jmap x:Action/set "{\"create\":{\"a\":{\"@type\":\"ReloadSettings\"}}}" >/dev/null
	[ "$(goes alice@one.test)" = "alice@one.test local delivered" ]
	[ "$(goes ALICE@one.test)" = "ALICE@one.test nowhere bounced" ]'
new
ok 'a relay to loopback is never used; a restart loads what a reload cannot' '
	run 1 mailroute setup --old 192.0.2.1 >out 2>err
	[ "$(goes bob@one.test)" = "bob@one.test local delivered" ]
	id=$(jmap x:MtaRoute/get "{}" | jq -r ".methodResponses[0][1].list[0].id")
	jmap x:MtaRoute/set "{\"update\":{\"$id\":{\"address\":\"127.0.0.1\",\"port\":$old}}}" >/dev/null
	kill -USR2 "$standin_pid"
	tries=0
	while [ "$(goes bob@one.test)" != "bob@one.test mailferry-old deferred" ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 20 ]
		: >smtp.log
	done'
done_testing
