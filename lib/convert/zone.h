/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Time zones from the system's tz database (TZif, RFC 8536). */
#ifndef FERRY_CONVERT_ZONE_H
#define FERRY_CONVERT_ZONE_H

#include <stdbool.h>
#include <stdint.h>

/* A zone by its IANA name; NULL if the system has none of that name. */
struct zone *zone_open(const char *name);
/* A zone that has only what zone_add gives it; before the first change the
 * offset is first (seconds east of UTC). */
struct zone *zone_new(const char *name, int first);
/* A change, at a time in UTC, in any order. abbr may be NULL. */
void zone_add(
    struct zone *z, int64_t utc, int offset, bool dst, const char *abbr);
void zone_free(struct zone *z);
const char *zone_name(const struct zone *z);

/* Seconds since 1970, local time as if it were UTC. A local time that is
 * skipped counts by the offset before the gap, one that comes twice is the
 * first (RFC 5545, 3.3.5). */
int64_t zone_to_utc(const struct zone *z, int64_t local);
int64_t zone_to_local(const struct zone *z, int64_t utc);

#endif
