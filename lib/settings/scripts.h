/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The scripts of an owner, and which one is active. */
#ifndef FERRY_SETTINGS_SCRIPTS_H
#define FERRY_SETTINGS_SCRIPTS_H

#include "settings/vacation.h"

/* Scripts, forward, and the vacation message where it has to share; w may be
 * NULL. True if the message is among them, or ended by them. */
bool scripts_decide(const struct owner_run *run, struct holder *o,
    const struct wanted_vacation *w);

#endif
