/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The mailboxes of a user. */
#ifndef FERRY_DOVEADM_MAILBOXES_H
#define FERRY_DOVEADM_MAILBOXES_H

#include "core/why.h"
#include "doveadm/account.h"
#include "doveadm/call.h"

/* Asks for the user's own mailboxes, those of others and virtual ones left out,
 * in the order of their paths. Where clients are told what Dovecot's index has
 * (ITERINDEX), folders that it lacks get into it by that. 0, or -1 and why (FATAL). */
int doveadm_mailboxes_read(
    struct doveadm_account *a, const struct doveadm *d, struct why *why);

/* Gives the mailboxes at the top of the tree their roles. 0, or -1 and why. */
int doveadm_roles_read(
    struct doveadm_account *a, const struct doveadm *d, struct why *why);

void doveadm_mailboxes_free(struct doveadm_account *a);

/* The directory in which Dovecot has, or would make, the mail of a mailbox, or its
 * control files; "" where it does not say. The caller frees it. */
#define DOVEADM_MAILBOX "mailbox"
#define DOVEADM_CONTROL "control"
char *doveadm_mailbox_directory(
    const struct doveadm *d, const char *name, const char *what);

/* The same of a name that the prefix of the INBOX's namespace is put before. */
char *doveadm_home_directory(const struct doveadm_account *a,
    const struct doveadm *d, const char *rest, const char *what);

/* Asks whether a name can have a dot in it: a->dots. */
void doveadm_dots_read(struct doveadm_account *a, const struct doveadm *d);

#endif
