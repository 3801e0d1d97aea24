/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Records into the plan, one by one. */
#ifndef FERRY_PLAN_COLLECT_H
#define FERRY_PLAN_COLLECT_H

#include "plan/plan.h"
#include "record/record.h"

/*
 * Takes a record in; its strings are copied. FAIL_DATA for one that cannot
 * become an object: a name that the server refuses or that becomes one that is
 * taken, or a password that cannot be carried (NO_SECRET_FAIL). Records of
 * other types are ignored. 0 or -1.
 */
int plan_add(struct plan *p, const struct record *r, struct why *why);

/* Says that a record could not be read: what is known of it. Nothing else takes its
 * address, and nothing is taken away in its domain. */
void plan_unread(struct plan *p, const struct record *r);

#endif
