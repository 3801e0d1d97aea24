/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Takes a merge back, by its journal. */
#ifndef FERRY_MAILDIR_UNDO_H
#define FERRY_MAILDIR_UNDO_H

#include <stdbool.h>
#include <stddef.h>

#include "core/why.h"
#include "maildir/journal.h"
#include "maildir/tree.h"

enum undo_status {
	UNDO_REMOVED,
	UNDO_GONE,    /* somebody else removed it before */
	UNDO_CHANGED, /* its flags or its bytes are others now: kept */
	UNDO_FAILED
};

struct undo {
	struct mdtree *tree;
	const struct journal_text *text;
	bool force; /* remove messages whose flags were changed, too */
	bool dry_run;
	/* Told of each message of the journal. */
	void (*told)(void *arg, const char *dir, const char *name,
	    enum undo_status status, const struct why *why);
	void *arg;
};

/*
 * Removes exactly what the run added: messages that are still as they were
 * written; flags are put back where nobody changed them since; keyword lines
 * that no message uses, folders that are empty and their subscriptions go, and
 * maildirsize is told. 0, or -1 and why.
 */
int undo_run(struct undo *u, struct why *why);

#endif
