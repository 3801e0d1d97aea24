/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/zone-rule.h"

#include <string.h>

#include "convert/civil.h"

static bool
rule_abbr(const char **s, char *abbr)
{
	const char *at = *s, *end;
	size_t n;

	if (*at == '<') {
		end = strchr(++at, '>');
		if (end == NULL)
			return false;
		n = (size_t)(end - at);
		*s = end + 1;
	} else {
		n = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz");
		*s = at + n;
	}
	if (n == 0 || n > ZONE_ABBR_MAX)
		return false;
	memcpy(abbr, at, n);
	abbr[n] = '\0';
	return true;
}

static bool
rule_number(const char **s, int max, int *value)
{
	const char *at = *s;

	*value = 0;
	while (*at >= '0' && *at <= '9' && *value <= max)
		*value = *value * 10 + (*at++ - '0');
	if (at == *s || *value > max)
		return false;
	*s = at;
	return true;
}

/* [+-]hh[:mm[:ss]] as seconds. */
static bool
rule_time(const char **s, int *seconds)
{
	int sign = **s == '-' ? -1 : 1, h, m = 0, sec = 0;

	*s += **s == '-' || **s == '+';
	if (!rule_number(s, 167, &h))
		return false;
	if (**s == ':' && (++*s, !rule_number(s, 59, &m)))
		return false;
	if (**s == ':' && (++*s, !rule_number(s, 59, &sec)))
		return false;
	*seconds = sign * (h * 3600 + m * 60 + sec);
	return true;
}

static bool
rule_change(const char **s, struct zone_change *c)
{
	*c = (struct zone_change){ .month = -1, .seconds = 7200 };
	if (**s == 'M') {
		++*s;
		if (!rule_number(s, 12, &c->month) || c->month == 0 ||
		    *(*s)++ != '.' || !rule_number(s, 5, &c->week) ||
		    c->week == 0 || *(*s)++ != '.' ||
		    !rule_number(s, 6, &c->weekday))
			return false;
	} else {
		if (**s == 'J') {
			++*s;
			c->month = 0;
		}
		if (!rule_number(s, 365, &c->day))
			return false;
	}
	return **s != '/' || (++*s, rule_time(s, &c->seconds));
}

bool
zone_rule_parse(struct zone *z, const char *s)
{
	if (!rule_abbr(&s, z->standard.abbr) ||
	    !rule_time(&s, &z->standard.offset))
		return false;
	z->standard.offset = -z->standard.offset;
	z->has_rule = true;
	if (*s == '\0')
		return true;
	z->summer.dst = true;
	z->summer.offset = z->standard.offset + 3600;
	if (!rule_abbr(&s, z->summer.abbr))
		return false;
	if (*s != ',') {
		if (!rule_time(&s, &z->summer.offset))
			return false;
		z->summer.offset = -z->summer.offset;
	}
	z->has_summer = *s++ == ',' && rule_change(&s, &z->to_summer) &&
			*s++ == ',' && rule_change(&s, &z->to_standard) &&
			*s == '\0';
	return z->has_summer;
}

/* The local time of a change in a year. */
int64_t
zone_change_at(const struct zone_change *c, int year)
{
	int64_t day, first;

	if (c->month == -1) {
		day = civil_day(year, 1, 1) + c->day;
	} else if (c->month == 0) {
		day = civil_day(year, 1, 1) + c->day - 1;
		if (c->day > 59 && civil_month_days(year, 2) == 29)
			day++;
	} else {
		first = civil_day(year, c->month, 1);
		day = first + (c->weekday - civil_weekday(first) + 7) % 7 +
		      7 * (c->week - 1);
		if (day >= first + civil_month_days(year, c->month))
			day -= 7;
	}
	return day * ZONE_DAY + c->seconds;
}

static int64_t
to_summer_utc(const struct zone *z, int year)
{
	return zone_change_at(&z->to_summer, year) - z->standard.offset;
}

static int64_t
to_standard_utc(const struct zone *z, int year)
{
	return zone_change_at(&z->to_standard, year) - z->summer.offset;
}

int
zone_year(int64_t seconds)
{
	struct civil c = { 0 };

	return civil_from(seconds, &c) ? c.year : seconds < 0 ? 0 : 9999;
}

const struct regime *
zone_rule_regime(const struct zone *z, int64_t utc)
{
	int year = zone_year(utc + z->standard.offset);
	int64_t on, off;

	if (!z->has_summer)
		return &z->standard;
	on = to_summer_utc(z, year);
	off = to_standard_utc(z, year);
	if (on < off)
		return utc >= on && utc < off ? &z->summer : &z->standard;
	return utc >= off && utc < on ? &z->standard : &z->summer;
}
