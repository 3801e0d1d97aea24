/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Which domains are the plan's, and which are aliases of another. */
#ifndef FERRY_PLAN_DOMAINS_H
#define FERRY_PLAN_DOMAINS_H

#include "plan/model.h"

/* Finds the domains of the plan, makes those aliases that records say, and rows of
 * whole domains ("@a" -> "@b"), of which nothing is left; and finds the row of each
 * domain's catch-all. */
void plan_resolve_domains(struct plan *p);
/* Leaves out what is in domains whose mail goes elsewhere, unless the new server is to
 * take them; before all else. */
void plan_resolve_elsewhere(struct plan *p);
/* Accounts in a domain that will not exist are not written. */
void plan_refuse_missing_domains(struct plan *p);

#endif
