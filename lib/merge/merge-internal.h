/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What the files of the merge share with each other, and with nobody else. */
#ifndef FERRY_MERGE_MERGE_INTERNAL_H
#define FERRY_MERGE_MERGE_INTERNAL_H

#include "merge/merge.h"

struct mdfolder *merge_target(const struct merge *m, uint32_t folder);

#endif
