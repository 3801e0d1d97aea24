/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The rule for all years to come: the POSIX TZ string at the end of a TZif file
 * (RFC 8536, 3.3). */
#ifndef FERRY_CONVERT_ZONE_RULE_H
#define FERRY_CONVERT_ZONE_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "convert/zone-internal.h"

/* Reads the string into the rule of z. False if it is not a valid one. */
bool zone_rule_parse(struct zone *z, const char *s);

/* What the rule says for a time in UTC. */
const struct regime *zone_rule_regime(const struct zone *z, int64_t utc);

/* When a change comes in a year, in seconds of the local time before it. */
int64_t zone_change_at(const struct zone_change *c, int year);

/* The year of a time; 0 or 9999 where it is outside of those. */
int zone_year(int64_t seconds);

#endif
