/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What stalwart-apply --check finds out before anything is sent. */
#ifndef FERRY_APPLY_PREFLIGHT_H
#define FERRY_APPLY_PREFLIGHT_H

#include "apply/apply.h"

/* One finding of apply_check. */
enum preflight_status {
	PREFLIGHT_OK,
	PREFLIGHT_WARNING,
	PREFLIGHT_FAILED
};
/*
 * preflight.c: whether the server, the account and its permissions will do for
 * the plans (n may be 0: for accounts, domains and lists). Each finding goes to
 * found. 0, or -1 and why when the server could not be asked.
 */
int apply_check(struct jmap *j, const struct schema *schema,
    const struct plan_reader *plans, size_t n,
    const struct apply_options *options,
    void (*found)(
	void *arg, enum preflight_status s, const char *what, const char *text),
    void *arg, struct why *why);

#endif
