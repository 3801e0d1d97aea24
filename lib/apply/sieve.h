/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Scripts that are put into accounts. */
#ifndef FERRY_APPLY_SIEVE_H
#define FERRY_APPLY_SIEVE_H

#include "apply/apply-internal.h"

/* Notes an account that exists now, if there is a script for it. */
void sieve_note(struct apply *a, const struct apply_entry *e);
/* Puts the scripts into the accounts; only forgets them if go is false. */
int sieve_pass(struct apply *a, bool go);

#endif
