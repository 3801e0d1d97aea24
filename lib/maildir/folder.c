/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/folder.h"

#include <limits.h>
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

/* The bits of UTF-16 units that wait for a whole base64 digit. */
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

/* Appends the UTF-16 text of one "&...-" run, text being behind the "&".
 * Returns what is behind the "-", or NULL. */
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
folder_put_level(struct buf *out, const char *text, bool escape)
{
	size_t start = out->len;

	for (const char *s = text; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;
		bool special = c == '.' || (c == '~' && s == text) ||
			       (escape && c == '\\');

		if (c < 0x20 || c == 0x7f || c == '/' || (special && !escape))
			buf_addc(out, '_');
		else if (special)
			buf_addf(out, "\\%02x", c);
		else
			buf_addc(out, (char)c);
	}
	if (out->len == start)
		buf_addc(out, '_');
}

/* One level as it stands on disk. */
static int
put_level_on_disk(struct buf *out, const char *level, size_t len, bool utf8)
{
	if (!utf8)
		return mutf7_encode(out, level, len);
	buf_add(out, level, len);
	return 0;
}

static int
put_level_of_disk(struct buf *out, const char *level, size_t len, bool utf8)
{
	if (!utf8)
		return mutf7_decode(out, level, len);
	if (!utf8_valid(level, len))
		return -1;
	buf_add(out, level, len);
	return 0;
}

static bool
has_control(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

/* What is wrong with a level, or NULL. */
static const char *
level_fault(const char *level, size_t len, bool fs)
{
	static const char *const taken[] = { "cur", "new", "tmp", "..", "." };

	if (len == 0)
		return "a level without a name";
	if (memchr(level, '/', len) != NULL)
		return "a slash inside a level";
	if (*level == '~')
		return "\"~\" at the start of a level";
	if (!fs)
		return memchr(level, '.', len) != NULL ? "a dot inside a level"
						       : NULL;
	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
		if (len == strlen(taken[i]) &&
		    memcmp(level, taken[i], len) == 0)
			return "a level that the Maildir itself uses";
	if (*level == '.')
		return "a dot at the start of a level";
	return NULL;
}

int
folder_put_dir(struct buf *out, const char *path,
    const struct folder_style *style, struct why *why)
{
	size_t start = out->len, level_start;
	const char *at = path, *fault = NULL;

	if (strcmp(path, "INBOX") == 0) {
		buf_addc(out, '.');
		return 0;
	}
	if (!utf8_valid(path, strlen(path)))
		fault = "not UTF-8";
	else if (has_control(path)) /* as Dovecot: mailbox_verify_create_name */
		fault = "a control character in the name";
	else if (str_eq_nocase(path, "INBOX"))
		fault = "a second INBOX, which no client could open";
	while (fault == NULL) {
		size_t len = strcspn(at, "/");

		fault = level_fault(at, len, style->fs);
		if (!style->fs)
			buf_addc(out, '.');
		else if (at != path)
			buf_addc(out, '/');
		level_start = out->len;
		if (fault == NULL)
			(void)put_level_on_disk(out, at, len, style->utf8);
		if (out->len - (style->fs ? level_start : start) > NAME_MAX)
			fault = "too long for the file system";
		if (at[len] == '\0')
			break;
		at += len + 1;
	}
	if (fault == NULL)
		return 0;
	out->len = start;
	if (out->data != NULL)
		out->data[start] = '\0';
	return why_set(
	    why, FAIL_DATA, "no folder of this name can be made: %s", fault);
}

int
folder_put_path(
    struct buf *out, const char *dir, const struct folder_style *style)
{
	struct buf path = { 0 };
	char sep = style->fs ? '/' : '.';
	const char *at = dir;
	int r = 0;

	if (strcmp(dir, ".") == 0) {
		buf_adds(out, "INBOX");
		return 0;
	}
	if (!style->fs && *at++ != '.')
		return -1;
	for (;;) {
		size_t len = (size_t)(strchrnul(at, sep) - at);

		if (path.len > 0)
			buf_addc(&path, '/');
		r = level_fault(at, len, style->fs) == NULL
			? put_level_of_disk(&path, at, len, style->utf8)
			: -1;
		if (r == -1 || at[len] == '\0')
			break;
		at += len + 1;
	}
	if (r == 0 && str_eq_nocase(buf_str(&path), "INBOX"))
		r = -1; /* hidden by the true one */
	if (r == 0)
		buf_adds(out, buf_str(&path));
	buf_free(&path);
	return r;
}

void
folder_put_nfc(struct buf *out, const char *path)
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

const char *
folder_role_of_name(const char *path)
{
	/* What servers and clients make by themselves, some languages; the list
	 * that Vandelay's importer goes by is part of it. */
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
