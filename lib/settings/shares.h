/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Folders that others may use (RFC 4314 as JMAP has it: RFC 8621, 2). */
#ifndef FERRY_SETTINGS_SHARES_H
#define FERRY_SETTINGS_SHARES_H

#include "settings/owner.h"

/*
 * Gives others the rights that the record names, in one change for each folder.
 * Rights are only added: what somebody else was given stays. A folder that is
 * not there yet is reported as planned.
 */
void shares_decide(const struct owner_run *run, struct holder *o);

#endif
