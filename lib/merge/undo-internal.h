/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What undo.c and undo-folders.c share, and nobody else uses. */
#ifndef FERRY_MERGE_UNDO_INTERNAL_H
#define FERRY_MERGE_UNDO_INTERNAL_H

#include "core/arena.h"
#include "core/map.h"
#include "merge/names.h"
#include "merge/undo.h"

/* One undoing at work. */
struct undoing {
	struct undo *u;
	bool *failed;       /* records of what never came to be */
	struct map removed; /* DIR/BASE of messages that were removed */
	struct arena texts;
};

/* Tells the caller, and counts. why may be NULL. */
void undo_tell(struct undoing *x, enum undo_object object, const char *dir,
    const char *name, enum undo_status status, const struct why *why);

/* True if this undoing removed the message, or would in a dry run. */
bool undo_has_removed(
    const struct undoing *x, const char *dir, const char *name);

#endif
