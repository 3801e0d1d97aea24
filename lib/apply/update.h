/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What is to be changed of objects that exist. */
#ifndef FERRY_APPLY_UPDATE_H
#define FERRY_APPLY_UPDATE_H

#include "apply/apply-internal.h"

/* Whether the plan says more of an object than by what it was matched, so that its
 * values on the server are worth reading. */
bool update_comparable(
    const struct apply *a, const struct apply_job *job, struct apply_entry *e);
/* Decides what is to be changed of an entry that exists: sets patch, or
 * settles it. */
void update_decide(
    struct apply *a, struct apply_job *job, struct apply_entry *e);
/* The request that sends the patches of a job, up to its limits; false when
 * there is none left. */
bool update_fill(struct apply *a, struct apply_job *job, size_t *n);
void update_take(struct apply_job *job, const json_t *answer);
/* Members that the current values of an update are needed of. */
void update_members(const struct apply *a, struct apply_job *job);

#endif
