/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Adds to a store what it lacks. */
#ifndef FERRY_THROUGH_ADD_H
#define FERRY_THROUGH_ADD_H

#include "core/why.h"
#include "through/through-internal.h"

/* Adds what is missing, one folder after the other. 0, or -1 and why: the rest
 * was not tried. */
int through_add(struct through *t, struct why *why);

/* For a dry run: counts and notes the keywords that would be lost. */
void through_foresee(struct through *t);

#endif
