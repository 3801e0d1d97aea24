/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* From two directories to the plan of a merge: both trees are opened, listed
 * and read, folders and messages matched. Nothing is changed. */
#ifndef FERRY_MAILDIR_SURVEY_H
#define FERRY_MAILDIR_SURVEY_H

#include <stdbool.h>

#include "core/why.h"
#include "maildir/catalogue.h"
#include "maildir/folderlist.h"
#include "maildir/mapping.h"
#include "maildir/match.h"
#include "maildir/tree.h"

struct survey_options {
	const char *source, *target;
	struct tree_hint source_hint, target_hint;
	struct mapping_options mapping;
	struct match_options match;
	const char *folders; /* folders.ndjson; NULL: looked for */
	const char *index;   /* NULL: none */
	const char *state;   /* where the journals of earlier runs are */
	unsigned int jobs;
	bool verify_index;
	bool owner; /* become the owner of the target */
	bool readd; /* pay no heed to earlier runs */
	void (*warn)(const char *text);
};

/* Everything that is known afterwards. */
struct survey {
	struct mdtree source_tree, target_tree;
	struct catalogue source, target;
	struct folder_list notes;
	struct target_folder *folders;
	struct plan plan;
	size_t indexed;  /* records that the index had */
	bool *subscribe; /* target folders that the source has subscribed */
};

void survey_init(struct survey *s);
void survey_free(struct survey *s);

/* Opens the target alone, and locks out other merges. 0, or -1 and why (TEMP if
 * another one is at work). */
int survey_target(
    struct survey *s, const struct survey_options *o, struct why *why);

/* All of it. 0, or -1 and why. */
int survey(struct survey *s, const struct survey_options *o, struct why *why);

/* Writes the index that the next run can use. */
int survey_save_index(
    const struct survey *s, const struct survey_options *o, struct why *why);

/* Which of the folders that the target lacks its owner shall see. */
enum subscribe_policy {
	SUBSCRIBE_SOURCE, /* those of the source; all if nothing is known */
	SUBSCRIBE_ALL,
	SUBSCRIBE_NONE
};

/* One bool for each folder of the target; owned by the survey. */
const bool *survey_subscriptions(
    struct survey *s, enum subscribe_policy policy);

#endif
