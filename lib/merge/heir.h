/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What a run made - a folder, its subscription, a keyword - and another one uses
 * stays when the first is undone. Then it is the other one's to take back: the
 * journal of that run gets the records.
 */
#ifndef FERRY_MERGE_HEIR_H
#define FERRY_MERGE_HEIR_H

#include <stddef.h>

#include "core/why.h"
#include "merge/journal.h"
#include "merge/mark.h"

/* Records of a journal that was read, which they point into. */
struct heirlooms {
	const struct journal_record **v;
	size_t n, cap;
};

void heirlooms_add(struct heirlooms *h, const struct journal_record *r);
void heirlooms_free(struct heirlooms *h);

/*
 * Hands them over to each run whose journal is in the directory, of which the
 * target has a mark, which was not undone, and which added messages or made folders
 * there; but not to the run itself. 0, or -1 and why.
 */
int heirlooms_pass_on(struct heirlooms *h, const char *dir,
    const struct mark *mark, uint64_t run, struct why *why);

#endif
