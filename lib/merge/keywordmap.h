/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Keywords of a merge: letter of the source, name, letter of the target. */
#ifndef FERRY_MERGE_KEYWORDMAP_H
#define FERRY_MERGE_KEYWORDMAP_H

#include <stddef.h>

#include "core/why.h"
#include "merge/merge.h"

/* Adds names to the list of a folder of the target, under Dovecot's lock and after
 * the journal has them; f->keywords is what is in the file afterwards. Those for
 * which there is no letter are left out. 0, or -1 and why. */
int keywordmap_add(const struct mdtree *t, struct journal *j,
    struct mdfolder *f, const struct keywords *wanted, struct why *why);

/* Adds the keywords of n messages for one folder to its list, under Dovecot's
 * lock. 0, or -1 and why. */
int merge_prepare_keywords(
    struct merge *m, const struct item *items, size_t n, struct why *why);

/* For a dry run: counts the keywords that the merge would lose, as the merge
 * itself does. */
void merge_foresee_keywords(struct merge *m);

/* Calls add with each keyword of a message, which IMAP allows; others are
 * counted. */
void merge_each_keyword(struct merge *m, const struct item *it,
    void (*add)(struct merge *m, const char *name, void *arg), void *arg);

/* Says in a message's record that keywords of it were lost; which: those that have to
 * be named, or "". */
void merge_note_lost_keywords(
    struct merge *m, const struct item *it, const char *which);

/* The keyword letters that a message gets in its folder. Its record says it
 * where some are lost. */
unsigned int merge_letters(struct merge *m, const struct item *it);

#endif
