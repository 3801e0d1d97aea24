/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* jCal (RFC 7265) and jCard (RFC 7095) as content lines: what JSCalendar and
 * JSContact keep of properties that they have no member for. */
#ifndef FERRY_CONVERT_JCAL_H
#define FERRY_CONVERT_JCAL_H

#include <jansson.h>
#include <stdbool.h>

#include "convert/contentline.h"

/*
 * A property, ["name", {parameters}, "type", value ...]. False, and nothing is
 * written, if it is not one, would end the object (BEGIN, END), or would make
 * servers refuse it (an RRULE that is not valid).
 */
bool js_jcal_property(struct contentline *l, const json_t *property);
/* Whether it is in a group, which properties of iCalendar cannot be. */
bool js_jcal_has_group(const json_t *property);
/* A component, ["name", [properties], [components]], likewise; nor is one
 * written that is an object of its own, such as VEVENT. */
bool js_jcal_component(struct contentline *l, const json_t *component);
/* Whether a property or component has one of these names (NULL-terminated). */
bool js_jcal_is_named(const json_t *p, const char *const *names);
/* Parameters, {"name": "value" or [values]}, except those in the list skip
 * (NULL-terminated, lower case; may be NULL). */
void js_jcal_params(
    struct contentline *l, const json_t *params, const char *const *skip);

#endif
