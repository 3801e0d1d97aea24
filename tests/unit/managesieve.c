/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The reader of ManageSieve responses. The lines are those of RFC 5804 and what
 * Pigeonhole and Stalwart say. */
#include "managesieve/response.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "imap/token.h"
#include "unit/tap.h"

static struct managesieve_response r;

/* The text is one whole response, and is read: of that kind. A copy of its own
 * size, so that a sanitizer sees each byte too far. */
static bool
reads(const char *text, enum managesieve_kind kind)
{
	size_t len = strlen(text);
	char *copy = xmemdup(text, len);
	bool good = imap_complete(copy, len) == (ssize_t)len &&
		    managesieve_parse(&r, copy, len) && r.kind == kind;

	free(copy);
	return good;
}

/* It is whole, and broken. */
static bool
breaks(const char *text)
{
	return imap_complete(text, strlen(text)) == (ssize_t)strlen(text) &&
	       !managesieve_parse(&r, text, strlen(text));
}

static void
test_items(void)
{
	OK(reads("\"SASL\" \"PLAIN LOGIN\"\r\n", MANAGESIEVE_ITEM), "a pair");
	SAME(r.name.data, "SASL", "its name");
	SAME(r.value.data, "PLAIN LOGIN", "its value");
	OK(reads("\"STARTTLS\"\r\n", MANAGESIEVE_ITEM) && r.value.len == 0,
	    "a name alone");
	OK(reads("\"main\" ACTIVE\r\n", MANAGESIEVE_ITEM) && r.active,
	    "an active script");
	OK(reads("{3}\r\na\"b active\r\n", MANAGESIEVE_ITEM) && r.active,
	    "one by a literal");
	SAME(r.name.data, "a\"b", "its name");
	OK(reads("\"ACTIVE\"\r\n", MANAGESIEVE_ITEM) && !r.active,
	    "one of that name");
	OK(reads("\"a\\\\\\\"b {3}\" {1+}\r\nx\r\n", MANAGESIEVE_ITEM),
	    "quoted bytes, and a literal behind");
	SAME(r.name.data, "a\\\"b {3}", "the name without the quotes");
	SAME(r.value.data, "x", "its value");
	OK(reads("\"\"\n", MANAGESIEVE_ITEM) && r.name.len == 0, "a challenge");
}

static void
test_answers(void)
{
	OK(reads("OK\r\n", MANAGESIEVE_OK) && r.text.len == 0, "OK");
	OK(reads("ok \"Logged in.\"\r\n", MANAGESIEVE_OK), "with a text");
	SAME(r.text.data, "Logged in.", "which is it");
	OK(reads("NO (QUOTA/MAXSCRIPTS) \"full\"\r\n", MANAGESIEVE_NO),
	    "NO with a code");
	SAME(r.code.data, "QUOTA/MAXSCRIPTS", "which is it");
	OK(reads("OK (SASL \"cnNw\")\r\n", MANAGESIEVE_OK),
	    "a code with a string");
	SAME(r.code.data, "SASL", "its first word");
	OK(reads("NO (TAG {3}\r\na)b) {2}\r\nno\r\n", MANAGESIEVE_NO),
	    "literals in both");
	SAME(r.text.data, "no", "the text");
	OK(reads("BYE (REFERRAL \"sieve://x\" ) \"go\"\r\n", MANAGESIEVE_BYE),
	    "BYE");
	OK(breaks("\r\n") && breaks("* OK ready\r\n") && breaks("OKAY\r\n") &&
		breaks("OK ready\r\n") && breaks("OK (x\r\n") &&
		breaks("OK () \"a\"\r\n") && breaks("OK \"a\" \"b\"\r\n") &&
		breaks("NO \"a\r\n") && breaks("ACTIVE\r\n"),
	    "broken answers");
	OK(breaks("\"a\r\n") && breaks("\"a\" MAYBE\r\n") &&
		breaks("\"a\" ACTIVE x\r\n") &&
		breaks("\"a\" \"b\" \"c\"\r\n") && breaks("{2}\r\na\r\n"),
	    "broken items");
}

int
main(void)
{
	test_items();
	test_answers();
	managesieve_response_free(&r);
	TAP_DONE();
}
