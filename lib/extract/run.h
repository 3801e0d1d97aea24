/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* One run of an extraction, and what all its parts need. */
#ifndef FERRY_EXTRACT_RUN_H
#define FERRY_EXTRACT_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "extract/extract.h"
#include "extract/target.h"

/* One run. */
struct extract_run {
	struct extract *x;
	struct archive *archive;
	struct target target;
};

/* Reports an object, "WHAT ID", and counts it if it failed or was skipped. */
void run_tell(struct extract_run *j, enum extract_part part, enum told kind,
    const char *what, int64_t id, const struct why *why);
void run_note(struct extract_run *j, const char *what, int64_t id,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* True when the caller wants to end; why says so. */
bool run_stopped(struct extract_run *j, struct why *why);

/*
 * The rest of a table cannot be read: reports that as a failure, and the run
 * goes on with the next table. Always 0.
 */
int run_broken_table(struct extract_run *j, enum extract_part part,
    const char *table, struct why *why);

/* Copies a blob into a file, and adds it to *count (may be NULL). 0, or -1 and
 * why: DATA for this file, FATAL for all. */
int run_put_blob(struct extract_run *j, int64_t blob, const char *dir,
    const char *name, const int64_t *date, size_t *count, struct why *why);

#endif
