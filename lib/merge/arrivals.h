/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Mail that comes into the target while a merge is at work. */
#ifndef FERRY_MERGE_ARRIVALS_H
#define FERRY_MERGE_ARRIVALS_H

#include <stddef.h>
#include <stdint.h>

#include "core/why.h"
#include "merge/merge.h"

/*
 * Watches all folders of the target from now on, so that messages that others
 * put into them are noticed at little cost; merge_unwatch ends it. Where the
 * system cannot watch, the folder that is filled is looked at each time.
 */
void merge_watch(struct merge *m);
void merge_unwatch(struct merge *m);

/* Looks whether messages that are still to be added came by themselves since the
 * target was listed. They are present, or elsewhere. 0, or -1 and why (FATAL). */
int merge_first_look(struct merge *m, struct why *why);

/* The same, since the last look, while a folder is filled. */
int merge_find_arrivals(struct merge *m, uint32_t folder, struct why *why);

/* The same for what was appended to the target's catalogue, from number first
 * on. */
int merge_pair_arrivals(struct merge *m, size_t first, struct why *why);

#endif
