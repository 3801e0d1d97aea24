/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/postfix/filter.h"

#include <string.h>

#include "core/str.h"

enum {
	DEPTH_MAX = 32
};

struct reading {
	struct postfix_filter *f;
	const char *p;
	int depth;
	size_t branches; /* that have a variable, outside an OR of such */
};

static const char all[] = "(objectClass=*)";

void
postfix_filter_free(struct postfix_filter *f)
{
	buf_free(&f->text);
	arena_free(&f->arena);
}

/* The end of the node at p: after its parenthesis; NULL where it has none. */
static const char *
node_end(const char *p)
{
	int depth = 0;

	for (; *p != '\0'; p++) {
		depth += (*p == '(') - (*p == ')');
		if (depth == 0)
			return p + 1;
	}
	return NULL;
}

static bool
has_variable(const char *p, const char *end)
{
	for (; p + 1 < end; p++)
		if (*p == '%' && *++p != '%')
			return true;
	return false;
}

/* A comparison with a variable: of a key where it is equality and %s alone
 * varies. *plain: the value is the key. */
static bool
read_leaf(struct reading *r, const char *end, bool *plain)
{
	struct postfix_filter *f = r->f;
	const char *name = r->p + 1, *equal = strchr(name, '='), *s;
	size_t len;

	*plain = false;
	if (equal == NULL || equal >= end || f->n == POSTFIX_FILTER_KEYS)
		return false;
	len = (size_t)(equal - name);
	for (s = equal + 1; s + 1 < end && !(*s == '%' && s[1] != '%'); s++)
		;
	if (memchr(name, ':', len) != NULL || memchr(name, '<', len) != NULL ||
	    memchr(name, '>', len) != NULL || memchr(name, '~', len) != NULL ||
	    strchr("sS", s[1]) == NULL || has_variable(s + 2, end) ||
	    memchr(equal, '*', (size_t)(end - equal)) != NULL)
		return false;
	f->keys[f->n++] = (struct postfix_filter_key){
		.name = arena_add(&f->arena, name, len),
		.before =
		    arena_add(&f->arena, equal + 1, (size_t)(s - equal - 1)),
		.after = arena_add(&f->arena, s + 2, (size_t)(end - 1 - s - 2))
	};
	*plain = s == equal + 1 && s + 2 == end - 1;
	buf_addf(&f->text, "(%.*s=*)", (int)len, name);
	return true;
}

static bool read_node(struct reading *r, bool *plain);

/* "(&...)" or "(|...)". *plain: an OR of nothing but plain comparisons. */
static bool
read_set(struct reading *r, const char *end, bool *plain)
{
	bool is_or = r->p[1] == '|', all_plain = true;

	buf_add(&r->f->text, r->p, 2);
	for (r->p += 2; r->p < end - 1;) {
		const char *next = *r->p == '(' ? node_end(r->p) : NULL;
		bool varies, one = false;

		if (*r->p == ' ') {
			r->p++;
			continue;
		}
		if (next == NULL)
			return false;
		varies = has_variable(r->p, next);
		if (!varies)
			buf_add(&r->f->text, r->p, (size_t)(next - r->p));
		else if (!read_node(r, &one))
			return false;
		r->p = next;
		all_plain = all_plain && one;
		if (varies && !is_or) {
			r->branches++;
			r->f->exact = r->f->exact && one;
		}
	}
	buf_addc(&r->f->text, ')');
	*plain = is_or && all_plain;
	return true;
}

/* A node with a variable. What cannot be told without the key finds all. */
static bool
read_node(struct reading *r, bool *plain)
{
	const char *end = node_end(r->p);

	*plain = false;
	if (end == NULL || ++r->depth > DEPTH_MAX)
		return false;
	if (r->p[1] == '&' || r->p[1] == '|') {
		if (!read_set(r, end, plain))
			return false;
	} else if (r->p[1] == '!' || !read_leaf(r, end, plain)) {
		buf_adds(&r->f->text, all);
	}
	r->depth--;
	return true;
}

int
postfix_filter_list(
    const char *filter, struct postfix_filter *out, struct why *why)
{
	struct reading r = { .f = out, .p = filter };
	const char *end;
	bool plain = false, ok;

	*out = (struct postfix_filter){ .exact = true };
	end = *filter == '(' ? node_end(filter) : NULL;
	ok = end != NULL && *end == '\0' && has_variable(filter, end) &&
	     read_node(&r, &plain) && out->n > 0;
	/* One comparison with the key, or one OR of them, among conditions that
	 * must all hold. */
	if (filter[0] == '(' && filter[1] == '&')
		out->exact = out->exact && r.branches == 1;
	else
		out->exact = plain;
	return ok ? 0
		  : why_set(why, FAIL_DATA,
			"the filter looks one key up in a way that cannot be "
			"turned into a list");
}

bool
postfix_filter_key(
    const struct postfix_filter_key *k, const char *value, struct buf *out)
{
	size_t before = strlen(k->before), after = strlen(k->after),
	       len = strlen(value);

	if (len <= before + after || !str_starts_nocase(value, k->before) ||
	    !str_eq_nocase(value + len - after, k->after))
		return false;
	buf_add(out, value + before, len - before - after);
	return true;
}
