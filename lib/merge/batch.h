/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The messages of a merge that go into one folder together. */
#ifndef FERRY_MERGE_BATCH_H
#define FERRY_MERGE_BATCH_H

#include <stddef.h>

#include "core/why.h"
#include "maildir/delivery.h"
#include "merge/merge.h"

enum {
	BATCH = 512 /* messages become durable, and visible, together */
};

/*
 * Delivers the first BATCH of the messages that are left for one folder, which
 * is open. 0, or -1 and why (FATAL).
 */
int merge_batch(struct merge *m, const struct drop *d, const struct item *items,
    size_t left, struct why *why);

#endif
