/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Texts of errors: what they may hold, and where they end. */
#include "core/why.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/base64.h"
#include "core/buf.h"
#include "core/mask.h"
#include "unit/tap.h"

static const char *
ours(const char *text)
{
	static struct why why;

	(void)why_set(&why, FAIL_DATA, "%s", text);
	return why.text;
}

/* A text of a server's. */
static const char *
said(const char *text)
{
	static char copy[700];

	(void)snprintf(copy, sizeof copy, "%s", text);
	mask_said(copy);
	return ours(copy);
}

/* Secrets of eight bytes and more. */
static void
check_long(void)
{
	SAME(said("wrong: geheim77"), "wrong: geheim77", "before it is hidden");
	mask_add("geheim77");
	mask_add("geheim77");
	mask_add(NULL);
	SAME(said("wrong: geheim77"), "wrong: ***", "a secret at the end");
	SAME(said("geheim77geheim77 x"), "****** x", "twice, at the beginning");
	SAME(said("xgeheim77x"), "x***x", "in a word");
	SAME(said("geheim 77"), "geheim 77", "not one that is similar");
	mask_add("a b/c\"d\\e&f\303\251%41+");
	SAME(said("=a b/c\"d\\e&f\303\251%41+="), "=***=", "as it is");
	SAME(said("=a%20b%2fc%22d%5Ce%26f%C3%A9%2541%2B="),
	    "=***=", "percent encoding");
	SAME(said("=a+b%2Fc%22d%5Ce%26f%C3%A9%2541%2b="),
	    "=***=", "a blank as in a form");
	SAME(said("=a b\\/c\\\"d\\\\e\\u0026f\\u00e9%41+="), "=***=", "JSON");
	SAME(said("=a b/c&quot;d\\e&amp;f\303\251%41+="), "=***=", "HTML");
	mask_add("\360\237\230\200smile");
	SAME(said("=\\ud83d\\ude00smile="), "=***=", "a pair of surrogates");
}

/* base64 of a secret after 0, 1, 2 bytes, and with what follows it. */
static void
check_base64(void)
{
	static const char *const around[] = { "geheim77", "u:geheim77",
		"ab:geheim77", "abc:geheim77xyz", "\001u\001geheim77" };

	for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
		struct buf coded = { 0 };
		char *text;

		base64_encode(around[i], strlen(around[i]), true, &coded);
		text = xasprintf("Basic %s.", coded.data);
		SAME(said(text), "Basic ***.", "base64 of %s", around[i]);
		free(text);
		buf_free(&coded);
	}
}

/* Secrets that are shorter. */
static void
check_short(void)
{
	mask_add("on");
	mask_add("end");
	mask_add("k\303\266nig");
	SAME(said("the end."), "the ***.", "a short one as a word");
	SAME(said("send, ending, blend"), "send, ending, blend",
	    "not in a word");
	SAME(said("admin%3Aend\\nend"), "admin%3A***\\n***",
	    "a word begins after an encoding");
	SAME(said("Basic ZW5k"), "Basic ***", "its base64");
	SAME(said("k%C3%B6nig, k\\u00f6nig"), "***, ***", "its encodings");
	SAME(said("go on"), "go on", "two letters are no secret");
	SAME(ours("no end"), "no end", "not in words of ours");
}

static void
check_cut(void)
{
	char text[700];

	memset(text, 'x', sizeof text);
	memcpy(text + 506, "geheim77", 8);
	text[699] = '\0';
	OK(strstr(ours(text), "gehei") == NULL,
	    "one that is cut at the end of the text");
	mask_add("Zahnarzt-Termin");
	SAME(said("sent \"Zahnarzt-Ter\""), "sent \"***\"",
	    "one that the server cut");
	SAME(said("sent Zahnarzt- and"), "sent *** and", "half of it");
	SAME(said("Zahn, Zahnarzthaus"), "Zahn, Zahnarzthaus", "words like it");
	memset(text, 'x', 510);
	memcpy(text + 510, "\xc3\xa4\xc3\xa4", 5);
	OK(strlen(ours(text)) == 510, "a text is cut between two characters");
}

int
main(void)
{
	check_long();
	check_base64();
	check_short();
	check_cut();
	TAP_DONE();
}
