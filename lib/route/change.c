/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "route/change.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "jmap/action.h"
#include "route/keys.h"
#include "route/known.h"
#include "route/rules.h"

/* A key, and whose it is. */
struct owned {
	struct key key;
	size_t owner;
	bool chosen; /* for the step that is done */
	bool done;   /* changed by this run */
};

struct changing {
	struct jmap *jmap;
	struct owners *owners;
	struct moving *moving;
	bool away;
	struct keyring ring; /* what was there before, where it was read */
	struct owned *v;
	size_t n, cap;
	struct arena arena;
};

static struct owner *
owner_of(const struct changing *c, const struct owned *k)
{
	return &c->owners->v[k->owner];
}

/* --- which keys --- */

static void
want(struct changing *c, size_t owner, const char *address)
{
	const char *id = keyring_get(&c->ring, address);

	if (id != NULL)
		c->moving[owner].keys++;
	if (c->away && id == NULL)
		return;
	c->v = xgrow(c->v, c->n, &c->cap, sizeof *c->v);
	c->v[c->n++] = (struct owned){ .key = { .text = address, .id = id },
		.owner = owner };
}

/* Somebody whom the server does not have any more is known by a record, or by
 * the address alone. */
static void
take_missing(struct owner *w)
{
	w->why = (struct why){ 0 };
	strs_add(&w->addresses, w->address);
	for (size_t i = 0; i < w->also.n; i++)
		if (!strs_has(&w->addresses, w->also.v[i]))
			strs_add(&w->addresses, w->also.v[i]);
}

static void
want_all(struct changing *c)
{
	for (size_t i = 0; i < c->owners->n; i++) {
		const struct owner *w = &c->owners->v[i];

		if (w->why.kind != FAIL_NONE || w->same != 0)
			continue;
		for (size_t k = 0; k < w->addresses.n; k++)
			want(c, i, w->addresses.v[k]);
	}
}

/* --- steps, each for many keys --- */

typedef void step(struct jmap *j, const char *name, struct key **keys, size_t n,
    struct arena *arena);

/* The keys that are chosen; the array is new. */
static struct key **
chosen(struct changing *c, size_t *n)
{
	struct key **keys = xcalloc(c->n + 1, sizeof *keys);

	*n = 0;
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].chosen)
			keys[(*n)++] = &c->v[i].key;
	return keys;
}

static void
run_step(struct changing *c, step *f)
{
	size_t n;
	struct key **keys = chosen(c, &n);

	for (size_t i = 0; i < n; i++)
		keys[i]->state = KEY_OPEN;
	if (n != 0)
		f(c->jmap, ROUTE_NAMESPACE, keys, n, &c->arena);
	free(keys);
}

static void
change(struct changing *c)
{
	for (size_t i = 0; i < c->n; i++)
		c->v[i].chosen = true;
	run_step(c, c->away ? keys_drop : keys_make);
	for (size_t i = 0; i < c->n; i++) {
		struct owned *k = &c->v[i];
		struct owner *w = owner_of(c, k);

		k->done = k->key.state == KEY_DONE;
		if (!c->away && k->key.state == KEY_WAS)
			c->moving[k->owner].keys++;
		if (k->key.state == KEY_FAILED && w->why.kind == FAIL_NONE)
			(void)why_set(&w->why, k->key.why->kind, "%s: %s",
			    k->key.text, k->key.why->text);
	}
}

/* An owner is changed as a whole or not at all. */
static void
change_back(struct changing *c)
{
	for (size_t i = 0; i < c->n; i++)
		c->v[i].chosen = c->v[i].done &&
				 owner_of(c, &c->v[i])->why.kind != FAIL_NONE;
	run_step(c, c->away ? keys_make : keys_drop);
	for (size_t i = 0; i < c->n; i++) {
		struct owned *k = &c->v[i];
		struct why first;

		if (!k->chosen)
			continue;
		k->done = k->key.state == KEY_FAILED;
		if (!k->done)
			continue;
		first = owner_of(c, k)->why;
		(void)why_set(&owner_of(c, k)->why, first.kind,
		    "%.300s; its key %.100s could not be changed back: run it "
		    "again",
		    first.text, k->key.text);
	}
}

/* Reads back what was written. */
static int
verify(struct changing *c, struct why *why)
{
	struct key **keys;
	size_t n;
	int r;

	for (size_t i = 0; i < c->n; i++)
		c->v[i].chosen = owner_of(c, &c->v[i])->why.kind == FAIL_NONE;
	keys = chosen(c, &n);
	r = keys_verify(
	    c->jmap, ROUTE_NAMESPACE, keys, n, !c->away, &c->arena, why);
	free(keys);
	for (size_t i = 0; r == 0 && i < c->n; i++) {
		const struct owned *k = &c->v[i];

		if (k->chosen && k->key.state == KEY_FAILED)
			owner_of(c, k)->why = *k->key.why;
	}
	return r;
}

/* Everybody who has no why yet, because of what comes after the change. */
static void
fail_all(struct changing *c, const char *what, const struct why *why)
{
	for (size_t i = 0; i < c->owners->n; i++) {
		struct owner *w = &c->owners->v[i];

		if (w->why.kind == FAIL_NONE && w->same == 0)
			(void)why_set(&w->why, why->kind,
			    "%s: %.300s; run it again", what, why->text);
	}
}

static void
carry_out(struct changing *c)
{
	struct why why = { 0 };

	change(c);
	change_back(c);
	/* Also when nothing was changed: a run before may have ended here. */
	if (jmap_action(c->jmap, "ReloadLookupStores", NULL, &why) == -1)
		fail_all(c,
		    "the keys are stored, but the server does not load them",
		    &why);
	else if (verify(c, &why) == -1)
		fail_all(c, "the keys could not be read back", &why);
	for (size_t i = 0; i < c->n; i++) {
		struct owned *k = &c->v[i];

		if (k->done)
			c->moving[k->owner].changed++;
		if (!c->away && owner_of(c, k)->why.kind == FAIL_NONE)
			strs_add(&owner_of(c, k)->keys,
			    arena_adds(&c->owners->texts, k->key.id));
	}
}

/* How many keys would be changed. */
static void
plan(struct changing *c)
{
	for (size_t i = 0; i < c->owners->n; i++)
		c->moving[i].changed =
		    c->away ? c->moving[i].keys
			    : c->owners->v[i].addresses.n - c->moving[i].keys;
}

struct moving *
route_change(struct jmap *j, struct owners *o, const struct known_keys *known,
    bool away, bool dry_run, struct why *why)
{
	struct changing c = { .jmap = j, .owners = o, .away = away };

	for (size_t i = 0; away && i < o->n; i++)
		if (o->v[i].missing)
			take_missing(&o->v[i]);
	/* What is to be made need not be read first: the server says what is
	 * there. */
	if ((away || dry_run) && known_find(j, known, o, &c.ring, why) == -1) {
		keyring_free(&c.ring);
		return NULL;
	}
	c.moving = xcalloc(o->n + 1, sizeof *c.moving);
	want_all(&c);
	if (dry_run)
		plan(&c);
	else
		carry_out(&c);
	keyring_free(&c.ring);
	arena_free(&c.arena);
	free(c.v);
	return c.moving;
}
