/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* JSCalendar (RFC 8984, and the dialect that calcard writes) to iCalendar
 * (RFC 5545, 7986, 9074). */
#ifndef FERRY_CONVERT_ICAL_ICALENDAR_H
#define FERRY_CONVERT_ICAL_ICALENDAR_H

#include <stddef.h>

#include "convert/convert.h"

/*
 * Appends one VCALENDAR, with every zone that it uses and an object for each
 * recurrence that differs, made of the JSON text of an Event, a Task or a
 * Group. c may be NULL. What has no place in iCalendar is in X-JSPROP
 * properties.
 *
 * CONVERT_WRITTEN; CONVERT_NOTHING and why where there is neither an event nor
 * a task in it (the shell of a Group); -1 and why (DATA). Nothing is appended
 * in both cases.
 */
int ical_write(struct buf *out, const char *json, size_t len,
    const struct convert *c, struct why *why);

#endif
