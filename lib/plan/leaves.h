/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Where alias records lead in the end. */
#ifndef FERRY_PLAN_LEAVES_H
#define FERRY_PLAN_LEAVES_H

#include "plan/model.h"

/* Finds the leaves of all rows: accounts, and addresses elsewhere. Targets that are
 * none are left out, with a note. */
void plan_find_leaves(struct plan *p);
/* Whether the address is, or may be, that of an account that is not in the plan,
 * but comes later or is on the server. */
bool plan_may_come(const struct plan *p, uint32_t address);
/* A row of an account's own address, or one that is among its own targets, is
 * the forward of an account (that keeps a copy); the account itself may be
 * missing. */
bool plan_is_forward_of_rest(struct plan *p, const struct row *row);

#endif
