/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "merge/candidates.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

enum {
	NONE = 0 /* in chains: numbers are stored plus 1 */
};

/* Seeded, so that no sender can choose ids that fall into one chain. */
static size_t
slot(const struct idtable *t, const struct catalogue_entry *e)
{
	unsigned __int128 product;
	uint64_t h;

	memcpy(&h, e->id, sizeof h);
	product = (unsigned __int128)(h ^ t->seed) * 0x9e3779b97f4a7c15ULL;
	return ((uint64_t)product ^ (uint64_t)(product >> 64)) & t->mask;
}

/* A chain can lead anywhere, so each first look waits for memory. The head of
 * the chain is fetched well ahead, the entry that it names a little later. */
void
candidates_prefetch(
    const struct idtable *t, const struct catalogue *c, size_t i)
{
	enum {
		FAR = 16,
		NEAR = 8
	};
	uint32_t head;

	if (i + FAR < c->n)
		__builtin_prefetch(&t->heads[slot(t, &c->entries[i + FAR])]);
	if (i + NEAR >= c->n)
		return;
	head = t->heads[slot(t, &c->entries[i + NEAR])];
	if (head == NONE)
		return;
	__builtin_prefetch(&t->c->entries[head - 1]);
	__builtin_prefetch(&t->c->entries[head - 1].next);
}

bool
candidate_is_usable(const struct catalogue_entry *e)
{
	return (e->state & (ENTRY_BAD | ENTRY_GONE)) == 0;
}

static void
idtable_add(struct idtable *t, size_t number)
{
	struct catalogue_entry *e = &t->c->entries[number];
	size_t at = slot(t, e);

	e->next = t->heads[at];
	t->heads[at] = (uint32_t)number + 1;
}

void
idtable_init(struct idtable *t, struct catalogue *c, uint64_t seed)
{
	size_t slots = 64;

	while (slots < c->n)
		slots *= 2;
	*t = (struct idtable){ c, xcalloc(slots, sizeof *t->heads), seed,
		slots - 1 };
	for (size_t i = 0; i < c->n; i++)
		if (candidate_is_usable(&c->entries[i]) &&
		    (c->entries[i].state & ENTRY_ID) != 0)
			idtable_add(t, i);
}

void
candidates_add(struct candidates *s, uint32_t number)
{
	s->v = xgrow(s->v, s->n, &s->cap, sizeof *s->v);
	s->v[s->n++] = number;
}

void
candidates_gather(struct candidates *out, const struct idtable *t,
    const struct catalogue_entry *e)
{
	out->n = 0;
	for (uint32_t i = t->heads[slot(t, e)]; i != NONE;
	     i = t->c->entries[i - 1].next) {
		const struct catalogue_entry *o = &t->c->entries[i - 1];

		if (memcmp(o->id, e->id, sizeof e->id) == 0 &&
		    (o->state & ENTRY_ID) == (e->state & ENTRY_ID))
			candidates_add(out, i - 1);
	}
}

void
candidates_want(struct catalogue *c, const struct candidates *s)
{
	for (size_t i = 0; i < s->n; i++)
		c->entries[s->v[i]].state |= ENTRY_WANT;
}

void
candidate_name_by_content(struct catalogue_entry *e)
{
	memset(e->id, 0, sizeof e->id);
	memcpy(e->id, e->digest, CONTENT_LEN);
}

void
idtable_add_nameless(struct idtable *t)
{
	for (size_t i = 0; i < t->c->n; i++) {
		struct catalogue_entry *e = &t->c->entries[i];

		if (!candidate_is_usable(e) ||
		    (e->state & (ENTRY_ID | ENTRY_DIGEST)) != ENTRY_DIGEST)
			continue;
		candidate_name_by_content(e);
		idtable_add(t, i);
	}
}

void
candidates_drop_used(struct candidates *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->v[i] != CANDIDATE_USED)
			s->v[kept++] = s->v[i];
	s->n = kept;
}

bool
candidates_are_read(const struct catalogue *c, const struct candidates *s)
{
	for (size_t i = 0; i < s->n; i++)
		if ((c->entries[s->v[i]].state & ENTRY_DIGEST) == 0 &&
		    candidate_is_usable(&c->entries[s->v[i]]))
			return false;
	return true;
}
