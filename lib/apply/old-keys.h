/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Signing keys of the server that the plan does not have, of domains of which it
 * has others: they go on signing, with selectors that DNS may have lost. */
#ifndef FERRY_APPLY_OLD_KEYS_H
#define FERRY_APPLY_OLD_KEYS_H

#include "apply/apply-internal.h"

/* An object was written: perhaps a key, or a domain that is new, which has no
 * others. */
void old_keys_note(
    struct apply *a, const struct apply_op *op, struct apply_entry *e);
/* Names them, each in a result, where go; and forgets what was noted. 0 or -1. */
int old_keys_pass(struct apply *a, bool go);

#endif
