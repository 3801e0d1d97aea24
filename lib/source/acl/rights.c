/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/acl/rights.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"

static const struct {
	const char *word;
	enum acl_id id;
	bool named;
} identifiers[] = {
	{ "anyone", ACL_ANYONE, false },
	{ "anonymous", ACL_ANYONE, false },
	{ "authenticated", ACL_AUTHENTICATED, false },
	{ "owner", ACL_OWNER, false },
	{ "user=", ACL_USER, true },
	{ "group=", ACL_GROUP, true },
	{ "group-override=", ACL_GROUP_OVERRIDE, true },
};

/* A word that may be quoted, in place; *at moves on past it and one blank. NULL
 * for a quote that is not closed. */
static char *
word(char **at)
{
	char *start = *at, *to, *end;

	if (*start != '"') {
		end = start + strcspn(start, " ");
		*at = *end == '\0' ? end : end + 1;
		*end = '\0';
		return start;
	}
	to = ++start;
	for (end = start; *end != '"'; end++) {
		if (*end == '\\' && end[1] != '\0')
			end++;
		if (*end == '\0')
			return NULL;
		*to++ = *end;
	}
	*at = end + 1 + (end[1] == ' ');
	*to = '\0';
	return start;
}

char *
acl_pattern(char **line)
{
	char *pattern = word(line);

	return pattern == NULL || *pattern == '\0' ? NULL : pattern;
}

bool
acl_pattern_is(const char *pattern, const char *folder)
{
	const char *star = NULL, *retry = NULL;

	while (*folder != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			retry = folder;
		} else if (*pattern == *folder || *pattern == '?') {
			pattern++;
			folder++;
		} else if (star != NULL) {
			pattern = star + 1;
			folder = ++retry;
		} else {
			return false;
		}
	}
	return pattern[strspn(pattern, "*")] == '\0';
}

static int
parse_id(
    struct acl_entry *e, const char *text, struct arena *arena, struct why *why)
{
	for (size_t i = 0; i < sizeof identifiers / sizeof *identifiers; i++) {
		size_t len = strlen(identifiers[i].word);

		if (identifiers[i].named
			? strncmp(text, identifiers[i].word, len) != 0
			: strcmp(text, identifiers[i].word) != 0)
			continue;
		e->id = identifiers[i].id;
		if (identifiers[i].named)
			e->name = arena_adds(arena, text + len);
		return 0;
	}
	return why_set(
	    why, FAIL_DATA, "an identifier that Dovecot does not have");
}

/* Letters; after ":" are names of rights that plugins have made. */
static int
parse_rights(const char *text, unsigned int *rights, struct why *why)
{
	*rights = 0;
	for (; *text != '\0' && *text != ':'; text++) {
		const char *letter = strchr(ACL_LETTERS, *text);

		if (*text == ' ')
			continue;
		if (letter == NULL)
			return why_set(why, FAIL_DATA,
			    "a right that Dovecot does not have: \"%c\"",
			    *text);
		*rights |= 1U << (letter - ACL_LETTERS);
	}
	return 0;
}

static struct acl_entry *
find(struct acl_list *list, const struct acl_entry *e)
{
	for (size_t i = 0; i < list->n; i++) {
		struct acl_entry *o = &list->v[i];

		if (o->id == e->id && o->global == e->global &&
		    (e->name == NULL || strcmp(o->name, e->name) == 0)) {
			/* Two lines joined speak of rights and of negative
			 * ones, though it be to say that there are none. (Seen
			 * with "doveadm acl rights".) */
			o->grants = o->takes = true;
			return o;
		}
	}
	list->v = xgrow(list->v, list->n, &list->cap, sizeof *list->v);
	list->v[list->n] = *e;
	return &list->v[list->n++];
}

int
acl_add(struct acl_list *list, struct arena *arena, const char *line,
    bool global, struct why *why)
{
	struct acl_entry e = { .global = global }, *to;
	char *copy = arena_adds(arena, line), *id = word(&copy);
	unsigned int rights;
	bool takes;

	if (id == NULL)
		return why_set(why, FAIL_DATA, "a quote that is not closed");
	takes = *id == '-';
	if (parse_id(&e, takes ? id + 1 : id, arena, why) == -1 ||
	    parse_rights(copy, &rights, why) == -1)
		return -1;
	to = find(list, &e);
	if (takes) {
		to->takes = true;
		to->negative |= rights;
	} else {
		to->grants = true;
		to->rights |= rights;
	}
	return 0;
}

void
acl_list_free(struct acl_list *list)
{
	free(list->v);
	*list = (struct acl_list){ 0 };
}

static bool
is_about(const struct acl_entry *e, const struct strs *names,
    const struct strs *groups)
{
	switch (e->id) {
	case ACL_ANYONE:
	case ACL_AUTHENTICATED:
		return true;
	case ACL_GROUP:
	case ACL_GROUP_OVERRIDE:
		return strs_has(groups, e->name);
	case ACL_USER:
		return strs_has(names, e->name);
	case ACL_OWNER:
		break;
	}
	return false;
}

/* Those of the folder come before those for all folders. */
static int
compare(const void *a, const void *b)
{
	const struct acl_entry *x = a, *y = b;

	if (x->global != y->global)
		return x->global ? 1 : -1;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return x->name == NULL ? 0 : strcmp(x->name, y->name);
}

void
acl_sort(struct acl_list *list)
{
	if (list->n > 1)
		qsort(list->v, list->n, sizeof *list->v, compare);
}

/*
 * In the order of the list: each kind of identifier that is about the person
 * takes the place of what was before; further ones of the same kind, which are
 * groups, are joined. A line that says nothing of rights, or of negative ones,
 * leaves them as they are, but the first one for all folders ends the negative
 * ones of the folder. (Seen with "doveadm acl rights".)
 */
bool
acl_effective(const struct acl_list *list, const struct strs *names,
    const struct strs *groups, unsigned int *rights)
{
	const struct acl_entry *last = NULL;
	unsigned int mine = 0, taken = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct acl_entry *e = &list->v[i];
		bool joined;

		if (!is_about(e, names, groups))
			continue;
		joined = last != NULL && last->id == e->id &&
			 last->global == e->global;
		if (e->global && (last == NULL || !last->global))
			taken = 0;
		if (e->grants)
			mine = (joined ? mine : 0) | e->rights;
		if (e->takes)
			taken = (joined ? taken : 0) | e->negative;
		last = e;
	}
	*rights = mine & ~taken;
	return last != NULL;
}

void
acl_letters(unsigned int rights, struct buf *out)
{
	for (size_t i = 0; ACL_LETTERS[i] != '\0'; i++)
		if ((rights & 1U << i) != 0)
			buf_addc(out, ACL_LETTERS[i]);
}
