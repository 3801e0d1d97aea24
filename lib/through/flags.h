/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Flags of messages in a store. */
#ifndef FERRY_THROUGH_FLAGS_H
#define FERRY_THROUGH_FLAGS_H

#include <stddef.h>
#include <stdint.h>

#include "core/why.h"
#include "doveadm/account.h"
#include "through/through-internal.h"

/* Gives the twins the flags that the policy says. 0, or -1 and why. */
int through_flags(struct through *t, struct why *why);

/* The keywords among words that are divided by blanks, in small letters and their
 * order; flags are left out. The caller frees it. */
char *through_keywords(const char *words);

/* Calls "doveadm flags" for messages of one mailbox: which is "add" or "remove",
 * flags of enum mdflag. 0, or -1 and why. */
int through_change_flags(struct through *t, const struct doveadm_mailbox *m,
    const char *which, unsigned int flags, const uint32_t *uids, size_t n,
    struct why *why);

#endif
