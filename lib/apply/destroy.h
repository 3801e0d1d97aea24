/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Objects that are destroyed: by operations, and what a reconcile leaves over. */
#ifndef FERRY_APPLY_DESTROY_H
#define FERRY_APPLY_DESTROY_H

#include "apply/apply-internal.h"

/* All operations "destroy", the last first. 0, or -1 (a->why). */
int destroy_pass(struct apply *a);
/* Keeps what a reconcile leaves over, which takes ids. */
void leftover_add(struct apply *a, struct apply_op *op, json_t *ids);
/* Why an object that is left over may not be destroyed; NULL: it may. */
const char *leftover_hindrance(
    struct apply *a, const char *object, const json_t *have);
/* At the end, if go: lets addresses change hands, then destroys what is left over, but
 * what has an address that somebody else should have, and has not. 0, or -1
 * (a->why). */
int leftover_pass(struct apply *a, bool go);

#endif
