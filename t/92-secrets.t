#!/bin/sh
# No secret leaves the tools, in whatever form a server may send it back: not in
# outputs, logs or rejects. What /proc and cores show: 92-secrets-memory.t.
. "${0%/*}/lib.sh"
need curl
need sqlite3
. "$top/t/apply.sh"
. "$top/t/secrets.sh"


# --- tools that log in ---

# all_tools: all of them at once; fails if one says nothing, or a secret.
all_tools() {
	rm -rf run
	mkdir run
	cd run || exit
	tools >list
	n=0
	while read -r line; do
		n=$((n + 1))
		# shellcheck disable=SC2086
		with_secret timeout 60 $line >out.$n 2>err.$n </dev/null &
	done <list
	wait
	cat rejects >>out.1 2>/dev/null || true
	while [ "$n" -gt 0 ]; do
		secretless "out.$n" "err.$n" && [ -s "err.$n" ] && not_crashed "err.$n" || {
			echo "by: $(sed -n "${n}p" list)"
			cat "err.$n"
			exit 1
		}
		n=$((n - 1))
	done
}
not_crashed() {
	not grep -E "option|ERROR: Addr|usage:" "$1"
}

# dead: ports where nobody listens; failing: a server that says 500 to all.
for kind in echo redirect nothing dead failing; do
	case $kind in
	dead)
		url=http://127.0.0.1:1 ports='1 1 1 1'
		STALWART_URL=$url STALWART_USER=admin
		export STALWART_URL STALWART_USER
		;;
	failing)
		serve --fault '*:500'
		hostile_logins fail
		;;
	*)
		hostile $kind
		hostile_logins echo
		;;
	esac
	ok "$kind: in no output and no file" all_tools
done
hostile echo
hostile_logins echo
ok 'a token of the echo server too' '
	unset STALWART_USER
	for c in "stalwart-apply -vv --retry-budget 1 -E rejects --token-file secret plan" \
	    "mailroute --retry-budget 1 --token-file secret set alice@one.test" \
	    "dirdump-stalwart --token-file secret $url" \
	    "davmerge -vv --token-file secret $url tree"; do
		# shellcheck disable=SC2086
		timeout 60 $c >out 2>err </dev/null || true
		[ -s err ]
		secretless out err rejects
	done'
for short in q7x end; do
	ok "a short password ($short): covered as a word, and no other word is spoilt" '
		secret=$short
		look_for "$short"
		echo "$short" >secret
		all_tools
		cat err.* >all
		has all "you sent ***"
		has all "x${short}x"
		not grep -F "$(printf "admin:%s" "$short" | base64)" err.[1-5]
		grep -l "you sent" err.* >said
		[ "$(wc -l <said)" -ge 8 ]'
done
secret='Zahn+arzt/7&Tür'
look_for "$secret"
printf '%s\n' "$secret" >secret

# --- tools that read records and directories ---

ok 'hashes and clear passwords of a plan are in no output but the rejects' '
	hostile echo
	STALWART_USER=admin
	{ echo "$domain"; accounts "$(user alice),$(user bob "$secret")"; } >clear
	run 1 apply -vv -E rejects clear >out 2>err
	secretless out err
	not grep -F "$hash" out err
	[ "$(stat -c %a rejects)" = 600 ]'

ok 'line breaks in user, password and token are refused, before a byte is sent' '
	serve
	for t in "API_abc
X-Injected: yes" "API_abc
" "API$(printf "\r")abc" "a$(printf "\001")b"; do
		env -u STALWART_USER STALWART_TOKEN="$t" stalwart-apply plan >out 2>err && exit 1
		[ $? -eq 2 ]
		has err "the token holds a line break"
		hasnt err API
		env PROXY_ADMIN_URL="$url" PROXY_ADMIN_TOKEN="$t" remap get a >out 2>err && exit 1
		has err "the token holds a line break"
		env STALWART_PASSWORD="$t" stalwart-apply plan >out 2>err && exit 1
		has err "the password holds a line break"
		env DAV_USER="$t" DAV_PASSWORD=x davmerge "$url" tree >out 2>err && exit 1
		has err "the user name holds a line break"
	done
	[ ! -s requests ]'
ok 'a file with a NUL is not a secret' '
	printf "abc\\000def\n" >nul
	chmod 600 nul
	run 2 stalwart-apply --password-file nul plan >out 2>err
	has err "a NUL in the secret"'
ok 'a user part in a URL is refused, and not repeated' '
	for c in "stalwart-apply --url https://admin:$secret@127.0.0.1 --password-file secret plan" \
	    "remap --url https://admin:$secret@127.0.0.1 --token-file secret get a" \
	    "davmerge --user a --password-file secret https://admin:$secret@127.0.0.1/ tree" \
	    "acctcheck --source imap://m:$secret@127.0.0.1 --source-user m --source-password-file secret --target $url addresses"; do
		chmod 600 secret
		# shellcheck disable=SC2086
		$c >out 2>err && exit 1
		secretless out err
		has err "user name or password"
	done'

# Input that holds secrets, and is broken in all ways.

{
	printf '{"v":1,"type":"account","address":"a@one.test","secret":"%s","secret":"x"}\n' "$secret"
	printf '{"v":1,"type":"account","address":"a@one.test","secret":["%s"]}\n' "$secret"
	printf '{"v":1,"type":"account","address":"b@one.test","secret":"{NONE}%s"}\n' "$secret"
	printf '{"v":1,"type":"account","address":"c@one.test","secret":"%s" x}\n' "$secret"
	printf '{"v":1,"type":"account","address":"d@one.test","otp":"%s"}\n' "$secret"
	printf '{"v":1,"type":"account","address":"e@one.test","app_passwords":[{"name":7,"x":"%s"}]}\n' "$secret"
	printf '{"v":1,"type":"dkim","domain":"one.test","selector":"m","algorithm":"rsa-sha256","key":"%s"}\n' "$secret"
	printf '{"v":1,"type":"account","address":"f@one.test","secret":"%s' "$secret"
} >bad
printf '%s\n' "a@one.test:$secret" "a@one.test:{SHA}$secret::::" "b@one.test:{NONE}$secret:x:y:z" \
    ":$secret" "$secret" "c@one.test:{PLAIN$secret" "d@one.test:$secret:1:2::/home/d::quota=$(printf '\377')" >passwd
printf '%s\n' "a:$secret:19000:0:99999:7:::" "b:\$9\$$secret" "$secret" ":$secret:::" >shadow
printf 'dn: uid=a,dc=a\nuid: a\nuserPassword: {NONE}%s\nmail: nobody\n\ndn: uid=b\nuserPassword:: %s\nuserPassword\n' \
    "$secret" "$secret" >ldif
mkdir dms
sed 's/^/|/; s/:/|/' passwd >dms/postfix-accounts.cf
printf 'a@one.test\t%s\nb@one.test:%s\n%s\n' "$secret" "$secret" "$secret" >known
printf 'require "fileinto"; # %s\nfileinto "%s" %s;\n' x y z >script
sqlite3 miab.sqlite "CREATE TABLE users (id INTEGER, email TEXT, password TEXT,
    privileges TEXT); CREATE TABLE aliases (source TEXT, destination TEXT, permitted_senders TEXT);
    INSERT INTO users VALUES (1, 'a@one.test', '$secret', 'x'), (2, 'nobody', '$secret', ''),
    (3, 'b@one.test', '{NONE}$secret', 'y')"
mkdir -p opendkim/etc/opendkim
printf '%s\n' 'KeyTable /etc/opendkim/keys' >opendkim/etc/opendkim.conf
printf 'm._domainkey.one.test one.test:m:/etc/opendkim/key\nn one.test:n:%s\n' "$secret" >opendkim/etc/opendkim/keys
printf '%s\n' '-----BEGIN PRIVATE KEY-----' "$secret" '-----END PRIVATE KEY-----' >opendkim/etc/opendkim/key
printf '%s\n' '# 2.3.19' 'passdb {' "  args = $PWD/passwd" '  driver = passwd-file' '}' \
    'userdb {' "  args = $PWD/passwd" '  driver = passwd-file' '}' >file.saved
local_tools() {
	cat <<-X
	dirdump passwd-file -v passwd
	dirdump-mail-in-a-box -v miab.sqlite
	dirdump-sql -v --map mail-in-a-box sqlite:miab.sqlite
	dirdump-dkim -v --from opendkim --root opendkim
	dirdump-dovecot -v -c file.saved
	mkaccounts -v bad
	mkaccounts -v --no-secret=temp --temp-file known bad
	mkaccounts -v --otp=carry --settings settings -E rej bad
	secretcheck -v bad
	secretcheck -v -p known -E rej bad
	recfilter -v -a b@one.test -E rej bad
	sievecheck -v --records -E rej bad
	remap -E rej set stalwart
	mailroute -E rej set
	dirdump-passwd-file -v passwd
	dirdump-passwd-file -v --default-scheme SHA passwd
	dirdump-shadow -v passwd shadow
	dirdump-ldif -v --map qmail ldif
	dirdump-dms -v dms
	stalwart-apply -v bad
	stalwart-apply -v --settings bad plan
	dirdump-acl -v bad
	X
}
ok "bad records: no secret in a message, nor where standard output is full" '
	rm -f rejects
	chmod 600 known
	standin_pid=
	serve
	local_tools >list
	n=0
	while read -r line; do
		n=$((n + 1))
		case $line in
		remap* | mailroute*) exec 3<bad ;;
		*) exec 3</dev/null ;;
		esac
		rm -f rej
		# shellcheck disable=SC2086
		STALWART_PASSWORD=secret PROXY_ADMIN_URL=$url PROXY_ADMIN_TOKEN=x \
		    timeout 60 $line <&3 >out 2>err || true
		# shellcheck disable=SC2086
		STALWART_PASSWORD=secret PROXY_ADMIN_URL=$url PROXY_ADMIN_TOKEN=x \
		    timeout 60 $line <&3 >/dev/full 2>>err || true
		[ -s err ] && secretless err && not_crashed err || {
			echo "by: $line"
			cat err
			exit 1
		}
		for f in rej settings; do
			[ ! -e $f ] || [ "$(stat -c %a $f)" = 600 ]
		done
	done <list'

ok "each tool that reads a secret was there" '
	{
		tools
		cat list
	} >lines
	for f in "$top"/bin/*.c; do
		tool=$(basename "$f" .c)
		case $tool in
		# Mail, which is not for messages, but no password.
		archive2maildir | maildir-*) continue ;;
		esac
		grep -qE "^$tool( |\$)" lines || {
			echo "$tool is not called"
			exit 1
		}
	done'

done_testing
