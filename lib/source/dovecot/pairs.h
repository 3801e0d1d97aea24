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
/* The value of a key; NULL where there is none. */
const char *pairs_get(const struct pairs *p, const char *key);
void pairs_remove(struct pairs *p, const char *key);

/*
 * Fields that a lookup sets, and that go back to what they were where it fails;
 * as the server does it, which brings back more than was there at times.
 * The zero value is empty. (Dovecot 2.3 and 2.4, src/auth/auth-fields.c.)
 */
struct pairs_undo {
	struct pairs now;
	struct pairs kept; /* a copy, once one was needed (copied) */
	size_t n;          /* without one: how many were there */
	bool marked, copied;
};

void pairs_undo_set(struct pairs_undo *u, struct arena *arena, const char *key,
    const char *value);
void pairs_undo_remove(
    struct pairs_undo *u, struct arena *arena, const char *key);

/* What is set is kept from here on; and what was set since then is not. */
void pairs_undo_mark(struct pairs_undo *u, struct arena *arena);
void pairs_undo_back(struct pairs_undo *u, struct arena *arena);

/* Fields that share nothing with those of u. */
struct pairs_undo pairs_undo_copy(
    const struct pairs_undo *u, struct arena *arena);

#endif
