/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "proxy/logins.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "proxy/client.h"
#include "record/address.h"

void
subjects_reset(struct subjects *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].ids);
	s->n = 0;
	map_free(&s->owner);
	arena_free(&s->texts);
}

void
subjects_free(struct subjects *s)
{
	subjects_reset(s);
	free(s->v);
	*s = (struct subjects){ 0 };
}

static struct subject *
add(struct subjects *s, size_t n, const char *where, const char *line)
{
	struct subject *subject;

	s->v = xgrow(s->v, s->n, &s->cap, sizeof *s->v);
	subject = &s->v[s->n++];
	*subject = (struct subject){ 0 };
	subject->ids = xcalloc(n, sizeof *subject->ids);
	if (where != NULL)
		subject->where = arena_adds(&s->texts, where);
	if (line != NULL)
		subject->line = arena_adds(&s->texts, line);
	return subject;
}

/* Two accounts have the same login: neither can be routed. */
static void
refuse_both(struct subject *one, struct subject *other, const char *id)
{
	struct subject *both[] = { one, other };

	for (size_t i = 0; i < 2; i++)
		if (both[i]->why.kind == FAIL_NONE)
			why_set(&both[i]->why, FAIL_DATA,
			    "the login %s is that of %s too: the proxy can "
			    "route it one way only (see --no-logins)",
			    id, both[1 - i]->ids[0]);
}

const char *
login_lower(const char *name, struct buf *b)
{
	buf_reset(b);
	return address_lower(name, strlen(name), b) == -1 ? name : buf_str(b);
}

static bool
has_id(const struct subject *subject, const char *id)
{
	for (size_t i = 0; i < subject->n; i++)
		if (strcmp(subject->ids[i], id) == 0)
			return true;
	return false;
}

static bool
same_login(const char *one, const char *other)
{
	struct buf a = { 0 }, b = { 0 };
	bool same = strcmp(login_lower(one, &a), login_lower(other, &b)) == 0;

	buf_free(&a);
	buf_free(&b);
	return same;
}

/* Takes note of whose login it is, as map has it. */
static void
own(struct subjects *s, struct map *map, struct subject *subject,
    const char *id)
{
	size_t number = (size_t)(subject - s->v) + 1;
	struct subject *other;
	bool added;
	void **owner = map_put_copy(map, &s->texts, id, &added);

	if (added) {
		*owner = (void *)(uintptr_t)number;
		return;
	}
	other = &s->v[(uintptr_t)*owner - 1];
	if (!s->shared && other != subject &&
	    !same_login(other->ids[0], subject->ids[0]))
		refuse_both(other, subject, id);
}

static void
add_id(struct subjects *s, struct subject *subject, const char *id)
{
	if (has_id(subject, id))
		return;
	if (subject->why.kind == FAIL_NONE)
		(void)identifier_check(id, &subject->why);
	id = arena_adds(&s->texts, id);
	subject->ids[subject->n++] = id;
	own(s, &s->owner, subject, id);
}

/* As it is; and in lower case, where both are asked for. */
static void
add_forms(struct subjects *s, struct subject *subject, const char *id)
{
	struct buf lower = { 0 };

	add_id(s, subject, id);
	if (s->both)
		add_id(s, subject, login_lower(id, &lower));
	buf_free(&lower);
}

static void
lower_one(struct subjects *s, struct map *map, struct subject *subject)
{
	struct map mine = { 0 };
	struct buf lower = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < subject->n; i++) {
		const char *id = login_lower(subject->ids[i], &lower);
		bool added;

		(void)map_put_copy(&mine, &s->texts, id, &added);
		if (!added)
			continue;
		subject->ids[n++] = subject->ids[i];
		own(s, map, subject, id);
	}
	subject->n = n;
	buf_free(&lower);
	map_free(&mine);
}

void
subjects_lower(struct subjects *s)
{
	struct map owner = { 0 };

	for (size_t i = 0; i < s->n; i++)
		lower_one(s, &owner, &s->v[i]);
	map_free(&s->owner);
	s->owner = owner;
}

void
subjects_add_name(
    struct subjects *s, const char *name, const char *where, const char *line)
{
	add_forms(s, add(s, 2, where, line), name);
}

void
subjects_add_record(struct subjects *s, const struct record *r,
    const char *where, const char *line)
{
	size_t n = s->logins ? r->logins.n : 0;
	struct subject *subject = add(s, 2 * (n + 1), where, line);

	add_forms(s, subject, r->address);
	for (size_t i = 0; i < n; i++)
		add_forms(s, subject, r->logins.v[i]);
}
