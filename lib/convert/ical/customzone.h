/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Time zones that an object describes itself (RFC 8984, 4.7.2). */
#ifndef FERRY_CONVERT_ICAL_CUSTOMZONE_H
#define FERRY_CONVERT_ICAL_CUSTOMZONE_H

#include "convert/ical/ical-internal.h"

/* The zone of that name in timeZones, known up to the year 2100; NULL if there
 * is none, or nothing in it that can be read. */
struct zone *custom_zone(struct object *o, const char *name);

#endif
