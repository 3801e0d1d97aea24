/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "sieve/lex.h"

#include <stdbool.h>
#include <string.h>

#include "core/str.h"

static enum sieve_token
bad(struct sieve_lexer *l, const char *error)
{
	l->error = error;
	return TOKEN_BAD;
}

static size_t
left(const struct sieve_lexer *l)
{
	return (size_t)(l->end - l->at);
}

static bool
starts(const struct sieve_lexer *l, const char *s)
{
	return left(l) >= strlen(s) && memcmp(l->at, s, strlen(s)) == 0;
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* To the end of the line, which is taken too. */
static void
skip_line(struct sieve_lexer *l)
{
	while (l->at < l->end && *l->at != '\n')
		l->at++;
	if (l->at < l->end) {
		l->at++;
		l->line++;
	}
}

/* White space and comments. False: a comment has no end. */
static bool
skip_blank(struct sieve_lexer *l)
{
	for (; l->at < l->end; l->at++) {
		if (*l->at == '\n') {
			l->line++;
		} else if (*l->at == '#') {
			skip_line(l);
			l->at--;
		} else if (starts(l, "/*")) {
			for (l->at += 2; l->at < l->end && !starts(l, "*/");
			     l->at++)
				l->line += *l->at == '\n';
			if (l->at == l->end)
				return false;
			l->at++;
		} else if (strchr(" \t\r", *l->at) == NULL) {
			break;
		}
	}
	return true;
}

/* The text of a word, for the tree. */
static const char *
take_word(struct sieve_lexer *l)
{
	const char *from = l->at;
	char *word;

	while (l->at < l->end && (is_letter(*l->at) || is_digit(*l->at)))
		l->at++;
	word = arena_add(l->arena, from, (size_t)(l->at - from));
	return str_lower(word);
}

static enum sieve_token
lex_number(struct sieve_lexer *l)
{
	static const char units[] = "KMG";
	uint64_t n = 0;
	const char *unit;

	for (; l->at < l->end && is_digit(*l->at); l->at++) {
		n = n * 10 + (uint64_t)(*l->at - '0');
		if (n > UINT32_MAX)
			return bad(l, "the number is too large");
	}
	if (l->at < l->end && is_letter(*l->at)) {
		unit = strchr(units, *l->at & ~0x20);
		if (unit == NULL)
			return bad(l, "a number with an unknown unit");
		n <<= 10 * (unit - units + 1);
		l->at++;
		if (n > UINT32_MAX)
			return bad(l, "the number is too large");
		if (l->at < l->end && (is_letter(*l->at) || is_digit(*l->at)))
			return bad(l, "a number with an unknown unit");
	}
	l->number = n;
	return TOKEN_NUMBER;
}

static enum sieve_token
lex_quoted(struct sieve_lexer *l)
{
	buf_reset(&l->scratch);
	for (l->at++; l->at < l->end && *l->at != '"'; l->at++) {
		if (*l->at == '\\' && ++l->at == l->end)
			break;
		l->line += *l->at == '\n';
		buf_addc(&l->scratch, *l->at);
	}
	if (l->at >= l->end)
		return bad(l, "a string has no end");
	l->at++;
	l->text = arena_adds(l->arena, buf_str(&l->scratch));
	return TOKEN_STRING;
}

/* After "text:". */
static enum sieve_token
lex_lines(struct sieve_lexer *l)
{
	while (l->at < l->end && strchr(" \t\r", *l->at) != NULL)
		l->at++;
	if (l->at < l->end && *l->at == '#')
		while (l->at < l->end && *l->at != '\n')
			l->at++;
	if (l->at == l->end || *l->at != '\n')
		return bad(l, "something follows \"text:\" in its line");
	l->at++;
	l->line++;
	buf_reset(&l->scratch);
	while (l->at < l->end) {
		const char *from = l->at;

		if (starts(l, ".\n") || starts(l, ".\r\n") ||
		    (left(l) == 1 && *l->at == '.')) {
			skip_line(l);
			l->text = arena_adds(l->arena, buf_str(&l->scratch));
			return TOKEN_STRING;
		}
		if (starts(l, ".."))
			from++;
		skip_line(l);
		buf_add(&l->scratch, from, (size_t)(l->at - from));
	}
	return bad(l, "a multi-line text has no end");
}

enum sieve_token
sieve_lex(struct sieve_lexer *l)
{
	if (!skip_blank(l))
		return bad(l, "a comment has no end");
	if (l->at == l->end)
		return TOKEN_END;
	if (strchr("{}[]();,", *l->at) != NULL) {
		l->mark = *l->at++;
		return TOKEN_MARK;
	}
	if (*l->at == '"')
		return lex_quoted(l);
	if (is_digit(*l->at))
		return lex_number(l);
	if (*l->at == ':') {
		l->at++;
		if (l->at == l->end || !is_letter(*l->at))
			return bad(l, "a colon without the name of a tag");
		l->text = take_word(l);
		return TOKEN_TAG;
	}
	if (!is_letter(*l->at))
		return bad(l, "a character that no token begins with");
	l->text = take_word(l);
	if (strcmp(l->text, "text") == 0 && l->at < l->end && *l->at == ':') {
		l->at++;
		return lex_lines(l);
	}
	return TOKEN_WORD;
}
