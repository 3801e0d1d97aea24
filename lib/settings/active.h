/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The script of an owner that is active. */
#ifndef FERRY_SETTINGS_ACTIVE_H
#define FERRY_SETTINGS_ACTIVE_H

#include "settings/scripts-internal.h"

/* Activates what is wanted, where that has to change. */
void active_decide(struct script_set *s, const struct wanted_vacation *w);
/* Whether what this program has activated last is active. */
bool active_is_still(const struct script_set *s);

#endif
