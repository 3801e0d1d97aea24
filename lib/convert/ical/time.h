/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The times of an object, and the zones that they are in. */
#ifndef FERRY_CONVERT_ICAL_TIME_H
#define FERRY_CONVERT_ICAL_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "convert/ical/ical-internal.h"

/* The place that a member names, which is taken. Where nobody knows the zone,
 * times float, and the name stays in the tree. */
struct ical_place ical_take_place(
    struct object *o, json_t *from, const char *member);

/* Reads the object's start, in whatever form it is; CIVIL_NONE if it has none. */
enum civil_form ical_read_start(struct object *o);
/* Moves it into the object's place, which is known by then. */
void ical_place_start(struct object *o, enum civil_form form);

/* Whether nothing in the object has a time of day, so that its times can be
 * dates (RFC 5545, 3.8.2.2 and 3.8.4.4: all are of one kind). */
bool ical_can_be_date(const json_t *root);

/* VALUE or TZID of a time; then the time itself. The zone is noted as used from
 * that time on. */
void ical_time_params(struct object *o, struct ical_place place, bool date);
void ical_time_value(struct object *o, const struct civil *c,
    struct ical_place place, bool date);
/* Both as a line. pointer: the member whose parameters of old are added, or
 * NULL. */
void ical_time(struct object *o, const char *property, const char *pointer,
    const struct civil *c, struct ical_place place, bool date);

/* A local time of the object in UTC, if it has a zone. */
int64_t ical_utc(const struct object *o, const struct civil *local);

/* DTSTART, and DTEND, DURATION or DUE. */
void ical_times(struct object *o);

#endif
