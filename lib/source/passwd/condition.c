/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/passwd/condition.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"

/* What is compared, and for which of its outcomes the operator holds. */
static const struct comparison {
	const char *name;
	enum {
		NUMBERS,
		TEXTS,
		WILDCARD,
		REGEXP
	} of;
	bool less, equal, greater;
} comparisons[] = {
	{ "==", NUMBERS, false, true, false },
	{ "!=", NUMBERS, true, false, true },
	{ "<", NUMBERS, true, false, false },
	{ "<=", NUMBERS, true, true, false },
	{ ">", NUMBERS, false, false, true },
	{ ">=", NUMBERS, false, true, true },
	{ "eq", TEXTS, false, true, false },
	{ "ne", TEXTS, true, false, true },
	{ "lt", TEXTS, true, false, false },
	{ "le", TEXTS, true, true, false },
	{ "gt", TEXTS, false, false, true },
	{ "ge", TEXTS, false, true, true },
	{ "*", WILDCARD, false, true, false },
	{ "!*", WILDCARD, true, false, true },
	{ "~", REGEXP, false, true, false },
	{ "!~", REGEXP, true, false, true },
};

static const struct comparison *
find(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof comparisons / sizeof *comparisons; i++)
		if (strlen(comparisons[i].name) == len &&
		    memcmp(comparisons[i].name, name, len) == 0)
			return &comparisons[i];
	return NULL;
}

bool
condition_of_numbers(const char *operator)
{
	const struct comparison *c = find(operator, strlen(operator));

	return c != NULL && c->of == NUMBERS;
}

bool
read_integer(const char *text, long long *n)
{
	if (!is_digits(text + (*text == '-')))
		return false;
	errno = 0;
	*n = strtoll(text, NULL, 10);
	return errno == 0;
}

/* Whether PCRE reads an expression as POSIX does: no alternatives, of which one
 * takes the first and the other the longest, no quantifiers of quantifiers, no
 * classes, and escapes of signs alone. */
static bool
is_plain(const char *expression)
{
	static const char signs[] = ".*+?^$(){}";
	bool set = strchr(expression, '[') != NULL;

	for (const char *p = expression; *p != '\0'; p++) {
		if (*p == '|' || str_starts(p, "(?") || str_starts(p, "[["))
			return false;
		if (strchr("*+?}", *p) != NULL && p[1] != '\0' &&
		    strchr("*+?", p[1]) != NULL)
			return false;
		if (*p != '\\')
			continue;
		p++;
		if (set || *p == '\0' || strchr(signs, *p) == NULL)
			return false;
	}
	return true;
}

/* 0: the text matches; 1: it does not; -1: unknown. */
static int
match(const char *expression, const char *text)
{
	regex_t compiled;
	int r;

	if (!is_plain(expression) ||
	    regcomp(&compiled, expression, REG_EXTENDED | REG_NOSUB) != 0)
		return -1;
	r = regexec(&compiled, text, 0, NULL, 0);
	regfree(&compiled);
	return r == 0 ? 0 : r == REG_NOMATCH ? 1 : -1;
}

int
condition_holds(const char *a, const char *operator, size_t len, const char *b)
{
	const struct comparison *c = find(operator, len);
	long long left = 0, right = 0;
	int order;

	if (c == NULL)
		return -1;
	switch (c->of) {
	case NUMBERS:
		if (!read_integer(a, &left) || !read_integer(b, &right))
			return -1;
		order = (left > right) - (left < right);
		break;
	case WILDCARD:
		order = !str_matches(b, strlen(b), a);
		break;
	case REGEXP:
		order = match(b, a);
		if (order == -1)
			return -1;
		break;
	default:
		order = strcmp(a, b);
	}
	return order < 0 ? c->less : order == 0 ? c->equal : c->greater;
}
