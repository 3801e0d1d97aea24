/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dovecot/other-names.h"

#include <string.h>
#include <strings.h>

enum {
	DEPTH_MAX = 32
};

/* The length of the variable at p, which is a percent sign; what it is is at
 * *kind: "u", or "{user | lower}" without the brace. */
static size_t
variable_len(const char *p, const char *end, const char **kind)
{
	const char *start = p++;

	while (p < end && strchr("0123456789.-LURTDMHN", *p) != NULL)
		p++;
	*kind = p;
	if (p < end && *p == '{') {
		*kind = p + 1;
		while (p < end && *p != '}')
			p++;
	}
	return (size_t)((p < end ? p + 1 : p) - start);
}

/* What a variable says of the user's name. */
enum part {
	PART_NONE,
	PART_ALL,
	PART_LOCAL, /* before the "@" */
	PART_DOMAIN
};

static enum part
part_of(const char *kind, size_t len)
{
	static const char text[] = "username";

	if (len == 0)
		return PART_NONE;
	if (kind[-1] != '{')
		return *kind == 'u'   ? PART_ALL
		       : *kind == 'n' ? PART_LOCAL
		       : *kind == 'd' ? PART_DOMAIN
				      : PART_NONE;
	if (strncmp(kind, "domain", strlen("domain")) == 0)
		return PART_DOMAIN;
	if (strncmp(kind, "user", 4) != 0 || strncmp(kind, "userdb", 6) == 0)
		return PART_NONE;
	if (memmem(kind, len, "domain", strlen("domain")) != NULL)
		return PART_DOMAIN;
	return memmem(kind, len, text, strlen(text)) != NULL ? PART_LOCAL
							     : PART_ALL;
}

/* Steps to the next variable with a part of the name; PART_NONE: there is none. */
static enum part
next_part(const char **p, const char *end, size_t *len)
{
	while ((*p = memchr(*p, '%', (size_t)(end - *p))) != NULL) {
		const char *kind;
		enum part part;

		*len = variable_len(*p, end, &kind);
		part = part_of(kind, (size_t)(*p + *len - kind));
		if (part != PART_NONE)
			return part;
		*p += *len;
	}
	return PART_NONE;
}

/* Whether a text has a variable with the user's name, or with what is before its
 * "@". */
static bool
has_name(const char *p, size_t len)
{
	const char *end = p + len;
	enum part part;
	size_t n;

	while ((part = next_part(&p, end, &n)) == PART_DOMAIN)
		p += n;
	return part != PART_NONE;
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

/* The end of the name in a text, where its first variable is at p: "%u", "%n", or
 * "%n@%d". NULL for any other that has more of the name. */
static const char *
end_of_name(const char *p, const char *end, enum part *part)
{
	const char *next;
	size_t len;

	*part = next_part(&p, end, &len);
	p += len;
	next = p;
	switch (next_part(&next, end, &len)) {
	case PART_NONE:
		return *part == PART_DOMAIN ? NULL : p;
	case PART_DOMAIN:
		if (*part != PART_LOCAL || next != p + 1 || *p != '@')
			return NULL;
		*part = PART_ALL;
		p = next + len;
		return next_part(&p, end, &len) == PART_NONE ? next + len
							     : NULL;
	default:
		return NULL;
	}
}

static void
add_form(
    struct name_forms *forms, struct arena *arena, const struct name_form *form)
{
	struct name_form **tail = &forms->first;

	while (*tail != NULL) {
		if (strcasecmp((*tail)->attribute, form->attribute) == 0 &&
		    strcmp((*tail)->before, form->before) == 0 &&
		    strcmp((*tail)->after, form->after) == 0)
			return;
		tail = &(*tail)->next;
	}
	*tail = arena_alloc(arena, sizeof **tail);
	**tail = *form;
}

/* One comparison, "mail=%u"; whether it looks for the name. */
static bool
take(struct name_forms *forms, struct arena *arena, const char *p, size_t len)
{
	const char *equals = memchr(p, '=', len), *end = p + len;
	const char *start, *after;
	enum part part;
	size_t n;

	if (equals == NULL || equals == p ||
	    !has_name(equals, (size_t)(end - equals)))
		return false;
	start = equals + 1;
	(void)next_part(&start, end, &n);
	after = end_of_name(start, end, &part);
	if (after == NULL || memchr(equals, '*', (size_t)(end - equals)) ||
	    memchr(equals, '\\', (size_t)(end - equals)) ||
	    memchr(equals + 1, '%', (size_t)(start - equals - 1)) ||
	    memchr(after, '%', (size_t)(end - after)) ||
	    strchr("~<>:", equals[-1]) != NULL) {
		forms->unsure = true;
		return true;
	}
	forms->local |= part == PART_LOCAL;
	add_form(forms, arena,
	    &(struct name_form){
		.attribute = arena_add(arena, p, (size_t)(equals - p)),
		.before =
		    arena_add(arena, equals + 1, (size_t)(start - equals - 1)),
		.after = arena_add(arena, after, (size_t)(end - after)) });
	return true;
}

size_t
name_forms_filter(
    struct name_forms *forms, struct arena *arena, const char *filter)
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
			if (take(forms, arena, p, len))
				ways += ors > 0;
		}
	}
	return ways;
}

void
name_forms_dn(struct name_forms *forms, struct arena *arena, const char *dn)
{
	bool found = false;

	for (const char *p = dn; *p != '\0';) {
		size_t len = strcspn(p, ",");

		found |= take(forms, arena, p, len);
		p += len + (p[len] != '\0');
	}
	forms->unsure |= !found;
}

const char *
name_form_name(
    const struct name_form *form, struct arena *arena, const char *value)
{
	size_t len = strlen(value), before = strlen(form->before),
	       after = strlen(form->after);

	/* Most attributes that have names have no case. */
	if (len <= before + after ||
	    strncasecmp(value, form->before, before) != 0 ||
	    strcasecmp(value + len - after, form->after) != 0)
		return NULL;
	return arena_add(arena, value + before, len - before - after);
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
