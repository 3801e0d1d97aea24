/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What the files of the merge share with each other, and with nobody else. */
#ifndef FERRY_MAILDIR_MERGEPART_H
#define FERRY_MAILDIR_MERGEPART_H

#include "maildir/delivery.h"
#include "maildir/merge.h"

const struct entry *merge_source(const struct merge *m, const struct item *it);
struct mdfolder *merge_target(const struct merge *m, uint32_t folder);

/* A message's fate is final; and it is failure. */
void merge_settle(struct merge *m, size_t entry);
void merge_fail(struct merge *m, const struct item *it, const struct why *why);

/* Remembers the names that earlier merges gave, of messages that were removed
 * since too; true if a base is free in a
 * folder, and takes it. */
void merge_list_names(struct merge *m);
bool merge_take_name(struct merge *m, uint32_t folder, const char *base);

/*
 * Looks whether one of n messages for one folder arrived there by itself since
 * the plan was made: mail is delivered all the while. Such a message is
 * present. 0, or -1 and why (FATAL).
 */
int merge_find_arrivals(struct merge *m, const struct item *items, size_t n,
    bool new_only, struct why *why);

/* Adds the keywords of n messages for one folder to its list, under Dovecot's
 * lock. 0, or -1 and why. */
int merge_prepare_keywords(
    struct merge *m, const struct item *items, size_t n, struct why *why);

/* The keyword letters that a message gets in its folder. */
unsigned int merge_letters(struct merge *m, const struct item *it);

enum {
	BATCH = 512 /* messages become durable, and visible, together */
};

/*
 * Delivers the first BATCH of the messages that are left for one folder, which
 * is open. 0, or -1 and why (FATAL).
 */
int merge_batch(struct merge *m, const struct drop *d, const struct item *items,
    size_t left, struct why *why);

#endif
