/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/passwd/condition.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
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

/* Whether an expression takes all that is left, by whichever way its end was
 * reached: POSIX takes the longest match, and PCRE the first. */
static bool
takes_rest(const char *expression)
{
	size_t len = strlen(expression);

	while (len > 0 && expression[len - 1] == ')')
		len--;
	if (len >= 1 && expression[len - 1] == '$')
		return len < 2 || expression[len - 2] != '\\';
	return len >= 2 && strchr("*+", expression[len - 1]) != NULL &&
	       expression[len - 2] == '.' &&
	       (len < 3 || expression[len - 3] != '\\');
}

/* The replacement, with what the parentheses match. As condition_replace. */
static int
put_replacement(const char *text, const regmatch_t *groups, size_t n,
    const char *replacement, struct buf *out)
{
	for (const char *p = replacement; *p != '\0'; p++) {
		size_t i;

		if (*p != '\\') {
			buf_addc(out, *p);
			continue;
		}
		p++;
		/* 2.4.1 never ends with another character. */
		if (*p < '0' || *p > '9')
			return -1;
		i = (size_t)(*p - '0');
		if (i >= n || groups[i].rm_so == -1)
			return 0;
		buf_add(out, text + groups[i].rm_so,
		    (size_t)(groups[i].rm_eo - groups[i].rm_so));
	}
	return 1;
}

int
condition_replace(
    struct buf *text, const char *expression, const char *replacement)
{
	regmatch_t groups[10];
	struct buf out = { 0 };
	regex_t compiled;
	int r;

	if (!is_plain(expression) ||
	    regcomp(&compiled, expression, REG_EXTENDED) != 0)
		return -1;
	r = regexec(&compiled, buf_str(text), 10, groups, 0);
	regfree(&compiled);
	if (r == REG_NOMATCH)
		return 1;
	if (r != 0 || groups[0].rm_so != 0 ||
	    (size_t)groups[0].rm_eo != text->len || !takes_rest(expression))
		return -1;
	r = put_replacement(buf_str(text), groups, 10, replacement, &out);
	if (r != 1) {
		buf_free(&out);
		return r;
	}
	buf_free(text);
	*text = out;
	return 1;
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
