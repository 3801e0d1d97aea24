/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Properties of one value, and what has no property: each takes a member of the
 * object's tree and writes its line. */
#ifndef FERRY_CONVERT_ICAL_PROPERTY_H
#define FERRY_CONVERT_ICAL_PROPERTY_H

#include <stdbool.h>

#include "convert/ical/ical-internal.h"

/* Adds the parameters that a property had when it was iCalendar, except those
 * in skip (NULL-terminated, lower case; may be NULL), which the writer says
 * itself. pointer names the member that the property became. */
void ical_converted(
    struct object *o, const char *pointer, const char *const *skip);

/* Takes a member that was read as a time. One with a fraction of a second,
 * which iCalendar cannot say, is kept as well. */
void ical_take_time(struct object *o, json_t *from, const char *member);

/* A word of the list (NULL-terminated) as a value in capitals; any other value
 * stays in the tree. */
void ical_word(struct object *o, json_t *from, const char *member,
    const char *property, const char *const *words);
/* The same as a parameter of the line that is being written. */
void ical_word_param(struct object *o, json_t *from, const char *member,
    const char *param, const char *const *words);

/* A member of the object as TEXT, with LANGUAGE where the object has one and
 * language is set. */
void ical_text(
    struct object *o, const char *member, const char *property, bool language);
/* A number from min to max; any other value stays in the tree. */
void ical_int(struct object *o, const char *member, const char *property,
    json_int_t min, json_int_t max);
/* A UTC time; false, and nothing is written, if the member is not one. */
bool ical_utc_line(struct object *o, const char *member, const char *property);

/* Writes the properties, and the components, that iCalendar keeps of what the
 * object was: jCal that had no place in JSCalendar. What would break the object
 * stays in the tree. */
void ical_old_properties(struct object *o);
void ical_old_components(struct object *o);
/* A member that has no place in iCalendar, as X-JSPROP; arg is a contentline.
 * For js_left. */
void ical_left(void *arg, const char *pointer, const json_t *value);

#endif
