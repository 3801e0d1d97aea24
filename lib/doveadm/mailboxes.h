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

/* Gives the mailboxes at the top of the tree their roles: one call for each.
 * 0, or -1 and why. */
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

/* True if a name belongs to another namespace than the INBOX's: Dovecot looks for
 * the mailbox there. The name "INBOX" does not. */
bool doveadm_mailbox_hidden(const struct doveadm_account *a, const char *name);

/* True if it belongs to one that is not the owner's alone, or not shown to clients:
 * no mailbox is to be made there. */
bool doveadm_mailbox_foreign(const struct doveadm_account *a, const char *name);

/* True if mail does not stay in the mailbox of that path: Dovecot expunges it after a
 * time (autoexpunge), or it was expunged and waits there (lazy_expunge). */
bool doveadm_mailbox_expires(const struct doveadm_account *a, const char *path);

/* True if the configuration says that it is the Trash of another namespace than the
 * INBOX's: in that one roles say so. */
bool doveadm_mailbox_is_trash(
    const struct doveadm_account *a, const char *path);

/* The name of a mailbox in the INBOX's namespace that has this path, or NULL if
 * there can be none: a separator inside a level. The caller frees it. */
char *doveadm_mailbox_name(const struct doveadm_account *a, const char *path);

#endif
