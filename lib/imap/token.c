/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "imap/token.h"

#include <string.h>

#include "core/num.h"

enum {
	NESTING_MAX = 32
};

/* --- literals --- */

/* The line ends with "{N}" or "{N+}": the number of bytes that follow it; -1 if
 * it does not. A number that is too large is not a length. */
static int64_t
literal_length(const char *line, size_t len)
{
	const char *open;
	char digits[12];
	int64_t n = -1;
	size_t count;

	if (len < 3 || line[len - 1] != '}')
		return -1;
	open = memrchr(line, '{', len);
	if (open == NULL)
		return -1;
	count = (size_t)(line + len - 1 - open) - 1;
	if (count > 0 && open[count] == '+')
		count--;
	if (count == 0 || count >= sizeof digits)
		return -1;
	memcpy(digits, open + 1, count);
	digits[count] = '\0';
	return parse_num(digits, 0, IMAP_RESPONSE_MAX, &n, NULL) ? n : -1;
}

/* The length of the line without its end, which is "\r\n" or "\n" alone. */
static size_t
line_length(const char *line, const char *newline)
{
	size_t len = (size_t)(newline - line);

	return len > 0 && line[len - 1] == '\r' ? len - 1 : len;
}

ssize_t
imap_complete(const char *data, size_t len)
{
	size_t at = 0;

	for (;;) {
		const char *newline =
		    at < len ? memchr(data + at, '\n', len - at) : NULL;
		int64_t literal;

		if (newline == NULL)
			return len > IMAP_RESPONSE_MAX ? -1 : 0;
		literal =
		    literal_length(data + at, line_length(data + at, newline));
		at = (size_t)(newline - data) + 1;
		if (literal > 0)
			at += (size_t)literal;
		if (at > IMAP_RESPONSE_MAX)
			return -1;
		if (literal == -1)
			return (ssize_t)at;
	}
}

/* --- tokens --- */

struct token_reader
token_reader_of(const char *data, size_t len)
{
	struct token_reader r = { .at = data, .end = data + len };

	/* The line end; one more before it is a literal's. */
	if (r.end > r.at && r.end[-1] == '\n')
		r.end--;
	if (r.end > r.at && r.end[-1] == '\r')
		r.end--;
	return r;
}

bool
token_at_end(const struct token_reader *r)
{
	return !r->bad && r->at == r->end;
}

bool
token_fail(struct token_reader *r)
{
	r->bad = true;
	return false;
}

char
token_peek(const struct token_reader *r)
{
	return r->at < r->end ? *r->at : '\0';
}

bool
token_take(struct token_reader *r, char c)
{
	if (r->bad || r->at == r->end || *r->at != c)
		return token_fail(r);
	r->at++;
	return true;
}

void
token_blanks(struct token_reader *r)
{
	while (r->at < r->end && *r->at == ' ')
		r->at++;
}

/* What may be in an atom; more than the RFC has it: a flag's "\\", "]". */
static bool
is_atom(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f &&
	       strchr("(){\"", c) == NULL;
}

bool
token_atom(struct token_reader *r, struct buf *out)
{
	const char *from = r->at;

	buf_reset(out);
	while (r->at < r->end && is_atom(*r->at))
		r->at++;
	buf_add(out, from, (size_t)(r->at - from));
	return r->at > from ? true : token_fail(r);
}

static bool
read_quoted(struct token_reader *r, struct buf *out)
{
	if (!token_take(r, '"'))
		return false;
	while (r->at < r->end && *r->at != '"') {
		if (*r->at == '\\' && r->end - r->at > 1)
			r->at++;
		if (*r->at == '\0')
			return token_fail(r);
		buf_addc(out, *r->at++);
	}
	return token_take(r, '"');
}

static bool
read_literal(struct token_reader *r, struct buf *out)
{
	const char *newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
	int64_t n = newline == NULL
			? -1
			: literal_length(r->at, line_length(r->at, newline));

	if (n == -1 || n > r->end - newline - 1 ||
	    memchr(newline + 1, '\0', (size_t)n) != NULL)
		return token_fail(r);
	buf_add(out, newline + 1, (size_t)n);
	r->at = newline + 1 + n;
	return true;
}

bool
token_string(struct token_reader *r, struct buf *out)
{
	buf_reset(out);
	if (r->bad)
		return false;
	if (token_peek(r) == '"')
		return read_quoted(r, out);
	if (token_peek(r) == '{')
		return read_literal(r, out);
	return token_atom(r, out);
}

bool
token_value(struct token_reader *r, struct buf *scratch)
{
	int depth = 0;

	do {
		token_blanks(r);
		if (token_peek(r) == '(') {
			r->at++;
			if (++depth > NESTING_MAX)
				return token_fail(r);
		} else if (token_peek(r) == ')') {
			r->at++;
			depth--;
		} else if (!token_string(r, scratch)) {
			return false;
		}
	} while (depth > 0);
	return depth == 0 ? true : token_fail(r);
}
