/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* A tree that others change meanwhile: its folders are found by their inodes,
 * whatever they are called now. */
#ifndef FERRY_MAILDIR_REFRESH_H
#define FERRY_MAILDIR_REFRESH_H

#include <stdbool.h>
#include <stddef.h>

#include "core/why.h"
#include "maildir/tree.h"

/* What another look found. */
enum refresh {
	REFRESH_SAME,   /* nothing has changed */
	REFRESH_STAYED, /* something has; what was known is where it was */
	REFRESH_OTHER   /* folders or messages went, or came from elsewhere */
};

/*
 * Lists the folders again. One that was renamed keeps its number, a new one is
 * added, one that is there no more is gone. STAYED: something was changed beside
 * the folders while they were listed. 0, or -1 and why.
 */
int mdtree_refresh(struct mdtree *t, enum refresh *found, struct why *why);

/* True if a folder's directory is what it is called. */
bool mdtree_is_there(const struct mdtree *t, const struct mdfolder *f);

/*
 * Opens the directory of a folder of the list, even if it was renamed since. 0;
 * or -1 and why (TEMP: it is there no more).
 */
int mdtree_find_dir(struct mdtree *t, size_t folder, int *fd, struct why *why);

#endif
