/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The file names that a folder has now, by their bases: what takes a run back
 * meets clients that rename files. */
#ifndef FERRY_MERGE_NAMES_H
#define FERRY_MERGE_NAMES_H

#include "core/map.h"
#include "maildir/tree.h"

struct names {
	int fd[2];             /* cur/, new/; -1: not there */
	struct map by_base[2]; /* base -> whole name */
};

/* Opens and lists a folder. One that is not there has no names. 0, or -1 and
 * errno; names_close is needed in both cases. */
int names_open(struct names *b, const struct mdtree *t, const char *dir);
void names_close(struct names *b);

/* The whole name of a base, and whether it is in cur/ (0) or new/ (1); NULL if
 * it is in neither. */
const char *names_find(const struct names *b, const char *base, int *which);

#endif
