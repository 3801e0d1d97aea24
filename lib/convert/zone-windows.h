/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The time zones of Windows and Exchange, which calendars name too. */
#ifndef FERRY_CONVERT_ZONE_WINDOWS_H
#define FERRY_CONVERT_ZONE_WINDOWS_H

/* "W. Europe Standard Time" -> "Europe/Berlin", by the table of Unicode CLDR;
 * NULL if it is not one of them. */
const char *zone_of_windows(const char *name);

#endif
