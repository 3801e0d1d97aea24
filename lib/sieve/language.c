/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "sieve/language.h"

#include <string.h>

#include "core/str.h"

#define COMMAND 0
#define TEST VERB_TEST

static const struct verb verbs[] = {
	/* RFC 5228 */
	{ "if", VERB_BLOCK | VERB_ONE, NULL, "", "" },
	{ "elsif", VERB_BLOCK | VERB_ONE, NULL, "", "" },
	{ "else", VERB_BLOCK, NULL, "", "" },
	{ "require", COMMAND, NULL, "S", "" },
	{ "stop", COMMAND, NULL, "", "" },
	{ "keep", COMMAND, NULL, "", "flags=S@imap4flags" },
	{ "discard", COMMAND, NULL, "", "" },
	{ "redirect", COMMAND, NULL, "s", "copy@copy" },
	{ "fileinto", COMMAND, "fileinto", "f",
	    "copy@copy create@mailbox flags=S@imap4flags "
	    "specialuse=s@special-use" },
	{ "address", TEST, NULL, "SS",
	    "+part +match +index mime@mime anychild@mime" },
	{ "allof", TEST | VERB_MANY, NULL, "", "" },
	{ "anyof", TEST | VERB_MANY, NULL, "", "" },
	{ "exists", TEST, NULL, "S", "mime@mime anychild@mime" },
	{ "false", TEST, NULL, "", "" },
	{ "header", TEST, NULL, "SS", "+match +index +mime" },
	{ "not", TEST | VERB_ONE, NULL, "", "" },
	{ "size", TEST, NULL, "n", "over under" },
	{ "true", TEST, NULL, "", "" },
	{ "envelope", TEST, "envelope", "SS", "+part +match" },
	/* RFC 5429, 5230 and 6131, 5232, 5229 */
	{ "reject", COMMAND, "reject", "s", "" },
	{ "ereject", COMMAND, "ereject", "s", "" },
	{ "vacation", COMMAND, "vacation", "s",
	    "days=n seconds=n@vacation-seconds subject=s from=s addresses=S "
	    "mime handle=s" },
	{ "setflag", VERB_OPTIONAL, "imap4flags", "sS", "" },
	{ "addflag", VERB_OPTIONAL, "imap4flags", "sS", "" },
	{ "removeflag", VERB_OPTIONAL, "imap4flags", "sS", "" },
	{ "hasflag", TEST | VERB_OPTIONAL, "imap4flags", "SS", "+match" },
	{ "set", COMMAND, "variables", "ss",
	    "lower upper lowerfirst upperfirst quotewildcard length "
	    "quoteregex@regex encodeurl@enotify" },
	{ "string", TEST, "variables", "SS", "+match" },
	/* RFC 6609, 5173, 5183, 5490, 5260, 7352, 5463 */
	{ "include", COMMAND, "include", "s", "global personal once optional" },
	{ "return", COMMAND, "include", "", "" },
	{ "global", COMMAND, "include", "S", "" },
	{ "body", TEST, "body", "S", "+match raw text content=S" },
	{ "environment", TEST, "environment", "sS", "+match" },
	{ "mailboxexists", TEST, "mailbox", "F", "" },
	{ "metadata", TEST, "mboxmetadata", "fsS", "+match" },
	{ "metadataexists", TEST, "mboxmetadata", "fS", "" },
	{ "servermetadata", TEST, "servermetadata", "sS", "+match" },
	{ "servermetadataexists", TEST, "servermetadata", "S", "" },
	{ "date", TEST, "date", "ssS", "+match +index zone=s originalzone" },
	{ "currentdate", TEST, "date", "sS", "+match zone=s" },
	{ "duplicate", TEST, "duplicate", "",
	    "handle=s header=s uniqueid=s seconds=n last" },
	{ "ihave", TEST, "ihave", "S", "" },
	{ "error", COMMAND, "ihave", "s", "" },
	{ "specialuse_exists", TEST | VERB_OPTIONAL, "special-use", "fS", "" },
	/* RFC 5435, 5235, 5293, 5703 */
	{ "notify", COMMAND, "enotify", "s",
	    "from=s importance=s options=S message=s" },
	{ "valid_notify_method", TEST, "enotify", "S", "" },
	{ "notify_method_capability", TEST, "enotify", "ssS", "+match" },
	{ "spamtest", TEST, "spamtest", "s", "+match percent@spamtestplus" },
	{ "virustest", TEST, "virustest", "s", "+match" },
	{ "addheader", COMMAND, "editheader", "ss", "last" },
	{ "deleteheader", COMMAND, "editheader", "s?S", "+match index=n last" },
	{ "foreverypart", VERB_BLOCK, "foreverypart", "", "name=s" },
	{ "break", COMMAND, "foreverypart", "", "name=s" },
	{ "extracttext", COMMAND, "extracttext", "s",
	    "first=n lower upper lowerfirst upperfirst quotewildcard length "
	    "quoteregex@regex encodeurl@enotify" },
	/* Plugins of Dovecot. */
	{ "pipe", VERB_DOVECOT, "vnd.dovecot.pipe", "s?S", "copy@copy try" },
	{ "filter", VERB_DOVECOT, "vnd.dovecot.filter", "s?S", "" },
	{ "filter", TEST | VERB_DOVECOT, "vnd.dovecot.filter", "s?S", "" },
	{ "execute", VERB_DOVECOT, "vnd.dovecot.execute", "s?S",
	    "input=s output=s pipe" },
	{ "execute", TEST | VERB_DOVECOT, "vnd.dovecot.execute", "s?S",
	    "input=s output=s pipe" },
	{ "debug_log", VERB_DOVECOT, "vnd.dovecot.debug", "s", "" },
	{ "report", VERB_DOVECOT, "vnd.dovecot.report", "sss", "headers_only" },
};

/* The tags that many tests share. */
static const struct {
	const char *name, *tags;
} groups[] = {
	{ "+match", "is contains matches regex@regex count=s@relational "
		    "value=s@relational comparator=s" },
	{ "+part", "localpart domain all user@subaddress detail@subaddress" },
	{ "+index", "index=n@index last@index" },
	{ "+mime", "mime@mime anychild@mime type@mime subtype@mime "
		   "contenttype@mime param=S@mime" },
};

static const struct {
	const char *name;
	enum extension known;
} extensions[] = {
	{ "body", EXTENSION_KNOWN },
	{ "comparator-i;ascii-casemap", EXTENSION_KNOWN },
	{ "comparator-i;ascii-numeric", EXTENSION_KNOWN },
	{ "comparator-i;octet", EXTENSION_KNOWN },
	{ "copy", EXTENSION_KNOWN },
	{ "date", EXTENSION_KNOWN },
	{ "duplicate", EXTENSION_KNOWN },
	{ "editheader", EXTENSION_KNOWN },
	{ "encoded-character", EXTENSION_KNOWN },
	{ "enotify", EXTENSION_KNOWN },
	{ "envelope", EXTENSION_KNOWN },
	{ "environment", EXTENSION_KNOWN },
	{ "ereject", EXTENSION_KNOWN },
	{ "extracttext", EXTENSION_KNOWN },
	{ "fileinto", EXTENSION_KNOWN },
	{ "foreverypart", EXTENSION_KNOWN },
	{ "ihave", EXTENSION_KNOWN },
	{ "imap4flags", EXTENSION_KNOWN },
	{ "imapsieve", EXTENSION_NO_EFFECT },
	{ "include", EXTENSION_KNOWN },
	{ "index", EXTENSION_KNOWN },
	{ "mailbox", EXTENSION_KNOWN },
	{ "mboxmetadata", EXTENSION_KNOWN },
	{ "mime", EXTENSION_KNOWN },
	{ "regex", EXTENSION_KNOWN },
	{ "reject", EXTENSION_KNOWN },
	{ "relational", EXTENSION_KNOWN },
	{ "servermetadata", EXTENSION_KNOWN },
	{ "spamtest", EXTENSION_KNOWN },
	{ "spamtestplus", EXTENSION_KNOWN },
	{ "special-use", EXTENSION_KNOWN },
	{ "subaddress", EXTENSION_KNOWN },
	{ "vacation", EXTENSION_KNOWN },
	{ "vacation-seconds", EXTENSION_KNOWN },
	{ "variables", EXTENSION_KNOWN },
	{ "virustest", EXTENSION_KNOWN },
};

const struct verb *
verb_find(const char *name, bool test)
{
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (((verbs[i].flags & VERB_TEST) != 0) == test &&
		    strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

/* Looks among tags divided by blanks. */
static bool
find_tag(const char *tags, const char *name, struct verb_tag *tag)
{
	size_t len = strlen(name);

	while (*tags != '\0') {
		size_t n = strcspn(tags, " ");
		const char *at = memchr(tags, '@', n);

		if (n >= len && memcmp(tags, name, len) == 0 &&
		    (n == len || tags[len] == '=' || tags[len] == '@')) {
			*tag = (struct verb_tag){
				.value = tags[len] == '=' ? tags[len + 1] : '\0'
			};
			if (at != NULL)
				memcpy(tag->extension, at + 1,
				    (size_t)(tags + n - at - 1));
			return true;
		}
		tags += n;
		tags += *tags == ' ';
	}
	return false;
}

bool
verb_tag(const struct verb *v, const char *name, struct verb_tag *tag)
{
	if (find_tag(v->tags, name, tag))
		return true;
	for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
		if (strstr(v->tags, groups[i].name) != NULL &&
		    find_tag(groups[i].tags, name, tag))
			return true;
	return false;
}

enum extension
extension_find(const char *name)
{
	for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++)
		if (strcmp(extensions[i].name, name) == 0)
			return extensions[i].known;
	return str_starts(name, "vnd.dovecot.") ? EXTENSION_NO_EFFECT
						: EXTENSION_UNKNOWN;
}
