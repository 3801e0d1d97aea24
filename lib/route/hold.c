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

/* Keys to be made or taken away, each with its owner. */
struct keys {
	struct owned_key {
		struct key key;
		size_t owner;
	} * v;
	size_t n, cap;
};

static void
add(struct keys *k, const char *text, const char *id, size_t owner)
{
	k->v = xgrow(k->v, k->n, &k->cap, sizeof *k->v);
	k->v[k->n++] = (struct owned_key){ { .text = text, .id = id }, owner };
}

/* Makes or takes away the keys; those that failed make a why of their owner. */
static void
change(struct jmap *j, struct owners *o, struct keys *k, bool drop,
    struct arena *texts)
{
	struct key **keys;

	if (k->n == 0)
		return;
	keys = xcalloc(k->n, sizeof *keys);
	for (size_t i = 0; i < k->n; i++)
		keys[i] = &k->v[i].key;
	(drop ? keys_drop : keys_make)(j, ROUTE_HOLDS, keys, k->n, texts);
	free(keys);
	for (size_t i = 0; i < k->n; i++) {
		struct owner *w = &o->v[k->v[i].owner];

		if (k->v[i].key.state == KEY_FAILED && w->why.kind == FAIL_NONE)
			w->why = *k->v[i].key.why;
	}
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
		struct owner *w = &o->v[made->v[i].owner];
		struct holding *h = &v[made->v[i].owner];
		const char *by = other(&ring, w->address, who);

		h->changed = made->v[i].key.state == KEY_DONE;
		if (by == NULL)
			continue;
		h->by = arena_adds(texts, by);
		if (h->changed && made->v[i].key.id != NULL)
			add(&back, made->v[i].key.text, made->v[i].key.id,
			    made->v[i].owner);
		if (w->why.kind == FAIL_NONE)
			(void)why_set(&w->why, FAIL_TEMP,
			    "another run is at work on it: %s (where that is "
			    "no "
			    "more: mailroute release %s)",
			    by, w->address);
	}
	change(j, o, &back, true, texts);
	free(back.v);
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
	change(j, o, &made, false, texts);
	r = look(j, o, who, &made, v, texts, why);
	free(made.v);
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
	change(j, o, &gone, true, texts);
	free(gone.v);
	keyring_free(&ring);
	return r;
}
