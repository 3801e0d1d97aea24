/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The plan as lines of mailferry-plan(5). */
#ifndef FERRY_PLAN_WRITE_H
#define FERRY_PLAN_WRITE_H

#include "plan/plan.h"

/*
 * Writes the plan: lines of at most 500 objects, domains, groups, users, lists,
 * catch-alls. write gets whole lines; it returns -1 and why to stop. 0, or -1
 * and why.
 */
int plan_write(struct plan *p,
    int (*write)(void *arg, const char *line, size_t len, struct why *why),
    void *arg, struct why *why);

#endif
