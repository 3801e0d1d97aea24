/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What counts as a copy of a message: what its owner will still have tomorrow.
 */
#ifndef FERRY_MERGE_COPIES_H
#define FERRY_MERGE_COPIES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/why.h"
#include "merge/pairing.h"

bool copies_holds_drafts(const struct mdfolder *f);

/* True for a message that is marked as a draft, or lies where drafts are. */
bool copies_is_draft(const struct catalogue *c, uint32_t number);

/*
 * False for a message of the target that its owner will not have tomorrow, or
 * cannot see: one that waits for EXPUNGE, that only root may read, or that lies in a
 * folder that Dovecot cannot open.
 */
bool copies_counts(const struct merge_plan *p, uint32_t number);

/*
 * Which folders of the target do not count as elsewhere: those that are named,
 * by default the Trash, whose messages go by themselves sooner or later, and those
 * below them; and those in which mail does not stay. One flag a folder, the
 * caller's to free; NULL and why (FATAL) for a name that no folder has.
 */
bool *copies_ignored(const struct merge_plan *p, struct why *why);

/* A message of the target that cannot be read could be any of the source's: -1
 * and why (FATAL) if there is one, unless the options ignore it. */
int copies_check(const struct merge_plan *p, struct why *why);

#endif
