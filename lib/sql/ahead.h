/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Rows that are received in blocks by a thread of its own, while the caller works
 * on those before. What fits into one block needs no thread.
 */
#ifndef FERRY_SQL_AHEAD_H
#define FERRY_SQL_AHEAD_H

#include <stdbool.h>

#include "core/buf.h"

struct ahead;

/*
 * take appends rows to a block, which is empty, until it is full; false: these
 * were the last. It alone may use what from is about, from one call of ahead_next
 * until ahead_free, or until ahead_next has returned NULL.
 */
struct ahead *ahead_new(
    bool (*take)(void *from, struct buf *block), void *from);

/* The next block, good until the next call; NULL after the last. The caller may
 * change its bytes. */
struct buf *ahead_next(struct ahead *a);

/* Waits for the thread, at most for a block. NULL is fine. */
void ahead_free(struct ahead *a);

#endif
