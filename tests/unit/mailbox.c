/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Names of mailboxes and lists of them. What is expected was seen with Dovecot
 * 2.3, or is in RFC 3501, 5.1.3, and RFC 8621, 2. */
#include "mailbox/list.h"

#include <stdlib.h>

#include "mailbox/name.h"
#include "unit/tap.h"

static void
test_mutf7(void)
{
	static const char *const pairs[][2] = { { "", "" },
		{ "INBOX", "INBOX" }, { "a & b", "a &- b" },
		{ "Entwürfe", "Entw&APw-rfe" },
		{ "~peter/mail/台北/日本語",
		    "~peter/mail/&U,BTFw-/&ZeVnLIqe-" }, /* RFC 3501 */
		{ "\xf0\x9f\x93\xa7", "&2D3c5w-" }, { "ü&", "&APw-&-" },
		{ "a\x01z", "a&AAE-z" } };
	static const char *const bad[] = { "&", "a&", "&APw", "Entw\xc3\xbcrfe",
		"&AGE-", "&APx-", "&A-", "&AAAA-", "&2D0-", "&3Oc-",
		"&APw-&APw-", "&AP=-", "a\x01", "&AAA-", "\x7f" };
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		buf_reset(&b);
		OK(mutf7_encode(&b, pairs[i][0], strlen(pairs[i][0])) == 0,
		    "encode %zu", i);
		SAME(buf_str(&b), pairs[i][1], "encoded %zu", i);
		buf_reset(&b);
		OK(mutf7_decode(&b, pairs[i][1], strlen(pairs[i][1])) == 0,
		    "decode %zu", i);
		SAME(buf_str(&b), pairs[i][0], "decoded %zu", i);
	}
	buf_reset(&b);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		OK(mutf7_decode(&b, bad[i], strlen(bad[i])) == -1 && b.len == 0,
		    "refused %zu", i);
	OK(mutf7_encode(&b, "\xff", 1) == -1, "not UTF-8");
	buf_free(&b);
}

/* Random texts come back from their encoding, which is printable ASCII; what
 * random bytes decode to encodes as those bytes again. */
static void
test_both_ways(void)
{
	static const char *const letters[] = { "a", "&", "-", "/", "\x01", "ü",
		"\xcc\x88", "台", "\xf0\x9f\x93\xa7", "+", "~" };
	struct buf text = { 0 }, encoded = { 0 }, back = { 0 };
	bool same = true, plain = true, one = true;

	srand(1);
	for (int n = 0; n < 20000; n++) {
		buf_reset(&text);
		buf_reset(&encoded);
		buf_reset(&back);
		for (int len = rand() % 12; len > 0; len--)
			buf_adds(
			    &text, letters[(size_t)rand() %
					   (sizeof letters / sizeof *letters)]);
		if (mutf7_encode(&encoded, buf_str(&text), text.len) == -1 ||
		    mutf7_decode(&back, buf_str(&encoded), encoded.len) == -1 ||
		    strcmp(buf_str(&text), buf_str(&back)) != 0)
			same = false;
		for (size_t i = 0; i < encoded.len; i++)
			if (encoded.data[i] < ' ' || encoded.data[i] > '~')
				plain = false;
	}
	OK(same, "random texts come back from their encoding");
	OK(plain, "which is printable ASCII");
	for (int n = 0; n < 200000; n++) {
		char raw[8];
		size_t len = (size_t)rand() % sizeof raw;

		for (size_t i = 0; i < len; i++)
			raw[i] = "&-AaBPD2w,/0ez"[rand() % 14];
		buf_reset(&text);
		buf_reset(&encoded);
		if (mutf7_decode(&text, raw, len) == -1)
			continue;
		if (mutf7_encode(&encoded, buf_str(&text), text.len) == -1 ||
		    encoded.len != len ||
		    memcmp(buf_str(&encoded), raw, len) != 0)
			one = false;
	}
	OK(one, "what is decoded is the one encoding of its text");
	buf_free(&text);
	buf_free(&encoded);
	buf_free(&back);
}

static void
test_names(void)
{
	static const char *const roles[][2] = { { "INBOX", "inbox" },
		{ "Inbox", NULL }, { "Sent", "sent" },
		{ "Mail/sent items", "sent" }, { "Sent/Work", NULL },
		{ "GESENDETE OBJEKTE", "sent" }, { "Entwürfe", "drafts" },
		{ "Papierkorb", "trash" }, { "Spam", "junk" },
		{ "Archives", "archive" }, { "Sentinel", NULL }, { "", NULL } };
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
		SAME(mailbox_role_of_name(roles[i][0]), roles[i][1],
		    "the role of \"%s\"", roles[i][0]);
	mailbox_put_nfc(&b, "Ru\xcc\x88"
			    "ck");
	SAME(buf_str(&b),
	    "R\xc3\xbc"
	    "ck",
	    "letters are composed");
	buf_free(&b);
}

static void
test_roles_of_a_list(void)
{
	static const struct {
		const char *path, *stated, *role;
		bool is_stated;
	} rows[] = {
		{ "Work", "Sent", "sent", true },
		{ "Sent", "TRASH", "trash", true },
		{ "Sent", "flagged", "sent", false },
		{ "Sent", NULL, "sent", false },
		{ "INBOX\x1fSent", NULL, "sent", false },
		{ "Inbox\x1fSent", NULL, "sent", false },
		{ "Clients\x1fSent", NULL, NULL, false },
		{ "INBOX\x1f"
		  "A\x1fSent",
		    NULL, NULL, false },
		{ "Work", NULL, NULL, false },
	};
	struct mailboxes list = { 0 };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct mailbox *m =
		    mailboxes_add(&list, rows[i].path, rows[i].stated, NULL, 0);

		SAME(m->role, rows[i].role, "folder %zu: its role", i);
		OK(m->role_stated == rows[i].is_stated,
		    "folder %zu: who says so", i);
	}
	mailboxes_free(&list);
}

static void
test_list(void)
{
	struct mailboxes list = { 0 };
	struct buf b = { 0 };
	char path[] = "inbox\x1f"
		      "Ru\xcc\x88"
		      "ck";
	const struct mailbox *m = mailboxes_add(&list, path, NULL, "id1", 3);

	path[0] = 'X';
	SAME(m->path,
	    "INBOX\x1f"
	    "R\xc3\xbc"
	    "ck",
	    "a path is a copy, composed, its INBOX in capitals");
	SAME(m->ident, "id1", "and its ident is kept");
	mailbox_put_name(&b, m);
	SAME(buf_str(&b),
	    "INBOX/R\xc3\xbc"
	    "ck",
	    "its levels are joined by a slash");
	SAME(mailbox_below_inbox(m->path),
	    "R\xc3\xbc"
	    "ck",
	    "what is below the INBOX");
	SAME(mailbox_below_inbox("INBOX"), NULL, "the INBOX is not");
	SAME(mailbox_below_inbox("INBOXES\x1fx"), NULL, "nor its namesake");
	(void)mailboxes_add(&list, "A", NULL, NULL, -1);
	OK(mailboxes_total(&list) == 3, "what cannot be counted counts as 0");
	(void)mailboxes_add(&list, "B", NULL, NULL, INT64_MAX);
	OK(mailboxes_total(&list) == 3, "a sum never overflows");
	for (int i = 0; i < 500; i++)
		(void)mailboxes_add(&list, "C", NULL, NULL, 1);
	OK(list.n == 503 && mailboxes_total(&list) == 503,
	    "a list grows with what is added");
	mailboxes_free(&list);
	OK(list.n == 0 && list.v == NULL, "and is empty once it is freed");
	buf_free(&b);
}

int
main(void)
{
	test_mutf7();
	test_both_ways();
	test_names();
	test_roles_of_a_list();
	test_list();
	TAP_DONE();
}
