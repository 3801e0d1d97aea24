/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "dav/merge.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/arena.h"
#include "core/map.h"
#include "core/str.h"
#include "dav/kept.h"
#include "dav/object.h"
#include "dav/server-tree.h"

enum {
	NO_PLACE = -1 /* of a collection that could not be made */
};

/* Where the server has a UID; there may be several. */
struct holder {
	size_t place;
	const char *href;
	struct holder *next;
};

struct merge {
	struct dav *d;
	const struct dav_tree *tree;
	const struct dav_merge *m;
	struct dav_places places;
	struct map uids[2]; /* by kind: UID -> holder */
	struct map seen;    /* collection and UID -> the tree's first item */
	struct arena arena;
	size_t listing;    /* the place that is being listed */
	long *place_of;    /* of each collection of the tree */
	enum fail *unmade; /* of those: why it could not be made */
};

const char *
dav_status_name(enum dav_status status)
{
	static const char *const names[] = { "created", "exists", "elsewhere",
		"planned", "failed" };

	return names[status];
}

/* --- what is there --- */

static void
hold(struct merge *g, enum dav_kind kind, const char *uid, size_t place,
    const char *href)
{
	void **slot = map_put_copy(&g->uids[kind], &g->arena, uid, NULL);
	struct holder *h = arena_alloc(&g->arena, sizeof *h);

	*h = (struct holder){ place, arena_adds(&g->arena, href), *slot };
	*slot = h;
}

static void
on_object(void *arg, const char *uid, const char *href, unsigned int components)
{
	struct merge *g = arg;

	(void)components;
	hold(g, g->places.list[g->listing].kind, uid, g->listing, href);
}

/* Finds the collections of the kinds that the tree has, and the UIDs in them. */
static int
survey(struct merge *g, struct why *why)
{
	const struct dav_lister lister = { .each = on_object, .arg = g };
	bool wanted[2] = { false, false };

	for (size_t i = 0; i < g->tree->n; i++)
		wanted[g->tree->collections[i].kind] = true;
	if (dav_discover(g->d, wanted, &g->places, why) == -1)
		return -1;
	for (g->listing = 0; g->listing < g->places.n; g->listing++)
		if (dav_list(g->d, &g->places.list[g->listing], &lister, why) ==
		    -1)
			return -1;
	return 0;
}

/* --- collections --- */

/* Whether the last part of a place's href is the name. */
static bool
is_last_part(const struct dav_place *place, const char *name)
{
	size_t len = strlen(place->href), n = strlen(name);

	if (len > 0 && place->href[len - 1] == '/')
		len--;
	return len > n && strncmp(place->href + len - n, name, n) == 0 &&
	       place->href[len - n - 1] == '/';
}

static bool
is_named(const struct dav_place *place, const char *name)
{
	return strcmp(place->name, name) == 0;
}

/* The place of that name or address that takes all of the components. */
static long
find_place(const struct merge *g, enum dav_kind kind, const char *name,
    unsigned int components)
{
	bool (*const ways[])(const struct dav_place *,
	    const char *) = { is_named, is_last_part };

	for (size_t way = 0; way < sizeof ways / sizeof *ways; way++)
		for (size_t i = 0; i < g->places.n; i++) {
			const struct dav_place *p = &g->places.list[i];

			if (p->kind == kind && ways[way](p, name) &&
			    dav_takes(p, components))
				return (long)i;
		}
	return NO_PLACE;
}

/* NULL for NO_PLACE. */
static const struct dav_place *
place_at(const struct merge *g, long i)
{
	return i < 0 || (size_t)i >= g->places.n || g->places.list == NULL
		   ? NULL
		   : &g->places.list[i];
}

static bool
is_mapped(const struct dav_mapping *m, const struct dav_collection *c)
{
	return strcmp(m->from, c->name) == 0 || strcmp(m->from, c->folder) == 0;
}

static const char *
target_name(const struct merge *g, const struct dav_collection *c)
{
	for (size_t i = 0; i < g->m->n_mappings; i++)
		if (is_mapped(&g->m->mappings[i], c))
			return g->m->mappings[i].to;
	return c->name;
}

/* A mapping of nothing is a typing error: what it was to catch would go where it
 * should not. */
static int
check_mappings(const struct merge *g, struct why *why)
{
	for (size_t i = 0; i < g->m->n_mappings; i++) {
		const struct dav_mapping *m = &g->m->mappings[i];
		size_t c = 0;

		while (
		    c < g->tree->n && !is_mapped(m, &g->tree->collections[c]))
			c++;
		if (c == g->tree->n)
			return why_set(why, FAIL_FATAL,
			    "--map %s=%s: no calendar or address book has this "
			    "name; nothing was put",
			    m->from, m->to);
	}
	return 0;
}

static void
report(struct merge *g, struct dav_result r)
{
	g->m->result(g->m->arg, &r);
}

/* The place of a collection of the tree that takes these components. */
static long
place_for(const struct merge *g, const struct dav_collection *c,
    unsigned int components)
{
	const char *name = target_name(g, c);
	long at = find_place(g, c->kind, name, components);

	if (at == NO_PLACE && name == c->name)
		at = find_place(g, c->kind, c->folder, components);
	return at;
}

/* The place of a collection of the tree, made if it is missing. */
static int
settle(struct merge *g, size_t i, struct why *why)
{
	const struct dav_collection *c = &g->tree->collections[i];
	struct dav_new new = { c->kind, target_name(g, c), 0 };
	struct dav_result r = { .kind = c->kind, .collection = new.name };
	enum dav_make made;

	g->place_of[i] = place_for(g, c, c->components);
	if (g->place_of[i] != NO_PLACE)
		return 0;
	/* One for other components is there: this server keeps them apart. */
	if (place_for(g, c, 0) != NO_PLACE)
		new.takes = c->components;
	if (g->m->dry_run) {
		dav_pretend(&new, &g->places);
		g->place_of[i] = (long)g->places.n - 1;
		r.status = DAV_PLANNED;
		report(g, r);
		return 0;
	}
	made = dav_make(g->d, &new, &g->places, why);
	if (made != DAV_MAKE_FAILED) {
		const struct dav_lister lister = { .each = on_object,
			.arg = g };

		g->listing = g->places.n - 1;
		g->place_of[i] = (long)g->listing;
		if (made == DAV_MAKE_THERE)
			return dav_list(
			    g->d, &g->places.list[g->listing], &lister, why);
		r.status = DAV_CREATED;
		r.href = g->places.list[g->listing].href;
		report(g, r);
		return 0;
	}
	r.status = DAV_FAILED;
	r.why = why;
	g->unmade[i] = why->kind;
	report(g, r);
	return why->kind == FAIL_FATAL ? -1 : 0;
}

/* --- objects --- */

/* Whether the tree itself has that UID in the place. */
static bool
explained(
    const struct merge *g, enum dav_kind kind, const char *uid, size_t place)
{
	for (size_t i = 0; i < g->tree->n_items; i++) {
		const struct dav_item *item = &g->tree->items[i];

		if (g->tree->collections[item->collection].kind == kind &&
		    g->place_of[item->collection] == (long)place &&
		    strcmp(item->uid, uid) == 0)
			return true;
	}
	return false;
}

/*
 * Whether the server has it: in its own collection, or only in one to which
 * its owner moved it. An event that the tree has in two calendars is in the
 * other one by our own doing.
 */
static const struct holder *
holder_of(const struct merge *g, enum dav_kind kind, const char *uid,
    long place, bool *elsewhere)
{
	void **slot = map_get(&g->uids[kind], uid);
	const struct holder *other = NULL;

	for (const struct holder *h = slot == NULL ? NULL : *slot; h != NULL;
	     h = h->next) {
		*elsewhere = place != (long)h->place;
		if (!*elsewhere)
			return h;
		if (other == NULL && !explained(g, kind, uid, h->place))
			other = h;
	}
	return other;
}

/* Reads back what was put, and finds out what of it was cut. 0, or -1 and why. */
static int
read_back(struct merge *g, const char *href, const struct buf *data,
    struct dav_cut *cut, struct why *why)
{
	struct buf stored = { 0 };
	struct why own = { 0 };
	int there = dav_get(g->d, href, &stored, &own);

	if (there == 1)
		dav_cut_find(cut, buf_str(data), data->len, buf_str(&stored),
		    stored.len);
	else if (there == 0)
		(void)why_set(
		    why, FAIL_DATA, "the server took it, and does not have it");
	else
		(void)why_set(why, own.kind,
		    "it was put, but whether the server has all of it is not "
		    "known: it cannot be read back: %.300s",
		    own.text);
	buf_free(&stored);
	return there == 1 ? 0 : -1;
}

/* What is cut is as good as lost, and would be taken for there by the next run. */
static void
take_back(struct merge *g, const char *href, const struct dav_cut *cut,
    struct why *why)
{
	struct why own = { 0 };

	if (dav_remove(g->d, href, &own) == -1)
		(void)why_set(why, FAIL_DATA,
		    "the server keeps only a part of %.200s, and it cannot be "
		    "taken back (%.200s): remove it there, at %.200s",
		    buf_str(&cut->names), own.text, href);
	else
		(void)why_set(why, FAIL_DATA,
		    "the server keeps only a part of %.200s, so it was taken "
		    "back: %s",
		    buf_str(&cut->names),
		    cut->version_4 ? "it needs vCard 3, make the tree with "
				     "archive2maildir --vcard=3"
				   : "leave that out of the file, or put it "
				     "there by hand");
}

/* dav_put(), and the server has all of it. What it cut is sent once more in another
 * form, if there is one. */
static enum dav_put
put_whole(struct merge *g, const struct dav_item *item,
    const struct dav_place *place, const struct buf *data, char **href,
    struct why *why)
{
	struct dav_cut cut = { 0 }, again = { 0 };
	enum dav_put result = dav_put(
	    g->d, place, item->uid, buf_str(data), data->len, href, why);

	if (result != DAV_PUT_CREATED)
		return result;
	if (read_back(g, *href, data, &cut, why) == -1)
		result = DAV_PUT_FAILED;
	if (cut.n > 0 && cut.guarded.len > 0 &&
	    dav_remove(g->d, *href, why) == 0) {
		free(*href);
		result = dav_put(g->d, place, item->uid, buf_str(&cut.guarded),
		    cut.guarded.len, href, why);
		if (result == DAV_PUT_CREATED &&
		    read_back(g, *href, data, &again, why) == -1)
			result = DAV_PUT_FAILED;
		if (result == DAV_PUT_CREATED && again.n > 0) {
			take_back(g, *href, &again, why);
			result = DAV_PUT_FAILED;
		}
	} else if (cut.n > 0) {
		take_back(g, *href, &cut, why);
		result = DAV_PUT_FAILED;
	}
	dav_cut_free(&cut);
	dav_cut_free(&again);
	return result;
}

static void
put(struct merge *g, const struct dav_item *item, const struct dav_place *place,
    struct dav_result *r, struct why *why)
{
	struct buf data = { 0 };
	char *href = NULL;

	r->status = DAV_FAILED;
	r->why = why;
	if (dav_item_read(g->tree, item, &data, why) == 0) {
		switch (put_whole(g, item, place, &data, &href, why)) {
		case DAV_PUT_CREATED:
			r->status = DAV_CREATED;
			break;
		case DAV_PUT_EXISTS:
			r->status = DAV_EXISTS;
			break;
		case DAV_PUT_FAILED:
			break;
		}
	}
	if (r->status == DAV_CREATED) {
		r->href = href;
		hold(g, r->kind, item->uid,
		    (size_t)g->place_of[item->collection], href);
	}
	report(g, *r);
	free(href);
	buf_free(&data);
}

/* What is put into the same collection has this in common: the place, or the name
 * of one that is not made yet. */
static char *
key_of(const struct merge *g, const struct dav_item *item)
{
	const struct dav_collection *c =
	    &g->tree->collections[item->collection];
	long at = g->place_of[item->collection];

	if (at != NO_PLACE)
		return xasprintf("%ld %s", at, item->uid);
	return xasprintf("%d/%s/%s", c->kind, target_name(g, c), item->uid);
}

/* The item that had this UID in the collection before, with other contents; NULL.
 * A server keeps one object of a UID (RFC 4791, 4.1; RFC 6352, 5.1). */
static const struct dav_item *
contradicted(struct merge *g, const struct dav_item *item)
{
	char *key = key_of(g, item);
	void **slot = map_put_copy(&g->seen, &g->arena, key, NULL);
	const struct dav_item *before = *slot;
	struct buf a = { 0 }, b = { 0 };
	struct why why = { 0 };
	bool same = before == NULL;

	free(key);
	if (same)
		*slot = (void *)(uintptr_t)item;
	else
		same = dav_item_read(g->tree, before, &a, &why) == 0 &&
		       dav_item_read(g->tree, item, &b, &why) == 0 &&
		       strcmp(buf_str(&a), buf_str(&b)) == 0;
	buf_free(&a);
	buf_free(&b);
	return same ? NULL : before;
}

static void
merge_item(struct merge *g, const struct dav_item *item, struct why *why)
{
	const struct dav_collection *c =
	    &g->tree->collections[item->collection];
	long at = g->place_of[item->collection];
	const struct dav_place *place = place_at(g, at), *held;
	struct dav_result r = { .kind = c->kind,
		.file = item->file,
		.uid = item->uid,
		.collection = place == NULL ? target_name(g, c) : place->name };
	bool elsewhere = false;
	const struct holder *h =
	    holder_of(g, c->kind, item->uid, at, &elsewhere);
	const struct dav_item *other = contradicted(g, item);

	if (other != NULL) {
		(void)why_set(why, FAIL_DATA,
		    "another object has this UID, of which a server keeps one: "
		    "%s",
		    other->file);
		r.status = DAV_FAILED;
		r.why = why;
		report(g, r);
	} else if (h != NULL) {
		r.status = elsewhere ? DAV_ELSEWHERE : DAV_EXISTS;
		held = place_at(g, (long)h->place);
		r.collection = held == NULL ? NULL : held->name;
		r.href = h->href;
		report(g, r);
	} else if (g->m->dry_run) {
		r.status = DAV_PLANNED;
		report(g, r);
	} else if (place == NULL) {
		(void)why_set(why, g->unmade[item->collection],
		    "its collection could not be made");
		r.status = DAV_FAILED;
		r.why = why;
		report(g, r);
	} else {
		put(g, item, place, &r, why);
	}
}

static int
merge(struct merge *g, struct why *why)
{
	if (check_mappings(g, why) == -1 || survey(g, why) == -1)
		return -1;
	for (size_t i = 0; i < g->tree->n; i++)
		if (settle(g, i, why) == -1)
			return -1;
	for (size_t i = 0; i < g->tree->n_items; i++) {
		if (g->m->stop(g->m->arg))
			break;
		merge_item(g, &g->tree->items[i], why);
	}
	return 0;
}

int
dav_merge(struct dav *d, const struct dav_tree *t, const struct dav_merge *m,
    struct why *why)
{
	struct merge g = { .d = d, .tree = t, .m = m };
	int r;

	g.place_of = xcalloc(t->n + 1, sizeof *g.place_of);
	g.unmade = xcalloc(t->n + 1, sizeof *g.unmade);
	r = merge(&g, why);
	free(g.place_of);
	free(g.unmade);
	dav_places_free(&g.places);
	map_free(&g.uids[0]);
	map_free(&g.uids[1]);
	map_free(&g.seen);
	arena_free(&g.arena);
	return r;
}
