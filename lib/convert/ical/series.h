/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What makes an object a series: its rules, dates and changed instances. */
#ifndef FERRY_CONVERT_ICAL_SERIES_H
#define FERRY_CONVERT_ICAL_SERIES_H

#include "convert/ical/ical-internal.h"

/* The dates that recurrenceOverrides takes out of a series or adds to it. */
enum date_list {
	LIST_EXCLUDED,
	LIST_ADDED
};

/* A rule, or a list of them. Each text is appended to *rules, with a NUL after
 * it. */
void ical_rules(struct object *o, const char *member, const char *property,
    struct buf *rules);

/* EXDATE, or RDATE with every changed instance that the rules do not give. */
void ical_dates(struct object *o, const struct buf *rules, enum date_list list);

/* Tells of each instance that is there although a rule of exceptions takes it
 * out. */
void ical_tell_excluded(const struct object *o, const struct buf *excluded);

/* The instances that are different: an object of the same UID for each. */
void ical_overrides(struct object *o, const char *uid);

#endif
