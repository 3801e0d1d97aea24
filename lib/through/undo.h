/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Takes a merge into a store back. */
#ifndef FERRY_THROUGH_UNDO_H
#define FERRY_THROUGH_UNDO_H

#include <stddef.h>

#include "core/why.h"
#include "merge/journal.h"
#include "through/through-internal.h"

/* Takes back what the text of a journal says. The number of what is kept comes
 * back. 0, or -1 and why. */
int through_take_back(struct through *t, const struct journal_text *text,
    size_t *kept, struct heirlooms *stays, struct why *why);

#endif
