/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What opening a tree and listing its folders again have in common. */
#ifndef FERRY_MAILDIR_TREE_INTERNAL_H
#define FERRY_MAILDIR_TREE_INTERNAL_H

#include "maildir/tree.h"

/* Adds the folders but the INBOX, in no order. *touched, unless NULL: a directory
 * was changed while it was listed. 0, or -1 and errno. */
int mdtree_list(struct mdtree *t, bool fs, bool *touched);

/* Adds the INBOX, if it is there. */
void mdtree_list_inbox(struct mdtree *t);

/* By their directories. */
void mdtree_sort(struct mdtree *t);

/* Fills in the path and the role, from the directory. */
void mdtree_name(const struct mdtree *t, struct mdfolder *f);

/* Reads one folder's keyword list. Without it the letters of the messages have
 * no meaning, so that they would lose their keywords for good. */
int mdtree_read_keywords(struct mdtree *t, size_t folder, struct why *why);

/* Takes all folders out of the list. */
void mdtree_clear(struct mdtree *t);

#endif
