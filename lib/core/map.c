/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "core/map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/alloc.h"

struct map_slot {
	const char *key;
	void *value;
	uint64_t hash;
};

static uint64_t seed[2];

static uint64_t
mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static void
make_seed(void)
{
	if (seed[1] != 0)
		return;
	if (getrandom(seed, sizeof seed, GRND_NONBLOCK) != sizeof seed)
		seed[0] = (uint64_t)(uintptr_t)&seed;
	seed[1] |= 1;
}

/* A multiply-and-fold hash over words of eight bytes, keyed by the seed. */
uint64_t
map_hash(const char *key, size_t len)
{
	uint64_t h, word;

	make_seed();
	h = seed[0] ^ len;
	for (; len >= sizeof word; len -= sizeof word, key += sizeof word) {
		memcpy(&word, key, sizeof word);
		h = mix(h ^ word, seed[1]);
	}
	word = 0;
	memcpy(&word, key, len);
	return mix(h ^ word, seed[1] ^ 0x9e3779b97f4a7c15ULL);
}

static struct map_slot *
find(const struct map *m, const char *key, uint64_t h)
{
	size_t i = h & (m->cap - 1);

	while (m->slots[i].key != NULL &&
	       (m->slots[i].hash != h || strcmp(m->slots[i].key, key) != 0))
		i = (i + 1) & (m->cap - 1);
	return &m->slots[i];
}

static void
enlarge(struct map *m, size_t cap)
{
	struct map old = *m;

	m->cap = cap;
	m->slots = xcalloc(m->cap, sizeof *m->slots);
	for (size_t i = 0; i < old.cap; i++) {
		struct map_slot *s = &old.slots[i];
		size_t to = s->hash & (m->cap - 1);

		if (s->key == NULL)
			continue;
		while (m->slots[to].key != NULL)
			to = (to + 1) & (m->cap - 1);
		m->slots[to] = *s;
	}
	free(old.slots);
}

void **
map_get(const struct map *m, const char *key)
{
	struct map_slot *s;

	if (m->n == 0)
		return NULL;
	s = find(m, key, map_hash(key, strlen(key)));
	return s->key == NULL ? NULL : &s->value;
}

/* The slot of a key, a free one with its hash filled in where there is none. */
static struct map_slot *
slot_for(struct map *m, const char *key, bool *added)
{
	struct map_slot *s;
	uint64_t h;

	if ((m->n + 1) * 4 > m->cap * 3)
		enlarge(m, m->cap == 0 ? 64 : m->cap * 2);
	h = map_hash(key, strlen(key));
	s = find(m, key, h);
	*added = s->key == NULL;
	if (*added) {
		s->hash = h;
		m->n++;
	}
	return s;
}

void **
map_put(struct map *m, const char *key, bool *added)
{
	bool is_new;
	struct map_slot *s = slot_for(m, key, &is_new);

	if (is_new)
		s->key = key;
	if (added != NULL)
		*added = is_new;
	return &s->value;
}

void **
map_put_copy(struct map *m, struct arena *keys, const char *key, bool *added)
{
	bool is_new;
	struct map_slot *s = slot_for(m, key, &is_new);

	if (is_new)
		s->key = arena_adds(keys, key);
	if (added != NULL)
		*added = is_new;
	return &s->value;
}

void
map_prefetch(const struct map *m, const char *key)
{
	if (m->n != 0)
		__builtin_prefetch(
		    &m->slots[map_hash(key, strlen(key)) & (m->cap - 1)]);
}

bool
map_next(const struct map *m, size_t *at, const char **key, void **value)
{
	while (*at < m->cap && m->slots[*at].key == NULL)
		(*at)++;
	if (*at == m->cap)
		return false;
	*key = m->slots[*at].key;
	*value = m->slots[*at].value;
	(*at)++;
	return true;
}

void
map_free(struct map *m)
{
	free(m->slots);
	*m = (struct map){ 0 };
}
