/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/postfix/query.h"

#include <string.h>
#include <strings.h>

#include "core/str.h"
#include "record/address.h"
#include "source/postfix/query-tokens.h"

/* The side of a comparison that holds variables, taken apart: 's', 'u' and 'd'
 * are they, '@' the text "@", '*' anything of the row. */
enum {
	SHAPE_MAX = 6
};

struct side {
	char shape[SHAPE_MAX];
	size_t n;
	/* The whole, for what is written in place of "%u". */
	const struct token *from, *to;
};

/* What one SELECT asks of its keys, and all else that it asks. */
struct conditions {
	struct buf parts[POSTFIX_PARTS];
	bool has[POSTFIX_PARTS];
	bool domain_too;
	struct buf rest;
};

static bool read_conditions(
    struct conditions *c, const struct token *from, const struct token *to);

/* --- the side with the variables --- */

static bool
add_shape(struct side *s, char what)
{
	if (s->n == SHAPE_MAX)
		return false;
	s->shape[s->n++] = what;
	return true;
}

/* A text in quotes: its variables and its "@". False for another text. */
static bool
add_quoted(struct side *s, const struct token *t)
{
	for (size_t i = 1; i + 1 < t->len; i++) {
		char c = t->p[i];

		if (c == '%' && i + 2 < t->len) {
			c = t->p[++i];
			if (strchr("sSuUdD", c) == NULL)
				return false;
			c |= 'a' ^ 'A';
		} else if (c != '@') {
			return false;
		}
		if (!add_shape(s, c))
			return false;
	}
	return true;
}

static bool take_side(
    struct side *s, const struct token *from, const struct token *to);

/* Takes the parts that a separator outside parentheses divides. */
static bool
take_parts(struct side *s, const struct token *from, const struct token *to,
    const char *separator)
{
	const struct token *part = from;
	int depth = tokens_depth(from, to);

	for (const struct token *t = from; t < to; t++) {
		if (t->depth != depth || !token_is(t, separator))
			continue;
		if (!take_side(s, part, t))
			return false;
		part = t + 1;
	}
	return take_side(s, part, to);
}

/*
 * '%s', '%u@%d', CONCAT('%u', '@', x), '%u' || '@' || x, lower('%s'): Postfix
 * asks in lower case anyway.
 */
static bool
take_side(struct side *s, const struct token *from, const struct token *to)
{
	static const char *const folds[] = { "lower", "lcase", NULL };

	tokens_strip(&from, &to);
	if (from == to)
		return false;
	if (!tokens_have_variable(from, to))
		return to - from == 1 && tokens_equal(from, "'@'", "\"@\"")
			   ? add_shape(s, '@')
			   : add_shape(s, '*');
	if (to - from == 1)
		return add_quoted(s, from);
	if (tokens_find(from, to, "||") < to)
		return take_parts(s, from, to, "||");
	if (to - from < 4 || !token_is(from + 1, "(") ||
	    tokens_close(from + 1, to) != to - 1)
		return false;
	if (token_is_any(from, folds))
		return take_side(s, from + 2, to - 1);
	return token_is(from, "concat") && take_parts(s, from + 2, to - 1, ",");
}

static bool
has_shape(const struct side *s, const char *shape)
{
	return s->n == strlen(shape) && memcmp(s->shape, shape, s->n) == 0;
}

/* --- conditions --- */

/* A part of the key may be asked for once. */
static bool
set_part(struct conditions *c, enum postfix_part part, const struct token *from,
    const struct token *to)
{
	if (c->has[part])
		return false;
	c->has[part] = true;
	tokens_text(&c->parts[part], from, to);
	return true;
}

static void
begin_condition(struct conditions *c)
{
	buf_adds(&c->rest, c->rest.len == 0 ? " WHERE (" : " AND (");
}

/* Appends a side with another text for its "%u". */
static void
add_side(struct buf *out, const struct side *s, const char *instead)
{
	const char *end = s->to[-1].p + s->to[-1].len;

	for (const char *p = s->from->p; p < end; p++) {
		if (p[0] == '%' && (p[1] == 'u' || p[1] == 'U')) {
			buf_adds(out, instead);
			p++;
		} else {
			buf_addc(out, *p);
		}
	}
}

/* "x = CONCAT('%u', '@', y)": the local part is what x has before what the
 * rest gives. LIKE narrows the rows, comparing the ends decides. */
static bool
set_long(struct conditions *c, const struct side *s, const struct token *from,
    const struct token *to)
{
	if (!set_part(c, KEY_LONG, from, to))
		return false;
	c->has[KEY_END] = true;
	add_side(&c->parts[KEY_END], s, "");
	begin_condition(c);
	tokens_text(&c->rest, from, to);
	buf_adds(&c->rest, " LIKE ");
	add_side(&c->rest, s, "%");
	buf_addc(&c->rest, ')');
	return true;
}

/* Takes a comparison of a side with variables and one without. */
static bool
take_comparison(struct conditions *c, const struct side *s,
    const struct token *from, const struct token *to)
{
	static const char *const no[] = { "not", "is", "in", "like", "case",
		NULL };

	if (from >= to || tokens_have_variable(from, to))
		return false;
	for (const struct token *t = from; t < to; t++)
		if (t->depth == tokens_depth(from, to) &&
		    (strchr("=<>!", *t->p) != NULL || token_is_any(t, no)))
			return false;
	if (has_shape(s, "s"))
		return set_part(c, KEY_WHOLE, from, to);
	if (has_shape(s, "u@d")) {
		c->domain_too = true;
		return set_part(c, KEY_WHOLE, from, to);
	}
	if (has_shape(s, "u"))
		return set_part(c, KEY_LOCAL, from, to);
	if (has_shape(s, "d"))
		return set_part(c, KEY_DOMAIN, from, to);
	if (has_shape(s, "@d"))
		return set_part(c, KEY_AT, from, to);
	if (s->n > 1 && s->shape[0] == 'u' &&
	    memchr(s->shape + 1, 'u', s->n - 1) == NULL &&
	    memchr(s->shape, 's', s->n) == NULL &&
	    memchr(s->shape, 'd', s->n) == NULL)
		return set_long(c, s, from, to);
	return false;
}

static bool
take_key(struct conditions *c, const struct token *from, const struct token *to)
{
	const struct token *equal = tokens_find(from, to, "=");
	struct side s = { 0 };

	if (equal == to)
		return false;
	if (tokens_have_variable(equal + 1, to)) {
		s.from = equal + 1;
		s.to = to;
		to = equal;
	} else {
		s.from = from;
		s.to = equal;
		from = equal + 1;
	}
	return take_side(&s, s.from, s.to) && take_comparison(c, &s, from, to);
}

/* Takes a condition: one on the key, or one of the others. */
static bool
read_condition(struct conditions *c, const struct token *from,
    const struct token *to, bool whole)
{
	const struct token *a = from, *b = to;

	if (from == to)
		return false;
	if (!tokens_have_variable(from, to)) {
		begin_condition(c);
		tokens_text(&c->rest, from, to);
		buf_addc(&c->rest, ')');
		return true;
	}
	tokens_strip(&a, &b);
	/* What is in parentheses may be several conditions. */
	return take_key(c, a, b) || (!whole && read_conditions(c, a, b));
}

/* Takes conditions that must all hold. */
static bool
read_conditions(
    struct conditions *c, const struct token *from, const struct token *to)
{
	static const char *const no[] = { "or", "between", "xor", NULL };
	const struct token *part, *t;
	int depth;

	tokens_strip(&from, &to);
	depth = tokens_depth(from, to);
	for (part = t = from; t < to; t++) {
		if (t->depth != depth)
			continue;
		if (token_is_any(t, no))
			return false;
		if (!token_is(t, "and"))
			continue;
		if (!read_condition(c, part, t, false))
			return false;
		part = t + 1;
	}
	return read_condition(c, part, to, part == from);
}

/* --- a whole SELECT --- */

/* Whether the results are made of several rows. */
static bool
has_aggregate(const struct token *from, const struct token *to)
{
	static const char *const names[] = { "group_concat", "string_agg",
		"array_agg", "json_agg", "json_arrayagg", "json_group_array",
		"max", "min", "count", "sum", "avg", "total", "any_value",
		NULL };

	for (; from + 1 < to; from++)
		if (token_is_any(from, names) && token_is(from + 1, "("))
			return true;
	return false;
}

/* Whether a row says which key it is about. */
static bool
is_enough(const struct conditions *c)
{
	const bool *has = c->has;

	if (has[KEY_WHOLE] || has[KEY_AT])
		return !has[KEY_LONG];
	return has[KEY_DOMAIN] && !(has[KEY_LOCAL] && has[KEY_LONG]);
}

static void
write_select(const struct conditions *c, const struct token *list,
    const struct token *from, const struct token *where,
    struct postfix_select *out)
{
	bool distinct = token_is(list, "distinct");
	const char *comma = " GROUP BY ";

	buf_adds(&out->text, distinct ? "SELECT DISTINCT " : "SELECT ");
	for (int i = 0; i < POSTFIX_PARTS; i++) {
		out->has[i] = c->has[i];
		if (c->has[i])
			buf_addf(&out->text, "%s, ", buf_str(&c->parts[i]));
	}
	out->domain_too = c->domain_too;
	tokens_text(&out->text, list + distinct, where);
	buf_adds(&out->text, buf_str(&c->rest));
	for (int i = 0; i < POSTFIX_PARTS && has_aggregate(list, from); i++) {
		if (!c->has[i])
			continue;
		buf_addf(&out->text, "%s%s", comma, buf_str(&c->parts[i]));
		comma = ", ";
	}
}

static bool
read_select(struct postfix_listing *l, const struct token *start,
    const struct token *end)
{
	static const char *const no[] = { "union", "group", "having", "limit",
		"into", ";", "--", "offset", "fetch", "except", "intersect",
		"over", NULL };
	struct conditions c = { 0 };
	const struct token *from, *where, *order;
	bool ok;

	if (start == end || l->n == POSTFIX_SELECTS ||
	    !token_is(start, "select"))
		return false;
	order = tokens_find(start, end, "order");
	for (const struct token *t = start + 1; t < end; t++)
		if (token_is_any(t, no) || token_is(t, "select"))
			return false;
	/* In which order the results come does not matter. */
	end = order;
	from = tokens_find(start, end, "from");
	where = tokens_find(from, end, "where");
	ok = where + 1 < end && from > start + 1 &&
	     !tokens_have_variable(start, where) &&
	     read_conditions(&c, where + 1, end) && is_enough(&c);
	if (ok)
		write_select(&c, start + 1, from, where, &l->selects[l->n++]);
	for (int i = 0; i < POSTFIX_PARTS; i++)
		buf_free(&c.parts[i]);
	buf_free(&c.rest);
	return ok;
}

int
postfix_query_list(
    const char *query, struct postfix_listing *out, struct why *why)
{
	struct tokens tokens = { 0 };
	const struct token *t, *end, *part;
	bool ok = tokens_read(&tokens, query);

	*out = (struct postfix_listing){ 0 };
	part = t = tokens.t;
	end = t + tokens.n;
	while (ok && end > t && token_is(end - 1, ";"))
		end--;
	for (; ok && t < end; t++) {
		if (t->depth != 0 || !token_is(t, "union"))
			continue;
		ok = read_select(out, part, t);
		if (t + 1 < end && token_is(t + 1, "all"))
			t++;
		part = t + 1;
	}
	if (ok && read_select(out, part, end))
		return 0;
	return why_set(why, FAIL_DATA,
	    "the query looks one key up in a way that cannot be turned into a "
	    "list");
}

void
postfix_listing_free(struct postfix_listing *l)
{
	for (size_t i = 0; i < l->n; i++)
		buf_free(&l->selects[i].text);
}

/* --- the keys of its rows --- */

size_t
postfix_select_parts(const struct postfix_select *s)
{
	size_t n = 0;

	for (int i = 0; i < POSTFIX_PARTS; i++)
		n += s->has[i];
	return n;
}

/* How much of the text is before its end; 0: it does not end so. */
static size_t
before_end(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return n < len && str_eq_nocase(text + len - n, end) ? len - n : 0;
}

bool
postfix_select_key(
    const struct postfix_select *s, const char *const *values, struct buf *out)
{
	const char *v[POSTFIX_PARTS] = { 0 }, *whole, *domain;
	size_t local;

	for (int i = 0; i < POSTFIX_PARTS; i++)
		if (s->has[i])
			v[i] = *values++;
	whole = v[KEY_WHOLE] != NULL ? v[KEY_WHOLE] : v[KEY_AT];
	if (whole == NULL) {
		if (v[KEY_LOCAL] != NULL)
			local = strlen(v[KEY_LOCAL]);
		else if (v[KEY_LONG] != NULL)
			local = before_end(v[KEY_LONG], v[KEY_END]);
		else
			local = 0;
		if (local == 0 && (s->has[KEY_LOCAL] || s->has[KEY_LONG]))
			return false;
		buf_add(out, v[KEY_LOCAL] != NULL ? v[KEY_LOCAL] : v[KEY_LONG],
		    local);
		buf_addf(out, "@%s", v[KEY_DOMAIN]);
		return *v[KEY_DOMAIN] != '\0';
	}
	domain = address_domain(whole);
	if (domain == NULL) {
		if (s->domain_too || s->has[KEY_DOMAIN] || s->has[KEY_AT] ||
		    (v[KEY_LOCAL] != NULL &&
			!str_eq_nocase(whole, v[KEY_LOCAL])))
			return false;
		buf_adds(out, whole);
		return true;
	}
	local = (size_t)(domain - 1 - whole);
	if (local == 0 ? s->domain_too || s->has[KEY_LOCAL] : s->has[KEY_AT])
		return false;
	if ((v[KEY_DOMAIN] != NULL && !str_eq_nocase(domain, v[KEY_DOMAIN])) ||
	    (v[KEY_LOCAL] != NULL &&
		(strlen(v[KEY_LOCAL]) != local ||
		    strncasecmp(whole, v[KEY_LOCAL], local) != 0)))
		return false;
	buf_adds(out, whole);
	return true;
}
