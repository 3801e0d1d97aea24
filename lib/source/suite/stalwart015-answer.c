/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/suite/stalwart015-answer.h"

#include <stdlib.h>
#include <string.h>

#include "core/mask.h"

enum kind {
	TEXT,
	NUMBER,
	LIST
};

static const struct member {
	const char *name;
	enum kind kind;
	size_t at;
} members[] = {
	{ "id", NUMBER, offsetof(struct principal, id) },
	{ "type", TEXT, offsetof(struct principal, type) },
	{ "name", TEXT, offsetof(struct principal, name) },
	{ "description", TEXT, offsetof(struct principal, description) },
	{ "quota", NUMBER, offsetof(struct principal, quota) },
	{ "emails", LIST, offsetof(struct principal, emails) },
	{ "secrets", LIST, offsetof(struct principal, secrets) },
	{ "roles", LIST, offsetof(struct principal, roles) },
	{ "memberOf", LIST, offsetof(struct principal, groups) },
	{ "members", LIST, offsetof(struct principal, members) },
	{ "externalMembers", LIST, offsetof(struct principal, external) },
	{ "disabledPermissions", LIST, offsetof(struct principal, disabled) },
	{ "enabledPermissions", LIST, offsetof(struct principal, enabled) },
};
enum {
	MEMBERS = sizeof members / sizeof *members
};

static void *
member_of(struct principal *p, const struct member *m)
{
	return (char *)p + m->at;
}

static void
reset(struct principal *p)
{
	for (size_t i = 0; i < MEMBERS; i++) {
		void *value = member_of(p, &members[i]);

		if (members[i].kind == LIST)
			((struct strs *)value)->n = 0;
		else if (members[i].kind == TEXT)
			*(const char **)value = NULL;
		else
			*(int64_t *)value = 0;
	}
}

void
principal_free(struct principal *p)
{
	for (size_t i = 0; i < MEMBERS; i++)
		if (members[i].kind == LIST)
			free(((struct strs *)member_of(p, &members[i]))->v);
}

/* One text is a list of one. Empty texts are left out. */
static void
read_list(struct json_reader *s, enum jr_type type, struct strs *list)
{
	char *text;

	if (type == JR_STRING) {
		if (jr_string(s, &text) && *text != '\0')
			strs_add(list, text);
		return;
	}
	if (!jr_enter(s, '['))
		return;
	while (jr_element(s)) {
		if (!jr_peek(s, &type))
			return;
		if (type != JR_STRING)
			(void)jr_skip(s);
		else if (jr_string(s, &text) && *text != '\0')
			strs_add(list, text);
	}
}

/* A value of a type that is not ours ("members" of a domain is a number) is
 * passed over. */
static void
read_member(struct json_reader *s, struct principal *p, const char *name)
{
	const struct member *m = members;
	enum jr_type type;
	char *text;

	while (m < members + MEMBERS && strcmp(m->name, name) != 0)
		m++;
	if (!jr_peek(s, &type))
		return;
	if (m < members + MEMBERS && m->kind == TEXT && type == JR_STRING) {
		if (jr_string(s, &text) && *text != '\0')
			*(const char **)member_of(p, m) = text;
	} else if (m < members + MEMBERS && m->kind == NUMBER &&
		   type == JR_NUMBER) {
		(void)jr_int(s, member_of(p, m));
	} else if (m < members + MEMBERS && m->kind == LIST &&
		   (type == JR_STRING || type == JR_ARRAY)) {
		read_list(s, type, member_of(p, m));
	} else {
		(void)jr_skip(s);
	}
}

struct page {
	struct principal *p;
	void (*each)(void *ctx, const struct principal *p);
	void *ctx;
	int64_t total;
};

static void
read_items(struct json_reader *s, struct page *page)
{
	char *name;

	if (!jr_enter(s, '['))
		return;
	while (jr_element(s)) {
		reset(page->p);
		if (!jr_enter(s, '{'))
			return;
		while (jr_member(s, &name))
			read_member(s, page->p, name);
		if (s->error == NULL)
			page->each(page->ctx, page->p);
	}
}

static void
read_data(struct json_reader *s, struct page *page)
{
	char *name;

	if (!jr_enter(s, '{'))
		return;
	while (jr_member(s, &name)) {
		if (strcmp(name, "items") == 0)
			read_items(s, page);
		else if (strcmp(name, "total") == 0)
			(void)jr_int(s, &page->total);
		else
			(void)jr_skip(s);
	}
}

int
principal_page(char *text, struct principal *p,
    void (*each)(void *ctx, const struct principal *p), void *ctx,
    int64_t *total, struct why *why)
{
	struct page page = { p, each, ctx, -1 };
	struct json_reader s;
	char *name, *value, *error = NULL;

	jr_init(&s, text);
	if (jr_enter(&s, '{'))
		while (jr_member(&s, &name)) {
			if (strcmp(name, "data") == 0)
				read_data(&s, &page);
			else if (strcmp(name, "error") == 0 &&
				 jr_string(&s, &value))
				error = value;
			else
				(void)jr_skip(&s);
		}
	/* Errors come with the status 200. */
	mask_said(error);
	if (error != NULL)
		return why_set(
		    why, FAIL_FATAL, "the server reports: %s", error);
	if (!jr_done(&s) || page.total < 0)
		return why_set(why, FAIL_FATAL,
		    "not the answer of the management API: %s",
		    s.error == NULL ? "no items" : s.error);
	*total = page.total;
	return 0;
}
