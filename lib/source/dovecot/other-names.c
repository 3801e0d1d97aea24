/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dovecot/other-names.h"

#include <string.h>
#include <strings.h>

enum {
	DEPTH_MAX = 32
};

/* Whether a text has a variable with the user's name, or with what is before its
 * "@". */
static bool
has_name(const char *p, size_t len)
{
	const char *end = p + len;

	while ((p = memchr(p, '%', (size_t)(end - p))) != NULL) {
		p++;
		while (p < end && strchr("0123456789.-LURTDMHN{", *p) != NULL)
			p++;
		if (p == end)
			return false;
		if (p[-1] == '{'
			? end - p > 4 && (strncmp(p, "user", 4) == 0) &&
			      strncmp(p, "userdb", 6) != 0
			: *p == 'u' || *p == 'n')
			return true;
	}
	return false;
}

/* --- LDAP --- */

/* The length up to a bracket that is none of a variable. */
static size_t
to_bracket(const char *p)
{
	const char *start = p;
	bool in_variable = false;

	for (; *p != '\0' && (in_variable || (*p != '(' && *p != ')')); p++)
		if (*p == '{' || *p == '}')
			in_variable = *p == '{';
	return (size_t)(p - start);
}

/* One comparison, "mail=%u"; whether it looks for the name. */
static bool
take(const char *p, size_t len, struct arena *arena, struct strs *attributes,
    bool *unsure)
{
	const char *equals = memchr(p, '=', len);
	size_t n = equals == NULL ? 0 : (size_t)(equals - p);

	if (equals == NULL || !has_name(equals, len - n))
		return false;
	if (equals[1] != '%' || memchr(equals, '*', len - n) != NULL)
		*unsure = true;
	else
		strs_add(attributes, arena_add(arena, p, n));
	return true;
}

bool
other_names_ldap(const char *filter, struct arena *arena,
    struct strs *attributes, bool *unsure)
{
	char operators[DEPTH_MAX];
	size_t depth = 0, ways = 0, ors = 0, len;

	for (const char *p = filter; *p != '\0'; p += len) {
		len = 1;
		if (*p == ')' && depth > 0) {
			ors -= operators[--depth] == '|';
		} else if (*p == '(' && depth < DEPTH_MAX) {
			ors += p[1] == '|';
			operators[depth++] = p[1];
		} else if (*p != '(' && *p != ')') {
			len = to_bracket(p);
			if (ors > 0)
				ways += take(p, len, arena, attributes, unsure);
		}
	}
	return ways > 1;
}

/* --- SQL --- */

/* The length up to a word "or", outside of quotes. */
static size_t
to_or(const char *p)
{
	const char *start = p;
	char quote = '\0';

	for (; *p != '\0'; p++) {
		if (quote != '\0' ? *p == quote : *p == '\'' || *p == '"')
			quote = quote != '\0' ? '\0' : *p;
		else if (quote == '\0' && p > start &&
			 strncasecmp(p, "or", 2) == 0 &&
			 strchr(" \t\n)", p[-1]) != NULL && p[2] != '\0' &&
			 strchr(" \t\n(", p[2]) != NULL)
			break;
	}
	return (size_t)(p - start);
}

bool
other_names_sql(const char *query)
{
	const char *p = strcasestr(query, "where");
	size_t ways = 0;

	while (p != NULL && *p != '\0') {
		size_t len = to_or(p);

		ways += has_name(p, len);
		p += len + (p[len] == '\0' ? 0 : strlen("or"));
	}
	return ways > 1;
}
