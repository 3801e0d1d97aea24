/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "core/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

enum {
	BLOCK = 1 << 20
};

struct arena_block {
	struct arena_block *next;
	size_t size;
	alignas(max_align_t) char data[];
};

static char *
take(struct arena *a, size_t size)
{
	char *p;

	if (a->size - a->used < size) {
		size_t want = size > BLOCK / 4 ? size : BLOCK;
		struct arena_block *b = xmalloc(sizeof *b + want);

		b->size = want;
		if (want != BLOCK && a->blocks != NULL) {
			/* A large thing gets a block of its own, after the one
			 * that still has room. */
			b->next = a->blocks->next;
			a->blocks->next = b;
			return b->data;
		}
		b->next = a->blocks;
		a->blocks = b;
		a->size = want;
		a->used = 0;
	}
	p = a->blocks->data + a->used;
	a->used += size;
	return p;
}

char *
arena_add(struct arena *a, const void *p, size_t len)
{
	char *copy = take(a, len + 1);

	if (len != 0)
		memcpy(copy, p, len);
	copy[len] = '\0';
	return copy;
}

char *
arena_adds(struct arena *a, const char *s)
{
	return arena_add(a, s, strlen(s));
}

void *
arena_alloc(struct arena *a, size_t size)
{
	size_t align = alignof(max_align_t);

	a->used = (a->used + align - 1) / align * align;
	if (a->used > a->size)
		a->used = a->size;
	return memset(take(a, size), 0, size);
}

/* The newest block of the usual size is kept, of which only what was used need
 * be overwritten. */
void
arena_reset(struct arena *a)
{
	struct arena_block *kept = a->blocks;
	struct arena rest = { 0 };

	if (kept == NULL)
		return;
	if (kept->size != BLOCK) {
		arena_free(a);
		return;
	}
	rest.blocks = kept->next;
	arena_free(&rest);
	explicit_bzero(kept->data, a->used);
	kept->next = NULL;
	a->used = 0;
}

void
arena_free(struct arena *a)
{
	struct arena_block *b = a->blocks, *next;

	for (; b != NULL; b = next) {
		next = b->next;
		explicit_bzero(b->data, b->size);
		free(b);
	}
	*a = (struct arena){ 0 };
}
