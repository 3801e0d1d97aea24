/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Which domains are the plan's, and which are aliases of another. */
#ifndef FERRY_PLAN_DOMAINS_H
#define FERRY_PLAN_DOMAINS_H

#include "plan/model.h"

/* "@a" -> "@b": the row of a whole domain. */
bool plan_is_domain_row(const struct plan *p, const struct row *row);
/* Finds the domains of the plan, makes those aliases that rows and records say,
 * and finds the row of each domain's catch-all. */
void plan_resolve_domains(struct plan *p);
/* Accounts in a domain that will not exist are not written. */
void plan_refuse_missing_domains(struct plan *p);

#endif
