/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Addresses that go from one object to another: an alias becomes an account, a list
 * an alias, an alias somebody else's. Whoever has such an address gives it up only
 * when its successor is known, in the same request as that takes it.
 */
#ifndef FERRY_APPLY_HANDOVER_H
#define FERRY_APPLY_HANDOVER_H

#include "apply/apply-internal.h"

/* Whether objects of the operation have addresses. */
bool handover_concerns(const struct apply_op *op);

/* Keeps an entry that waits for an address, or gives one up, until the end: false if
 * it is neither. What it held is moved. */
bool handover_keep(struct apply *a, struct apply_op *op, struct apply_entry *e);
/* Carries all of it out and reports it; go: otherwise what waits has failed. 0, or -1
 * (a->why). */
int handover_pass(struct apply *a, bool go);

#endif
