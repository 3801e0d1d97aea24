/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/dovecot/pairs.h"

#include <string.h>

#include "core/str.h"

enum {
	FIRST_CAP = 8
};

static void
reserve(struct pairs *p, struct arena *arena, size_t cap)
{
	struct pair *v;

	if (cap <= p->cap)
		return;
	v = arena_alloc(arena, cap * sizeof *v);
	if (p->n > 0)
		memcpy(v, p->v, p->n * sizeof *v);
	p->v = v;
	p->cap = cap;
}

static struct pair *
find(const struct pairs *p, const char *key)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->v[i].key, key) == 0)
			return &p->v[i];
	return NULL;
}

void
pairs_add(
    struct pairs *p, struct arena *arena, const char *key, const char *value)
{
	if (p->n == p->cap)
		reserve(p, arena, p->cap == 0 ? FIRST_CAP : p->cap * 2);
	p->v[p->n++] =
	    (struct pair){ arena_adds(arena, key), arena_adds(arena, value) };
}

/* As pairs_add, in the place of the field with that key, if there is one. */
static void
pairs_set(
    struct pairs *p, struct arena *arena, const char *key, const char *value)
{
	struct pair *at = find(p, key);

	if (at == NULL)
		pairs_add(p, arena, key, value);
	else
		at->value = arena_adds(arena, value);
}

void
pairs_add_words(struct pairs *p, struct arena *arena, const char *words)
{
	char *rest, *word;

	if (words == NULL)
		return;
	rest = arena_adds(arena, words);
	while ((word = str_cut(&rest, ' ')) != NULL) {
		char *value = strchr(word, '=');

		if (*word == '\0')
			continue;
		if (value != NULL)
			*value++ = '\0';
		pairs_add(p, arena, word, value == NULL ? "" : value);
	}
}

const char *
pairs_get(const struct pairs *p, const char *key)
{
	const struct pair *at = find(p, key);

	return at == NULL ? NULL : at->value;
}

void
pairs_remove(struct pairs *p, const char *key)
{
	struct pair *at = find(p, key);

	if (at == NULL)
		return;
	p->n--;
	memmove(at, at + 1, (size_t)(p->v + p->n - at) * sizeof *at);
}

/* A copy whose fields can be changed without changing p. */
static struct pairs
pairs_copy(const struct pairs *p, struct arena *arena)
{
	struct pairs copy = { 0 };

	reserve(&copy, arena, p->n);
	if (p->n > 0)
		memcpy(copy.v, p->v, p->n * sizeof *p->v);
	copy.n = p->n;
	return copy;
}

/* --- what can be taken back --- */

/* Before the first change of a field that is there already: all of them are
 * copied, those too that came after the mark. */
static void
preserve(struct pairs_undo *u, struct arena *arena, const char *key)
{
	if (!u->marked || u->copied || pairs_get(&u->now, key) == NULL)
		return;
	u->kept = pairs_copy(&u->now, arena);
	u->copied = true;
}

void
pairs_undo_set(struct pairs_undo *u, struct arena *arena, const char *key,
    const char *value)
{
	preserve(u, arena, key);
	pairs_set(&u->now, arena, key, value);
}

void
pairs_undo_remove(struct pairs_undo *u, struct arena *arena, const char *key)
{
	preserve(u, arena, key);
	pairs_remove(&u->now, key);
}

void
pairs_undo_mark(struct pairs_undo *u, struct arena *arena)
{
	u->marked = true;
	if (u->copied)
		u->kept = pairs_copy(&u->now, arena);
	else
		u->n = u->now.n;
}

void
pairs_undo_back(struct pairs_undo *u, struct arena *arena)
{
	if (u->copied)
		u->now = pairs_copy(&u->kept, arena);
	else if (u->now.n > u->n)
		u->now.n = u->n;
}

struct pairs_undo
pairs_undo_copy(const struct pairs_undo *u, struct arena *arena)
{
	struct pairs_undo copy = *u;

	copy.now = pairs_copy(&u->now, arena);
	copy.kept = pairs_copy(&u->kept, arena);
	return copy;
}
