/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Dates and durations as JSCalendar writes them, and arithmetic with them, in
 * the proleptic Gregorian calendar without leap seconds.
 */
#ifndef FERRY_CONVERT_CIVIL_H
#define FERRY_CONVERT_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

struct civil {
	int year, month, day; /* 0..9999, 1..12, 1..31 */
	int hour, minute, second;
};

/* "2026-03-01T10:00:00"; with utc, "2026-03-01T10:00:00Z". A fraction of a
 * second is passed over, see civil_is_exact. False if it is not such a date. */
bool civil_parse(const char *s, bool utc, struct civil *out);
/* Whether the seconds of such a text have no fraction but zeros. */
bool civil_is_exact(const char *s);
/* What a text of another writer is: a local time, UTC (an offset is taken off),
 * or a date, which is midnight. The extended and the basic form of ISO 8601. */
enum civil_form {
	CIVIL_NONE,
	CIVIL_LOCAL,
	CIVIL_UTC,
	CIVIL_DATE
};
enum civil_form civil_read(const char *s, struct civil *out);

/* Seconds since 1970 as if the date were UTC, and back. False for years that
 * have not four digits. */
int64_t civil_seconds(const struct civil *c);
bool civil_from(int64_t seconds, struct civil *out);
/* 0 Sunday .. 6 Saturday, of a day counted from 1970-01-01. */
int civil_weekday(int64_t day);
/* Days since 1970-01-01. */
int64_t civil_day(int year, int month, int day);
int civil_month_days(int year, int month);
bool civil_is_midnight(const struct civil *c);

/* "20260301T100000", or with date "20260301". */
enum {
	CIVIL_TEXT = 32
};
void civil_format(const struct civil *c, bool date, char text[CIVIL_TEXT]);

/* RFC 8984, 1.4.6, a sign allowed: days are nominal, the rest is exact. */
struct duration {
	bool negative;
	int64_t days;
	int64_t seconds; /* of hours, minutes and seconds */
};
/* False if it is not one, holds a fraction, or is longer than 10,000 years. */
bool duration_parse(const char *s, struct duration *out);
/* As RFC 5545, 3.3.6 wants it. */
enum {
	DURATION_TEXT = 64
};
void duration_format(const struct duration *d, char text[DURATION_TEXT]);

#endif
