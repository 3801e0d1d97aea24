/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Looking up the objects of a job by their names. */
#ifndef FERRY_APPLY_LOOKUP_H
#define FERRY_APPLY_LOOKUP_H

#include "apply/apply-internal.h"

/* The members that tell the objects of the job apart. */
void lookup_members(struct apply_job *job);
/* Decides between exists and failed for an entry whose name is taken. */
void lookup_judge(struct apply_job *job, struct apply_entry *e);
/* Says who holds the name or the address that was refused to an entry, in its why;
 * what that says stays where the server does not tell. */
void lookup_holder(struct apply *a, struct apply_entry *e);
/* For a dry run: settles a domain that would be refused, because another one has its
 * name, or another name of it. 0; -1 and why where the server cannot say. */
int lookup_domain(struct apply *a, struct apply_entry *e, struct why *why);
/* The request that asks for the objects of a job by their names, and its
 * answers. */
void lookup_fill(struct apply_job *job);
int lookup_take(struct apply_job *job, struct why *why);

#endif
