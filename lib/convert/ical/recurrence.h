/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Recurrence rules of JSCalendar (RFC 8984, 4.3) as RECUR of RFC 5545. */
#ifndef FERRY_CONVERT_ICAL_RECURRENCE_H
#define FERRY_CONVERT_ICAL_RECURRENCE_H

#include "convert/ical/ical-internal.h"

/* Appends a rule as RRULE has it, its UNTIL in UTC where the object's times are
 * in a zone. What it says is taken out of the tree. False, and nothing is taken,
 * if a part of it is not valid: without that part it would be another series. */
bool recurrence_text(struct object *o, json_t *rule, struct buf *out);
/* Whether the rule gives that local time, counted from the object's start.
 * False as well when that would take too long to find out. */
bool recurrence_has(
    const struct object *o, const char *rule, const struct civil *at);
/* Calls for the instances of a rule up to the end of a year; for none of one
 * that repeats within a day. */
void recurrence_each(const char *rule, const struct civil *start, int last_year,
    void (*each)(void *arg, const struct civil *at), void *arg);

#endif
