/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "mailbox/name.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <uninorm.h>

#include "core/str.h"

/* One code point of valid UTF-8 at s, and how many bytes it took. */
static unsigned int
code_point(const char *s, size_t *len)
{
	const unsigned char *u = (const unsigned char *)s;

	if (u[0] < 0x80) {
		*len = 1;
		return u[0];
	}
	if (u[0] < 0xe0) {
		*len = 2;
		return (u[0] & 0x1fU) << 6 | (u[1] & 0x3fU);
	}
	if (u[0] < 0xf0) {
		*len = 3;
		return (u[0] & 0xfU) << 12 | (u[1] & 0x3fU) << 6 |
		       (u[2] & 0x3fU);
	}
	*len = 4;
	return (u[0] & 7U) << 18 | (u[1] & 0x3fU) << 12 | (u[2] & 0x3fU) << 6 |
	       (u[3] & 0x3fU);
}

static bool
stands_for_itself(unsigned int cp)
{
	return cp >= 0x20 && cp <= 0x7e;
}

static const char base64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/* The bits of UTF-16 units that do not make a base64 digit yet. */
struct bits {
	uint32_t held;
	unsigned int n;
};

static void
put_unit(struct buf *out, struct bits *b, unsigned int unit)
{
	b->held = b->held << 16 | unit;
	for (b->n += 16; b->n >= 6; b->n -= 6)
		buf_addc(out, base64[b->held >> (b->n - 6) & 63]);
}

int
mutf7_encode(struct buf *out, const char *utf8, size_t len)
{
	const char *end = utf8 + len;

	if (!utf8_valid(utf8, len))
		return -1;
	while (utf8 < end) {
		size_t n;
		unsigned int cp = code_point(utf8, &n);
		struct bits b = { 0 };

		if (stands_for_itself(cp)) {
			buf_adds(out, cp == '&' ? "&-" : "");
			if (cp != '&')
				buf_addc(out, (char)cp);
			utf8 += n;
			continue;
		}
		buf_addc(out, '&');
		for (; utf8 < end; utf8 += n) {
			cp = code_point(utf8, &n);
			if (stands_for_itself(cp))
				break;
			if (cp >= 0x10000) {
				cp -= 0x10000;
				put_unit(out, &b, 0xd800 | cp >> 10);
				cp = 0xdc00 | (cp & 0x3ff);
			}
			put_unit(out, &b, cp);
		}
		if (b.n > 0)
			buf_addc(out, base64[b.held << (6 - b.n) & 63]);
		buf_addc(out, '-');
	}
	return 0;
}

/* Appends the UTF-16 text of one "&...-" run; text is what follows the "&".
 * Returns what follows the "-", or NULL. */
static const char *
decode_run(struct buf *out, const char *text, const char *end)
{
	unsigned int n = 0, high = 0;
	uint32_t held = 0;

	for (; text < end && *text != '-'; text++) {
		const char *digit = strchr(base64, *text);
		unsigned int unit;
		char utf8[4];

		if (digit == NULL || *digit == '\0')
			return NULL;
		held = held << 6 | (uint32_t)(digit - base64);
		n += 6;
		if (n < 16)
			continue;
		n -= 16;
		unit = held >> n & 0xffff;
		if (unit >= 0xd800 && unit < 0xdc00 && high == 0) {
			high = unit;
			continue;
		}
		if ((unit >= 0xdc00 && unit < 0xe000) != (high != 0))
			return NULL;
		if (high != 0)
			unit =
			    0x10000 + ((high & 0x3ff) << 10 | (unit & 0x3ff));
		if (unit == 0 || (unit >= 0xd800 && unit < 0xe000))
			return NULL;
		high = 0;
		buf_add(out, utf8, utf8_put(utf8, unit));
	}
	return text == end || high != 0 ? NULL : text + 1;
}

static int
decode(struct buf *out, const char *text, const char *end)
{
	while (text < end) {
		unsigned char c = (unsigned char)*text++;

		if (!stands_for_itself(c))
			return -1;
		if (c != '&') {
			buf_addc(out, (char)c);
		} else if (text < end && *text == '-') {
			buf_addc(out, '&');
			text++;
		} else {
			text = decode_run(out, text, end);
			if (text == NULL)
				return -1;
		}
	}
	return 0;
}

int
mutf7_decode(struct buf *out, const char *text, size_t len)
{
	struct buf utf8 = { 0 }, again = { 0 };
	int r = decode(&utf8, text, text + len);

	/* Not the one right encoding: ASCII as base64, bits left over. */
	if (r == 0 && (mutf7_encode(&again, buf_str(&utf8), utf8.len) == -1 ||
			  again.len != len ||
			  (len > 0 && memcmp(again.data, text, len) != 0)))
		r = -1;
	if (r == 0)
		buf_add(out, buf_str(&utf8), utf8.len);
	buf_free(&utf8);
	buf_free(&again);
	return r;
}

void
mailbox_put_nfc(struct buf *out, const char *path)
{
	size_t len = 0;
	uint8_t *nfc = u8_normalize(
	    UNINORM_NFC, (const uint8_t *)path, strlen(path), NULL, &len);

	if (nfc == NULL)
		buf_adds(out, path);
	else
		buf_add(out, nfc, len);
	free(nfc);
}

void
mailbox_put_level(struct buf *out, const char *level, size_t len, bool slashes)
{
	for (size_t i = 0; i < len; i++)
		if (slashes && (level[i] == '/' || level[i] == '\\'))
			buf_addf(out, "\\%02x", (unsigned char)level[i]);
		else
			buf_addc(out, level[i]);
}

void
mailbox_get_level(struct buf *out, const char *text, size_t len, bool slashes)
{
	for (size_t i = 0; i < len; i++) {
		bool slash =
		    slashes && len - i >= 3 && memcmp(text + i, "\\2f", 3) == 0;

		if (slash || (slashes && len - i >= 3 &&
				 memcmp(text + i, "\\5c", 3) == 0)) {
			buf_addc(out, slash ? '/' : '\\');
			i += 2;
		} else {
			buf_addc(out, text[i]);
		}
	}
}

const char *
mailbox_role_of_name(const char *path)
{
	/* The folders that servers and clients make by themselves, in some
	 * languages; the list that Vandelay's importer goes by is part of
	 * it. */
	static const struct {
		const char *name, *role;
	} known[] = { { "Sent", "sent" }, { "Sent Items", "sent" },
		{ "Sent Mail", "sent" }, { "Sent-Mail", "sent" },
		{ "Sent Messages", "sent" }, { "Gesendet", "sent" },
		{ "Gesendete Objekte", "sent" },
		{ "Gesendete Elemente", "sent" }, { "Drafts", "drafts" },
		{ "Draft", "drafts" }, { "Entwürfe", "drafts" },
		{ "Brouillons", "drafts" }, { "Trash", "trash" },
		{ "Deleted", "trash" }, { "Deleted Items", "trash" },
		{ "Deleted Messages", "trash" }, { "Papierkorb", "trash" },
		{ "Gelöschte Objekte", "trash" },
		{ "Gelöschte Elemente", "trash" }, { "Junk", "junk" },
		{ "Junk Mail", "junk" }, { "Junk E-mail", "junk" },
		{ "Junk Email", "junk" }, { "Spam", "junk" },
		{ "Archive", "archive" }, { "Archives", "archive" } };
	const char *leaf = strrchr(path, '/');

	if (strcmp(path, "INBOX") == 0)
		return "inbox";
	leaf = leaf == NULL ? path : leaf + 1;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (str_eq_nocase(leaf, known[i].name))
			return known[i].role;
	return NULL;
}
