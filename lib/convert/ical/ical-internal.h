/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What the parts of the iCalendar writer share, and nobody else uses. */
#ifndef FERRY_CONVERT_ICAL_ICAL_INTERNAL_H
#define FERRY_CONVERT_ICAL_ICAL_INTERNAL_H

#include "convert/civil.h"
#include "convert/jstree.h"
#include "convert/zone.h"

/* A zone that a time was written in. */
struct zone_use {
	struct zone *zone;
	char *name;   /* what the objects call it */
	int64_t from; /* the earliest time; INT64_MAX: none was written */
};

struct ical {
	struct contentline line;
	struct buf body; /* the components */
	struct zone_use *zones;
	size_t n, cap;
	const struct convert *convert;
	struct buf unknown; /* names of zones that were told of */
	int steps;          /* instances of rules that were looked at */
};

/* Where a local time is meant: floating where it is neither. */
struct ical_place {
	bool utc;
	size_t zone; /* 1 + index of ical.zones, or 0 */
};

/* An event or a task. */
struct object {
	struct ical *w;
	struct jstree t;
	json_t *converted; /* iCalendar.convertedProperties; may be NULL */
	bool task;
	bool date; /* times are dates */
	struct ical_place place;
	struct civil start;
	bool has_start;
	const char *language;
	size_t mark; /* where it begins in ical.body */
};

#endif
