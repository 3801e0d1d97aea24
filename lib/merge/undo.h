/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Takes a merge back, by its journal. */
#ifndef FERRY_MERGE_UNDO_H
#define FERRY_MERGE_UNDO_H

#include <stdbool.h>
#include <stddef.h>

#include "core/why.h"
#include "maildir/tree.h"
#include "merge/heir.h"
#include "merge/journal.h"

/* What a record of the journal is about. */
enum undo_object {
	UNDO_MESSAGE,
	UNDO_FLAGS,
	UNDO_KEYWORD,
	UNDO_FOLDER,
	UNDO_SUBSCRIPTION
};
extern const char *const undo_object_words[UNDO_SUBSCRIPTION + 1];

enum undo_status {
	UNDO_REMOVED,
	UNDO_RESTORED, /* the flags that were there before */
	UNDO_GONE,     /* somebody else removed it before */
	UNDO_CHANGED,  /* somebody changed it since: kept as it is */
	UNDO_IN_USE,   /* a keyword or folder that is used now: kept */
	UNDO_FAILED
};
extern const char *const undo_words[UNDO_FAILED + 1];

/* What became of one thing. */
struct undo_result {
	enum undo_object object;
	enum undo_status status;
	const char *dir;  /* of the folder */
	const char *name; /* of the message, the keyword; or NULL */
	struct why why;   /* UNDO_FAILED */
};

struct undo {
	struct mdtree *tree;
	const struct journal_text *text;
	bool force; /* remove messages whose flags were changed, too */
	bool dry_run;
	void (*told)(void *arg, const struct undo_result *result);
	/* Told of each message that only force removes; may be NULL. */
	void (*forces)(void *arg, const char *dir, const char *name);
	void *arg;
	struct why quota;  /* maildirsize could not be told; or FAIL_NONE */
	const char *level; /* a folder that is only a directory again */
	/* Records of what stays because it is used, not of a dry run; the caller
	 * frees the list. */
	struct heirlooms stays;
	size_t kept; /* messages that stay though the run added them, and what
			failed: the journal is needed once more */
};

/*
 * Removes exactly what the run added: messages that are still as they were
 * written; flags are put back where nobody changed them since; keyword lines
 * that no message uses, folders that are empty and their subscriptions go, and
 * maildirsize is told. 0, or -1 and why.
 */
int undo_run(struct undo *u, struct why *why);

#endif
