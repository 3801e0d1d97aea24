/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What the configuration says of a mailbox by its name, or by its path: nobody is
 * asked. */
#ifndef FERRY_DOVEADM_NAMING_H
#define FERRY_DOVEADM_NAMING_H

#include <stdbool.h>

#include "doveadm/account.h"

/* The namespace that a name belongs to, or NULL: the longest prefix wins, and the
 * INBOX is in its own whatever the prefix is. */
const struct doveadm_namespace *doveadm_namespace_of(
    const struct doveadm_account *a, const char *name);

/* The path of a mailbox that is in the INBOX's namespace, or not: "INBOX.Work.A" is
 * "Work/A" where the prefix is "INBOX.". The caller frees it. */
char *doveadm_path_of(
    const struct doveadm_account *a, const char *name, bool home);

/* The role of RFC 8621 that its special use is, or NULL. */
const char *doveadm_mailbox_role(
    const struct doveadm_account *a, const char *name);

/* True if a name that stands for many has a special use, and could be that of the
 * mailbox: not each Dovecot heeds it. */
bool doveadm_mailbox_masked(const struct doveadm_account *a, const char *name);

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
