/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Reminders. */
#ifndef FERRY_CONVERT_ICAL_ALARM_H
#define FERRY_CONVERT_ICAL_ALARM_H

#include "convert/ical/ical-internal.h"

/* VALARM (RFC 5545, RFC 9074) of each alert; title is what they say, and may be
 * NULL. */
void ical_alarms(struct object *o, const char *title);

#endif
