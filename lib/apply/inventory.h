/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* All objects of a type, read once, and matched with those of the plan. */
#ifndef FERRY_APPLY_INVENTORY_H
#define FERRY_APPLY_INVENTORY_H

#include "apply/apply-internal.h"

/*
 * Whether it costs less to read all objects of the type than to look up each
 * object of the plan: -1 and why where the server cannot say.
 */
int inventory_cheaper(
    struct apply *a, const char *object, bool *cheaper, struct why *why);
/* The objects of the operation's type as it tells them apart, read where they
 * are not there yet. NULL and why. */
struct inventory *inventory_get(
    struct apply *a, struct apply_op *op, struct why *why);
/* Settles an entry that exists, or that cannot be matched: an object of the
 * plan that is the same as an earlier one of its operation is refused. */
void inventory_match(struct apply *a, struct inventory *v, struct apply_op *op,
    struct apply_entry *e);
/* An object of the type is new. */
void inventory_note(
    struct apply *a, struct apply_op *op, struct apply_entry *e);
/* What is known of the type is not right any more. object NULL: of all. */
void inventory_drop(struct apply *a, const char *object);
/*
 * Of what this run has created, the server may have another one that another run
 * has made after both had looked: the older one stays, and what is ours and newer
 * is taken away again.
 */
void inventory_settle_twins(struct apply *a, struct apply_op *op,
    struct apply_entry *entries, size_t n);
/* The ids within the scope of the operation that none of its objects matched; a
 * new array. */
json_t *inventory_rest(
    struct apply *a, struct inventory *v, struct apply_op *op);

#endif
