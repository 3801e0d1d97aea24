/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What each alias becomes. */
#ifndef FERRY_PLAN_RESOLVE_H
#define FERRY_PLAN_RESOLVE_H

#include "plan/plan.h"

/*
 * Decides what each alias, forward and catch-all becomes. Once, after the last
 * record.
 */
void plan_resolve(struct plan *p);

#endif
