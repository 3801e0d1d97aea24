/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The parts of the iCalendar writer share these; nobody else does. */
#ifndef FERRY_ICALPART_H
#define FERRY_ICALPART_H

#include "archive/civil.h"
#include "archive/jstree.h"
#include "archive/zone.h"

/* A zone that a time was written in, and the earliest one. */
struct zone_use {
	struct zone *zone;
	int64_t from;
};

struct ical {
	struct contentline line;
	struct buf body; /* the components */
	struct zone_use *zones;
	size_t n, cap;
	const struct convert *convert;
	int steps; /* instances of rules that were looked at */
};

/* Where a local time is meant: floating where it is neither. */
struct place {
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
	struct place place;
	struct civil start;
	bool has_start;
	const char *language;
};

/* The parameters that a property had before, by the pointer of what it became;
 * those in skip are the writer's own. */
void ical_converted(
    struct object *o, const char *pointer, const char *const *skip);

/* Takes a member that was read as a time; one with a fraction of a second,
 * which iCalendar does not have, stays as well. */
void ical_take_time(struct object *o, json_t *from, const char *member);

/* A word of the list (NULL-terminated) as a value in capitals; anything else
 * stays in the tree. */
void ical_word(struct object *o, json_t *from, const char *member,
    const char *property, const char *const *words);
/* The same as a parameter of the line that is being written. */
void ical_word_param(struct object *o, json_t *from, const char *member,
    const char *param, const char *const *words);

/* icalpeople.c: ORGANIZER and ATTENDEE. */
void ical_people(struct object *o);
/* icalmore.c: LOCATION, GEO, CONFERENCE, ATTACH, IMAGE, URL, RELATED-TO,
 * CATEGORIES, and VALARM. */
void ical_places(struct object *o);
void ical_links(struct object *o);
void ical_relations(struct object *o);
void ical_keywords(struct object *o);
void ical_alarms(struct object *o, const char *title);

/* recurrence.c */

/* A rule as RRULE has it, its UNTIL in UTC where the object's times are in a
 * zone. What it took is out of the tree. False, and nothing is taken, if it is
 * no rule. */
bool recurrence_text(struct object *o, json_t *rule, struct buf *out);
/* Whether the rule gives that local time, counted from the object's start.
 * False also when that would take too long to find out. */
bool recurrence_has(
    const struct object *o, const char *rule, const struct civil *at);
/* A local time of the object in UTC, if it has a zone. */
int64_t ical_utc(const struct object *o, const struct civil *local);

#endif
