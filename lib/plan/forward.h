/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The scripts of owners' forwards. */
#ifndef FERRY_PLAN_FORWARD_H
#define FERRY_PLAN_FORWARD_H

#include "plan/plan.h"

/* What stands after an account's name in that of the list which holds its forward. */
#define FORWARD_TAIL "-forward"

/*
 * Calls back with each account's Sieve script, by address; only with
 * options->sieve. -1 and why from the callback stop. 0, or -1 and why.
 */
int plan_each_script(struct plan *p,
    int (*script)(
	void *arg, const char *address, const char *text, struct why *why),
    void *arg, struct why *why);

#endif
