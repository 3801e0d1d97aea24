/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What is in the target's folders while a merge is at work there: names that it
 * gave before, and mail that is delivered meanwhile.
 */
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "maildir/mergepart.h"

/* The mark of our names. */
static const char our_mark[] = ".mailferry";

/* True if the base was not there; then it is. */
bool
merge_take_name(struct merge *m, uint32_t folder, const char *base)
{
	char *key = xasprintf("%u/%s", (unsigned int)folder, base);
	bool added;

	(void)map_put(&m->taken, arena_adds(&m->texts, key), &added);
	free(key);
	return added;
}

struct removed {
	struct merge *m;
	uint32_t folder;
};

/* A name that Dovecot has in its list and that is gone was removed. To bring it
 * back would make Dovecot warn, and some sessions would see it late. */
static void
take_removed(void *arg, const char *base)
{
	const struct removed *r = arg;

	if (strstr(base, our_mark) != NULL)
		(void)merge_take_name(r->m, r->folder, base);
}

void
merge_list_names(struct merge *m)
{
	const struct catalogue *t = m->plan->target;

	for (size_t i = 0; i < m->n; i++) {
		struct removed r = { m, m->items[i].folder };

		if (i == 0 || r.folder != m->items[i - 1].folder)
			(void)uidlist_each(t->tree,
			    t->tree->folders[r.folder].dir, take_removed, &r);
	}

	for (size_t i = 0; i < t->n; i++) {
		const struct entry *e = &t->entries[i];
		const char *name = entry_name(t, e);
		size_t len = strcspn(name, ":");
		char *base;

		if (memmem(name, len, our_mark, sizeof our_mark - 1) == NULL)
			continue;
		base = xmemdup(name, len);
		(void)merge_take_name(m, e->folder, base);
		free(base);
	}
}

static bool
is_taken(const struct merge *m, const struct entry *e)
{
	const char *name = entry_name(m->plan->target, e);
	char *key = xasprintf(
	    "%u/%.*s", (unsigned int)e->folder, (int)strcspn(name, ":"), name);
	bool taken = map_get(&m->taken, key) != NULL;

	free(key);
	return taken;
}

/* True if both have one Message-ID, or both have none. */
static bool
same_id(const struct entry *a, const struct entry *b)
{
	if (((a->state ^ b->state) & ENTRY_ID) != 0)
		return false;
	return (a->state & ENTRY_ID) == 0 ||
	       memcmp(a->id, b->id, sizeof a->id) == 0;
}

/* Marks what must be read whole to know whether the arrival is one of ours. */
static void
want_twins(
    struct merge *m, const struct item *items, size_t n, struct entry *arrival)
{
	for (size_t i = 0; i < n; i++) {
		struct entry *e = &m->plan->source->entries[items[i].entry];

		if (same_id(e, arrival)) {
			e->state |= ENTRY_WANT;
			arrival->state |= ENTRY_WANT;
		}
	}
}

/* A message that came meanwhile takes the place of one that is the same. */
static void
pair_arrival(
    struct merge *m, const struct item *items, size_t n, uint32_t number)
{
	const struct entry *e = &m->plan->target->entries[number];

	if ((e->state & ENTRY_DIGEST) == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		struct fate *f = &m->plan->fates[items[i].entry];
		const struct entry *s = merge_source(m, &items[i]);

		if (f->outcome != OUT_ADD || (s->state & ENTRY_DIGEST) == 0 ||
		    !same_id(s, e) ||
		    memcmp(s->digest, e->digest, sizeof s->digest) != 0)
			continue;
		*f = (struct fate){ .outcome = OUT_PRESENT,
			.twin = number,
			.note = "arrived while the merge ran" };
		return;
	}
}

int
merge_find_arrivals(struct merge *m, const struct item *items, size_t n,
    bool new_only, struct why *why)
{
	struct catalogue *t = m->plan->target;
	uint32_t folder = items[0].folder;
	size_t first = t->n;

	if (!catalogue_is_stale(t, folder, new_only))
		return 0;
	if (catalogue_update(t, folder, why) == -1 ||
	    catalogue_read_ids(t, first, why) == -1)
		return -1;
	/* What we added ourselves is no arrival. */
	for (size_t i = first; i < t->n; i++)
		if (!is_taken(m, &t->entries[i]))
			want_twins(m, items, n, &t->entries[i]);
	if (catalogue_read_digests(t, why) == -1 ||
	    catalogue_read_digests(m->plan->source, why) == -1)
		return -1;
	for (size_t i = first; i < t->n; i++)
		if (!is_taken(m, &t->entries[i]))
			pair_arrival(m, items, n, (uint32_t)i);
	return 0;
}
