/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Calendars and address books as .ics and .vcf files. */
#ifndef FERRY_EXTRACT_COLLECTIONS_H
#define FERRY_EXTRACT_COLLECTIONS_H

#include "extract/run.h"

/* 0, or -1 and why (FATAL, TEMP) where the run cannot go on. What could not be
 * done is reported and counted. */
int extract_calendars(struct extract_run *j, struct why *why);
int extract_contacts(struct extract_run *j, struct why *why);

#endif
