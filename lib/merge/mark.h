/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The mark that merges leave in a Maildir: the file mailferry-merges in its
 * root, which Dovecot does not look at. It holds a random number that is the
 * target's identity, and one for each run that added something. The journal of
 * a run counts only while the target has its number: a target that was put
 * back from a backup no longer has it, and so is merged into again; one that
 * was mounted anew, moved or copied still has it.
 */
#ifndef FERRY_MERGE_MARK_H
#define FERRY_MERGE_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/why.h"

/* The zero value is that of a target without a mark. */
struct mark {
	uint64_t target; /* 0: none */
	uint64_t *runs;
	size_t n, cap;
};

/* Reads the mark of the Maildir root. A file that is not there is no mark. 0, or
 * -1 and why (FATAL): it cannot be read, or is damaged. */
int mark_read(struct mark *m, int root, struct why *why);

bool mark_has(const struct mark *m, uint64_t run);

/* Adds a run, or takes it out, and writes the mark durably; the first run gives
 * the target its identity, the last one to go takes the file with it. 0, or -1
 * and why (FATAL). */
int mark_add(struct mark *m, int root, uint64_t run, struct why *why);
int mark_remove(struct mark *m, int root, uint64_t run, struct why *why);

/* A random number that is not 0. */
uint64_t mark_random(void);

void mark_free(struct mark *m);

#endif
