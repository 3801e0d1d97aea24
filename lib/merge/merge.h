/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Carries out a plan: the messages that the target lacks are added to it. */
#ifndef FERRY_MERGE_MERGE_H
#define FERRY_MERGE_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/map.h"
#include "core/why.h"
#include "merge/candidates.h"
#include "merge/journal.h"
#include "merge/pairing.h"

/* Where the internal date of a source message is. */
enum date_source {
	DATE_AUTO,  /* in the name where export_archive.py wrote it, else: */
	DATE_MTIME, /* the time of its file, as Dovecot has it */
	DATE_NAME   /* the number at the start of its name */
};
extern const char *const date_words[DATE_NAME + 1];

/* A message to be added. */
struct item {
	uint32_t entry;  /* of the source */
	uint32_t folder; /* of the target */
	int64_t date;
};

struct merge {
	struct merge_plan *plan;
	struct journal *journal;
	uint64_t run; /* its number, which the names of its files end in */
	enum date_source dates;
	/* Told of each message when its fate is final; may be NULL. */
	void (*settled)(void *arg, size_t entry);
	/* Told of each folder that cannot be made; may be NULL. */
	void (*refused)(void *arg, const char *dir, const struct why *why);
	void *arg;
	/* Folders of the target that are to be subscribed when they are made,
	 * one for each; NULL: none. */
	const bool *subscribe;
	/* The merge's own. */
	struct item *items;
	size_t n;
	int64_t bytes;     /* of the items */
	struct map copies; /* FOLDER/BASE: how many of it have a name */
	struct arena texts;
	bool *touched;     /* target folders that something was added to */
	size_t n_touched;  /* so many there were */
	int watch;         /* inotify(7) of the target; -1: none */
	uint32_t *watched; /* the folder of each watch */
	size_t n_watched, cap_watched;
	unsigned int looks; /* so many more times the folders are listed */
	struct idtable ids; /* of the source, once something arrives */
	bool *counts_not;   /* target folders that do not count as elsewhere */
	size_t n_counted;
	struct why quota;  /* maildirsize could not be told; FAIL_NONE: all is
			      well */
	const char *level; /* a folder of which only the directory was there */
	size_t added;
	uint64_t added_bytes;
	size_t nameless_letters;     /* keyword letters without a usable name */
	size_t lost_keywords;        /* the target's list was full */
	size_t refused_keywords;     /* Dovecot does not take them */
	const char *refused_keyword; /* one of these, in texts */
};

/* Collects what is to be added, in the order in which it will be: by folder,
 * then by date. Needed for a dry run as well. */
void merge_prepare(struct merge *m);

/* For a dry run, after merge_prepare: what the run would count. */
void merge_foresee(struct merge *m);

/* True if the file system of the target has the room that the items need at
 * least, in bytes and files; else why (FATAL). */
bool merge_has_room(const struct merge *m, struct why *why);

/* Removes what runs that were killed left in the target: unfinished files and
 * locks. The caller has locked out other merges. */
void merge_sweep(const struct mdtree *target);

/* Adds it. Messages that fail become OUT_FAILED in the plan. 0, or -1 and why
 * (FATAL): the rest was not tried. */
int merge_execute(struct merge *m, struct why *why);
void merge_free(struct merge *m);

/* For who adds an item in another way: the message; its fate is final; and it
 * is failure. */
const struct catalogue_entry *merge_source(
    const struct merge *m, const struct item *it);
void merge_settle(struct merge *m, size_t entry);
void merge_fail(struct merge *m, const struct item *it, const struct why *why);

#endif
