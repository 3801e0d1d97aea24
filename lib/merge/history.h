/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What earlier merges into the same target added, and the owner has removed
 * since: it is not added again.
 */
#ifndef FERRY_MERGE_HISTORY_H
#define FERRY_MERGE_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "core/why.h"
#include "merge/journal.h"
#include "merge/mark.h"
#include "merge/pairing.h"

/* Messages that were added, by folder and content. The zero value is empty. */
struct history {
	struct history_add *adds;
	size_t n, cap;
	size_t unmarked; /* runs that the target has no mark of */
	size_t known;    /* journals of those that it has one of */
	size_t skipped;  /* what history_apply skipped */
};

/* What to do about a journal that is no use. */
struct history_faults {
	bool strict; /* one that cannot be read stops the run */
	void (*warn)(const char *text); /* or NULL */
};

/*
 * Reads a journal of an earlier run. 1; 0, and warn was told: it is none, or it
 * cannot be read and need not be; or -1 and why.
 */
int history_read(struct journal_text *t, const char *path,
    const struct history_faults *f, struct why *why);

/* Calls found for each journal of a target in a directory, or that a link in it
 * leads to, until it fails. A directory that is not there holds none. 0, or -1 and
 * why. */
int history_each(const char *dir, uint64_t target,
    int (*found)(void *arg, const char *path, struct why *why), void *arg,
    struct why *why);

/*
 * Reads the journals in a directory that are of this target; those that were
 * taken back do not count, nor do those whose run the target has no mark of. A
 * journal that is damaged is told to warn, and what can be read of it counts. 0, or
 * -1 and why.
 */
int history_load(struct history *x, const char *dir, const struct mark *mark,
    const struct history_faults *f, struct why *why);

/*
 * Turns OUT_ADD into OUT_SKIPPED where the message was added before and its
 * file is no longer in its folder; into OUT_FAILED where it cannot be read. It was, too,
 * if it was added to another folder than the one where it belongs now: it was moved
 * on the server where the source comes from. With SCOPE_FOLDER it was not.
 */
void history_apply(struct history *x, struct merge_plan *p);

void history_free(struct history *x);

#endif
