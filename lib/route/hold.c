/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "route/hold.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "route/keys.h"

/* Whose note it is, where it is of that address: a domain has no "=". */
static const char *
holder(const char *text, const char *address)
{
	size_t len = strlen(address);

	return str_starts_nocase(text, address) && text[len] == '='
		   ? text + len + 1
		   : NULL;
}

/* Makes or takes away the keys; those that failed make a why of their owner. */
static void
change(struct jmap *j, struct owners *o, struct key **keys, const size_t *of,
    size_t n, bool drop, struct arena *texts)
{
	if (n == 0)
		return;
	if (drop)
		keys_drop(j, ROUTE_HOLDS, keys, n, texts);
	else
		keys_make(j, ROUTE_HOLDS, keys, n, texts);
	for (size_t i = 0; i < n; i++)
		if (keys[i]->state == KEY_FAILED &&
		    o->v[of[i]].why.kind == FAIL_NONE)
			o->v[of[i]].why = *keys[i]->why;
}

/* Room for a key of each owner and more. */
struct keys {
	struct key *v;
	struct key **at;
	size_t *of; /* the owner of each */
	size_t n, cap;
};

static void
add(struct keys *k, const char *text, const char *id, size_t owner)
{
	if (k->n == k->cap) {
		k->cap = k->cap * 2 + 8;
		k->v = xreallocarray(k->v, k->cap, sizeof *k->v);
		k->of = xreallocarray(k->of, k->cap, sizeof *k->of);
	}
	k->v[k->n] = (struct key){ .text = text, .id = id };
	k->of[k->n++] = owner;
}

static void
change_keys(struct jmap *j, struct owners *o, struct keys *k, bool drop,
    struct arena *texts)
{
	k->at = xcalloc(k->n + 1, sizeof *k->at);
	for (size_t i = 0; i < k->n; i++)
		k->at[i] = &k->v[i];
	change(j, o, k->at, k->of, k->n, drop, texts);
}

static void
free_keys(struct keys *k)
{
	free(k->v);
	free(k->at);
	free(k->of);
}

/* Another's note of the address, on the server; NULL. */
static const char *
other(const struct keyring *ring, const char *address, const char *who)
{
	const char *text;
	size_t at = 0;
	void *id;

	while (map_next(&ring->ids, &at, &text, &id)) {
		const char *by = holder(text, address);

		if (by != NULL && !str_eq_nocase(by, who))
			return by;
	}
	return NULL;
}

/* Looks whom the notes name beside us, and gives way to them. */
static int
look(struct jmap *j, struct owners *o, const char *who, struct keys *made,
    struct holding *v, struct arena *texts, struct why *why)
{
	struct keyring ring = { 0 };
	struct keys back = { 0 };
	int r = keyring_read(j, ROUTE_HOLDS, &ring, why);

	for (size_t i = 0; r == 0 && i < made->n; i++) {
		struct owner *w = &o->v[made->of[i]];
		struct holding *h = &v[made->of[i]];
		const char *by = other(&ring, w->address, who);

		h->changed = made->v[i].state == KEY_DONE;
		if (by == NULL)
			continue;
		h->by = arena_adds(texts, by);
		if (h->changed && made->v[i].id != NULL)
			add(&back, made->v[i].text, made->v[i].id, made->of[i]);
		if (w->why.kind == FAIL_NONE)
			(void)why_set(&w->why, FAIL_TEMP,
			    "another run is at work on it: %s (where that is "
			    "no "
			    "more: mailroute release %s)",
			    by, w->address);
	}
	change_keys(j, o, &back, true, texts);
	free_keys(&back);
	keyring_free(&ring);
	return r;
}

int
route_hold(struct jmap *j, struct owners *o, const char *who, struct holding *v,
    struct arena *texts, struct why *why)
{
	struct keys made = { 0 };
	int r;

	for (size_t i = 0; i < o->n; i++) {
		char *text = xasprintf("%s=%s", o->v[i].address, who);

		v[i] = (struct holding){ 0 };
		if (o->v[i].why.kind == FAIL_NONE)
			add(&made, arena_adds(texts, text), NULL, i);
		free(text);
	}
	change_keys(j, o, &made, false, texts);
	r = look(j, o, who, &made, v, texts, why);
	free_keys(&made);
	return r;
}

int
route_release(struct jmap *j, struct owners *o, const char *who,
    struct holding *v, struct arena *texts, struct why *why)
{
	struct keyring ring = { 0 };
	struct keys gone = { 0 };
	int r = keyring_read(j, ROUTE_HOLDS, &ring, why);

	for (size_t i = 0; r == 0 && i < o->n; i++) {
		const char *text;
		size_t at = 0;
		void *id;

		v[i] = (struct holding){ 0 };
		while (map_next(&ring.ids, &at, &text, &id)) {
			const char *by = holder(text, o->v[i].address);

			if (by == NULL ||
			    (who != NULL && !str_eq_nocase(by, who)))
				continue;
			v[i].changed = true;
			add(&gone, text, id, i);
		}
	}
	change_keys(j, o, &gone, true, texts);
	free_keys(&gone);
	keyring_free(&ring);
	return r;
}
