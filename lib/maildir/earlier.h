/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What earlier merges into the same target added, and the owner has removed
 * since: it is not added again.
 */
#ifndef FERRY_MAILDIR_EARLIER_H
#define FERRY_MAILDIR_EARLIER_H

#include <stddef.h>
#include <stdint.h>

#include "core/why.h"
#include "maildir/match.h"

/* Messages that were added, by folder and content. The zero value is empty. */
struct earlier {
	struct earlier_add *adds;
	size_t n, cap;
};

/*
 * Reads the journals in a directory that are of this target; those that were
 * taken back do not count. A directory that is not there holds none; a journal
 * that is damaged is told to warn and passed over. 0, or -1 and why.
 */
int earlier_load(struct earlier *x, const char *dir, uint64_t identity,
    void (*warn)(const char *text), struct why *why);

/* Turns OUT_ADD into OUT_SKIPPED where the message was added before and its
 * file is no longer in its folder. */
void earlier_apply(struct earlier *x, struct plan *p);

void earlier_free(struct earlier *x);

#endif
