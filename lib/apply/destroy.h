/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Objects that are destroyed: by operations, and what a reconcile leaves over. */
#ifndef FERRY_APPLY_DESTROY_H
#define FERRY_APPLY_DESTROY_H

#include "apply/apply-internal.h"

/* All operations "destroy", the last first. 0, or -1 (a->why). */
int destroy_pass(struct apply *a);
/* Keeps what a reconcile leaves over, and destroys it at the end. */
void leftover_add(struct apply *a, const char *object, json_t *ids);
int leftover_pass(struct apply *a);

#endif
