# What the tests of migrate-account and its relatives have: an old server (a real
# Dovecot, and on demand a Postfix), stand-ins for the new one, its proxy and
# Vandelay, and a configuration. Read after lib.sh.
# shellcheck shell=sh
. "$top/t/acctcheck.sh"
need curl
need sqlite3
PATH=$top/scripts:$tmp/bin:$PATH:${PROCDEV:-}
mkdir bin
ln -s "$top/tests/standin/vandelay" bin/vandelay
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE

# All secrets of these tests hold "Zx".
echo 'master:{PLAIN}master-Zx' >masters
echo master-Zx >master.pw
echo admin-Zx >admin.pw
printf 'token-Zx\n' >token

# message DIR NUMBER [FLAGS]: one as owners have them.
message() {
	printf 'From: friend@two.test\r\nTo: owner@one.test\r\nSubject: %s\r\nMessage-ID: <%s@two.test>\r\nDate: Mon, 1 Jun 2026 10:00:00 +0200\r\n\r\nText %s\r\n' \
	    "$2" "$2" "$2" >"$1/cur/$((1780000000 + $2)).M$2P1.old:2,${3-S}"
}
# mail USER FOLDER FIRST LAST: a folder with these messages.
mail() {
	mail_dir=homes/old/$1/Maildir/${2:+.$2}
	mkdir -p "$mail_dir/cur" "$mail_dir/new" "$mail_dir/tmp"
	[ -z "$2" ] || : >"$mail_dir/maildirfolder"
	for mail_n in $(seq "$3" "$4"); do
		message "$mail_dir" "$mail_n"
	done
}

# old_server USER...: each at one.test, with the password USER-Zx-long.
old_server() {
	for user; do
		echo "$user@one.test:{PLAIN}$user-Zx-long"
	done >old.users
	serve_imap old
	old_conf=$conf
	sed 's/$/::::::/' old.users >directory
}
# new_server: the stand-in with $new_options, and its proxy; $smtp is where it takes
# mail, with --smtp.
new_server() {
	# shellcheck disable=SC2086 # words
	start_standin standin-stalwart --admin admin:admin-Zx --log "$tmp/requests" \
	    --resolves --schema "$fixtures/real/stalwart-schema.json.gz" ${new_options:-}
	new_url=$url
	smtp=$(sed -n 's/^smtp:\/\///p' standin.out)
	: >mappings
	start_standin standin-proxy --token "$(cat token)" --log "$tmp/proxy.log" \
	    --store "$tmp/mappings"
	proxy_url=$url
}
# configure: mailferry.conf; settings LINE...: more in it.
configure() {
	cat >ferry.conf <<-END
	STATE=$tmp/state
	OLD_IMAP=$imap
	OLD_MASTER=master
	OLD_MASTER_PASSWORD_FILE=$tmp/master.pw
	OLD_DUMP='dirdump passwd-file -q $tmp/directory'
	OLD_DOVEADM='doveadm -c $old_conf'
	STALWART_URL=$new_url
	NEW_PASSWORD_FILE=$tmp/admin.pw
	PROXY_ADMIN_URL=$proxy_url
	PROXY_TOKEN_FILE=$tmp/token
	DELAY=0
	OLD_WORK=$tmp/merge
	END
}
settings() {
	printf '%s\n' "$@" >>ferry.conf
}
migrate() {
	migrate-account -c ferry.conf "$@"
}
rollback() {
	rollback-account -c ferry.conf "$@"
}

# jmap METHOD ARGUMENTS: by the administrator.
jmap() {
	echo 'user = "admin:admin-Zx"' >jmap.conf
	printf '{"using":["urn:ietf:params:jmap:core","urn:stalwart:jmap"],"methodCalls":[["%s",%s,"0"]]}' \
	    "$1" "$2" >jmap.json
	curl -s -K jmap.conf --data-binary @jmap.json \
	    -H 'Content-Type: application/json' "$new_url/jmap/"
}
# new_id ADDRESS: its id on the new server, or nothing.
new_id() {
	jmap x:Domain/query "{\"filter\":{\"name\":\"${1#*@}\"}}" >id.domain
	domain_id=$(jq -r '.methodResponses[0][1].ids[0] // empty' id.domain)
	[ -n "$domain_id" ] || return 0
	jmap x:Account/query "{\"filter\":{\"name\":\"${1%@*}\",\"domainId\":\"$domain_id\"}}" |
	    jq -r '.methodResponses[0][1].ids[0] // empty'
}
# new_folders ADDRESS: each with its messages, sorted.
new_folders() {
	jmap Mailbox/get "{\"accountId\":\"$(new_id "$1")\",\"ids\":null}" |
	    jq -r '.methodResponses[0][1].list[] | "\(.name) \(.totalEmails)"' | sort
}
# old_folders USER: the same on the old server.
old_folders() {
	doveadm -c "$old_conf" mailbox status -u "$1" messages '*' | sed 's/messages=//' | sort
}
# routes ADDRESS: where its login goes.
routes() {
	remap get --url "$proxy_url" --token-file token "$1" | jq -r .destination
}
# steps ADDRESS: what ended, of its journal, a step a line.
steps() {
	jq -r 'select(.type == "step") | "\(.way) \(.step) \(.status)"' "$tmp/state/$1/steps.ndjson"
}
# ferry_ready: split delivery is set up, for a domain that exists.
ferry_ready() {
	echo '{"@type":"upsert","object":"Domain","matchOn":["name"],"value":{"d":{"name":"one.test","allowRelaying":true}}}' >domain.plan
	stalwart-apply -q --url "$new_url" --user admin --password-file admin.pw \
	    domain.plan >setup.out
	mailroute setup --url "$new_url" --user admin --password-file admin.pw \
	    --old old.one.test >>setup.out 2>&1 || {
		echo 'Bail out! no split delivery'
		cat setup.out
		exit 2
	}
}
# ready_for_wave: the old server with $users, or six, who have two messages each, the
# new one, and the configuration.
ready_for_wave() {
	: "${users:=ann ben cat dan eve fay}"
	n=0
	for user in $users; do
		mail "$user@one.test" '' $((n + 1)) $((n + 2))
		n=$((n + 2))
	done
	# shellcheck disable=SC2086 # words
	old_server $users
	own
	new_server
	configure
	ferry_ready
}

# Each tool is called through this. The file fault.TOOL has a number and what
# happens at that call: an exit status, or the end of migrate-account, before or
# after the tool has done its work.
with_faults() {
mkdir shims
cat >shims/shim <<END
#!/bin/sh
name=\${0##*/}
PATH=\${PATH#$tmp/shims:}
n=\$((\$(cat $tmp/calls.\$name 2>/dev/null || echo 0) + 1))
echo \$n >$tmp/calls.\$name
fault= at=0
[ ! -e $tmp/fault.\$name ] || read -r at fault <$tmp/fault.\$name
# Of two that count at once one has the fault.
[ "\$n" = "\$at" ] && mv $tmp/fault.\$name $tmp/fault.\$name.\$\$ 2>/dev/null ||
	exec "\$name" "\$@"
echo \$name >>$tmp/faults
case \$fault in
before) kill -9 \$PPID; exit 1 ;;
after) "\$name" "\$@"; kill -9 \$PPID; exit 1 ;;
*) echo "\$name: not now" >&2; exit \$fault ;;
esac
END
chmod 755 shims/shim
for tool in recfilter mkaccounts stalwart-apply vandelay acctcheck mailroute remap \
    archive2maildir maildir-check maildir-merge doveadm tar; do
	ln -s shim shims/$tool
done
PATH=$tmp/shims:$PATH
}

killed() {
	got=0
	"$@" >out 2>err || got=$?
	[ "$got" = 137 ]
}
# Empty folders of the new server are made on the old one: no mail is in them.
filled() {
	old_folders "$1" | grep -v " 0$"
}
# fault TOOL CALL WHAT: the next time, and no fault before.
fault() {
	rm -f calls.* fault.* faults
	echo "$2 $3" >"fault.$1"
}
# The state of an account that no fault has seen is what the others come to.
end_state() {
	new_folders "$1"
	echo
	routes "$1"
	mailroute get --url "$new_url" --user admin --password-file admin.pw "$1" |
	    jq -r .mail
	steps "$1" | sort -u | grep "^migrate.* 0$" | grep -v -e -back
}
at_home() {
	[ "$(routes "$1")" = legacy ]
	mailroute list --url "$new_url" --user admin --password-file admin.pw >moved.list
	hasnt moved.list "\"$1\""
}
