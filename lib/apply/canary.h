/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Proof that the server keeps a password hash as it is. */
#ifndef FERRY_APPLY_CANARY_H
#define FERRY_APPLY_CANARY_H

#include "apply/apply.h"

/* Creates an account with a known hash in a domain (id), logs in as
 * it, and removes it. 0 if the login worked; -1 and why (FATAL) if not. */
int apply_canary(struct jmap *j, const char *domain_id,
    const struct apply_options *options, struct why *why);

#endif
