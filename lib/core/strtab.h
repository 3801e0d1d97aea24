/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Many strings in little memory: each is known by a number of 32 bits. For
 * programs that hold a whole user directory, where pointers and the overhead of
 * malloc(3) would take more than the strings.
 */
#ifndef FERRY_STRTAB_H
#define FERRY_STRTAB_H

#include <stddef.h>
#include <stdint.h>

#include "core/map.h"

/* A string is shorter than this; twice the longest record. All of them
 * together take less than 4 GiB. */
enum {
	TEXT_MAX = 2 << 20
};

/* The zero value is empty. Strings lie in blocks that never move, so that what
 * texts_get returns is good until texts_free. */
struct texts {
	char **blocks;
	size_t n, cap;
	size_t used; /* of the newest block */
};

/* Keeps a copy of len bytes and a NUL; its number, which is never 0. */
uint32_t texts_add(struct texts *t, const char *s, size_t len);
/* NULL for the number 0. */
const char *texts_get(const struct texts *t, uint32_t number);
/* The bytes that are taken, for a caller whose input has no limit. */
size_t texts_size(const struct texts *t);
/* Overwrites and gives back all of it. */
void texts_free(struct texts *t);

/*
 * The same, each different string once: equal strings have equal numbers, which
 * count from 1 in the order of their first appearance. The zero value is empty.
 */
struct intern {
	struct texts texts;
	uint32_t *text; /* by number - 1 */
	size_t n, cap;
	struct map_index index;
};

uint32_t intern_put(struct intern *in, const char *s, size_t len);
/* The number of a string; 0 if it was not put in. */
uint32_t intern_get(const struct intern *in, const char *s, size_t len);
const char *intern_text(const struct intern *in, uint32_t number);
void intern_free(struct intern *in);

#endif
