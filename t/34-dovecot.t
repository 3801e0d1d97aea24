#!/bin/sh
# The real Dovecot reads a file of odd lines: who can log in are the accounts
# that are active, with the passwords, quotas, homes and mail places that their
# records have. Only its auth service runs, over sockets in the scratch folder.
. "${0%/*}/lib.sh"
. "$top/t/dovecot.sh"
need jq

pw() {
	doveadm pw -s "$1" -p secret
}

# The hashes are Dovecot's own.
sed -e "s|@IDS@|$ids|" -e "s|@HOME@|$tmp/home|" -e "s|@SHA512CRYPT@|$(pw SHA512-CRYPT)|" \
    -e "s|@BARE@|$(pw SHA512-CRYPT | sed 's/.*}//')|" \
    -e "s|@B64@|$(pw SSHA256.b64)|" -e "s|@HEX@|$(pw SHA256.hex)|" \
    -e "s|@DES@|$(pw DES-CRYPT | sed 's/.*}//')|" \
    -e "s|@MD5CRYPT@|$(pw MD5-CRYPT | sed 's/.*}//')|" \
    "$fixtures/passwd-file/odd" >odd
printf 'crlf@one.test:{PLAIN}secret:1000:1000::/h::\r\n' >>odd
printf 'unended@one.test:{PLAIN}secret:1000:1000::/h::' >>odd
chmod 644 odd

# Both databases are the file.
both="passdb {
  driver = passwd-file
  args = $tmp/odd
}
userdb {
  driver = passwd-file
  args = $tmp/odd
}"

# userdb USER FIELD: what the userdb says of a user.
userdb() {
	doveadm -c "$conf" user "$1" 2>/dev/null |
	    sed -n "s/^$2[[:space:]]//p"
}

# member ADDRESS NAME: a member of an account's record, a string or a number.
member() {
	sed -n "/\"type\":\"account\",\"address\":\"$1\"/{
	s/.*\"$2\":\"\([^\"]*\)\".*/\1/p
	s/.*\"$2\":\([0-9a-z][0-9a-z]*\).*/\1/p
	}" out
}

start_dovecot plain <<END
$both
END
dirdump-passwd-file odd >out 2>err
status=$?

# Who is not a matter of the file alone: a name with capitals (below).
sed -n 's/^\([a-z0-9][^:]*\).*/\1/p' odd | tr -d '\r' | sort -u >names

ok 'the accounts that can log in are those that are active' '
	# A refusal takes half a second, so all are asked at once.
	mkdir in
	while read -r name; do
		if may_login "$name"; then
			: >in/"$name"
		fi &
	done <names
	wait
	ls in >let.in
	sed -n "s/.*\"type\":\"account\",\"address\":\"\([^\"]*\)\".*\"active\":true.*/\1/p" out |
	    sort >active
	# Two accounts can log in, but with another password.
	for name in dupwrong@one.test; do
		may_login $name other
		echo $name
	done >>let.in
	may_login plainstar@one.test "*"
	echo plainstar@one.test >>let.in
	sort let.in >want
	[ "$(wc -l <want)" -gt 25 ]
	same want active'
ok 'every line is a record, left out with its reason, or nobody to Dovecot' '
	[ "$status" -eq 1 ]
	sed -n "s/.*\"type\":\"account\",\"address\":\"\([^\"]*\)\".*/\1/p" out | sort >listed
	comm -23 names listed >lost
	echo colon@one.test >want
	same want lost
	has err "colon@one.test: the third field is not a user id"
	! may_login colon@one.test "se:\$cret"
	! may_login colon@one.test se'
ok 'the stored text is the one that Dovecot verifies' '
	while read -r name; do
		[ "$name" != nopass@one.test ] && [ "$name" != nopasstag@one.test ] || continue
		case $name in
		dupwrong@*) clear=other ;;
		plainstar@*) clear="*" ;;
		*) clear=secret ;;
		esac
		secret=$(member "$name" secret)
		case $secret in
		{*) ;;
		*) secret="{$(member "$name" default_scheme)}$secret" ;;
		esac
		doveadm pw -t "$secret" -p "$clear" >/dev/null || {
			echo "$name"
			exit 1
		}
	done <active'
ok 'quotas are those that the quota plugin reckons with' '
	for number in 1 2 3 4 5 6 7 8; do
		name=q$number@one.test
		doveadm -c "$conf" -f tab quota get -u $name >quota
		# Name, type, value, limit in KiB (rounded up), percent.
		awk -F "\t" "\$2 == \"STORAGE\" { print \$4 }" quota >want
		bytes=$(member $name quota)
		if [ -n "$bytes" ]; then
			echo $(((bytes + 1023) / 1024))
		else
			echo -
		fi >got
		echo "$name"
		same want got
	done
	[ -z "$(member q9@one.test quota)" ]
	has err "q9@one.test: a quota that is not a number of bytes is not carried"'
ok 'homes, places of the mail and ids are those of the userdb' '
	for name in plain home legacy b64 q1 vars vars2 varhome; do
		name=$name@one.test
		for field in home uid gid; do
			[ "$(userdb $name $field)" = "$(member $name $field)" ] || {
				echo "$name $field: $(userdb $name $field), $(member $name $field)"
				exit 1
			}
		done
	done
	for name in home legacy vars vars2; do
		[ -n "$(member $name@one.test mail)" ]
		[ "$(userdb $name@one.test mail)" = "$(member $name@one.test mail)" ]
	done
	! userdb uidzero@one.test uid | grep .'
ok 'a last line without a newline: known, but not listed' '
	doveadm -c "$conf" user "*" >listing 2>/dev/null || :
	grep -qx plain@one.test listing
	not grep -qx unended@one.test listing
	[ "$(userdb unended@one.test home)" = /h ]
	has err "a last line without a newline is read"'
ok 'names with capitals are found only where Dovecot keeps them' '
	echo "UPPER@One.Test:{PLAIN}secret:1000:1000::/h::" >odd.new
	cat odd >>odd.new
	mv odd.new odd
	chmod 644 odd
	! may_login UPPER@One.Test
	! may_login upper@one.test
	printf "%s\n" "$both" "auth_username_format =" >settings
	start_dovecot keep <settings
	may_login UPPER@One.Test
	dirdump-passwd-file odd >out 2>err || :
	has out "\"address\":\"upper@one.test\",\"logins\":[\"UPPER@One.Test\"]"
	stop_dovecot "${conf%/*}"'

cat >quotes <<'END'
o'neil@one.test:{PLAIN}secret:1000:1000::/h/nobody::
o\'hara@one.test:{PLAIN}secret:1000:1000::/h/hara::
o\d@one.test:{PLAIN}secret:1000:1000::/h/nobody::
ann@one.test:{PLAIN}secret:1000:1000::/h/ann::
END
chmod 644 quotes
printf '%s@one.test\n' "o'neil" "o'hara" 'o\d' ann >quoted.names
echo "auth_username_chars = abcdefghijklmnopqrstuvwxyz'\\.@" >quoted.chars
ok 'a quote in a name is looked for with a backslash before it, in each form of names' '
	for form in "" "username_format=%u "; do
		echo "$both" | sed "s,= /.*/odd,= $form$tmp/quotes," | cat - quoted.chars >settings
		start_dovecot "quoted${form:+-form}" <settings
		while IFS= read -r name; do
			if may_login "$name"; then
				printf "%s\n" "$name"
			else
				not doveadm -c "$conf" user "$name" >user 2>&1
			fi
		done <quoted.names >want
		[ "$(wc -l <want)" = 2 ]
		run 1 dirdump-dovecot -c "$conf" >out 2>err
		jq -r "select(.type == \"account\" and .active) | .address" out >got
		same want got
		[ "$(jq -r "select(.type == \"account\") | .home" out | paste -sd " ")" = "/h/hara /h/ann" ]
		has err "quotes:1: "
		has err "quotes:3: "
		[ "$(grep -c "because a quote or a backslash in a passwd-file needs a backslash before it" err)" = 2 ]
		doveadm -c "$conf" stop
	done'

{
	printf '\357\273\277ann@one.test:{PLAIN}secret:1000:1000::/h/ann::\n'
	echo 'bob@one.test:{PLAIN}secret:1000:1000::/h/bob::'
} >marked
printf '\357\273\277# a comment\n' >noted
sed 's/^[^a-z]*//' marked >>noted
chmod 644 marked noted
ok 'a byte order mark is a part of the first name, which nobody logs in with' '
	for file in marked noted; do
		echo "$both" | sed "s,/odd,/$file," >settings
		start_dovecot "of-$file" <settings
		printf "%s\n" ann@one.test bob@one.test >asked
		while read -r name; do
			if may_login "$name"; then
				echo "$name"
			fi
		done <asked >want
		if [ "$file" = marked ]; then
			run 1 dirdump-dovecot -c "$conf" >out 2>err
			run 1 dirdump-passwd-file "$file" >of-file 2>err.plain
			has err "marked:1: a byte order mark before the first name"
			has err.plain "marked:1: a byte order mark before the first name"
		else
			run 0 dirdump-dovecot -c "$conf" >out 2>err
			run 0 dirdump-passwd-file "$file" >of-file 2>err.plain
		fi
		for records in out of-file; do
			sed -n "s/.*\"type\":\"account\",\"address\":\"\([^\"]*\)\".*\"active\":true.*/\1/p" "$records" >got
			same want got
		done
		doveadm -c "$conf" stop
	done
	# What the message says to do.
	sed -i "1s/^\xef\xbb\xbf//" marked
	run 0 dirdump-dovecot -c "$tmp/of-marked/dovecot.conf" >out 2>err
	[ "$(member ann@one.test active)" = true ]'
ok 'a byte order mark in a list of whom no login is for' '
	printf "\357\273\277ann@one.test\nbob@one.test\n" >denied
	chmod 644 denied
	printf "%s\n" "passdb {" "driver = passwd-file" "deny = yes" "args = $tmp/denied" "}" >settings
	echo "$both" | sed "s,/odd,/marked," >>settings
	start_dovecot denying <settings
	may_login ann@one.test
	not may_login bob@one.test
	run 1 dirdump-dovecot -c "$conf" >out 2>err
	[ "$(member ann@one.test active)" = true ]
	[ "$(member bob@one.test active)" = false ]
	run 0 dirdump-passwd-file --deny denied marked >out 2>err
	[ "$(member ann@one.test active)" = true ]
	[ "$(member bob@one.test active)" = false ]
	doveadm -c "$conf" stop'

done_testing
