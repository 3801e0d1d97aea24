/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What a plan of --reconcile takes away, once all of it is resolved. */
#ifndef FERRY_PLAN_SPARE_H
#define FERRY_PLAN_SPARE_H

#include "plan/model.h"

/*
 * Settles for each domain whether accounts, and whether lists, that are not in
 * the plan are taken away: only where the input shows that they are gone. Where
 * they are not, a note says so.
 */
void plan_settle_spared(struct plan *p);

#endif
