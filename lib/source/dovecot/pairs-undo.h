/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Fields that a lookup sets, and that go back to what they were where it fails;
 * as the server does it, which brings back more than was there at times.
 * (Dovecot 2.3 and 2.4, src/auth/auth-fields.c.)
 */
#ifndef FERRY_SOURCE_DOVECOT_PAIRS_UNDO_H
#define FERRY_SOURCE_DOVECOT_PAIRS_UNDO_H

#include <stdbool.h>

#include "source/dovecot/pairs.h"

/* The zero value is empty. */
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
