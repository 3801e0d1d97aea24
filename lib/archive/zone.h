/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Time zones from the system's tz database (TZif, RFC 8536), and their
 * VTIMEZONE.
 */
#ifndef FERRY_ZONE_H
#define FERRY_ZONE_H

#include <stdint.h>

#include "archive/contentline.h"

/* A zone by its IANA name; NULL if the system has none of that name. */
struct zone *zone_open(const char *name);
void zone_free(struct zone *z);
const char *zone_name(const struct zone *z);

/* Seconds since 1970, local time as if it were UTC. A local time that is
 * skipped counts by the offset before the gap, one that comes twice is the
 * first (RFC 5545, 3.3.5). */
int64_t zone_to_utc(const struct zone *z, int64_t local);
int64_t zone_to_local(const struct zone *z, int64_t utc);

/* Writes a VTIMEZONE that is right for all times from that local time on. */
void zone_write(const struct zone *z, int64_t from, struct contentline *l);

#endif
