/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "route/rules.h"
#include "jmap/member.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

/*
 * rcpt keeps the capitals of the SMTP command in its local part, so that mail
 * for "Alice@" would go to the old server without to_lowercase; the domain comes
 * lowered. is_local_address() is as strict with capitals, and must not come
 * first either.
 */
static const struct rule {
	const char *condition, *then;
} ours[] = {
	{ "key_exists('" ROUTE_NAMESPACE "', to_lowercase(rcpt))", "'local'" },
	{ "is_local_domain(rcpt_domain)", "'" ROUTE_RELAY "'" },
};
enum {
	OURS = sizeof ours / sizeof *ours
};

static const char *
text(const json_t *v, const char *member)
{
	const char *s = jmap_text(v, member);

	return s == NULL ? "" : s;
}

/* Which of our rules this is, from 0; OURS if it is another's. */
static size_t
which(const json_t *rule)
{
	size_t i;

	for (i = 0; i < OURS; i++)
		if (strcmp(text(rule, "if"), ours[i].condition) == 0 &&
		    strcmp(text(rule, "then"), ours[i].then) == 0)
			break;
	return i;
}

struct numbered {
	unsigned long number;
	json_t *rule; /* borrowed */
};

static int
by_number(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

/* The rules in their order; the array is new. */
static struct numbered *
sorted(const json_t *expression, size_t *n)
{
	json_t *match = json_object_get(expression, "match"), *rule;
	struct numbered *v = xcalloc(json_object_size(match) + 1, sizeof *v);
	const char *key;

	*n = 0;
	json_object_foreach (match, key, rule)
		v[(*n)++] = (struct numbered){ strtoul(key, NULL, 10), rule };
	qsort(v, *n, sizeof *v, by_number);
	return v;
}

enum rules
rules_judge(const json_t *expression)
{
	size_t n, seen = 0, others = 0;
	struct numbered *v = sorted(expression, &n);
	bool ordered = true, late = false;

	for (size_t i = 0; i < n; i++) {
		size_t w = which(v[i].rule);

		if (w == OURS) {
			others++;
			continue;
		}
		ordered = ordered && w == seen;
		late = late || others != 0;
		seen++;
	}
	free(v);
	if (seen == 0)
		return RULES_NONE;
	if (seen != OURS || !ordered)
		return RULES_PARTLY;
	return late ? RULES_LATE : RULES_FIRST;
}

/* Whether the first rule keeps what is local, as that of a new server does, and
 * that of the maker's guide. */
static bool
keeps_local(const json_t *expression)
{
	size_t n;
	struct numbered *v = sorted(expression, &n);
	const char *condition = n == 0 ? "" : text(v[0].rule, "if");
	bool keeps = (strcmp(condition, "is_local_domain(rcpt_domain)") == 0 ||
			 strcmp(condition, "is_local_address(rcpt)") == 0) &&
		     strcmp(text(v[0].rule, "then"), "'local'") == 0;

	free(v);
	return keeps;
}

enum rules_sense
rules_sense(const json_t *expression, bool loaded)
{
	enum rules rules = rules_judge(expression);

	if (!loaded)
		return RULES_UNSURE;
	if (rules == RULES_FIRST)
		return RULES_KEYS;
	return keeps_local(expression) ? RULES_STAY : RULES_UNSURE;
}

static void
append(json_t *match, json_t *rule)
{
	char number[24];

	(void)snprintf(number, sizeof number, "%zu", json_object_size(match));
	(void)json_object_set_new(match, number, rule);
}

static json_t *
build(const json_t *expression, bool with_ours)
{
	json_t *match = json_object(), *out = json_object();
	size_t n;
	struct numbered *v = sorted(expression, &n);

	for (size_t i = 0; with_ours && i < OURS; i++)
		append(match, json_pack("{s:s, s:s}", "if", ours[i].condition,
				  "then", ours[i].then));
	for (size_t i = 0; i < n; i++)
		if (which(v[i].rule) == OURS)
			append(match, json_incref(v[i].rule));
	free(v);
	if (json_is_object(expression))
		(void)json_object_update(out, (json_t *)(uintptr_t)expression);
	(void)json_object_set_new(out, "match", match);
	return out;
}

json_t *
rules_add(const json_t *expression)
{
	return build(expression, true);
}

json_t *
rules_remove(const json_t *expression)
{
	return build(expression, false);
}
