/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * How a tree is laid out: how names are spelled, and where its INBOX is. Dovecot's
 * mail location can put that elsewhere: INBOX=~/Maildir/.INBOX,
 * INBOX=~/mail/INBOX, and with DIRNAME=mAildir it is INBOX/mAildir; mbsync and
 * offlineimap make a plain INBOX. A merge that took the root for it would write
 * mail that nobody sees.
 */
#ifndef FERRY_MAILDIR_LAYOUT_H
#define FERRY_MAILDIR_LAYOUT_H

#include "core/why.h"
#include "maildir/tree.h"

/*
 * Opens the INBOX of a tree whose other folders are listed: where the hint says,
 * else the root if it is a folder, else the folder whose name says so, which
 * leaves the list; with it, style.dirname. 0, or -1 and why (FATAL): Dovecot is
 * at work in the tree, and there is none.
 */
int layout_find_inbox(
    struct mdtree *t, const struct tree_hint *hint, struct why *why);

/* What a tree without a folder is. 0: a new one, which the hint allows; or -1
 * and why (FATAL). */
int layout_judge_empty(
    const struct mdtree *t, const struct tree_hint *hint, struct why *why);

/* Finds out how the names of the folders that are listed are spelled: the style of
 * the tree. 0, or -1 and why (FATAL). */
int layout_find_names(
    struct mdtree *t, const struct tree_hint *hint, struct why *why);

#endif
