/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/acl/people.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

/* The name of somebody whom several share. */
static struct person nobody;

static const char *
keep(struct people *p, const char *text)
{
	return text == NULL ? NULL : arena_adds(&p->arena, text);
}

static void
add_name(struct people *p, struct person *one, const char *name)
{
	bool added;
	void **who;

	name = keep(p, name);
	who = map_put(&p->by_name, name, &added);
	if (added)
		*who = one;
	else if (*who != one)
		*who = &nobody;
	if (!strs_has(&one->names, name))
		strs_add(&one->names, name);
}

static void
add_group(struct people *p, struct person *one, const char *group)
{
	void **members = map_put(&p->by_group, group, NULL);

	if (*members == NULL)
		*members = arena_alloc(&p->arena, sizeof(struct strs));
	strs_add(*members, one->address);
	strs_add(&one->groups, group);
}

void
people_add(struct people *p, const struct record *r)
{
	struct person *one = arena_alloc(&p->arena, sizeof *one);

	one->address = keep(p, r->address);
	one->home = keep(p, r->home);
	one->mail = keep(p, r->mail);
	add_name(p, one, r->address);
	for (size_t i = 0; i < r->logins.n; i++)
		add_name(p, one, r->logins.v[i]);
	for (size_t i = 0; i < r->groups.n; i++) {
		const char *group = keep(p, r->groups.v[i]);
		size_t len = strcspn(group, "@");

		add_group(p, one, group);
		if (group[len] != '\0')
			add_group(p, one, arena_add(&p->arena, group, len));
	}
	for (size_t i = 0; i < r->acl_groups.n; i++)
		add_group(p, one, keep(p, r->acl_groups.v[i]));
	for (size_t i = 0; i < r->acl_settings.n; i++)
		strs_add(&one->settings, keep(p, r->acl_settings.v[i]));
	p->v = xgrow(p->v, p->n, &p->cap, sizeof *p->v);
	p->v[p->n++] = one;
}

void
people_free(struct people *p)
{
	const char *name;
	void *value;

	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i]->names.v);
		free(p->v[i]->groups.v);
		free(p->v[i]->settings.v);
	}
	for (size_t at = 0; map_next(&p->by_group, &at, &name, &value);)
		free(((struct strs *)value)->v);
	free(p->v);
	map_free(&p->by_name);
	map_free(&p->by_group);
	arena_free(&p->arena);
}

struct person *
people_named(const struct people *p, const char *name)
{
	void **who = map_get(&p->by_name, name);

	return who == NULL || *who == &nobody ? NULL : *who;
}

bool
people_has(const struct people *p, const char *name)
{
	return map_get(&p->by_name, name) != NULL;
}

const struct strs *
people_of_group(const struct people *p, const char *group)
{
	void **members = map_get(&p->by_group, group);

	return members == NULL ? NULL : *members;
}
