/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What the files of this room share, and nobody else uses. */
#ifndef FERRY_THROUGH_THROUGH_INTERNAL_H
#define FERRY_THROUGH_THROUGH_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/map.h"
#include "merge/journal.h"
#include "merge/run.h"
#include "through/claim.h"
#include "through/stage.h"
#include "through/store.h"

/* One run. */
struct through {
	struct merge_run *run;
	struct store store;
	struct stage stage;
	const char *place; /* of the stage */
	int lock, name;    /* locks: a file of the state directory; a socket */
	int inbox; /* the same: the directory of the INBOX, where it is here */
	struct claim claim;
	struct map ours; /* GUIDs that this run gave */
	struct arena texts;
	uint32_t given;    /* how many */
	size_t more_flags; /* messages that got other flags */
};

/* Notes in the lock where the stage is, for the next run to clear away. */
int through_note_stage(struct through *t, struct why *why);

#endif
