/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "maildir/header.h"

#include <string.h>
#include <strings.h>

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
starts(const struct header *h, const char *s)
{
	size_t len = strlen(s);

	return (size_t)(h->end - h->at) >= len && memcmp(h->at, s, len) == 0;
}

void
header_init(struct header *h, const char *p, size_t len, bool whole)
{
	const char *nl;

	*h = (struct header){ p, p + len, whole };
	if (!starts(h, "From ") && !starts(h, ">From "))
		return;
	nl = memchr(p, '\n', len);
	if (nl != NULL)
		h->at = nl + 1;
	else if (whole)
		h->at = h->end;
}

/* The end of the logical line at s: the first line feed that no blank follows.
 * NULL if the bytes do not show it. */
static const char *
logical_end(const char *s, const struct header *h)
{
	for (;;) {
		const char *nl = memchr(s, '\n', (size_t)(h->end - s));

		if (nl == NULL)
			return h->whole ? h->end : NULL;
		if (nl + 1 == h->end)
			return h->whole ? nl : NULL;
		if (nl[1] != ' ' && nl[1] != '\t')
			return nl;
		s = nl + 1;
	}
}

/* True at the blank line that ends the header; moves past it. Dovecot makes one
 * of several CRs before a line feed when it saves a message. */
static bool
at_blank_line(struct header *h)
{
	const char *at = h->at;

	while (at < h->end && *at == '\r')
		at++;
	if (at == h->end || *at != '\n')
		return false;
	h->at = at + 1;
	return true;
}

enum header_step
header_next(struct header *h, struct header_field *f)
{
	while (h->at < h->end) {
		const char *line = h->at, *end, *colon, *name_end;

		if (at_blank_line(h))
			return HEADER_END;
		end = logical_end(line, h);
		if (end == NULL)
			return HEADER_MORE;
		h->at = end < h->end ? end + 1 : end;
		colon = memchr(line, ':', (size_t)(end - line));
		if (colon == NULL)
			continue;
		name_end = colon;
		while (name_end > line && is_blank(name_end[-1]))
			name_end--;
		if (end > colon + 1 && end[-1] == '\r')
			end--;
		*f = (struct header_field){ line, (size_t)(name_end - line),
			colon + 1, (size_t)(end - colon - 1) };
		return HEADER_FIELD;
	}
	return h->whole ? HEADER_END : HEADER_MORE;
}

bool
header_is(const struct header_field *f, const char *name)
{
	return f->name_len == strlen(name) &&
	       strncasecmp(f->name, name, f->name_len) == 0;
}

void
header_put_unfolded(struct buf *out, const struct header_field *f)
{
	const char *at = f->value, *end = at + f->value_len;
	bool begun = false;

	while (at < end) {
		const char *word;

		while (at < end && is_blank(*at))
			at++;
		word = at;
		while (at < end && !is_blank(*at))
			at++;
		if (at == word)
			break;
		if (begun)
			buf_addc(out, ' ');
		buf_add(out, word, (size_t)(at - word));
		begun = true;
	}
}

/* Where the comment that opens at s ends (after its ")"); s itself if it is
 * never closed and thus is none. */
static const char *
skip_comment(const char *s, const char *end)
{
	const char *at = s;
	int depth = 0;

	for (; at < end; at++) {
		if (*at == '\\' && at + 1 < end)
			at++;
		else if (*at == '(')
			depth++;
		else if (*at == ')' && --depth == 0)
			return at + 1;
	}
	return s;
}

/* Appends s without blanks. */
static void
put_solid(struct buf *out, const char *s, const char *end)
{
	for (; s < end; s++)
		if (!is_blank(*s))
			buf_addc(out, *s);
}

/* Appends the text outside of angle brackets, without comments. */
static void
put_bare(struct buf *out, const char *s, const char *end)
{
	bool quoted = false;

	while (s < end) {
		if (*s == '"')
			quoted = !quoted;
		if (*s == '(' && !quoted) {
			const char *after = skip_comment(s, end);

			if (after != s) {
				s = after;
				continue;
			}
		}
		if (quoted || !is_blank(*s))
			buf_addc(out, *s);
		s++;
	}
}

/* The first "<" that is in no comment and in no quoted string. */
static const char *
find_angle(const char *s, const char *end)
{
	bool quoted = false;

	while (s < end) {
		if (*s == '"')
			quoted = !quoted;
		else if (*s == '<' && !quoted)
			return s;
		else if (*s == '(' && !quoted) {
			const char *after = skip_comment(s, end);

			if (after != s) {
				s = after;
				continue;
			}
		}
		s++;
	}
	return NULL;
}

void
msgid_put(struct buf *out, const char *value, size_t len)
{
	const char *end = value + len;
	const char *open = find_angle(value, end);
	struct buf id = { 0 };
	const char *text;
	size_t n;

	if (open != NULL) {
		const char *shut = memchr(open, '>', (size_t)(end - open));

		put_solid(&id, open + 1, shut == NULL ? end : shut);
	} else {
		put_bare(&id, value, end);
	}
	text = buf_str(&id);
	n = id.len;
	if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	}
	buf_add(out, text, n);
	buf_free(&id);
}
