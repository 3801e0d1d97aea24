/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* An object that failed, as a plan of its own. */
#ifndef FERRY_APPLY_REJECT_H
#define FERRY_APPLY_REJECT_H

#include "apply/apply.h"

/*
 * A line of a plan that tries the object again, without the newline; for
 * free_secret, because it may hold a password. NULL where there is nothing to
 * apply again. What was in a reconcile becomes an upsert: alone in its line, it
 * would take away all the others.
 */
char *apply_reject(const struct apply_result *r);

#endif
