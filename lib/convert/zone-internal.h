/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What a zone is made of, for the files that read and write it. */
#ifndef FERRY_CONVERT_ZONE_INTERNAL_H
#define FERRY_CONVERT_ZONE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "convert/zone.h"

enum {
	ZONE_DAY = 86400,
	ZONE_ABBR_MAX = 10
};

struct regime {
	int offset; /* seconds east of UTC */
	bool dst;
	char abbr[ZONE_ABBR_MAX + 1];
};

/* When a regime begins each year: Mm.w.d of a POSIX TZ string, the Julian
 * day Jn (month 0, leap days not counted), or the day n (month -1). */
struct zone_change {
	int month, week, weekday, day;
	int seconds; /* of local time; may be negative or more than a day */
};

struct transition {
	int64_t at; /* UTC */
	struct regime to;
};

struct zone {
	char *name;
	struct regime first;
	struct transition *list;
	size_t n, cap;
	/* For all times after the list; without summer time, standard for ever. */
	struct regime standard, summer;
	struct zone_change to_summer, to_standard;
	bool has_rule, has_summer;
};

#endif
