/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The frame of the records that programs report with: one object a line on
 * standard output, which is the journal of the run. */
#ifndef FERRY_CLI_OUTCOME_H
#define FERRY_CLI_OUTCOME_H

#include <stdbool.h>
#include <stdio.h>

#include "core/buf.h"
#include "core/why.h"

/* Empties out and begins {"v":1,"type":TYPE. */
void outcome_begin(struct buf *out, const char *type);

/* Adds "error":{"kind":...,"text":...}. */
void outcome_error(struct buf *out, const struct why *why);

/* Ends the object and the line. */
void outcome_end(struct buf *out);

/* outcome_end, and the line goes to standard output at once, as one write.
 * False if it was lost. */
bool outcome_write(struct buf *out);

#endif
