/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "ldap/filter.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "core/arena.h"
#include "core/base64.h"
#include "core/num.h"
#include "core/str.h"

enum {
	NESTING_MAX = 64
};

enum kind {
	AND,
	OR,
	NOT,
	MATCH, /* "=", with any number of "*" */
	LEAST, /* ">=" */
	MOST   /* "<=" */
};

/* A piece of a value between two "*". */
struct piece {
	struct value value;
	struct piece *next;
};

struct node {
	enum kind kind;
	const char *name;
	struct piece *pieces;
	struct node *children;
	struct node *next;
};

struct filter {
	struct node *root;
	struct arena arena;
};

struct parser {
	struct filter *f;
	const char *at;
	struct buf value;
	int depth;
};

void
filter_escape(struct buf *out, const char *value, size_t len)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)value[i];

		if (c != '\0' && strchr("*()\\", c) == NULL) {
			buf_addc(out, value[i]);
			continue;
		}
		buf_addc(out, '\\');
		buf_addc(out, hex[c >> 4]);
		buf_addc(out, hex[c & 15]);
	}
}

/* --- reading --- */

/* The text up to "*", ")" or the end; "\XX" is a byte. */
static bool
read_piece(struct parser *p, struct piece *piece)
{
	buf_reset(&p->value);
	for (; *p->at != '\0' && strchr("*()", *p->at) == NULL; p->at++) {
		if (*p->at != '\\') {
			buf_addc(&p->value, *p->at);
			continue;
		}
		if (!isxdigit((unsigned char)p->at[1]) ||
		    !isxdigit((unsigned char)p->at[2]) ||
		    !hex_decode(p->at + 1, 2, &p->value))
			return false;
		p->at += 2;
	}
	piece->value.len = p->value.len;
	piece->value.data =
	    arena_add(&p->f->arena, buf_str(&p->value), p->value.len);
	return true;
}

/* The pieces of a value; one piece where it has no "*". */
static bool
read_pieces(struct parser *p, struct node *n)
{
	struct piece **last = &n->pieces;

	for (;; p->at++) {
		*last = arena_alloc(&p->f->arena, sizeof **last);
		if (!read_piece(p, *last))
			return false;
		last = &(*last)->next;
		if (*p->at != '*')
			return *p->at != '(';
	}
}

/* "name=value" and its kin. */
static bool
read_item(struct parser *p, struct node *n)
{
	size_t len = strcspn(p->at, "=~<>:()*\\ ");

	if (len == 0)
		return false;
	n->name = arena_add(&p->f->arena, p->at, len);
	p->at += len;
	n->kind = *p->at == '>' ? LEAST : *p->at == '<' ? MOST : MATCH;
	if (*p->at != '\0' && strchr("~<>", *p->at) != NULL)
		p->at++;
	if (*p->at++ != '=')
		return false;
	if (!read_pieces(p, n))
		return false;
	return n->kind == MATCH || n->pieces->next == NULL;
}

static bool read_filter(struct parser *p, struct node **to);

/* One filter in parentheses after another. */
static bool
read_list(struct parser *p, struct node **to)
{
	while (*p->at == '(') {
		if (!read_filter(p, to))
			return false;
		to = &(*to)->next;
	}
	return true;
}

/* "(...)", or an item alone. */
static bool
read_filter(struct parser *p, struct node **to)
{
	struct node *n = *to = arena_alloc(&p->f->arena, sizeof **to);
	bool ok;

	if (*p->at != '(')
		return read_item(p, n);
	if (++p->depth > NESTING_MAX)
		return false;
	p->at++;
	if (*p->at == '&' || *p->at == '|' || *p->at == '!') {
		n->kind = *p->at == '&' ? AND : *p->at == '|' ? OR : NOT;
		p->at++;
		ok = read_list(p, &n->children);
		if (n->kind == NOT)
			ok = ok && n->children != NULL &&
			     n->children->next == NULL;
	} else {
		ok = read_item(p, n);
	}
	p->depth--;
	return ok && *p->at++ == ')';
}

struct filter *
filter_parse(const char *text, struct why *why)
{
	struct filter *f = xcalloc(1, sizeof *f);
	struct parser p = { .f = f, .at = text };
	bool ok = read_filter(&p, &f->root) && *p.at == '\0';

	buf_free(&p.value);
	if (ok)
		return f;
	filter_free(f);
	why_set(why, FAIL_DATA, "not a valid LDAP filter: %.200s", text);
	return NULL;
}

void
filter_free(struct filter *f)
{
	if (f == NULL)
		return;
	arena_free(&f->arena);
	free(f);
}

/* --- trying --- */

/* Values may hold NULs. */
static bool
same(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (tolower((unsigned char)a[i]) !=
		    tolower((unsigned char)b[i]))
			return false;
	return true;
}

/* Where a piece is found in what is left of a value; NULL if it is not. */
static const char *
find(const struct value *v, const struct value *piece)
{
	for (size_t i = 0; i + piece->len <= v->len; i++)
		if (same(v->data + i, piece->data, piece->len))
			return v->data + i;
	return NULL;
}

/* Pieces with a "*" between each two. */
static bool
match_pieces(const struct value *whole, const struct piece *p)
{
	struct value v = *whole;
	const char *at;

	if (p->next == NULL)
		return v.len == p->value.len &&
		       same(v.data, p->value.data, v.len);
	if (p->value.len > v.len || !same(v.data, p->value.data, p->value.len))
		return false;
	v.data += p->value.len;
	v.len -= p->value.len;
	for (p = p->next; p->next != NULL; p = p->next) {
		at = find(&v, &p->value);
		if (at == NULL)
			return false;
		v.len -= (size_t)(at - v.data) + p->value.len;
		v.data = at + p->value.len;
	}
	return p->value.len <= v.len &&
	       same(v.data + v.len - p->value.len, p->value.data, p->value.len);
}

/* Less, equal or greater than zero. */
static int
compare(const char *a, const char *b)
{
	int64_t x, y;

	if (parse_num(a, INT64_MIN, INT64_MAX, &x, NULL) &&
	    parse_num(b, INT64_MIN, INT64_MAX, &y, NULL))
		return (x > y) - (x < y);
	return strcasecmp(a, b);
}

static bool
match_item(const struct node *n, const struct ldap_entry *e)
{
	struct value v;
	bool found = false;

	for (size_t at = 0; !found && entry_next(e, n->name, &at, &v);) {
		if (n->kind == MATCH)
			found = match_pieces(&v, n->pieces);
		else if (n->kind == LEAST)
			found = compare(v.data, n->pieces->value.data) >= 0;
		else
			found = compare(v.data, n->pieces->value.data) <= 0;
	}
	return found;
}

static bool
match(const struct node *n, const struct ldap_entry *e)
{
	switch (n->kind) {
	case AND: /* an empty one is true (RFC 4526) */
		for (const struct node *c = n->children; c != NULL; c = c->next)
			if (!match(c, e))
				return false;
		return true;
	case OR:
		for (const struct node *c = n->children; c != NULL; c = c->next)
			if (match(c, e))
				return true;
		return false;
	case NOT:
		return !match(n->children, e);
	default:
		return match_item(n, e);
	}
}

bool
filter_match(const struct filter *f, const struct ldap_entry *e)
{
	return match(f->root, e);
}

/* --- in two --- */

/* The length of the filter in parentheses at p, or 0. A parenthesis within a
 * value is escaped. */
static size_t
member_len(const char *p)
{
	size_t depth = 0;

	for (size_t i = 0; p[i] != '\0'; i++)
		if (p[i] == '(')
			depth++;
		else if (p[i] == ')' && --depth == 0)
			return i + 1;
	return 0;
}

/* The length of the attribute's name in a negated test, "(!(name=value))"; 0 for
 * what is none. */
static size_t
negated_name(const char *p)
{
	size_t len;

	if (!str_starts(p, "(!(") || strchr("&|!", p[3]) != NULL)
		return 0;
	len = strcspn(p + 3, "=~<>:()");
	return p[3 + len] == '=' ? len : 0;
}

void
filter_split(
    const char *text, struct buf *server, struct buf *rest, struct buf *names)
{
	size_t len, name;
	const char *p = text + 2;
	size_t kept = 0;

	buf_reset(server);
	buf_reset(rest);
	buf_reset(names);
	if (!str_starts(text, "(&(")) {
		buf_adds(server, text);
		return;
	}
	buf_adds(server, "(&");
	buf_adds(rest, "(&");
	for (; *p == '(' && (len = member_len(p)) != 0; p += len) {
		name = negated_name(p);
		if (name == 0)
			kept++;
		buf_add(name == 0 ? server : rest, p, len);
		if (name != 0) {
			buf_add(names, p + 3, name);
			buf_addc(names, '\0');
		}
	}
	if (kept == 0)
		buf_adds(server, "(objectClass=*)");
	buf_adds(server, p);
	buf_addc(rest, ')');
	if (names->len == 0)
		buf_reset(rest);
}
