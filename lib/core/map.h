/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* A hash table from strings to values. */
#ifndef FERRY_MAP_H
#define FERRY_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"

struct map_slot {
	uint32_t hash;
	uint32_t number; /* 0: free */
};

/* Where hashes lead: to the numbers, from 1, of things that are kept elsewhere in
 * the order in which they came. Eight bytes a slot stay in the processor's cache
 * when the things no longer do. */
struct map_index {
	struct map_slot *slots;
	size_t size; /* a power of two */
};

/* The zero value is an empty map. Keys are borrowed: they must outlive it. */
struct map {
	struct map_index index;
	struct map_entry *entries;
	size_t n, cap;
};

/* The value of a key, which the caller may change until the next map_put;
 * NULL if the key is not there. */
void **map_get(const struct map *m, const char *key);

/*
 * The same, the key put in with a NULL value where it was not there; *added
 * (may be NULL) says so. Keys are seeded per process, so that no input can
 * make the table slow.
 */
void **map_put(struct map *m, const char *key, bool *added);

/* The same, a key that is new being copied into the arena. */
void **map_put_copy(
    struct map *m, struct arena *keys, const char *key, bool *added);

/* Fetches the place of a key into the cache, where a large map will be asked
 * for it a little later. */
void map_prefetch(const struct map *m, const char *key);

/* Steps through all entries, in the order in which they were put in: *at begins as
 * 0. False at the end. */
bool map_next(const struct map *m, size_t *at, const char **key, void **value);

void map_free(struct map *m);

/* The hash and the index of this file, for tables of another shape. The latter gets
 * room for the number n. */
uint64_t map_hash(const char *key, size_t len);
void map_index_room(struct map_index *index, size_t n);

#endif
