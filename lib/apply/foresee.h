/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A dry run: who has which address on the server, and so what the server would
 * refuse because somebody else has an address of it.
 */
#ifndef FERRY_APPLY_FORESEE_H
#define FERRY_APPLY_FORESEE_H

#include "apply/apply-internal.h"

/* A domain that would be made: fails where the server refuses its name. */
void foresee_domain(struct apply_entry *e);
/* Of what would be made, or get addresses: somebody else has one of them, and it
 * waits until it is known whether he gives it up. The first such has all that is on
 * the server read. */
void foresee_taken(
    struct apply *a, const struct apply_op *op, struct apply_entry *e);
/* Whether each address of it that others have is one of those; a key is name@id of
 * the domain. */
bool foresee_freed(
    const struct apply *a, const struct kept *k, const struct map *given_up);
void foresee_free(struct apply *a);

#endif
