#!/bin/sh
# Tables of aliases that no program lists, patterns and servers: they are asked for
# the addresses that are known from elsewhere. A running Postfix says who gets it.
. "${0%/*}/lib.sh"
need jq
need /usr/bin/python3 python3
. "$top/t/postfix.sh"
mkdir "$pf"

cat >answers.py <<'END'
import socketserver, threading
NAMES = {"tess@one.test": "tcp@ext.test, tess@one.test", "sock@one.test": "sock@ext.test",
         "late@one.test": "tcp@ext.test", "two words@one.test": "odd@ext.test"}
class Tcp(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            key = line.decode().split(" ", 1)[1].strip().replace("%20", " ")
            value = NAMES.get(key) if key != "sock@one.test" else None
            self.wfile.write(("200 %s\n" % value.replace(" ", "%20") if value else "500 no\n").encode())
            self.wfile.flush()
class Socketmap(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            head = b""
            while not head.endswith(b":"):
                c = self.rfile.read(1)
                if not c:
                    return
                head += c
            name, key = self.rfile.read(int(head[:-1])).decode().split(" ", 1)
            self.rfile.read(1)
            value = NAMES.get(key) if name == "aliases" else None
            text = ("OK " + value if value else "NOTFOUND ").encode()
            self.wfile.write(b"%d:%s," % (len(text), text))
            self.wfile.flush()
class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
servers = [Server(("127.0.0.1", 0), h) for h in (Tcp, Socketmap)]
for s in servers:
    threading.Thread(target=s.serve_forever).start()
print(*[s.server_address[1] for s in servers], flush=True)
END
mkfifo ports
/usr/bin/python3 answers.py >ports &
end_with_test "$!"
read -r tcp sock <ports

printf '%s x\n' ann@one.test bob@one.test carl@one.test tess@one.test sock@one.test \
    late@one.test first@one.test plain@one.test >"$pf/boxes"
cat >"$pf/first" <<'END'
first@one.test first@ext.test
group@one.test bob@one.test, gone@one.test
END
cat >"$pf/re" <<'END'
# a comment
/^(ann|first)@one\.test$/	$1@ext.test
/^BOB@/	bob@one.test, copy@ext.test
if /@one\.test$/
/^info@/	plain@one.test
/^gone@(.*)$/	gone-$(1)@ext.test
endif
/^local@origin\.test$/	pattern@ext.test
/^secret-.*@one\.test$/	hidden@ext.test
END
cat >"$pf/last" <<'END'
bob@one.test hidden-by-pattern@ext.test
late@one.test hidden-by-server@ext.test
plain@one.test plain@one.test, last@ext.test
local last@ext.test
carl@one.test carl@ext.test
END
printf 'local: third@ext.test\nother: fourth@ext.test\n' >"$pf/aliases"
postfix_start 'mydestination = localhost, origin.test' 'myorigin = origin.test' \
    "virtual_alias_maps = texthash:$pf/first regexp:$pf/re tcp:127.0.0.1:$tcp socketmap:inet:127.0.0.1:$sock:aliases texthash:$pf/last" \
    "alias_maps = hash:$pf/aliases" \
    'virtual_alias_domains =' 'virtual_mailbox_domains = one.test' \
    "virtual_mailbox_maps = texthash:$pf/boxes" \
    "transport_maps = inline:{ origin.test=local: }"

postalias -c "$pf" "hash:$pf/aliases"

# leads FILE ADDRESS: whom the records send its mail to, in one step.
leads() {
	jq -r --arg a "$2" 'select(.address == $a) |
	    if .type == "alias" then .targets
	    else (.forward // []) + (if .keep or .forward == null then [.address] else [] end) end |
	    sort | join(" ")' "$1"
}
agrees() {
	for name in ann bob carl tess sock late first plain; do
		delivered "$name@one.test" >want
		leads "$1" "$name@one.test" >got
		same want got || {
			echo "$name"
			return 1
		}
	done
}

run 1 dirdump-postfix -v -c "$pf" >out 2>err
ok 'mailboxes: what the patterns and the servers say' '
	agrees out
	[ "$(leads out ann@one.test)" = ann@ext.test ]
	[ "$(leads out tess@one.test)" = "tcp@ext.test tess@one.test" ]
	[ "$(leads out sock@one.test)" = sock@ext.test ]'
ok 'names that every domain has, and targets' '
	[ "$(delivered info@one.test)" = "last@ext.test plain@one.test" ]
	[ "$(leads out info@one.test)" = plain@one.test ]
	[ "$(delivered group@one.test)" = "bob@one.test copy@ext.test gone-one.test@ext.test" ]
	[ "$(leads out gone@one.test)" = gone-one.test@ext.test ]'
ok 'the first table that has a key counts, also for local names' '
	hasnt out hidden-by
	[ "$(leads out late@one.test)" = tcp@ext.test ]
	[ "$(delivered local@origin.test)" = pattern@ext.test ]
	[ "$(leads out local@origin.test)" = pattern@ext.test ]
	[ "$(delivered other@origin.test)" = fourth@ext.test ]
	[ "$(leads out other@origin.test)" = fourth@ext.test ]'
ok 'what else there may be is said, for each table' '
	# Nobody can know this one.
	[ "$(delivered secret-1@one.test)" = hidden@ext.test ]
	hasnt out hidden@ext.test
	for type in regexp tcp socketmap; do
		has err "a table of the type \"$type\" cannot be listed: only addresses that are known from elsewhere are looked up"
	done
	jq -r "select(.type == \"note\") | .what" out | grep : >got
	printf "%s\n" "regexp:$pf/re" "tcp:127.0.0.1:$tcp" "socketmap:inet:127.0.0.1:$sock:aliases" >want
	same want got
	[ "$(jq -r "select(.type == \"note\" and (.what | contains(\":\"))) | .origin" out | sort -u)" = \
	    postfix:virtual_alias_maps ]'
ok 'tables that stand in the parameter, several as one, and one value for all' '
	cp "$pf/main.cf" main.cf.old
	echo "carl@one.test second@ext.test" >"$pf/second"
	postconf -c "$pf" -e "virtual_alias_maps = cidr:$pf/none \
	    inline:{ ann@one.test=in@ext.test, { Bob@one.test = bob@one.test, one@ext.test two@ext.test } } \
	    unionmap:{texthash:$pf/second,inline:{carl@one.test=first@ext.test}} \
	    pipemap:{inline:{late@one.test=tess},inline:{tess=piped@ext.test}}"
	: >"$pf/none"
	postfix -c "$pf" reload
	run 1 dirdump-postfix -q -c "$pf" >more 2>err.more
	agrees more
	[ "$(leads more bob@one.test)" = "bob@one.test one@ext.test two@ext.test" ]
	[ "$(leads more carl@one.test)" = "first@ext.test second@ext.test" ]
	[ "$(leads more late@one.test)" = piped@ext.test ]
	hasnt err.more inline:{\ ann
	postconf -c "$pf" -e "virtual_alias_maps = static:all@ext.test"
	postfix -c "$pf" reload
	run 1 dirdump-postfix -q -c "$pf" >more 2>err.more
	agrees more
	[ "$(leads more ann@one.test)" = all@ext.test ]
	has err.more "a table of the type \"static\" cannot be listed: only addresses that are known from elsewhere are looked up"
	cp main.cf.old "$pf/main.cf"
	postfix -c "$pf" reload'
ok 'rights to send as an address' '
	echo "/^(.*)@one\\.test$/ \$1@one.test, boss@one.test" >"$pf/logins"
	echo "boss@one.test x" >>"$pf/boxes"
	postconf -c "$pf" -e "smtpd_sender_login_maps = regexp:$pf/logins"
	run 1 dirdump-postfix -q -c "$pf" >more 2>/dev/null
	jq -r "select(.type == \"settings\") | .address, (.send_as | length)" more >got
	printf "%s\n" boss@one.test 8 >want
	head -n 1 got | has /dev/stdin boss@one.test
	[ "$(jq -r "select(.type == \"settings\") | .send_as[]" more | grep -c one.test)" -ge 8 ]
	postconf -c "$pf" -X smtpd_sender_login_maps'
ok 'alias_maps: patterns are named, and not asked' '
	postconf -c "$pf" -e "alias_maps = regexp:$pf/re"
	run 1 dirdump-postfix -q -c "$pf" >more 2>err.more
	has err.more "alias_maps: a table of the type \"regexp\" cannot be listed"
	hasnt more third@ext.test
	jq -r "select(.what == \"alias_maps\") | .text" more |
	    has /dev/stdin "regexp:$pf/re cannot be listed: what its 6 patterns say is not carried; write what is in use of it into a table that can be listed (texthash:FILE), which alias_maps names before it"
	postconf -c "$pf" -e "alias_maps = hash:$pf/aliases"'
ok 'mailboxes and domains: patterns are named, with their number' '
	printf "/x/ y\n  and more\n\nif /z/\n/a/ b\nendif\n" >"$pf/two"
	printf "/x/ y\n" >"$pf/one"
	postconf -c "$pf" -e "virtual_mailbox_maps = pcre:$pf/two" \
	    "virtual_mailbox_domains = one.test, regexp:$pf/one, tcp:127.0.0.1:$tcp"
	run 1 dirdump-postfix -q -c "$pf" >more 2>err.more
	has more "\"what\":\"virtual_mailbox_maps\",\"text\":\"pcre:$pf/two cannot be listed: what its 2 patterns say is not carried; write what is in use of it into a table that can be listed (texthash:FILE), which virtual_mailbox_maps names before it\""
	has more "\"what\":\"virtual_mailbox_domains\",\"text\":\"regexp:$pf/one cannot be listed: what its pattern says is not carried; write what is in use of it into a table that can be listed (texthash:FILE), which virtual_mailbox_domains names before it\""
	has more "tcp:127.0.0.1:$tcp cannot be listed: what it says is not carried"
	postconf -c "$pf" -e "virtual_mailbox_maps = texthash:$pf/boxes" \
	    "virtual_mailbox_domains = one.test"'
ok 'of another machine: the patterns that were gathered; a server is named' '
	run 0 sh "$top/scripts/dirdump-collect" -P "$pf" >all.tar 2>/dev/null
	tar tf all.tar | has /dev/stdin "${pf#/}/re"
	run 1 dirdump-postfix -q -c "$pf" --root all.tar >there 2>err.there
	[ "$(leads there ann@one.test)" = ann@ext.test ]
	[ "$(leads there bob@one.test)" = "bob@one.test copy@ext.test" ]
	jq -r "select(.type == \"note\") | .what" there | has /dev/stdin "regexp:$pf/re"
	for type in tcp socketmap; do
		has err.there "virtual_alias_maps: a table of the type \"$type\" cannot be listed"
	done'
ok 'a file that is not there: the table is named, and nothing invented' '
	rm "$pf/re"
	run 1 dirdump-postfix -q -c "$pf" >more 2>err.more
	has err.more "virtual_alias_maps: a table of the type \"regexp\" cannot be listed"
	[ "$(leads more sock@one.test)" = sock@ext.test ]'

done_testing
