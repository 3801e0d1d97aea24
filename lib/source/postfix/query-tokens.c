/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/postfix/query-tokens.h"

#include <string.h>
#include <strings.h>

static bool
is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '$' ||
	       (unsigned char)c >= 0x80;
}

/* How long the token at p is. */
static size_t
token_len(const char *p)
{
	const char *end = p;

	if (*p == '\'' || *p == '"' || *p == '`') {
		for (end++; *end != '\0' && *end != *p; end++)
			if (*end == '\\' && end[1] != '\0')
				end++;
		return (size_t)(end - p) + (*end != '\0');
	}
	if (strncmp(p, "||", 2) == 0)
		return 2;
	while (is_word_char(*end))
		end++;
	return end == p ? 1 : (size_t)(end - p);
}

bool
tokens_read(struct tokens *q, const char *text)
{
	int depth = 0;

	for (const char *p = text; *p != '\0';) {
		if (strchr(" \t\r\n", *p) != NULL) {
			p++;
			continue;
		}
		if (q->n == TOKENS_MAX)
			return false;
		depth += *p == '(';
		q->t[q->n] =
		    (struct token){ .p = p, .len = token_len(p), depth };
		depth -= *p == ')';
		if (depth < 0)
			return false;
		p += q->t[q->n++].len;
	}
	return depth == 0;
}

bool
token_is(const struct token *t, const char *word)
{
	return strlen(word) == t->len && strncasecmp(t->p, word, t->len) == 0;
}

bool
token_is_any(const struct token *t, const char *const *words)
{
	for (; *words != NULL; words++)
		if (token_is(t, *words))
			return true;
	return false;
}

bool
tokens_equal(const struct token *t, const char *a, const char *b)
{
	return token_is(t, a) || token_is(t, b);
}

int
tokens_depth(const struct token *from, const struct token *to)
{
	int depth = from->depth;

	for (; from < to; from++)
		if (from->depth < depth)
			depth = from->depth;
	return depth;
}

const struct token *
tokens_find(const struct token *from, const struct token *to, const char *word)
{
	int depth = from < to ? tokens_depth(from, to) : 0;

	while (from < to && (from->depth != depth || !token_is(from, word)))
		from++;
	return from;
}

const struct token *
tokens_close(const struct token *open, const struct token *to)
{
	const struct token *t = open + 1;

	while (t < to && !(token_is(t, ")") && t->depth == open->depth))
		t++;
	return t;
}

bool
tokens_have_variable(const struct token *from, const struct token *to)
{
	for (; from < to; from++)
		for (size_t i = 0; i + 1 < from->len; i++)
			if (from->p[i] == '%' && from->p[++i] != '%')
				return true;
	/* A percent sign of arithmetic is a token of one byte. */
	return false;
}

void
tokens_text(struct buf *out, const struct token *from, const struct token *to)
{
	const char *end;

	if (from == to)
		return;
	end = to[-1].p + to[-1].len;
	for (const char *p = from->p; p < end; p++) {
		buf_addc(out, *p);
		if (*p == '%' && p + 1 < end && p[1] == '%')
			p++;
	}
}

void
tokens_strip(const struct token **from, const struct token **to)
{
	while (*to - *from > 2 && token_is(*from, "(") &&
	       tokens_close(*from, *to) == *to - 1) {
		(*from)++;
		(*to)--;
	}
}
