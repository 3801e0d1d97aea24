/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/folder.h"

#include <limits.h>
#include <string.h>

#include "core/str.h"
#include "mailbox/name.h"

bool
folder_put_level(struct buf *out, const char *text, bool escape)
{
	bool same = *text != '\0';

	for (const char *s = text; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;
		bool special = c == '.' || (c == '~' && s == text) ||
			       (escape && c == '\\');

		if (c < 0x20 || c == 0x7f || c == '/' || (special && !escape)) {
			buf_addc(out, '_');
			same = false;
		} else if (special) {
			buf_addf(out, "\\%02x", c);
		} else {
			buf_addc(out, (char)c);
		}
	}
	if (*text == '\0')
		buf_addc(out, '_');
	return same;
}

/* One level as it is on disk. */
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
level_fault(const char *level, size_t len, const struct folder_style *style)
{
	static const char *const taken[] = { "..", ".", "cur", "new", "tmp" };
	size_t n = style->unseen ? 2 : sizeof taken / sizeof *taken;

	if (len == 0)
		return "a level without a name";
	if (memchr(level, '/', len) != NULL)
		return "a slash inside a level";
	if (*level == '~' && !style->escapes)
		return "\"~\" at the start of a level";
	if (!style->fs)
		return memchr(level, '.', len) != NULL ? "a dot inside a level"
						       : NULL;
	for (size_t i = 0; i < n; i++)
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
	else if (str_starts_nocase(path, "INBOX/") &&
		 !str_starts(path, "INBOX/"))
		fault = "its first level is INBOX in other letters, which no "
			"client could open (--map gives it another place)";
	while (fault == NULL) {
		size_t len = strcspn(at, "/");

		fault = level_fault(at, len, style);
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
	if (fault == NULL && style->fs && style->dirname != NULL)
		buf_addf(out, "/%s", style->dirname);
	if (fault == NULL)
		return 0;
	out->len = start;
	if (out->data != NULL)
		out->data[start] = '\0';
	return why_set(
	    why, FAIL_DATA, "no folder of this name can be made: %s", fault);
}

/* The length of the directory of a folder without the DIRNAME at its end; 0 if it
 * has to have one and has not. */
static size_t
length_without(const char *dir, const struct folder_style *style)
{
	size_t len = strlen(dir), name;

	if (!style->fs || style->dirname == NULL)
		return len;
	name = strlen(style->dirname);
	return len > name + 1 && dir[len - name - 1] == '/' &&
		       strcmp(dir + len - name, style->dirname) == 0
		   ? len - name - 1
		   : 0;
}

int
folder_put_path(
    struct buf *out, const char *dir, const struct folder_style *style)
{
	struct buf path = { 0 };
	char sep = style->fs ? '/' : '.';
	const char *at = dir, *end = dir + length_without(dir, style);
	int r = 0;

	if (strcmp(dir, ".") == 0) {
		buf_adds(out, "INBOX");
		return 0;
	}
	if (end == dir || (!style->fs && *at++ != '.'))
		return -1;
	for (;;) {
		const char *stop = memchr(at, sep, (size_t)(end - at));
		size_t len = (size_t)((stop == NULL ? end : stop) - at);

		if (path.len > 0)
			buf_addc(&path, '/');
		r = level_fault(at, len, style) == NULL
			? put_level_of_disk(&path, at, len, style->utf8)
			: -1;
		if (r == -1 || at + len == end)
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
