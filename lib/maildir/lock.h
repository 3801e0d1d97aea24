/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * dovecot-uidlist.lock: Dovecot's own lock on a folder. Delivery needs none;
 * renaming messages and changing the keyword list do. Clients wait while it is
 * held, so it is held for milliseconds.
 */
#ifndef FERRY_MAILDIR_LOCK_H
#define FERRY_MAILDIR_LOCK_H

#include "core/why.h"

/*
 * Takes the lock in the control directory fd of a folder, waiting for up to ten
 * seconds. A lock whose holder is dead on this host is broken. 0, or -1 and why
 * (TEMP if it is held).
 */
int uidlist_lock(int fd, struct why *why);
void uidlist_unlock(int fd);

#endif
