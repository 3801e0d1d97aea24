/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The operations of a plan: their objects are put into jobs. */
#ifndef FERRY_APPLY_OPERATION_H
#define FERRY_APPLY_OPERATION_H

#include "apply/apply-internal.h"

void apply_op_free(struct apply_op *op);
/* Sends all objects of the operation that the reader is at. */
void apply_objects(struct apply *a);
/* Adds the update that the reader is at to *job; updates of one type that follow
 * each other go together. */
void apply_update(struct apply *a, struct apply_job **job);
/* Sends the updates that were collected, and waits for them. */
void submit_updates(struct apply *a, struct apply_job **job);

#endif
