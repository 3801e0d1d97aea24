/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A whole merge into a store that Dovecot alone can open, and the undoing of
 * one: what merge_run and merge_run_undo do for a Maildir, told in the same
 * way. Only what is missing is written, by "doveadm import" of a small Maildir
 * that holds nothing else.
 */
#ifndef FERRY_THROUGH_RUN_H
#define FERRY_THROUGH_RUN_H

#include <stdbool.h>

#include "core/why.h"
#include "merge/run.h"

struct through_settings {
	const char *user;
	const char *const *command; /* NULL-terminated: { "doveadm", NULL } */
	bool shell;                 /* as in struct doveadm */
	const char *stage;          /* where to put what is imported: DIR or
			      DIR=AS-DOVECOT-SEES-IT; NULL: $TMPDIR or /tmp */
};

/* Merges r->set.scan.source; the target of r's settings is not looked at. 0, or
 * -1 and why, as merge_run. */
int through_run(
    struct merge_run *r, const struct through_settings *set, struct why *why);

/* Takes the run of a journal back. 0, or -1 and why. */
int through_undo(struct merge_run *r, const struct through_settings *set,
    const char *journal, struct why *why);

#endif
