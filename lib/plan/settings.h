/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What an owner has that no object of the registry holds: scripts, vacation,
 * identities, app passwords, shared folders.
 */
#ifndef FERRY_PLAN_SETTINGS_H
#define FERRY_PLAN_SETTINGS_H

#include "plan/plan.h"

/*
 * Calls line for each account that has any, with a settings record
 * (mailferry-record(5)), newline included; a forward in it has one target. What
 * may be missing of an account is its part; of a part of a directory each account
 * has a record. Then an end record. Only with options->settings, and after
 * plan_resolve. Stops, and returns -1, when line does.
 */
int plan_each_settings(struct plan *p,
    int (*line)(void *arg, const char *text, size_t len, struct why *why),
    void *arg, struct why *why);

#endif
