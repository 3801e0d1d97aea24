/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The Sieve scripts. */
#ifndef FERRY_EXTRACT_SIEVE_H
#define FERRY_EXTRACT_SIEVE_H

#include "extract/run.h"

/* 0, or -1 and why (FATAL, TEMP) where the run cannot go on. What could not be
 * done is reported and counted. */
int extract_sieve(struct extract_run *j, struct why *why);

#endif
