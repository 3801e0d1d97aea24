/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Dovecot's small files beside the mail, and its dot locks. dovecot-uidlist and
 * the index files are never touched.
 */
#ifndef FERRY_MAILDIR_CONTROL_H
#define FERRY_MAILDIR_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/why.h"

/* The lock on a folder's messages and keywords. */
#define UIDLIST_LOCK "dovecot-uidlist.lock"

/*
 * Takes a lock in the control directory fd, waiting for up to ten seconds. One
 * whose holder is dead on this host is broken. Clients wait while it is held,
 * so it is held for milliseconds. 0, or -1 and why (TEMP if it is held).
 */
int dot_lock(int fd, const char *name, struct why *why);
void dot_unlock(int fd, const char *name);

/* Removes what a run that was killed left of a lock. */
void dot_sweep(int fd, const char *name);

/*
 * Puts a file in place of another in the directory fd: written beside it,
 * fsync, rename. Mode and group are the directory's (without the x bits), and
 * the owner too where we are root; its time is later than the old file's,
 * because Dovecot compares whole seconds. 0, or -1 and why (FATAL).
 */
int replace_at(
    int fd, const char *name, const struct buf *text, struct why *why);

/* Appends a file of the directory fd to out; one that is not there is empty. 0,
 * or -1 and why (DATA). */
int read_at(int fd, const char *name, struct buf *out, struct why *why);

#endif
