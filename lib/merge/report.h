/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* A plan and its outcome as text: records, and a table. */
#ifndef FERRY_MERGE_REPORT_H
#define FERRY_MERGE_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "merge/pairing.h"

/* Appends the result record of one message of the source, a line. planned: for
 * a dry run. */
void result_put(
    struct buf *out, const struct merge_plan *p, size_t number, bool planned);

/* Appends a table: for each folder of the source, what becomes of its
 * messages. */
void summary_put(struct buf *out, const struct merge_plan *p);

#endif
