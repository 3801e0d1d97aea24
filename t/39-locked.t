#!/bin/sh
# A stored text that no password fits makes an inactive account, whichever
# directory holds it, and --no-secret=temp does not bring it back to life.
. "${0%/*}/lib.sh"
need sqlite3
need curl

# name, the stored text
cat >texts <<-\END
	suspended SUSPENDED
	locked !locked
	star *
	nothash {CRYPT}nothash
	placeholder x
	damaged {SSHA}abc
	crypt $6$abcdefgh$xS1m2Vq8bZ3m4q6m2bV5r7pQ9rS1t3u5v7w9x1y3z5A7B9C1D3E5F7G9H1I3J5K7L9M1N3O5P7Q9R1S3T5
	clear {PLAIN}!any
END
while read -r name text; do
	printf '%s@one.test:%s\n' "$name" "$text" >&3
	printf "insert into u values('%s@one.test', '%s');\n" "$name" "$text" >&4
	printf 'dn: uid=%s,dc=one,dc=test\nobjectClass: inetOrgPerson\n' "$name"
	printf 'uid: %s\nmail: %s@one.test\nuserPassword: %s\n\n' "$name" "$name" \
	    "$text"
done <texts 3>users 4>rows >users.ldif
{ echo 'create table u(address text, secret text);' && cat rows; } |
    sqlite3 users.sqlite

# What is active in out, one name a line.
active() {
	jq -r 'select(.type == "account" and .active != false) | .address' |
	    sort
}
printf 'clear@one.test\ncrypt@one.test\n' >wanted

ok 'a passwd-file' '
	run 0 dirdump passwd-file users >passwd.out 2>err
	active <passwd.out >got
	same wanted got
	has err "not a hash of its scheme"'
ok 'a database says the same' '
	run 0 dirdump sql --query "select address, secret from u" \
	    sqlite:users.sqlite >sql.out 2>err
	active <sql.out >got
	same wanted got
	has err "not a hash of its scheme"'
ok 'and an LDIF file' '
	cat >map <<-\END
		[account]
		filter = (objectClass=inetOrgPerson)
		address = mail
		secret = userPassword
	END
	run 0 dirdump ldif --map ./map users.ldif >ldif.out 2>err
	active <ldif.out >got
	same wanted got'
# The old server's own passwords, without schemes.
sed '/{/d' users >crypted
grep '^crypt@' crypted >wanted.crypted
cut -d: -f1 wanted.crypted >wanted.crypt
sed 's/@[^:]*//; s/:/ /' crypted | while read -r name text; do
	printf '%s:%s:19000:0:99999:7:::\n' "$name" "$text" >>shadow
	printf '%s:x:1001:1001::/home/%s:/bin/sh\n' "$name" "$name"
done >passwd
mkdir dms
sed 's/:/|/' users >dms/postfix-accounts.cf
ok 'shadow, and docker-mailserver' '
	run 0 dirdump shadow -d one.test passwd shadow >shadow.out 2>err
	active <shadow.out >got
	same wanted.crypt got
	run 0 dirdump dms dms >dms.out 2>err
	active <dms.out >got
	same wanted got'
# There a text without a scheme is a password in clear.
echo secret >password
start_standin standin-stalwart015 --admin admin:secret
principal() {
	curl -sS -u admin:secret -H 'Content-Type: application/json' -d "$1" "$url/api/principal"
}
principal '{"type":"domain","name":"one.test"}' >principals
grep -e '{' -e '\$' texts | while read -r name text; do
	principal "{\"type\":\"individual\",\"name\":\"$name\",\"secrets\":[\"$text\"],
		\"emails\":[\"$name@one.test\"],\"roles\":[\"user\"]}"
done >>principals
ok 'and an older Stalwart' '
	run 0 dirdump stalwart --user admin --password-file password "$url" >stalwart.out 2>err
	active <stalwart.out >got
	same wanted got
	[ "$(grep -c "\"type\":\"account\"" stalwart.out)" = 4 ]'
ok 'a temporary password opens none of them' '
	for from in passwd sql ldif dms stalwart; do
		rm -f temp
		run 0 mkaccounts -q --no-secret=temp --temp-file temp \
		    "$from.out" >plan
		jq -r "select(.object == \"Account\") | .value[] |
		    select(.permissions.disabledPermissions.authenticate) |
		    .name" plan | sort >off
		cut -d " " -f 1 texts | grep -vx -e crypt -e clear | sort >want.off
		[ $from != stalwart ] || printf "%s\n" damaged nothash >want.off
		same want.off off
	done'

done_testing
