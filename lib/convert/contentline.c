/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/contentline.h"

#include <string.h>
#include <strings.h>

#include "core/base64.h"

#include "core/str.h"

enum {
	LINE_OCTETS = 75
};

static bool
is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

bool
cl_clean(const char *s)
{
	for (; *s != '\0'; s++)
		if (is_control(*s) && *s != '\n' &&
		    !(*s == '\r' && s[1] == '\n'))
			return false;
	return true;
}

bool
cl_is_name(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n > 0 && s[n] == '\0';
}

static void
add_upper(struct buf *b, const char *s)
{
	for (; *s != '\0'; s++)
		buf_addc(
		    b, *s >= 'a' && *s <= 'z' ? (char)(*s - 'a' + 'A') : *s);
}

void
cl_begin(struct contentline *l, const char *group, const char *name)
{
	buf_reset(&l->text);
	if (group != NULL) {
		buf_adds(&l->text, group);
		buf_addc(&l->text, '.');
	}
	add_upper(&l->text, name);
}

/* A parameter's value. RFC 6868: newlines, carets and quotes have an escape;
 * nothing else that is needed does. */
static void
param_value(struct contentline *l, const char *value)
{
	bool quote = strpbrk(value, ",;:") != NULL || *value == '\0';

	if (quote)
		buf_addc(&l->text, '"');
	for (; *value != '\0'; value++) {
		if (*value == '\n')
			buf_adds(&l->text, l->no_caret ? " " : "^n");
		else if (*value == '"')
			buf_adds(&l->text, l->no_caret ? "'" : "^'");
		else if (*value == '^' && !l->no_caret)
			buf_adds(&l->text, "^^");
		else if (!is_control(*value))
			buf_addc(&l->text, *value);
	}
	if (quote)
		buf_addc(&l->text, '"');
}

void
cl_param(struct contentline *l, const char *name, const char *value)
{
	buf_addc(&l->text, ';');
	add_upper(&l->text, name);
	buf_addc(&l->text, '=');
	param_value(l, value);
}

void
cl_param_more(struct contentline *l, const char *value)
{
	buf_addc(&l->text, ',');
	param_value(l, value);
}

void
cl_colon(struct contentline *l)
{
	buf_addc(&l->text, ':');
}

void
cl_text(struct contentline *l, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '\n') {
			buf_adds(&l->text, "\\n");
		} else if (!is_control(*s)) {
			if (*s == '\\' || *s == ';' || *s == ',')
				buf_addc(&l->text, '\\');
			buf_addc(&l->text, *s);
		}
	}
}

void
cl_raw(struct contentline *l, const char *s)
{
	for (; *s != '\0'; s++)
		if (!is_control(*s))
			buf_addc(&l->text, *s);
}

void
cl_uri(struct contentline *l, const char *s)
{
	for (; *s != '\0'; s++) {
		if ((unsigned char)*s > 0x20 && *s != 0x7f &&
		    strchr("\"<>\\^`{|}", *s) == NULL)
			buf_addc(&l->text, *s);
		else
			buf_addf(&l->text, "%%%02X", (unsigned char)*s);
	}
}

void
cl_base64(struct contentline *l, const void *p, size_t len)
{
	base64_encode(p, len, true, &l->text);
}

/* Inside a character of several octets. */
static bool
is_inside(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* How much of the text fits into room octets without cutting a character. The
 * rest does not begin with white space: readers take a line that has nothing else
 * for an empty one, and drop it. */
static size_t
piece(const char *s, size_t len, size_t room)
{
	size_t n = room, shorter;

	if (len <= room)
		return len;
	while (n > 0 && is_inside(s[n]))
		n--;
	if (n == 0)
		return room;
	shorter = n;
	while (shorter > 0 && (is_inside(s[shorter]) || s[shorter] == ' ' ||
				  s[shorter] == '\t'))
		shorter--;
	return shorter == 0 ? n : shorter;
}

void
cl_end(struct contentline *l)
{
	const char *at = buf_str(&l->text);
	size_t left = l->text.len, n = piece(at, left, LINE_OCTETS);

	buf_add(l->out, at, n);
	for (at += n, left -= n; left > 0; at += n, left -= n) {
		n = piece(at, left, LINE_OCTETS - 1);
		buf_adds(l->out, "\r\n ");
		buf_add(l->out, at, n);
	}
	buf_adds(l->out, "\r\n");
	buf_reset(&l->text);
}

void
cl_line(struct contentline *l, const char *name, const char *value)
{
	cl_begin(l, NULL, name);
	cl_colon(l);
	cl_raw(l, value);
	cl_end(l);
}

void
cl_text_line(struct contentline *l, const char *name, const char *value)
{
	cl_begin(l, NULL, name);
	cl_colon(l);
	cl_text(l, value);
	cl_end(l);
}

bool
cl_has(const struct contentline *l, size_t from, const char *name)
{
	const char *at = buf_str(l->out) + from, *end;
	size_t len = strlen(name);

	for (; *at != '\0'; at = end + 1) {
		size_t n = strcspn(at, ":;\n");

		if (n >= len && strncasecmp(at + n - len, name, len) == 0 &&
		    (n == len || at[n - len - 1] == '.'))
			return true;
		end = strchr(at, '\n');
		if (end == NULL)
			break;
	}
	return false;
}

void
cl_free(struct contentline *l)
{
	buf_free(&l->text);
}
