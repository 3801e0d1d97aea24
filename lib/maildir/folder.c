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
put_level_of_disk(struct buf *out, const char *level, size_t len,
    const struct folder_style *style)
{
	size_t start = out->len;

	if (!style->utf8 && mutf7_decode(out, level, len) == 0)
		return 0;
	if (!style->utf8 && !style->mixed)
		return -1;
	out->len = start;
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

/* True if a level can have a slash in it. */
static bool
has_slashes(const struct folder_style *style)
{
	return style->escape != '\0' && style->separator != '\0' &&
	       style->separator != '/';
}

void
folder_put_path_level(
    struct buf *out, const char *level, const struct folder_style *style)
{
	mailbox_put_level(out, level, strlen(level), has_slashes(style));
}

/* True if a level can have a dot in it. */
static bool
has_dots(const struct folder_style *style)
{
	return style->fs || (style->escape != '\0' && style->separator != '.');
}

/* What is wrong with a level, which ends with a NUL, or NULL. */
static const char *
level_fault(const char *level, const struct folder_style *style)
{
	static const char *const taken[] = { "..", ".", "cur", "new", "tmp" };
	size_t n = style->unseen ? 2 : sizeof taken / sizeof *taken;

	if (*level == '\0')
		return "a level without a name";
	if (strchr(level, '/') != NULL && !has_slashes(style))
		return "a slash inside a level";
	if (*level == '~' && style->escape == '\0')
		return "\"~\" at the start of a level";
	if (strchr(level, '.') != NULL && !has_dots(style))
		return "a dot inside a level";
	if (style->separator != '\0' &&
	    strchr(level, style->separator) != NULL && style->separator != '/')
		return "the character inside a level that divides levels";
	if (!style->fs)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (strcmp(level, taken[i]) == 0)
			return "a level that the Maildir itself uses";
	if (*level == '.')
		return "a dot at the start of a level";
	return NULL;
}

/* A level as listescape has it (mailbox-list.c). */
static void
put_escaped(
    struct buf *out, const char *level, const struct folder_style *style)
{
	for (const char *s = level; *s != '\0'; s++)
		if (*s == style->escape || *s == '/' ||
		    (*s == '~' && s == level) || (*s == '.' && !style->fs))
			buf_addf(
			    out, "%c%02x", style->escape, (unsigned char)*s);
		else
			buf_addc(out, *s);
}

/* Appends a level of a path as it is on disk. What is wrong with it, or NULL. */
static const char *
put_level(struct buf *out, const char *text, size_t len,
    const struct folder_style *style)
{
	struct buf level = { 0 }, escaped = { 0 };
	const char *fault;

	mailbox_get_level(&level, text, len, has_slashes(style));
	fault = level_fault(buf_str(&level), style);
	if (style->escape != '\0')
		put_escaped(&escaped, buf_str(&level), style);
	else
		buf_adds(&escaped, buf_str(&level));
	if (style->unseen)
		buf_add(out, text, len);
	else if (fault == NULL)
		(void)put_level_on_disk(
		    out, buf_str(&escaped), escaped.len, style->utf8);
	buf_free(&level);
	buf_free(&escaped);
	return fault;
}

/* True if Dovecot has, or would put, its list of subscriptions where the directory of a
 * folder would be. A store that only Dovecot opens says where that is. */
static bool
is_list(const char *dir, const struct folder_style *style)
{
	const char *file = style->subscriptions;

	if (file == NULL && !style->unseen)
		file = "subscriptions";
	return file != NULL && strcmp(dir, file) == 0;
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

		if (!style->fs)
			buf_addc(out, '.');
		else if (at != path)
			buf_addc(out, '/');
		level_start = out->len;
		fault = put_level(out, at, len, style);
		if (fault == NULL &&
		    out->len - (style->fs ? level_start : start) > NAME_MAX)
			fault = "too long for the file system";
		if (at[len] == '\0')
			break;
		at += len + 1;
	}
	if (fault == NULL && is_list(buf_str(out) + start, style))
		fault = "Dovecot has the list of subscriptions there (--map "
			"gives it another place)";
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

static int
hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	return at == NULL ? -1 : (int)(at - digits);
}

/* Takes the escapes of a name on disk away. -1 if Dovecot would write another
 * one, and so not find it. */
static int
unescape(struct buf *out, const char *name, const struct folder_style *style)
{
	struct buf again = { 0 };
	int r;

	for (const char *s = name; *s != '\0'; s++) {
		int high = *s == style->escape ? hex_digit(s[1]) : -1;
		int low = high == -1 ? -1 : hex_digit(s[2]);

		buf_addc(out, low == -1 ? *s : (char)(high << 4 | low));
		if (low != -1)
			s += 2;
	}
	put_escaped(&again, buf_str(out), style);
	r = strcmp(buf_str(&again), name) == 0 ? 0 : -1;
	buf_free(&again);
	return r;
}

/* Appends a level on disk as a path has it. -1 if no name of Dovecot's leads
 * there. */
static int
get_level(struct buf *out, const char *text, size_t len,
    const struct folder_style *style)
{
	struct buf name = { 0 }, level = { 0 };
	int r = put_level_of_disk(&name, text, len, style);

	if (r == 0 && strlen(buf_str(&name)) != name.len)
		r = -1;
	if (r == 0 && style->escape != '\0' && !style->unseen)
		r = unescape(&level, buf_str(&name), style);
	else
		buf_adds(&level, buf_str(&name));
	if (r == 0 && level_fault(buf_str(&level), style) == NULL)
		folder_put_path_level(out, buf_str(&level), style);
	else
		r = -1;
	buf_free(&name);
	buf_free(&level);
	return r;
}

size_t
folder_length(const char *dir, const struct folder_style *style)
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
	const char *at = dir, *end = dir + folder_length(dir, style);
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
		r = get_level(&path, at, len, style);
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
