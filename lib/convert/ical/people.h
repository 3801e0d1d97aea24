/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The organizer and those who are invited. */
#ifndef FERRY_CONVERT_ICAL_PEOPLE_H
#define FERRY_CONVERT_ICAL_PEOPLE_H

#include "convert/ical/ical-internal.h"

/* ORGANIZER and ATTENDEE (RFC 5545, 3.8.4). */
void ical_people(struct object *o);

#endif
