/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Signing keys into the plan: DkimSignature objects. */
#ifndef FERRY_PLAN_SIGNING_H
#define FERRY_PLAN_SIGNING_H

#include "plan/plan.h"
#include "record/record.h"

/*
 * Takes a dkim record in. The server takes a selector twice in one domain, and
 * then signs with a key that DNS does not have: if the same key came before,
 * this one is ignored; if another key did, both are refused. 0; or -1 and why
 * (DATA), which holds nothing of the key.
 */
int plan_add_signing(struct plan *p, const struct record *r, struct why *why);

/* When all domains are known: leaves out, with a note, keys of domains that
 * will not exist. The domains of the others are told to make no keys of their
 * own. */
void plan_resolve_signings(struct plan *p);

#endif
