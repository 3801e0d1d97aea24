/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/address-list.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"

enum type {
	WORD, /* an atom, a quoted string, or a domain literal */
	SIGN  /* one character */
};

struct token {
	enum type type;
	char sign;         /* of a SIGN */
	bool quoted;       /* it was written in quotes */
	size_t start, len; /* of a WORD, in the list's texts */
};

struct range {
	size_t from, to;
};

struct list {
	struct token *tokens;
	size_t n, cap;
	struct range *found; /* the addresses, the last one first */
	size_t nfound, found_cap;
	struct buf texts;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* RFC 822's specials, and Postfix's three operators. */
static bool
is_sign(char c)
{
	return c != '\0' && strchr("()<>@,;:\".[]|%!", c) != NULL;
}

/* --- tokens --- */

static struct token *
add_token(struct list *l, enum type type)
{
	l->tokens = xgrow(l->tokens, l->n, &l->cap, sizeof *l->tokens);
	l->tokens[l->n] = (struct token){ .type = type, .start = l->texts.len };
	return &l->tokens[l->n++];
}

/* Skips a comment, from after its parenthesis; they nest. */
static const char *
skip_comment(const char *p)
{
	for (int level = 1; *p != '\0' && level > 0; p++) {
		level += (*p == '(') - (*p == ')');
		if (*p == '\\' && p[1] != '\0')
			p++;
	}
	return p;
}

/* Takes a text up to end, which is passed over; for an atom (end is NUL) up to
 * a blank or a sign. */
static const char *
take_word(struct list *l, const char *p, char end)
{
	struct token *t = add_token(l, WORD);

	t->quoted = end == '"';
	if (end == ']')
		buf_addc(&l->texts, '[');
	for (; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (end == '\0' ? is_blank(*p) || is_sign(*p) : *p == end)
			break;
		buf_addc(&l->texts, is_blank(*p) ? ' ' : *p);
	}
	if (end == ']')
		buf_addc(&l->texts, ']');
	t->len = l->texts.len - t->start;
	return p + (end != '\0' && *p != '\0');
}

static void
read_tokens(struct list *l, const char *p)
{
	while (*p != '\0') {
		if (is_blank(*p))
			p++;
		else if (*p == '(')
			p = skip_comment(p + 1);
		else if (*p == '"')
			p = take_word(l, p + 1, '"');
		else if (*p == '[')
			p = take_word(l, p + 1, ']');
		else if (is_sign(*p))
			add_token(l, SIGN)->sign = *p++;
		else
			p = take_word(l, p, '\0');
	}
}

/* --- addresses --- */

static void
found(struct list *l, size_t from, size_t to)
{
	if (from >= to)
		return;
	l->found = xgrow(l->found, l->nfound, &l->found_cap, sizeof *l->found);
	l->found[l->nfound++] = (struct range){ from, to };
}

/* Whether the token before at is one of these signs. */
static bool
is_before(const struct list *l, size_t at, const char *signs)
{
	const struct token *t = &l->tokens[at - 1];

	return t->type == SIGN && strchr(signs, t->sign) != NULL;
}

/* How far the tokens before at go, down to one of the signs. */
static size_t
back_to(const struct list *l, size_t at, const char *signs)
{
	while (at > 0 && !is_before(l, at, signs))
		at--;
	return at;
}

/* Takes "<...>", at being after the "<...", and passes over the name before
 * it. */
static size_t
take_route(struct list *l, size_t at)
{
	size_t from = back_to(l, at, "<"), first = from;

	/* "<@relay.test:user@one.test>": the way is not part of the address. */
	if (l->tokens[first].type == SIGN && l->tokens[first].sign == '@')
		first = back_to(l, at, ":") > from ? back_to(l, at, ":") : from;
	found(l, first, at);
	return back_to(l, from == 0 ? 0 : from - 1, ">;,:");
}

/*
 * From right to left: only there is it known that the words before a "<" are a
 * name. Two words in a row are two addresses.
 */
static void
read_addresses(struct list *l)
{
	size_t at = l->n, end = at;
	bool may_join = true, group = false;

	while (at > 0) {
		const struct token *t = &l->tokens[--at];

		if (t->type == WORD) {
			if (!may_join) {
				found(l, at + 1, end);
				end = at + 1;
			}
			may_join = false;
			continue;
		}
		may_join = true;
		if (t->sign == '>') {
			found(l, at + 1, end);
			at = end = take_route(l, at);
		} else if (t->sign == ':' && group) {
			found(l, at + 1, end);
			at = end = back_to(l, at, ",");
		} else if (t->sign == ',' || t->sign == ';') {
			found(l, at + 1, end);
			end = at;
			group = group || t->sign == ';';
		}
	}
	found(l, 0, end);
}

/* --- their texts --- */

/* Whether a local part may be written without quotes (RFC 5321, 4.1.2). */
static bool
is_plain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f ||
		    strchr("()<>@,;:\"[]\\", text[i]) != NULL)
			return false;
	return len > 0;
}

static void
add_quoted(struct buf *out, const char *text, size_t len)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"' || text[i] == '\\')
			buf_addc(out, '\\');
		buf_addc(out, text[i]);
	}
	buf_addc(out, '"');
}

static void
write_address(const struct list *l, struct range r, struct buf *out)
{
	for (size_t i = r.from; i < r.to; i++) {
		const struct token *t = &l->tokens[i];
		const char *text = buf_str(&l->texts) + t->start;

		if (t->type == SIGN)
			buf_addc(out, t->sign);
		else if (t->len == 0) /* "": not an address */
			add_quoted(out, text, 0);
		else if ((r.to - r.from > 1 || strchr(text, '@') == NULL) &&
			 *text != '[' && strchr("|/:", *text) == NULL &&
			 !is_plain(text, t->len))
			add_quoted(out, text, t->len);
		else
			buf_add(out, text, t->len);
	}
	buf_addc(out, '\n');
}

void
address_list_read(const char *text, struct buf *out)
{
	struct list l = { 0 };

	read_tokens(&l, text);
	read_addresses(&l);
	while (l.nfound > 0)
		write_address(&l, l.found[--l.nfound], out);
	buf_wipe(&l.texts);
	free(l.tokens);
	free(l.found);
}

char *
address_list_next(char **lines)
{
	char *line;

	if (*lines == NULL || **lines == '\0')
		return NULL;
	line = str_cut(lines, '\n');
	return line;
}
