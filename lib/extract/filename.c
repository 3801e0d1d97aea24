/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "extract/filename.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/base64.h"
#include "core/digest.h"
#include "core/str.h"

enum {
	/* Room for a number, an ending, and what a program that copies the tree
	 * adds, below the 255 bytes of file systems. */
	LABEL_MAX = 200,
	DIGEST_BYTES = 6
};

void
filename_put_utf8(struct buf *out, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		size_t good = utf8_prefix(text, (size_t)(end - text));

		for (; good > 0; good--, text++) {
			unsigned char c = (unsigned char)*text;

			buf_addc(out, c < 0x20 || c == 0x7f ? '_' : (char)c);
		}
		if (text < end) {
			buf_addc(out, '_');
			text++;
		}
	}
}

void
filename_put_cut(struct buf *out, const char *text, size_t len, size_t max)
{
	unsigned char digest[SHA256_LEN];
	size_t keep = utf8_prefix(text, len < max ? len : max);

	digest_of(text, len, digest);
	buf_add(out, text, keep);
	buf_addc(out, '-');
	hex_encode(digest, DIGEST_BYTES, out);
}

char *
filename_changed(const char *text, size_t len, const char *name)
{
	struct buf out = { 0 };

	if (strlen(name) == len && memcmp(text, name, len) == 0)
		return NULL;
	for (const char *end = text + len; text < end; text++) {
		str_vis(&out, text, 0);
		text += strlen(text);
		if (text < end)
			buf_adds(&out, "\\x00");
	}
	return out.data == NULL ? xstrdup("") : out.data;
}

/* Takes blanks off both ends and dots off the end, until neither is left. */
static char *
trim(char *s)
{
	size_t len;

	s = str_trim(s);
	len = strlen(s);
	while (len > 0 && strchr(". \t", s[len - 1]) != NULL)
		s[--len] = '\0';
	return s;
}

void
filename_put(struct buf *out, const char *text, size_t len, bool hidden)
{
	struct buf clean = { 0 };
	char *s;

	filename_put_utf8(&clean, text, len);
	if (clean.len == 0)
		return;
	s = trim(clean.data);
	for (char *at = s; (at = strpbrk(at, "/\\")) != NULL;)
		*at = '_';
	if (*s == '.' && !hidden)
		*s = '_';
	len = strlen(s);
	if (len > LABEL_MAX)
		filename_put_cut(out, s, len, LABEL_MAX - 2 * DIGEST_BYTES - 1);
	else
		buf_add(out, s, len);
	buf_free(&clean);
}

/* The map holds the number to try next for a name. */
static bool
is_free(struct labels *l, const char *name)
{
	bool added;

	(void)map_put_copy(&l->taken, &l->keys, name, &added);
	return added;
}

void
labels_take(
    struct labels *l, const char *name, const char *ending, struct buf *out)
{
	char *full = xasprintf("%s%s", name, ending);

	if (!is_free(l, full)) {
		uintptr_t next = (uintptr_t)*map_get(&l->taken, full);
		char *numbered = NULL;

		do {
			free(numbered);
			numbered =
			    xasprintf("%s-%zu%s", name, (size_t)++next, ending);
		} while (!is_free(l, numbered));
		*map_get(&l->taken, full) = (void *)next;
		free(full);
		full = numbered;
	}
	buf_adds(out, full);
	free(full);
}

void
labels_free(struct labels *l)
{
	map_free(&l->taken);
	arena_free(&l->keys);
	*l = (struct labels){ 0 };
}
