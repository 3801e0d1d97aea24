/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What has no file of its own: account.ndjson. */
#ifndef FERRY_EXTRACT_ACCOUNT_H
#define FERRY_EXTRACT_ACCOUNT_H

#include "extract/run.h"

/* 0, or -1 and why (FATAL, TEMP) where the run cannot go on. What could not be
 * done is reported and counted. */
int extract_account(struct extract_run *j, struct why *why);

#endif
