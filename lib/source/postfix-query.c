/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/postfix-query.h"

#include <string.h>
#include <strings.h>

#include "record/address.h"

enum {
	TOKENS_MAX = 512
};

/* A piece of a query: a word, a text in quotes, or one other character. */
struct token {
	const char *p;
	size_t len;
	int depth; /* parentheses around it; they themselves are within */
};

struct query {
	struct token t[TOKENS_MAX];
	size_t n;
};

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
	while (is_word_char(*end))
		end++;
	return end == p ? 1 : (size_t)(end - p);
}

/* False where there are too many, or parentheses do not match. */
static bool
tokenise(struct query *q, const char *text)
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

static bool
is(const struct token *t, const char *word)
{
	return strlen(word) == t->len && strncasecmp(t->p, word, t->len) == 0;
}

static bool
is_any(const struct token *t, const char *const *words)
{
	for (; *words != NULL; words++)
		if (is(t, *words))
			return true;
	return false;
}

/* How deep in parentheses the outermost of some tokens are. */
static int
outer_depth(const struct token *from, const struct token *to)
{
	int depth = from->depth;

	for (; from < to; from++)
		if (from->depth < depth)
			depth = from->depth;
	return depth;
}

/* The variable that a text in quotes is, and nothing else: 's', 'u', 'd'. */
static char
variable(const struct token *t)
{
	if (t->len != 4 || (*t->p != '\'' && *t->p != '"') || t->p[1] != '%')
		return '\0';
	switch (t->p[2]) {
	case 's':
	case 'S':
		return 's';
	case 'u':
	case 'U':
		return 'u';
	case 'd':
	case 'D':
		return 'd';
	default:
		return '\0';
	}
}

/* Whether tokens have a variable; "%%" is none. */
static bool
has_variable(const struct token *from, const struct token *to)
{
	for (; from < to; from++)
		for (size_t i = 0; i + 1 < from->len; i++)
			if (from->p[i] == '%' && from->p[++i] != '%')
				return true;
	/* A percent sign of arithmetic is no token of more than one byte. */
	return false;
}

/* Appends the text of tokens, "%%" as "%". */
static void
add_text(struct buf *out, const struct token *from, const struct token *to)
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

/* Takes parentheses around the whole away. */
static void
strip(const struct token **from, const struct token **to)
{
	while (*to - *from > 2 && is(*from, "(") && is(*to - 1, ")")) {
		const struct token *t = *from + 1;

		while (t < *to - 1 && t->depth >= (*from)->depth &&
		       !(is(t, ")") && t->depth == (*from)->depth))
			t++;
		if (t != *to - 1)
			return;
		(*from)++;
		(*to)--;
	}
}

struct parts;
static bool read_conditions(
    struct parts *parts, const struct token *from, const struct token *to);

/* What a query asks of its keys, and all else that it asks. */
struct parts {
	struct token key[3][2]; /* of %s, %u, %d: from, to */
	bool has[3];
	struct buf rest;
};

/* "EXPRESSION = '%s'", either way round. */
static bool
take_key(struct parts *parts, const struct token *from, const struct token *to)
{
	static const char names[] = "sud";
	static const char *const no[] = { "not", "is", "in", "like", NULL };
	const struct token *a = from, *b = to;
	char name;
	size_t i;

	if (to - from < 3)
		return false;
	if (is(to - 2, "=") && variable(to - 1) != '\0') {
		name = variable(to - 1);
		b = to - 2;
	} else if (is(from + 1, "=") && variable(from) != '\0') {
		name = variable(from);
		a = from + 2;
	} else {
		return false;
	}
	i = (size_t)(strchr(names, name) - names);
	if (parts->has[i] || has_variable(a, b))
		return false;
	for (const struct token *t = a; t < b; t++)
		if (t->depth == outer_depth(a, b) &&
		    (strchr("=<>!", *t->p) != NULL || is_any(t, no)))
			return false;
	parts->has[i] = true;
	parts->key[i][0] = *a;
	parts->key[i][1] = b[-1];
	return true;
}

/* Takes a condition: one on the key, or one of the others. */
static bool
read_condition(struct parts *parts, const struct token *from,
    const struct token *to, bool whole)
{
	const struct token *a = from, *b = to;

	if (from == to)
		return false;
	if (!has_variable(from, to)) {
		buf_adds(
		    &parts->rest, parts->rest.len == 0 ? " WHERE (" : " AND (");
		add_text(&parts->rest, from, to);
		buf_addc(&parts->rest, ')');
		return true;
	}
	strip(&a, &b);
	/* What is in parentheses may be several conditions. */
	return take_key(parts, a, b) ||
	       (!whole && read_conditions(parts, a, b));
}

/* Takes conditions that must all hold. */
static bool
read_conditions(
    struct parts *parts, const struct token *from, const struct token *to)
{
	static const char *const no[] = { "or", "between", "xor", NULL };
	const struct token *part, *t;
	int depth;

	strip(&from, &to);
	depth = outer_depth(from, to);
	for (part = t = from; t < to; t++) {
		if (t->depth != depth)
			continue;
		if (is_any(t, no))
			return false;
		if (!is(t, "and"))
			continue;
		if (!read_condition(parts, part, t, false))
			return false;
		part = t + 1;
	}
	return read_condition(parts, part, to, part == from);
}

static void
add_key(struct buf *out, const struct parts *parts, size_t i)
{
	const struct token *key = parts->key[i];

	buf_add(out, key[0].p, (size_t)(key[1].p + key[1].len - key[0].p));
	buf_adds(out, ", ");
}

/* Finds a word outside parentheses. The end where it is not there. */
static const struct token *
find(const struct query *q, const struct token *from, const char *word)
{
	const struct token *end = q->t + q->n;

	while (from < end && (from->depth != 0 || !is(from, word)))
		from++;
	return from;
}

int
postfix_query_list(
    const char *query, struct buf *out, bool *parts_of_key, struct why *why)
{
	static const char *const no[] = { "union", "group", "having", "limit",
		"order", "into", ";", "--", NULL };
	struct query q = { 0 };
	struct parts parts = { 0 };
	const struct token *end, *from, *where;
	bool ok;

	ok = tokenise(&q, query) && q.n > 4 && is(&q.t[0], "select");
	end = q.t + q.n;
	for (size_t i = 1; ok && i < q.n; i++)
		ok = !is_any(&q.t[i], no) && !is(&q.t[i], "select");
	from = find(&q, q.t, "from");
	where = find(&q, from, "where");
	ok = ok && where + 1 < end && from > q.t + 1 &&
	     !has_variable(q.t, where) &&
	     read_conditions(&parts, where + 1, end) &&
	     parts.has[0] != parts.has[1] && parts.has[1] == parts.has[2];
	if (ok) {
		buf_adds(out, "SELECT ");
		for (size_t i = 0; i < 3; i++)
			if (parts.has[i])
				add_key(out, &parts, i);
		add_text(out, q.t + 1, where);
		buf_adds(out, buf_str(&parts.rest));
		*parts_of_key = parts.has[1];
	}
	buf_free(&parts.rest);
	return ok ? 0
		  : why_set(why, FAIL_DATA,
			"the query looks one key up in a way that cannot be "
			"turned into a list");
}

/* --- LDAP --- */

int
postfix_filter_list(
    const char *filter, struct buf *out, struct buf *keys, struct why *why)
{
	const char *p = filter;
	bool negated = strstr(filter, "(!") != NULL;
	size_t n = 0;

	while (*p != '\0') {
		size_t len = strcspn(p, "(%");
		const char *value;

		buf_add(out, p, len);
		p += len;
		if (*p == '%')
			break;
		if (*p == '\0')
			continue;
		value = p + 1 + strcspn(p + 1, "(=)");
		if (*value == '=' && strncmp(value, "=%s)", 4) == 0) {
			buf_add(keys, p + 1, (size_t)(value - p - 1));
			buf_addc(keys, '\n');
			buf_add(out, p, (size_t)(value - p));
			buf_adds(out, "=*)");
			p = value + 4;
			n++;
		} else {
			buf_addc(out, *p++);
		}
	}
	/* Two attributes that must both have the key are not one or the other. */
	if (*p == '\0' && n > 0 && !negated &&
	    (n == 1 || strstr(filter, "(&") == NULL ||
		strstr(filter, "(|") != NULL))
		return 0;
	return why_set(why, FAIL_DATA,
	    "the filter looks one key up in a way that cannot be turned into a "
	    "list");
}

/* --- results --- */

bool
postfix_result(const char *format, const char *result, struct buf *out)
{
	const char *domain = address_domain(result);

	for (const char *p = format; *p != '\0'; p++) {
		if (*p != '%') {
			buf_addc(out, *p);
			continue;
		}
		switch (*++p) {
		case '%':
			buf_addc(out, '%');
			break;
		case 's':
			buf_adds(out, result);
			break;
		case 'u':
			buf_add(out, result,
			    domain == NULL ? strlen(result)
					   : (size_t)(domain - 1 - result));
			break;
		case 'd':
			if (domain == NULL)
				return false;
			buf_adds(out, domain);
			break;
		default:
			return false;
		}
	}
	return true;
}
