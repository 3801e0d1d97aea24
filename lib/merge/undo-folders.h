/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The part of undo.h that is not about messages. */
#ifndef FERRY_MERGE_UNDO_FOLDERS_H
#define FERRY_MERGE_UNDO_FOLDERS_H

#include "merge/undo-internal.h"

/* Takes back keywords, folders and subscriptions, and tells of each. */
void undo_folders(struct undoing *x);

#endif
