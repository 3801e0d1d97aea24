# Stores of the old server, and messages of both, for tests of the way back. Read after
# procedure.sh.
# shellcheck shell=sh disable=SC2034 # used by those

# Mailboxes of other names than usual: sent mail, and a trash in which mail does not stay.
store_uses="
namespace inbox {
  mailbox Lahetetyt {
    special_use = \\Sent
  }
  mailbox Poistetut {
    special_use = \\Trash
    autoexpunge = 30d
  }
}"
# store_keys: what mail_crypt encrypts with.
store_keys() {
	openssl ecparam -name prime256v1 -genkey 2>/dev/null | openssl pkey -out private.pem
	openssl pkey -in private.pem -pubout -out public.pem
	chmod 644 private.pem public.pem
}

old() {
	doveadm -c "$old_conf" "$@"
}
# mid NUMBER: a message. there USER FOLDER NUMBER...: on the old server.
mid() {
	printf 'From: friend@two.test\r\nSubject: %s\r\nMessage-ID: <%s@two.test>\r\nDate: Mon, 1 Jun 2026 10:00:00 +0200\r\n\r\nText %s\r\n' "$1" "$1" "$1"
}
there() {
	there_user=$1 there_folder=$2
	shift 2
	old mailbox create -s -u "$there_user@one.test" "$there_folder" 2>create.err || :
	for there_n; do
		mid "$there_n" | old save -u "$there_user@one.test" -m "$there_folder"
	done
}
# box_of ADDRESS PATH: the id of a folder on the new server, made where it is lacking.
box_of() {
	box_id=null
	for box_name in $(echo "$2" | tr / ' '); do
		box_name=$(echo "$box_name" | tr _ ' ')
		jmap Mailbox/get "{\"accountId\":\"$id\",\"ids\":null}" >boxes
		box_next=$(jq -c --arg n "$box_name" --argjson p "$box_id" \
		    '[.methodResponses[0][1].list[] | select(.name == $n and .parentId == $p)][0].id' boxes)
		[ "$box_next" != null ] || box_next=$(jmap Mailbox/set \
		    "{\"accountId\":\"$id\",\"create\":{\"m\":{\"name\":\"$box_name\",\"parentId\":$box_id}}}" |
		    jq -c '.methodResponses[0][1].created.m.id')
		box_id=$box_next
	done
}
# here USER FOLDER NUMBER [KEYWORDS]: a message on the new server; "_" is a blank.
here() {
	id=$(new_id "$1@one.test")
	box_of "$1@one.test" "$2"
	here_keywords='{}'
	[ -z "${4-}" ] || here_keywords=$(printf '%s' "$4" | jq -Rc 'split(" ") | map({(.): true}) | add')
	blob=$(mid "$3" | curl -s -K jmap.conf --data-binary @- -H 'Content-Type: message/rfc822' \
	    "$new_url/jmap/upload/$id/" | jq -r .blobId)
	jmap Email/import "{\"accountId\":\"$id\",\"emails\":{\"m\":{\"blobId\":\"$blob\",\"mailboxIds\":{$box_id:true},\"keywords\":$here_keywords}}}" |
	    jq -e '.methodResponses[0][1].created.m.id' >imported
}
# lies USER NUMBER: in which folders it is on the old server.
lies() {
	old fetch -u "$1@one.test" mailbox header message-id "<$2@two.test>" | sed -n 's/^mailbox: //p' | sort | tr '\n' ' '
}
is() {
	[ "$1" = "$2" ] || {
		echo "not \"$2\" but \"$1\""
		return 1
	}
}
