/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "record/moment.h"

#include <string.h>

/* n digits; false if one is none. */
static bool
digits(const char **at, int n, int *value)
{
	*value = 0;
	for (; n > 0; n--, (*at)++) {
		if (**at < '0' || **at > '9')
			return false;
		*value = *value * 10 + (**at - '0');
	}
	return true;
}

static bool
mark(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

/* "Z" or "+01:00": seconds east of UTC. */
static bool
zone(const char *at, long *east)
{
	int sign = *at == '-' ? -1 : 1, hours, minutes;

	*east = 0;
	if (strcmp(at, "Z") == 0 || strcmp(at, "z") == 0)
		return true;
	if (*at != '+' && *at != '-')
		return false;
	at++;
	if (!digits(&at, 2, &hours) || !mark(&at, ':') ||
	    !digits(&at, 2, &minutes) || *at != '\0' || hours > 23 ||
	    minutes > 59)
		return false;
	*east = sign * (hours * 3600L + minutes * 60L);
	return true;
}

bool
moment_read(const char *text, time_t *moment)
{
	struct tm tm = { 0 }, again;
	long east;

	if (!digits(&text, 4, &tm.tm_year) || !mark(&text, '-') ||
	    !digits(&text, 2, &tm.tm_mon) || !mark(&text, '-') ||
	    !digits(&text, 2, &tm.tm_mday) ||
	    (!mark(&text, 'T') && !mark(&text, 't') && !mark(&text, ' ')) ||
	    !digits(&text, 2, &tm.tm_hour) || !mark(&text, ':') ||
	    !digits(&text, 2, &tm.tm_min) || !mark(&text, ':') ||
	    !digits(&text, 2, &tm.tm_sec) || tm.tm_year < 1970 ||
	    tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
		return false;
	if (mark(&text, '.'))
		text += strspn(text, "0123456789");
	if (!zone(text, &east))
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	again = tm;
	*moment = timegm(&again) - east;
	/* A day that the month does not have becomes one of the next month. */
	return again.tm_mon == tm.tm_mon && again.tm_mday >= tm.tm_mday &&
	       *moment >= 0;
}

void
moment_write(time_t moment, char text[MOMENT_SIZE])
{
	struct tm tm;

	if (gmtime_r(&moment, &tm) == NULL ||
	    strftime(text, MOMENT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		text[0] = '\0';
}
