/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* From two directories to the plan of a merge: both trees are opened, listed
 * and read, folders and messages matched. Nothing is changed. */
#ifndef FERRY_MERGE_SCAN_H
#define FERRY_MERGE_SCAN_H

#include <stdbool.h>

#include "core/why.h"
#include "maildir/catalogue.h"
#include "maildir/folderlist.h"
#include "maildir/tree.h"
#include "merge/mapping.h"
#include "merge/mark.h"
#include "merge/pairing.h"

/* The folder that has a role; or is to be made for it, where no other one is for
 * that. */
struct scan_role {
	const char *path, *role;
	bool unmade;
};

struct scan_options {
	const char *source, *target;
	struct tree_hint source_hint, target_hint;
	struct mapping_options mapping;
	struct match_options match;
	const char *folders; /* folders.ndjson; NULL: looked for */
	const char *index;   /* NULL: none */
	const char *state;   /* where the journals of earlier runs are */
	unsigned int jobs;
	bool verify_index;
	bool follow; /* symbolic links to folders, out of the trees too */
	bool owner;  /* become the owner of the target */
	bool readd;  /* pay no heed to earlier runs */
	/* Whose the target is; nobody: the owner of its directory. */
	struct mail_owner whose;
	/* Folders of the target whose role was asked for; those that are not
	 * there are made when something goes there. */
	const struct scan_role *roles;
	size_t n_roles;
	void (*warn)(const char *text);
	/* Lists, or lists again, what the owner of the target has in other places. 0,
	 * or -1 and why. May be NULL. */
	int (*list_away)(void *arg, struct catalogue *c, struct why *why);
	void *away; /* its arg */
};

/* Everything that is known afterwards. */
struct scan {
	struct mdtree source_tree, target_tree, away_tree;
	struct catalogue source, target, away;
	struct folder_list notes;
	struct target_folder *folders;
	struct merge_plan plan;
	struct mark mark; /* of the target */
	size_t indexed;   /* records that the index had */
	size_t unmarked;  /* runs before, of which the target has no mark */
	size_t unknown;   /* runs of which it has one, and nobody a journal */
	size_t removed; /* messages that were merged before and removed since */
	bool *subscribe; /* target folders that the source has subscribed */
};

void scan_init(struct scan *s);
void scan_free(struct scan *s);

/* Opens the target alone, and locks out other merges. 0, or -1 and why (TEMP if
 * another one is at work). */
int scan_target(struct scan *s, const struct scan_options *o, struct why *why);

/* All of it. 0, or -1 and why. */
int scan_tree(struct scan *s, const struct scan_options *o, struct why *why);

/*
 * The parts, for a target that is no Maildir: the source is opened, listed and
 * read; and, after the target was, folders and messages are matched, and
 * earlier runs heeded. 0, or -1 and why.
 */
int scan_source(struct scan *s, const struct scan_options *o, struct why *why);
int scan_match(struct scan *s, const struct scan_options *o, struct why *why);

/* Sets why (TEMP): a target never stood still. -1. */
int scan_say_restless(const struct mdtree *target, struct why *why);

/* Writes the index that the next run can use. */
int scan_save_index(
    const struct scan *s, const struct scan_options *o, struct why *why);

/* Which of the folders that the target lacks its owner shall see. */
enum subscribe_policy {
	SUBSCRIBE_SOURCE, /* those of the source; all if nothing is known */
	SUBSCRIBE_ALL,
	SUBSCRIBE_NONE
};
extern const char *const subscribe_words[SUBSCRIBE_NONE + 1];

/* One bool for each folder of the target; owned by the scan. */
const bool *scan_subscriptions(struct scan *s, enum subscribe_policy policy);

#endif
