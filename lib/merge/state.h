/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Where merges keep their journals, outside of any Maildir: in it, every
 * directory whose name begins with a dot is a folder. */
#ifndef FERRY_MERGE_STATE_H
#define FERRY_MERGE_STATE_H

#include "core/why.h"
#include "maildir/tree.h"
#include "merge/journal.h"
#include "merge/mark.h"

/* The directory: the given one (may be NULL), else mailferry below
 * $XDG_STATE_HOME or ~/.local/state. The caller frees it. */
char *state_dir(const char *given);

/* Makes the directory, with all above it, mode 0700; no link that somebody else
 * made is followed. 0, or -1 and why. */
int state_make(const char *dir, struct why *why);

/*
 * Creates the journal of a run: the named file, or (NULL) one in the state
 * directory, which is made if need be. Its first record, which is durable
 * afterwards, names the trees, the target's identity and the run. 0, or -1 and
 * why.
 */
int state_journal(struct journal *j, const char *file, const char *dir,
    const struct mdtree *source, const struct mdtree *target,
    const struct mark *mark, uint64_t run, struct why *why);

/* Makes a link in the state directory to a journal that lies elsewhere, so that
 * later runs know of it. 0, or -1 and why. */
int state_note_journal(
    const char *dir, const char *file, uint64_t identity, struct why *why);

/* Gives up root's rights for those of the owner of the directory fd, for good.
 * Nothing where we are not root or root owns it. 0, or -1 and why (FATAL). */
int become_owner(int fd, const char *path, struct why *why);

#endif
