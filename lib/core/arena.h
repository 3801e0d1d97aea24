/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Many small things that live and end together: strings of one run. */
#ifndef FERRY_ARENA_H
#define FERRY_ARENA_H

#include <stddef.h>

/* The zero value is an empty arena. */
struct arena {
	struct arena_block *blocks;
	size_t used; /* of the newest block */
	size_t size;
};

/* A copy of len bytes and a NUL, owned by the arena. Unaligned. */
char *arena_add(struct arena *a, const void *p, size_t len);
char *arena_adds(struct arena *a, const char *s);

/* Room for an object, aligned for any type, zeroed. */
void *arena_alloc(struct arena *a, size_t size);

/* Overwrites all of it, and keeps a block for what comes next. */
void arena_reset(struct arena *a);

/* Overwrites and gives back all of it. */
void arena_free(struct arena *a);

#endif
