/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/civil.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	DAY = 86400
};

/* Two, or four, digits at s; -1 if they are none. */
static int
digits(const char *s, size_t n)
{
	int value = 0;

	for (; n > 0; n--, s++) {
		if (*s < '0' || *s > '9')
			return -1;
		value = value * 10 + (*s - '0');
	}
	return value;
}

int
civil_month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

bool
civil_parse(const char *s, bool utc, struct civil *c)
{
	static const char form[] = "0000-00-00T00:00:00";
	size_t n = sizeof form - 1;

	for (size_t i = 0; i < n; i++)
		if (form[i] == '0' ? s[i] < '0' || s[i] > '9' : s[i] != form[i])
			return false;
	*c = (struct civil){ digits(s, 4), digits(s + 5, 2), digits(s + 8, 2),
		digits(s + 11, 2), digits(s + 14, 2), digits(s + 17, 2) };
	s += n;
	if (*s == '.') {
		n = strspn(s + 1, "0123456789");
		if (n == 0)
			return false;
		s += n + 1;
	}
	if (utc && *s++ != 'Z')
		return false;
	return *s == '\0' && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
	       c->day <= civil_month_days(c->year, c->month) && c->hour < 24 &&
	       c->minute < 60 && c->second < 60;
}

/* [+-]HH:MM or [+-]HHMM as seconds. */
static bool
read_offset(const char *s, int *seconds)
{
	size_t colon = strlen(s) == 6 && s[3] == ':';
	int h, m;

	if (strlen(s) != 5 + colon || (*s != '+' && *s != '-'))
		return false;
	h = digits(s + 1, 2);
	m = digits(s + 3 + colon, 2);
	if (h < 0 || h > 23 || m < 0 || m > 59)
		return false;
	*seconds = (*s == '-' ? -1 : 1) * (h * 3600 + m * 60);
	return true;
}

/* The basic form of a date and time as the extended one. */
static bool
extend(const char *s, char out[64])
{
	static const char form[] = "0000-00-00T00:00:00";
	size_t n = 0, in = 0, len = strlen(s);

	if (len < 8 || len > 40 || strspn(s, "0123456789") != 8)
		return false;
	for (; form[n] != '\0' && in < len; n++) {
		if (form[n] == '-' || form[n] == ':')
			out[n] = form[n];
		else
			out[n] = s[in++];
		if (in == 8 && len == 8 && n + 1 == 10) {
			n++;
			break;
		}
	}
	memcpy(out + n, s + in, len - in + 1);
	return true;
}

enum civil_form
civil_read(const char *s, struct civil *c)
{
	char text[64], *rest;
	int offset;

	if (extend(s, text))
		s = text;
	else if (strlen(s) < sizeof text)
		s = memcpy(text, s, strlen(s) + 1);
	else
		return CIVIL_NONE;
	if (strlen(s) == 10) {
		memcpy(text + 10, "T00:00:00", 10);
		return civil_parse(s, false, c) ? CIVIL_DATE : CIVIL_NONE;
	}
	if (civil_parse(s, false, c))
		return CIVIL_LOCAL;
	if (civil_parse(s, true, c))
		return CIVIL_UTC;
	if (strlen(s) < 19)
		return CIVIL_NONE;
	rest = text + 19 + strcspn(text + 19, "+-");
	if (!read_offset(rest, &offset))
		return CIVIL_NONE;
	*rest = '\0';
	return civil_parse(s, false, c) &&
		       civil_from(civil_seconds(c) - offset, c)
		   ? CIVIL_UTC
		   : CIVIL_NONE;
}

bool
civil_is_exact(const char *s)
{
	const char *dot = strchr(s, '.');

	return dot == NULL || dot[1 + strspn(dot + 1, "0")] == 'Z' ||
	       dot[1 + strspn(dot + 1, "0")] == '\0';
}

/* Counted in years that begin with March, so that the leap day comes last. */
int64_t
civil_day(int year, int month, int day)
{
	int64_t y = (int64_t)year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year =
	    (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	       of_year - 719468;
}

int64_t
civil_seconds(const struct civil *c)
{
	return civil_day(c->year, c->month, c->day) * DAY + c->hour * 3600 +
	       c->minute * 60 + c->second;
}

bool
civil_from(int64_t seconds, struct civil *c)
{
	int64_t days = seconds / DAY, rest = seconds % DAY, era, of_era,
		of_year, years, month;

	if (rest < 0) {
		rest += DAY;
		days--;
	}
	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	of_era = days - era * 146097;
	years =
	    (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	of_year = of_era - (365 * years + years / 4 - years / 100);
	month = (5 * of_year + 2) / 153;
	years += era * 400 + (month >= 10);
	if (years < 0 || years > 9999)
		return false;
	*c = (struct civil){ .year = (int)years,
		.month = (int)(month < 10 ? month + 3 : month - 9),
		.day = (int)(of_year - (153 * month + 2) / 5 + 1),
		.hour = (int)(rest / 3600),
		.minute = (int)(rest / 60 % 60),
		.second = (int)(rest % 60) };
	return true;
}

int
civil_weekday(int64_t day)
{
	return (int)(((day + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
}

bool
civil_is_midnight(const struct civil *c)
{
	return c->hour == 0 && c->minute == 0 && c->second == 0;
}

void
civil_format(const struct civil *c, bool date, char text[CIVIL_TEXT])
{
	int n = snprintf(
	    text, CIVIL_TEXT, "%04d%02d%02d", c->year, c->month, c->day);

	if (!date && n > 0)
		(void)snprintf(text + n, CIVIL_TEXT - (size_t)n,
		    "T%02d%02d%02d", c->hour, c->minute, c->second);
}

/* A number at *s and the unit after it; false if there is none. */
static bool
number(const char **s, int64_t *value)
{
	const char *at = *s;

	*value = 0;
	while (*at >= '0' && *at <= '9') {
		*value = *value * 10 + (*at++ - '0');
		if (*value > INT64_C(400000000000))
			return false;
	}
	if (at == *s)
		return false;
	*s = at;
	return true;
}

bool
duration_parse(const char *s, struct duration *d)
{
	static const char units[] = "WDHMS";
	static const int64_t worth[] = { 7, 1, 3600, 60, 1 };
	const char *unit = units;
	bool time = false;

	*d = (struct duration){ .negative = *s == '-' };
	s += *s == '-' || *s == '+';
	if (*s++ != 'P' || *s == '\0')
		return false;
	while (*s != '\0') {
		const char *found;
		int64_t n;

		if (*s == 'T' && !time) {
			time = true;
			if (unit < units + 2)
				unit = units + 2;
			s++;
		}
		if (!number(&s, &n) || *s == '\0')
			return false;
		found = strchr(unit, *s++);
		if (found == NULL || (found >= units + 2) != time)
			return false;
		if (time)
			d->seconds += n * worth[found - units];
		else
			d->days += n * worth[found - units];
		unit = found + 1;
	}
	return d->days <= 3652425 && d->seconds <= INT64_C(3652425) * DAY;
}

void
duration_format(const struct duration *d, char text[DURATION_TEXT])
{
	int64_t h = d->seconds / 3600, m = d->seconds / 60 % 60,
		s = d->seconds % 60;
	int n = snprintf(text, DURATION_TEXT, "%sP", d->negative ? "-" : "");
	char *at = text + (n > 0 ? n : 0);
	size_t room = DURATION_TEXT - (size_t)(at - text);

	if (d->days != 0 && d->seconds == 0 && d->days % 7 == 0) {
		(void)snprintf(at, room, "%" PRId64 "W", d->days / 7);
		return;
	}
	if (d->days != 0) {
		n = snprintf(at, room, "%" PRId64 "D", d->days);
		at += n;
		room -= (size_t)n;
	}
	if (d->seconds == 0 && d->days != 0)
		return;
	/* No unit between two others may be left out. */
	if (h != 0 && s != 0)
		(void)snprintf(
		    at, room, "T%" PRId64 "H%" PRId64 "M%" PRId64 "S", h, m, s);
	else if (h != 0 && m != 0)
		(void)snprintf(at, room, "T%" PRId64 "H%" PRId64 "M", h, m);
	else if (h != 0)
		(void)snprintf(at, room, "T%" PRId64 "H", h);
	else if (m != 0 && s != 0)
		(void)snprintf(at, room, "T%" PRId64 "M%" PRId64 "S", m, s);
	else if (m != 0)
		(void)snprintf(at, room, "T%" PRId64 "M", m);
	else
		(void)snprintf(at, room, "T%" PRId64 "S", s);
}
