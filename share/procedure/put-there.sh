# put-there.sh URL USER ADDRESS FOLDERS COPIES [CACERT [INSECURE]]: puts messages into an account of the new
# server by JMAP, as the administrator USER: each into its folder, with its keywords and
# date. Standard input has lines of maildir-ids(1), whose files are in COPIES; FOLDERS is
# what archive2maildir(1) says of their folders. PUT_PASSWORD is the password. Each that
# was put is a line "put FILE" of standard output. Status 1: one was refused, as standard
# error says; 75: the server does not answer.
# shellcheck shell=sh
set -u
url=${1%/} user=$2 address=$3 folders=$4 copies=$5 cacert=${6:-} insecure=${7:-}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
# ask URL OPTION...: the password is in no argument.
ask() {
	printf 'user = "%s"\n' "$(printf '%s:%s\n' "$user" "$PUT_PASSWORD" | sed 's/[\\"]/\\&/g')" |
	    curl -sS -f --max-time 600 -K - ${cacert:+--cacert "$cacert"} ${insecure:+-k} "$@"
}
# call METHOD ARGUMENTS: the first answer.
call() {
	printf '{"using":["urn:ietf:params:jmap:core","urn:ietf:params:jmap:mail","urn:stalwart:jmap"],"methodCalls":[["%s",%s,"0"]]}' \
	    "$1" "$2" >"$work/call"
	ask "$url/jmap/" -H 'Content-Type: application/json' --data-binary "@$work/call" >"$work/answer" || exit 75
	jq -e -c '.methodResponses[0] | select(.[0] != "error")[1]' "$work/answer" || {
		jq -r '"put-there: " + (.methodResponses[0][1] | .type + " " + (.description // ""))' "$work/answer" >&2
		exit 2
	}
}
# first_id METHOD FILTER: an empty one would mean another object to the server.
first_id() {
	call "$1" "{\"filter\":$2}" >"$work/ids" || exit
	jq -e -r '.ids[0] // empty' "$work/ids" || {
		echo "put-there: $address: no such account" >&2
		exit 2
	}
}
domain=$(first_id x:Domain/query "{\"name\":\"${address#*@}\"}") || exit
account=$(first_id x:Account/query "{\"name\":\"${address%@*}\",\"domainId\":\"$domain\"}") || exit
call Mailbox/get "{\"accountId\":\"$account\",\"ids\":null}" >"$work/boxes" || exit 2
# As Vandelay finds a folder: by its role, else by its name in the one above it.
# shellcheck disable=SC2016 # of jq
jq -c --slurpfile boxes "$work/boxes" --slurpfile folders "$folders" '
	def same($a; $b): ($a | ascii_downcase | gsub("^ +| +$"; "")) == ($b | ascii_downcase | gsub("^ +| +$"; ""));
	$boxes[0].list as $list
	| (.file | if startswith("cur/") or startswith("new/") then "." else sub("/(cur|new)/[^/]*$"; "") end) as $dir
	| ([$folders[] | select(.dir == $dir)][0].path // []) as $path
	| (reduce range(0; $path | length) as $i (null;
		. as $above
		| ([$folders[] | select(.path == $path[:$i + 1])][0].role // null) as $role
		| ([$list[] | select($role != null and .role == $role)]
			+ [$list[] | select(.parentId == $above and same(.name; $path[$i]))])[0].id // "")) as $box
	| {file: (.file | sub("^.*/"; "")), box: ($box // ""), at: (.date | todate),
		keywords: ([.keywords[] | {(.): true}] | add // {})}' >"$work/list" || exit 2
status=0
refused() {
	echo "put-there: $file: $1" >&2
	status=1
}
while IFS= read -r line; do
	file=$(printf '%s\n' "$line" | jq -r .file)
	[ -n "$(printf '%s\n' "$line" | jq -r .box)" ] || {
		refused 'its folder is not there'
		continue
	}
	ask "$url/jmap/upload/$account/" -H 'Content-Type: message/rfc822' \
	    --data-binary "@$copies/$file" >"$work/blob" || exit 75
	# shellcheck disable=SC2016 # of jq
	import=$(printf '%s\n' "$line" | jq -c --arg id "$account" --slurpfile blob "$work/blob" \
	    '{accountId: $id, emails: {m: {blobId: $blob[0].blobId, mailboxIds: {(.box): true}, keywords, receivedAt: .at}}}')
	call Email/import "$import" >"$work/made" || exit 2
	if jq -e .created.m.id "$work/made" >/dev/null; then
		printf 'put %s\n' "$file"
	else
		refused "$(jq -r '.notCreated.m | .type + " " + (.description // "")' "$work/made")"
	fi
done <"$work/list"
exit "$status"
