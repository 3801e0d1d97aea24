/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "proxy/logins.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "proxy/client.h"

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

static void
add_id(struct subjects *s, struct subject *subject, const char *id)
{
	size_t number = (size_t)(subject - s->v) + 1;
	struct subject *other;
	void **owner;
	bool added;

	for (size_t i = 0; i < subject->n; i++)
		if (strcmp(subject->ids[i], id) == 0)
			return;
	if (subject->why.kind == FAIL_NONE)
		(void)identifier_check(id, &subject->why);
	id = arena_adds(&s->texts, id);
	subject->ids[subject->n++] = id;
	owner = map_put(&s->owner, id, &added);
	if (added) {
		*owner = (void *)(uintptr_t)number;
		return;
	}
	other = &s->v[(uintptr_t)*owner - 1];
	if (!s->shared && strcmp(other->ids[0], subject->ids[0]) != 0)
		refuse_both(other, subject, id);
}

void
subjects_add_name(
    struct subjects *s, const char *name, const char *where, const char *line)
{
	add_id(s, add(s, 1, where, line), name);
}

void
subjects_add_record(struct subjects *s, const struct record *r,
    const char *where, const char *line)
{
	size_t n = s->logins ? r->logins.n : 0;
	struct subject *subject = add(s, n + 1, where, line);

	add_id(s, subject, r->address);
	for (size_t i = 0; i < n; i++)
		add_id(s, subject, r->logins.v[i]);
}
