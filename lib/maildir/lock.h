/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Locks that keep two runs of ours out of one account. Dovecot does not know of
 * them.
 */
#ifndef FERRY_MAILDIR_LOCK_H
#define FERRY_MAILDIR_LOCK_H

#include <stdbool.h>

#include "core/why.h"
#include "maildir/tree.h"

/* Locks a directory or file that is open: what a run locks, no other one does until
 * the descriptor is closed. 0, or -1 and why (TEMP if another run has it), where
 * what names the account. */
int lock_fd(int fd, const char *what, struct why *why);

/*
 * Locks an account of this machine by the GUID that Dovecot gave its INBOX,
 * wherever its mail lies and whatever it is reached through. It is held until the
 * descriptor, which comes back, is closed; with inherit, also by the programs that
 * are started meanwhile. -1 and why (TEMP if another run has it), where what names
 * the account.
 */
int account_lock(
    const char *guid, bool inherit, const char *what, struct why *why);

/* Locks out other runs that change the tree, and those that change the account
 * through Dovecot once it has opened the INBOX, until it is closed. 0, or -1 and
 * why (TEMP if there is one). */
int mdtree_lock(struct mdtree *t, struct why *why);

/* To be called again before something is written: Dovecot can have opened the INBOX
 * since. 0, or -1 and why (TEMP if a run through Dovecot is at work by now). */
int mdtree_lock_account(struct mdtree *t, struct why *why);

#endif
