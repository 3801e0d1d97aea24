/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What is in an archive. */
#ifndef FERRY_EXTRACT_SUMMARY_H
#define FERRY_EXTRACT_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>

#include "archive/archive.h"
#include "core/buf.h"

/* How many references there are, for a progress display. */
size_t extract_total(struct archive *a, unsigned int parts);

/* Appends what the archive holds, as text for people. 0, or -1 and why where a
 * part cannot be read. */
int extract_list(
    struct archive *a, bool utf8, struct buf *out, struct why *why);

#endif
