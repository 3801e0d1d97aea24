/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "route/keys.h"
#include "jmap/member.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "jmap/fetch.h"
#include "jmap/seterror.h"

/* --- a namespace --- */

static void
take_key(void *arg, const json_t *object)
{
	struct keyring *ring = arg;
	const char *key = jmap_text(object, "key"),
		   *id = jmap_text(object, "id");

	if (key != NULL && id != NULL)
		*map_put_copy(&ring->ids, &ring->texts, key, NULL) =
		    arena_adds(&ring->texts, id);
}

int
keyring_read(
    struct jmap *j, const char *name, struct keyring *ring, struct why *why)
{
	static const char *const members[] = { "key", NULL };
	/* There is no filter by the key itself. */
	json_t *filter = json_pack("{s:s}", "namespace", name);
	int r;

	keyring_free(ring);
	r = fetch_each(
	    j, "MemoryLookupKey", filter, members, take_key, ring, why);
	json_decref(filter);
	return r;
}

static bool
is_in(const json_t *object, const char *name)
{
	const char *in = jmap_text(object, "namespace");

	return in != NULL && strcmp(in, name) == 0;
}

int
keyring_read_ids(struct jmap *j, const char *name, const struct strs *ids,
    struct keyring *ring, struct why *why)
{
	struct fetch f = { 0 };
	int r;

	keyring_free(ring);
	for (size_t i = 0; i < ids->n; i++)
		fetch_want(&f, "MemoryLookupKey", ids->v[i]);
	fetch_member(&f, "namespace");
	fetch_member(&f, "key");
	r = fetch_all(j, &f, why);
	for (size_t i = 0; r == 0 && i < ids->n; i++) {
		const json_t *have =
		    fetch_found(&f, "MemoryLookupKey", ids->v[i]);

		if (is_in(have, name))
			take_key(ring, have);
	}
	fetch_clear(&f);
	return r;
}

void
keyring_free(struct keyring *ring)
{
	map_free(&ring->ids);
	arena_free(&ring->texts);
	*ring = (struct keyring){ 0 };
}

const char *
keyring_get(const struct keyring *ring, const char *key)
{
	void **slot = map_get(&ring->ids, key);

	return slot == NULL ? NULL : *slot;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **
keyring_texts(const struct keyring *ring)
{
	const char **v = xcalloc(ring->ids.n + 1, sizeof *v);
	size_t n = 0, at = 0;
	void *id;

	while (map_next(&ring->ids, &at, &v[n], &id))
		n++;
	qsort(v, n, sizeof *v, by_text);
	return v;
}

/* --- many keys --- */

enum {
	BATCHES = 4 /* requests at a time, if the server takes them */
};

/* Keys number from up to to, not included. */
struct range {
	size_t from, to;
};

struct batch {
	struct jmap_request request;
	struct range range;
	bool busy;
};

struct work {
	struct jmap *jmap;
	const char *name;
	struct key **keys;
	bool drop;
	struct arena *arena;
	struct batch batches[BATCHES];
	struct range *todo;
	size_t n, cap;
	size_t running;
	bool unsure; /* nobody knows what became of some */
	struct why why;
};

static void
fail(struct work *w, struct key *k, const struct why *why)
{
	struct why *copy = arena_alloc(w->arena, sizeof *copy);

	*copy = *why;
	k->state = KEY_FAILED;
	k->why = copy;
}

static void
fail_range(struct work *w, const struct range *r, const struct why *why)
{
	for (size_t i = r->from; i < r->to; i++)
		if (w->keys[i]->state == KEY_OPEN)
			fail(w, w->keys[i], why);
}

static void
push(struct work *w, size_t from, size_t to)
{
	w->todo = xgrow(w->todo, w->n, &w->cap, sizeof *w->todo);
	w->todo[w->n++] = (struct range){ from, to };
}

/* The arguments of the call that does the batch; new. */
static char *
arguments(const struct work *w, const struct range *range)
{
	struct buf out = { 0 };
	char number[24];

	jw_open(&out, '{');
	jw_key(&out, w->drop ? "destroy" : "create");
	jw_open(&out, w->drop ? '[' : '{');
	for (size_t i = range->from; i < range->to; i++) {
		if (w->drop) {
			jw_str(&out, w->keys[i]->id);
			continue;
		}
		(void)snprintf(number, sizeof number, "%zu", i);
		jw_key(&out, number);
		jw_open(&out, '{');
		jw_kstr(&out, "namespace", w->name);
		jw_kstr(&out, "key", w->keys[i]->text);
		jw_kbool(&out, "isGlobPattern", false);
		jw_close(&out, '}');
	}
	jw_close(&out, w->drop ? ']' : '}');
	jw_close(&out, '}');
	return out.data;
}

static void
start(struct work *w, struct batch *b)
{
	char *args;

	b->range = w->todo[--w->n];
	b->busy = true;
	w->running++;
	args = arguments(w, &b->range);
	jmap_begin(&b->request, JMAP_REGISTRY);
	jmap_add(&b->request, "x:MemoryLookupKey/set", args);
	b->request.arg = b;
	jmap_start(w->jmap, &b->request);
	free(args);
}

/* --- what the server answers --- */

/* Of a key that was to be made. */
static void
judge_made(struct work *w, struct key *k, const char *number,
    const json_t *answer, const struct why *silent)
{
	const json_t *error =
	    json_object_get(json_object_get(answer, "notCreated"), number);
	const char *id = jmap_text(
		       json_object_get(
			   json_object_get(answer, "created"), number),
		       "id"),
		   *type = jmap_text(error, "type");
	struct why why = { 0 };

	if (id != NULL) {
		k->state = KEY_DONE;
	} else if (type != NULL && strcmp(type, "primaryKeyViolation") == 0 &&
		   (id = jmap_text(json_object_get(error, "objectId"), "id")) !=
		       NULL) {
		k->state = KEY_WAS;
	} else if (error != NULL) {
		jmap_set_error(error, NULL, &why);
		fail(w, k, &why);
	} else {
		fail(w, k, silent);
	}
	if (id != NULL)
		k->id = arena_adds(w->arena, id);
}

/* Of all that were to be taken away: those that destroyed does not name failed. */
static void
judge_dropped(struct work *w, const struct range *range, const json_t *answer,
    const struct why *silent)
{
	json_t *list = json_object_get(answer, "destroyed"),
	       *errors = json_object_get(answer, "notDestroyed"),
	       *gone = json_object(), *v;
	struct why why;
	size_t i;

	json_array_foreach (list, i, v)
		if (json_is_string(v))
			(void)json_object_set_new(
			    gone, json_string_value(v), json_true());
	for (i = range->from; i < range->to; i++) {
		struct key *k = w->keys[i];
		const json_t *error = json_object_get(errors, k->id);
		const char *type = jmap_text(error, "type");

		if (json_object_get(gone, k->id) != NULL) {
			k->state = KEY_DONE;
		} else if (type != NULL && strcmp(type, "notFound") == 0) {
			k->state = KEY_WAS;
		} else if (error != NULL) {
			why = (struct why){ 0 };
			jmap_set_error(error, NULL, &why);
			fail(w, k, &why);
		} else {
			fail(w, k, silent);
		}
	}
	json_decref(gone);
}

static void
judge(struct work *w, const struct range *range, const json_t *answer)
{
	struct why silent = { 0 };
	char number[24];

	(void)why_set(
	    &silent, FAIL_TEMP, "the server does not say what became of a key");
	if (w->drop) {
		judge_dropped(w, range, answer, &silent);
		return;
	}
	for (size_t i = range->from; i < range->to; i++) {
		(void)snprintf(number, sizeof number, "%zu", i);
		judge_made(w, w->keys[i], number, answer, &silent);
	}
}

static void
finish(struct work *w, struct batch *b)
{
	size_t half = (b->range.to - b->range.from) / 2;
	enum jmap_status status = b->request.status;
	json_t *answer = NULL;
	struct why why = b->request.why;

	b->busy = false;
	w->running--;
	if (status == JMAP_OK)
		status = jmap_answer(
		    &b->request, 0, "x:MemoryLookupKey/set", &answer, &why);
	switch (status) {
	case JMAP_OK:
		judge(w, &b->range, answer);
		break;
	case JMAP_TOO_LARGE:
		if (half == 0) {
			fail_range(w, &b->range, &why);
			break;
		}
		push(w, b->range.from, b->range.from + half);
		push(w, b->range.from + half, b->range.to);
		break;
	case JMAP_UNSURE:
	case JMAP_BROKEN:
		w->unsure = true;
		w->why = why;
		break;
	case JMAP_FAILED:
		fail_range(w, &b->range, &why);
		break;
	}
}

/* What nobody knows of is read: a key that is not as it should be failed. */
static void
settle(struct work *w, size_t n)
{
	struct keyring ring = { 0 };
	struct why why = { 0 };
	bool known = keyring_read(w->jmap, w->name, &ring, &why) == 0;

	for (size_t i = 0; i < n; i++) {
		struct key *k = w->keys[i];
		const char *id = keyring_get(&ring, k->text);

		if (k->state != KEY_OPEN)
			continue;
		if (known && (id == NULL) == w->drop) {
			k->state = KEY_DONE;
			k->id = id == NULL ? k->id : arena_adds(w->arena, id);
		} else {
			fail(w, k, known ? &w->why : &why);
		}
	}
	keyring_free(&ring);
}

static void
run(struct work *w, size_t n)
{
	size_t jobs = w->jmap->max_concurrent, most = w->jmap->max_set;

	if (jobs == 0 || jobs > BATCHES)
		jobs = BATCHES;
	for (size_t end = n; end != 0; end -= end < most ? end : most)
		push(w, end < most ? 0 : end - most, end);
	while (w->n != 0 || w->running != 0) {
		struct jmap_request *r;

		for (size_t i = 0; i < jobs && w->n != 0; i++)
			if (!w->batches[i].busy)
				start(w, &w->batches[i]);
		r = jmap_next(w->jmap, true);
		if (r != NULL)
			finish(w, r->arg);
	}
	if (w->unsure)
		settle(w, n);
	for (size_t i = 0; i < BATCHES; i++)
		jmap_clear(&w->batches[i].request);
	free(w->todo);
}

void
keys_make(struct jmap *j, const char *name, struct key **keys, size_t n,
    struct arena *arena)
{
	struct work w = {
		.jmap = j, .name = name, .keys = keys, .arena = arena
	};

	run(&w, n);
}

void
keys_drop(struct jmap *j, const char *name, struct key **keys, size_t n,
    struct arena *arena)
{
	struct work w = { .jmap = j,
		.name = name,
		.keys = keys,
		.drop = true,
		.arena = arena };

	run(&w, n);
}

/* Whether an object is this key. */
static bool
is_key(const json_t *have, const char *name, const struct key *k)
{
	const char *key = jmap_text(have, "key");

	return key != NULL && is_in(have, name) && strcmp(key, k->text) == 0;
}

int
keys_verify(struct jmap *j, const char *name, struct key **keys, size_t n,
    bool there, struct arena *arena, struct why *why)
{
	struct work w = { .arena = arena };
	struct fetch f = { 0 };
	struct why wrong = { 0 };
	int r;

	for (size_t i = 0; i < n; i++)
		fetch_want(&f, "MemoryLookupKey", keys[i]->id);
	fetch_member(&f, "namespace");
	fetch_member(&f, "key");
	r = fetch_all(j, &f, why);
	for (size_t i = 0; r == 0 && i < n; i++) {
		const json_t *have =
		    fetch_found(&f, "MemoryLookupKey", keys[i]->id);

		if (is_key(have, name, keys[i]) == there)
			continue;
		(void)why_set(&wrong, FAIL_TEMP,
		    there ? "%s: written, and not there when it is read back"
			  : "%s: taken away, and still there when it is read "
			    "back",
		    keys[i]->text);
		fail(&w, keys[i], &wrong);
	}
	fetch_clear(&f);
	return r;
}
