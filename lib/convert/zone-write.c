/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/zone-write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert/civil.h"
#include "convert/zone-internal.h"
#include "convert/zone-rule.h"
#include "core/alloc.h"

enum {
	/* Where a rule has no form as RRULE, its dates are listed up to here. */
	LISTED_YEAR = 2100
};

static void
offset_line(struct contentline *l, const char *name, int offset)
{
	int n = offset < 0 ? -offset : offset;
	char text[16];
	int len = snprintf(text, sizeof text, "%c%02d%02d",
	    offset < 0 ? '-' : '+', n / 3600 % 100, n / 60 % 60);

	if (n % 60 != 0 && len > 0)
		(void)snprintf(
		    text + len, sizeof text - (size_t)len, "%02d", n % 60);
	cl_line(l, name, text);
}

static void
local_text(int64_t local, char text[CIVIL_TEXT])
{
	struct civil c = { 0 };

	(void)civil_from(local, &c);
	civil_format(&c, false, text);
}

/* A STANDARD or DAYLIGHT up to what says when it comes again. */
static void
begin_observance(
    struct contentline *l, int64_t local, int from, const struct regime *to)
{
	char text[CIVIL_TEXT];

	cl_line(l, "BEGIN", to->dst ? "DAYLIGHT" : "STANDARD");
	local_text(local, text);
	cl_line(l, "DTSTART", text);
	offset_line(l, "TZOFFSETFROM", from);
	offset_line(l, "TZOFFSETTO", to->offset);
	if (*to->abbr != '\0')
		cl_text_line(l, "TZNAME", to->abbr);
}

static void
end_observance(struct contentline *l, const struct regime *to)
{
	cl_line(l, "END", to->dst ? "DAYLIGHT" : "STANDARD");
}

static bool
same_regime(const struct regime *a, const struct regime *b)
{
	return a->offset == b->offset && a->dst == b->dst &&
	       strcmp(a->abbr, b->abbr) == 0;
}

static const struct regime *
before(const struct zone *z, size_t i)
{
	return i == 0 ? &z->first : &z->list[i - 1].to;
}

/* The number of transitions that the rule does not give by itself. */
static size_t
listed(const struct zone *z)
{
	size_t n = z->n;

	if (!z->has_summer)
		return n;
	for (; n > 0; n--) {
		const struct transition *t = &z->list[n - 1];

		/* A year without the rule's changes is listed by that. */
		if (n < z->n && t[1].at - t->at > 366 * (int64_t)ZONE_DAY)
			break;
		if (!same_regime(zone_rule_regime(z, t->at), &t->to) ||
		    !same_regime(
			zone_rule_regime(z, t->at - 1), before(z, n - 1)))
			break;
	}
	return n;
}

/* The transitions from begin on, those of one kind together. */
static void
write_listed(
    const struct zone *z, size_t begin, size_t end, struct contentline *l)
{
	bool *done = xcalloc(end + 1, sizeof *done);

	for (size_t i = begin; i < end; i++) {
		const struct regime *from = before(z, i);
		const struct transition *t = &z->list[i];
		bool more = false;

		if (done[i])
			continue;
		begin_observance(l, t->at + from->offset, from->offset, &t->to);
		for (size_t k = i + 1; k < end; k++) {
			char text[CIVIL_TEXT];

			if (!same_regime(&z->list[k].to, &t->to) ||
			    before(z, k)->offset != from->offset)
				continue;
			done[k] = true;
			if (!more) {
				cl_begin(l, NULL, "RDATE");
				cl_colon(l);
			} else {
				cl_raw(l, ",");
			}
			more = true;
			local_text(z->list[k].at + from->offset, text);
			cl_raw(l, text);
		}
		if (more)
			cl_end(l);
		end_observance(l, &t->to);
	}
	free(done);
}

/*
 * A change as RRULE. Its time may lie on another day than the one that the rule
 * counts ("the fourth Thursday, 50 hours later"): then it is a weekday within a
 * span of days of the month. False where that leaves the month.
 */
static bool
write_rrule(const struct zone_change *c, struct contentline *l)
{
	static const char *const names[] = { "SU", "MO", "TU", "WE", "TH", "FR",
		"SA" };
	static const int shortest[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };
	int shift = c->seconds >= 0 ? c->seconds / ZONE_DAY
				    : -((ZONE_DAY - 1 - c->seconds) / ZONE_DAY);
	int first = c->week == 5 ? shift - 7 : 7 * (c->week - 1) + 1 + shift;
	const char *day;
	char text[128];

	if (c->month <= 0)
		return false;
	day = names[((c->weekday + shift) % 7 + 7) % 7];
	if (shift == 0) {
		(void)snprintf(text, sizeof text,
		    "FREQ=YEARLY;BYMONTH=%d;BYDAY=%d%s", c->month,
		    c->week == 5 ? -1 : c->week, day);
		cl_line(l, "RRULE", text);
		return true;
	}
	if (c->week == 5 ? first + 6 > -1 || first < -28
			 : first < 1 || first + 6 > shortest[c->month - 1])
		return false;
	(void)snprintf(text, sizeof text,
	    "FREQ=YEARLY;BYMONTH=%d;BYDAY=%s;BYMONTHDAY=%d,%d,%d,%d,%d,%d,%d",
	    c->month, day, first, first + 1, first + 2, first + 3, first + 4,
	    first + 5, first + 6);
	cl_line(l, "RRULE", text);
	return true;
}

/* One half of the rule: its first change at or after since (UTC), from the year
 * on. */
static void
write_change(const struct zone_change *c, int from, const struct regime *to,
    int64_t since, int year, struct contentline *l)
{
	while (zone_change_at(c, year) - from < since)
		year++;
	begin_observance(l, zone_change_at(c, year), from, to);
	if (!write_rrule(c, l)) {
		cl_begin(l, NULL, "RDATE");
		cl_colon(l);
		for (int y = year + 1; y <= LISTED_YEAR || y == year + 1; y++) {
			char text[CIVIL_TEXT];

			local_text(zone_change_at(c, y), text);
			if (y > year + 1)
				cl_raw(l, ",");
			cl_raw(l, text);
		}
		cl_end(l);
	}
	end_observance(l, to);
}

/* What was in force before the first change. */
static void
write_first(const struct zone *z, struct contentline *l)
{
	struct civil c = { 1601, 1, 1, 0, 0, 0 };

	begin_observance(l, civil_seconds(&c), z->first.offset, &z->first);
	end_observance(l, &z->first);
}

void
zone_write(const struct zone *z, int64_t from, struct contentline *l)
{
	size_t end = listed(z), begin = 0;
	int64_t utc = from - 2 * ZONE_DAY;
	int year = zone_year(from) - 1;
	/* Since when the rule is in force. */
	int64_t since = end < z->n ? z->list[end].at
			: end > 0  ? z->list[end - 1].at + 1
				   : INT64_MIN;

	if (year < 1)
		year = 1;
	cl_line(l, "BEGIN", "VTIMEZONE");
	cl_text_line(l, "TZID", z->name);
	if (!z->has_summer || zone_year(since) >= year) {
		while (begin < end && z->list[begin].at <= utc)
			begin++;
		if (begin == 0)
			write_first(z, l);
		write_listed(z, begin == 0 ? 0 : begin - 1, end, l);
		year = zone_year(since) < 1 ? 1 : zone_year(since) - 1;
	}
	if (z->has_summer) {
		write_change(&z->to_summer, z->standard.offset, &z->summer,
		    since, year, l);
		write_change(&z->to_standard, z->summer.offset, &z->standard,
		    since, year, l);
	}
	cl_line(l, "END", "VTIMEZONE");
}
