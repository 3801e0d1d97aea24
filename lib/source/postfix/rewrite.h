/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Addresses in targets as Postfix completes them. */
#ifndef FERRY_SOURCE_POSTFIX_REWRITE_H
#define FERRY_SOURCE_POSTFIX_REWRITE_H

#include "source/postfix/postfix.h"

/* Reads the parameters that decide it; without, the presets of Postfix hold. */
void postfix_rewrite_read(struct postfix *p, struct emit *e);

/*
 * "host!user" and "user%host" become "user@host", a host without a dot may be one
 * of $mydomain, and one that only this machine calls itself is the domain of its
 * mailboxes. A name without a host stays as it is. (trivial-rewrite(8).) ctx is the struct
 * postfix; the aliases' rewrite.
 */
void postfix_rewrite(void *ctx, struct buf *address);

#endif
