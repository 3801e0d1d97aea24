/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* A plan and its outcome as text: records, and a table. */
#ifndef FERRY_MAILDIR_RESULTS_H
#define FERRY_MAILDIR_RESULTS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "maildir/match.h"

/* Appends the result record of one message of the source, a line. planned: for
 * a dry run. */
void result_put(
    struct buf *out, const struct plan *p, size_t number, bool planned);

/* Appends a table: for each folder of the source, what becomes of its
 * messages. */
void summary_put(struct buf *out, const struct plan *p);

/* Appends a member, or a string, with a text that may hold any bytes: what is
 * not UTF-8 is shown as \xNN. The last form is for a text with NULs. */
void jw_kvis(struct buf *out, const char *key, const char *text);
void jw_vis(struct buf *out, const char *text);
void jw_kvisn(struct buf *out, const char *key, const struct buf *text);

#endif
