/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The mark of a tree that archive2maildir has begun and not finished: what reads
 * the tree would take a part for the whole. */
#ifndef FERRY_MAILBOX_UNFINISHED_H
#define FERRY_MAILBOX_UNFINISHED_H

#include "core/why.h"

/* Below the root of the tree: where its maker keeps its own, and the mark in
 * there. */
#define TREE_WORK_DIR ".archive2maildir"
#define TREE_UNFINISHED "unfinished"

/* 0; or -1 and why (FATAL) if the tree has the mark. */
int tree_is_finished(const char *root, struct why *why);

#endif
