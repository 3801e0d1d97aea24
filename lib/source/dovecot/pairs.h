/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Named fields of a user, in the order in which they were set. */
#ifndef FERRY_SOURCE_DOVECOT_PAIRS_H
#define FERRY_SOURCE_DOVECOT_PAIRS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"

struct pair {
	const char *key, *value;
};

/* The zero value is empty; the arena that is given owns everything. */
struct pairs {
	struct pair *v;
	size_t n, cap;
};

/* Appends a field; the texts are copied. A key may come again. */
void pairs_add(
    struct pairs *p, struct arena *arena, const char *key, const char *value);
/* Adds words "uid=vmail gid=vmail" to a list; NULL has none. */
void pairs_add_words(struct pairs *p, struct arena *arena, const char *words);
/* As pairs_add, in the place of the field with that key, if there is one. */
void pairs_set(
    struct pairs *p, struct arena *arena, const char *key, const char *value);
/* The value of a key; NULL where there is none. */
const char *pairs_get(const struct pairs *p, const char *key);
void pairs_remove(struct pairs *p, const char *key);

/* A copy whose fields can be changed without changing p. */
struct pairs pairs_copy(const struct pairs *p, struct arena *arena);

#endif
