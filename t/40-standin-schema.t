#!/bin/sh
# The schema that the stand-in for Stalwart serves, and what follows from it.
. "${0%/*}/lib.sh"
need curl
need jq
need /usr/bin/python3 python3

# get: the schema, by the redirect that names it.
get() {
	printf 'user = "admin:secret"\n' |
	    curl -sL --compressed -K - -o schema "$url/api/schema"
}
# call METHOD ARGUMENTS
call() {
	printf '{"using":["urn:ietf:params:jmap:core"],"methodCalls":[["%s",%s,"0"]]}' \
	    "$1" "$2" >request
	printf 'user = "admin:secret"\n' |
	    curl -s -K - -H 'Content-Type: application/json' \
	    --data-binary @request -o answer "$url/jmap/"
}
# answers JQ
answers() {
	jq -e ".methodResponses[0][1] | $1" answer || {
		cat answer
		return 1
	}
}

# shellcheck disable=SC2034 # both are used by the scripts
{
start_standin standin-stalwart --admin admin:secret \
    --schema "$fixtures/real/stalwart-schema.json.gz"
old=$url
start_standin standin-stalwart --admin admin:secret --bcp47 \
    --schema "$fixtures/real/stalwart-schema.json.gz"
new=$url
}

ok 'a reader as strict as stalwart-cli can read it' '
	url=$old
	get
	/usr/bin/python3 "$top/tests/helper/strict-schema" <schema
	jq -e ".objects | length == 150" schema
	jq "del(.fields[\"x:UserAccount\"].properties.name.description)" schema >less
	run 1 /usr/bin/python3 "$top/tests/helper/strict-schema" <less 2>err
	has err "x:UserAccount.name: missing field"'
ok 'locales as they were: de_DE, and not de-DE' '
	url=$old
	get
	jq -e "[.enums.Locale[].name] | index(\"de_DE\") and (index(\"de-DE\") | not)" schema
	call x:Domain/set "{\"create\":{\"d\":{\"name\":\"one.test\"}}}"
	call x:Account/set "{\"create\":{\"a\":{\"@type\":\"User\",\"name\":\"a\",\"domainId\":\"b\",\"locale\":\"de_DE\"},\"b\":{\"@type\":\"User\",\"name\":\"b\",\"domainId\":\"b\",\"locale\":\"de-DE\"},\"c\":{\"@type\":\"User\",\"name\":\"c\",\"domainId\":\"b\",\"locale\":\"de_XX\"}}}"
	answers ".created.a and .notCreated.b.properties == [\"locale\"] and .notCreated.c"'
ok 'and as they are from 0.16.20 on: de-DE, and not de_DE' '
	url=$new
	get
	/usr/bin/python3 "$top/tests/helper/strict-schema" <schema
	jq -e "[.enums.Locale[].name] | index(\"de-DE\") and (index(\"de_DE\") | not) and (index(\"POSIX\") | not)" schema
	jq -e ".fields[\"x:UserAccount\"].defaults.locale == \"en-US\"" schema
	call x:Domain/set "{\"create\":{\"d\":{\"name\":\"one.test\"}}}"
	call x:Account/set "{\"create\":{\"a\":{\"@type\":\"User\",\"name\":\"a\",\"domainId\":\"b\",\"locale\":\"de_DE\"},\"b\":{\"@type\":\"User\",\"name\":\"b\",\"domainId\":\"b\",\"locale\":\"de-DE\"},\"c\":{\"@type\":\"User\",\"name\":\"c\",\"domainId\":\"b\"}}}"
	answers ".created.b and .notCreated.a.properties == [\"locale\"]"
	call x:Account/get "{\"ids\":null,\"properties\":[\"locale\"]}"
	answers "[.list[].locale] == [\"de-DE\", \"en-US\"]"'
ok 'a folder is shared with an account that there is, right by right' '
	url=$old
	call Mailbox/set "{\"accountId\":\"b\",\"update\":{\"a\":{\"shareWith\":{\"b\":{\"mayReadItems\":true}}},\"zz\":{\"shareWith/b\":{}},\"b\":{\"shareWith/zz\":{\"mayReadItems\":true}},\"c\":{\"shareWith/b\":{\"mayFly\":true}}}}"
	answers "(.updated | keys == [\"a\"]) and .notUpdated.zz.type == \"notFound\" and .notUpdated.b and .notUpdated.c"
	call Mailbox/get "{\"accountId\":\"b\",\"ids\":null,\"properties\":[\"shareWith\"]}"
	answers "[.list[] | select(.shareWith != {}) | [.id, .shareWith.b.mayReadItems, .shareWith.b.mayDelete]] == [[\"a\", true, false]]"
	call Mailbox/set "{\"accountId\":\"b\",\"update\":{\"a\":{\"shareWith/b\":null}}}"
	call Mailbox/get "{\"accountId\":\"b\",\"ids\":null,\"properties\":[\"shareWith\"]}"
	answers "[.list[] | select(.shareWith != {})] == []"'
ok 'a script gets another text, is put away, and destroyed' '
	url=$old
	script() {
		call Blob/upload "{\"accountId\":\"b\",\"create\":{\"b\":{\"data\":[{\"data:asText\":\"$1\"}]}}}"
		blob=$(jq -r ".methodResponses[0][1].created.b.id" answer)
	}
	script "keep;"
	call SieveScript/set "{\"accountId\":\"b\",\"create\":{\"s\":{\"name\":\"one\",\"blobId\":\"$blob\"}},\"onSuccessActivateScript\":\"#s\"}"
	answers ".created.s.isActive"
	id=$(jq -r ".methodResponses[0][1].created.s.id" answer)
	script "nonsense;"
	call SieveScript/set "{\"accountId\":\"b\",\"update\":{\"$id\":{\"blobId\":\"$blob\"}}}"
	answers ".notUpdated[\"$id\"].type == \"invalidScript\""
	script "stop;"
	call SieveScript/set "{\"accountId\":\"b\",\"update\":{\"$id\":{\"blobId\":\"$blob\",\"name\":\"two\"}},\"destroy\":[\"zz\"]}"
	answers "has(\"updated\") and .notDestroyed.zz.type == \"notFound\""
	call SieveScript/set "{\"accountId\":\"b\",\"destroy\":[\"$id\"]}"
	answers ".notDestroyed[\"$id\"].type == \"scriptIsActive\""
	call SieveScript/set "{\"accountId\":\"b\",\"onSuccessDeactivateScript\":true}"
	call SieveScript/get "{\"accountId\":\"b\",\"ids\":[\"$id\",\"q\"]}"
	answers "[.list[] | .name, .isActive] == [\"two\", false] and .notFound == [\"q\"]"
	call SieveScript/set "{\"accountId\":\"b\",\"destroy\":[\"$id\"]}"
	answers ".destroyed == [\"$id\"]"'

done_testing
