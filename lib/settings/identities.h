/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The identities of an owner, with their signatures. */
#ifndef FERRY_SETTINGS_IDENTITIES_H
#define FERRY_SETTINGS_IDENTITIES_H

#include "settings/owner.h"

void identities_decide(const struct owner_run *run, struct holder *o);

#endif
