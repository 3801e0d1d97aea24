/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Settings that are put into accounts, after the plan. */
#ifndef FERRY_APPLY_SETTINGS_H
#define FERRY_APPLY_SETTINGS_H

#include "apply/apply-internal.h"

/* Notes an account that exists now, if there are settings for it. */
void settings_note(struct apply *a, struct apply_entry *e);
/* Puts the settings into the accounts; only forgets them if go is false. */
int settings_pass(struct apply *a, bool go);

#endif
