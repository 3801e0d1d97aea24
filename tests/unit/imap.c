/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The reader of IMAP responses. The lines are those of RFC 9051, RFC 5819, RFC
 * 2342 and RFC 6154, and what Dovecot and Stalwart say. */
#include "imap/response.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "imap/token.h"
#include "unit/tap.h"

static struct imap_response r;

/* The text is one whole response, and is read. A copy of its own size, so that
 * a sanitizer sees each byte too far. */
static bool
reads(const char *text)
{
	size_t len = strlen(text);
	char *copy = xmemdup(text, len);
	bool good = imap_complete(copy, len) == (ssize_t)len &&
		    imap_parse(&r, copy, len);

	free(copy);
	return good;
}

/* It is whole, and broken. */
static bool
breaks(const char *text)
{
	return imap_complete(text, strlen(text)) == (ssize_t)strlen(text) &&
	       !imap_parse(&r, text, strlen(text));
}

static void
test_complete(void)
{
	static const char two[] = "* OK hi\r\n* BYE\r\n";
	struct buf big = { 0 };

	OK(imap_complete(two, sizeof two - 1) == 9, "one of two responses");
	OK(imap_complete(two, 8) == 0, "a line without its end");
	OK(imap_complete("", 0) == 0, "nothing");
	OK(imap_complete("* LIST () \"/\" {3}\r\nab", 21) == 0,
	    "a literal that is not there yet");
	OK(imap_complete("* LIST () \"/\" {3}\r\nabc", 22) == 0,
	    "a literal without the rest of the line");
	OK(imap_complete("* LIST () \"/\" {3}\r\na\nc\r\n", 24) == 24,
	    "a literal with a line end in it");
	OK(imap_complete("* LIST () \"/\" {0}\r\n\r\n", 21) == 21,
	    "an empty literal");
	OK(imap_complete("* X {99999999999999}\r\n", 22) == 22,
	    "a number that cannot be a length is text");
	OK(imap_complete("* X {1048577}\r\n", 15) == 15 &&
		imap_complete("* X {1048576}\r\n", 15) == -1,
	    "a literal that is too long");
	OK(imap_complete("* X {}\r\n", 8) == 8 &&
		imap_complete("* X }\r\n", 7) == 7,
	    "braces without a number");
	for (int i = 0; i <= IMAP_RESPONSE_MAX; i++)
		buf_addc(&big, 'x');
	OK(imap_complete(big.data, big.len) == -1, "a line without an end");
	buf_free(&big);
}

static void
test_conditions(void)
{
	OK(reads("a1 OK Logged in\r\n") && r.kind == IMAP_TAGGED && r.ok, "OK");
	SAME(r.tag.data, "a1", "its tag");
	SAME(r.text.data, "Logged in", "its text");
	OK(reads("a2 NO [AUTHENTICATIONFAILED] Authentication failed.\r\n") &&
		r.kind == IMAP_TAGGED && !r.ok,
	    "NO");
	SAME(r.code.data, "AUTHENTICATIONFAILED", "its code");
	SAME(r.text.data, "Authentication failed.", "the text behind it");
	OK(reads("a3 OK [CAPABILITY IMAP4rev1 IDLE] in\r\n"),
	    "a code with arguments");
	SAME(r.code.data, "CAPABILITY", "its first word");
	OK(reads("a4 bad\r\n") && !r.ok, "no text, small letters");
	OK(reads("* BYE [UNAVAILABLE] down\n") && r.kind == IMAP_BYE, "BYE");
	SAME(r.code.data, "UNAVAILABLE", "its code");
	OK(reads("+ \r\n") && r.kind == IMAP_CONTINUE, "go on");
	OK(reads("+\r\n") && r.kind == IMAP_CONTINUE, "go on, no blank");
	OK(reads("* 5 EXISTS\r\n") && r.kind == IMAP_OTHER, "another");
	OK(breaks("a5 MAYBE x\r\n"), "no condition");
	OK(breaks("a6 NO [OPEN x\r\n"), "an open bracket");
	OK(breaks("\r\n"), "an empty line");
	OK(breaks("a7\r\n"), "a tag alone");
}

static void
test_capability(void)
{
	OK(reads("* CAPABILITY IMAP4rev1 auth=plain SASL-IR LOGINDISABLED "
		 "LIST-EXTENDED SPECIAL-USE LIST-STATUS NAMESPACE X-A\r\n") &&
		r.kind == IMAP_CAPABILITY &&
		r.capabilities ==
		    (IMAP_CAN_PLAIN | IMAP_CAN_SASL_IR | IMAP_NO_LOGIN |
			IMAP_CAN_EXTENDED | IMAP_CAN_SPECIAL_USE |
			IMAP_CAN_LIST_STATUS | IMAP_CAN_NAMESPACE),
	    "capabilities");
	OK(reads("* CAPABILITY IMAP4rev1\r\n") && r.capabilities == 0,
	    "none of the last one stay");
	OK(reads("* CAPABILITY IMAP4rev2\r\n") &&
		(r.capabilities & IMAP_CAN_LIST_STATUS) != 0 &&
		(r.capabilities & IMAP_CAN_PLAIN) == 0,
	    "IMAP4rev2 has them");
}

static void
test_list(void)
{
	OK(reads("* LIST (\\HasNoChildren \\Sent) \"/\" \"Sent Items\"\r\n") &&
		r.kind == IMAP_LIST && r.selectable && r.delimiter == '/',
	    "a folder");
	SAME(r.name.data, "Sent Items", "its name");
	SAME(r.role, "sent", "its use");
	OK(reads("* LIST (\\noselect) NIL a\r\n") && !r.selectable &&
		r.delimiter == '\0' && r.role == NULL,
	    "one that cannot be opened, no delimiter");
	OK(reads("* LIST (\\NonExistent) \".\" a\r\n") && !r.selectable,
	    "one that does not exist");
	OK(reads("* LIST () \"\\\\\" \"a\\\\b\\\"c\"\r\n") &&
		r.delimiter == '\\',
	    "quoted bytes");
	SAME(r.name.data, "a\\b\"c", "the name without the quotes");
	OK(reads("* LIST () \".\" {5}\r\nx\ny)\"\r\n"), "a literal");
	SAME(r.name.data, "x\ny)\"", "its bytes");
	OK(reads("* LIST () \".\" {0}\r\n\r\n") && r.name.len == 0,
	    "an empty literal");
	OK(reads("* LIST () \".\" Entw&APw-rfe\r\n"), "an atom");
	SAME(r.name.data, "Entw&APw-rfe", "as it is");
	OK(reads("* LIST () \"/\" a (\"OLDNAME\" (\"b\"))\r\n"),
	    "extended data is left alone");
	OK(breaks("* LIST\r\n") && breaks("* LIST (\r\n") &&
		breaks("* LIST ()\r\n") && breaks("* LIST () \"/\"\r\n") &&
		breaks("* LIST () \"//\" a\r\n") &&
		breaks("* LIST () X a\r\n") &&
		breaks("* LIST () \"/\" \"a\r\n") &&
		breaks("* LIST (\"x\") \"/\" a\r\n"),
	    "broken ones");
}

static void
test_status(void)
{
	OK(reads("* STATUS \"a b\" (UNSEEN 2 MESSAGES 17)\r\n") &&
		r.kind == IMAP_STATUS && r.messages == 17,
	    "a count");
	SAME(r.name.data, "a b", "its folder");
	OK(reads("* STATUS {1}\r\nx (MESSAGES 4294967295)\r\n") &&
		r.messages == 4294967295,
	    "the largest, by a literal");
	OK(reads("* STATUS x ()\r\n") && r.messages == -1, "no count");
	OK(breaks("* STATUS x (MESSAGES 4294967296)\r\n") &&
		breaks("* STATUS x (MESSAGES -1)\r\n") &&
		breaks("* STATUS x (MESSAGES)\r\n") &&
		breaks("* STATUS x MESSAGES 1\r\n") &&
		breaks("* STATUS x (MESSAGES 1\r\n"),
	    "broken ones");
}

static void
test_rights(void)
{
	OK(reads("* MYRIGHTS \"INBOX\" lrsw\r\n") && r.kind == IMAP_MYRIGHTS,
	    "rights");
	SAME(r.text.data, "lrsw", "a letter each");
	OK(reads("* MYRIGHTS INBOX \"\"\r\n") && r.text.len == 0, "none");
	OK(breaks("* MYRIGHTS INBOX\r\n") && breaks("* MYRIGHTS\r\n"),
	    "broken ones");
}

static void
test_namespace(void)
{
	/* RFC 2342, 5, examples 5.4 and 5.6. */
	OK(reads("* NAMESPACE ((\"\" \"/\")) ((\"~\" \"/\")) "
		 "((\"#shared/\" \"/\") (\"#public/\" \"/\"))\r\n") &&
		r.kind == IMAP_NAMESPACE && r.personal.len == 1,
	    "namespaces");
	OK(r.foreign.len == 20 &&
		memcmp(r.foreign.data, "~\0#shared/\0#public/", 20) == 0,
	    "those of others and shared ones");
	OK(reads("* NAMESPACE ((\"INBOX.\" \".\" \"X-PARAM\" (\"F1\" "
		 "\"F2\"))) NIL NIL\r\n") &&
		r.foreign.len == 0,
	    "an extension");
	SAME(r.personal.data, "INBOX.", "the owner's prefix");
	OK(reads(
	       "* NAMESPACE ((\"\" \".\")(\"Archive.\" \".\")) NIL NIL\r\n") &&
		r.personal.len == 10 &&
		memcmp(r.personal.data, "\0Archive.\0", 10) == 0,
	    "two of the owner");
	OK(breaks("* NAMESPACE ((\"\" \"/\")) NIL\r\n") &&
		breaks("* NAMESPACE ((\"\" \"/\" NIL NIL\r\n") &&
		breaks("* NAMESPACE ((\"\" ((((((((((((((((((((((((((((((((((("
		       "(((((((\r\n"),
	    "broken ones");
}

int
main(void)
{
	test_complete();
	test_conditions();
	test_capability();
	test_list();
	test_status();
	test_namespace();
	test_rights();
	imap_response_free(&r);
	TAP_DONE();
}
