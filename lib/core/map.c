/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "core/map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/alloc.h"

struct map_entry {
	const char *key;
	void *value;
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

static uint32_t
hash_of(const char *key)
{
	return (uint32_t)map_hash(key, strlen(key));
}

void
map_index_room(struct map_index *index, size_t n)
{
	struct map_index old = *index;

	if (n > UINT32_MAX)
		out_of_memory();
	if (n * 4 <= old.size * 3)
		return;
	index->size = old.size == 0 ? 64 : old.size * 2;
	index->slots = xcalloc(index->size, sizeof *index->slots);
	for (size_t i = 0; i < old.size; i++) {
		size_t to = old.slots[i].hash & (index->size - 1);

		if (old.slots[i].number == 0)
			continue;
		while (index->slots[to].number != 0)
			to = (to + 1) & (index->size - 1);
		index->slots[to] = old.slots[i];
	}
	free(old.slots);
}

/* The slot of a key, a free one where it is not there. */
static struct map_slot *
find(const struct map *m, const char *key, uint32_t hash)
{
	const struct map_index *in = &m->index;
	size_t i = hash & (in->size - 1);

	for (; in->slots[i].number != 0; i = (i + 1) & (in->size - 1))
		if (in->slots[i].hash == hash &&
		    strcmp(m->entries[in->slots[i].number - 1].key, key) == 0)
			break;
	return &in->slots[i];
}

void **
map_get(const struct map *m, const char *key)
{
	uint32_t number;

	if (m->n == 0)
		return NULL;
	number = find(m, key, hash_of(key))->number;
	return number == 0 ? NULL : &m->entries[number - 1].value;
}

/* The entry of a key; one without a key where it is new. */
static struct map_entry *
entry_for(struct map *m, const char *key, bool *added)
{
	uint32_t hash = hash_of(key);
	struct map_slot *slot;

	map_index_room(&m->index, m->n + 1);
	slot = find(m, key, hash);
	*added = slot->number == 0;
	if (*added) {
		m->entries =
		    xgrow(m->entries, m->n, &m->cap, sizeof *m->entries);
		m->entries[m->n++] = (struct map_entry){ 0 };
		*slot = (struct map_slot){ hash, (uint32_t)m->n };
	}
	return &m->entries[slot->number - 1];
}

void **
map_put(struct map *m, const char *key, bool *added)
{
	bool is_new;
	struct map_entry *e = entry_for(m, key, &is_new);

	if (is_new)
		e->key = key;
	if (added != NULL)
		*added = is_new;
	return &e->value;
}

void **
map_put_copy(struct map *m, struct arena *keys, const char *key, bool *added)
{
	bool is_new;
	struct map_entry *e = entry_for(m, key, &is_new);

	if (is_new)
		e->key = arena_adds(keys, key);
	if (added != NULL)
		*added = is_new;
	return &e->value;
}

void
map_prefetch(const struct map *m, const char *key)
{
	if (m->n != 0)
		__builtin_prefetch(
		    &m->index.slots[hash_of(key) & (m->index.size - 1)]);
}

bool
map_next(const struct map *m, size_t *at, const char **key, void **value)
{
	if (*at == m->n)
		return false;
	*key = m->entries[*at].key;
	*value = m->entries[*at].value;
	(*at)++;
	return true;
}

void
map_free(struct map *m)
{
	free(m->index.slots);
	free(m->entries);
	*m = (struct map){ 0 };
}
