/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/stamp.h"

#include "convert/civil.h"

struct scan {
	const char *at, *end;
};

static bool
take(struct scan *s, const char *any)
{
	if (s->at == s->end)
		return false;
	for (; *any != '\0'; any++) {
		if (*s->at == *any) {
			s->at++;
			return true;
		}
	}
	return false;
}

/* A number of n digits that lies in min..max. */
static bool
number(struct scan *s, int n, int min, int max, int *out)
{
	*out = 0;
	for (; n > 0; n--) {
		if (s->at == s->end || *s->at < '0' || *s->at > '9')
			return false;
		*out = *out * 10 + (*s->at++ - '0');
	}
	return *out >= min && *out <= max;
}

/* A fraction says nothing about whole seconds, rounded down. */
static bool
skip_fraction(struct scan *s)
{
	int digit;

	if (!take(s, "."))
		return true;
	if (!number(s, 1, 0, 9, &digit))
		return false;
	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	return true;
}

/* Seconds that the zone is ahead of UTC. */
static bool
zone(struct scan *s, int64_t *ahead)
{
	bool minus = s->at < s->end && *s->at == '-';
	int hours, minutes;

	*ahead = 0;
	if (s->at == s->end || take(s, "Zz"))
		return true;
	if (!take(s, "+-") || !number(s, 2, 0, 23, &hours))
		return false;
	(void)take(s, ":");
	if (!number(s, 2, 0, 59, &minutes))
		return false;
	*ahead = (hours * 60 + minutes) * 60;
	if (minus)
		*ahead = -*ahead;
	return true;
}

bool
stamp_parse(const char *text, size_t len, int64_t *seconds)
{
	struct scan s = { text, text + len };
	struct civil c = { 0 };
	int64_t ahead = 0;

	if (!number(&s, 4, 0, 9999, &c.year) || !take(&s, "-") ||
	    !number(&s, 2, 1, 12, &c.month) || !take(&s, "-") ||
	    !number(&s, 2, 1, civil_month_days(c.year, c.month), &c.day))
		return false;
	if (s.at != s.end &&
	    (!take(&s, "Tt ") || !number(&s, 2, 0, 23, &c.hour) ||
		!take(&s, ":") || !number(&s, 2, 0, 59, &c.minute) ||
		!take(&s, ":") || !number(&s, 2, 0, 60, &c.second) ||
		!skip_fraction(&s) || !zone(&s, &ahead)))
		return false;
	*seconds = civil_seconds(&c) - ahead;
	return s.at == s.end;
}
