/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "archive/zone.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/civil.h"
#include "core/alloc.h"
#include "core/io.h"
#include "core/num.h"
#include "core/str.h"

#define ZONE_FOLDER "/usr/share/zoneinfo"

enum {
	DAY = 86400,
	FILE_MAX = 1 << 18, /* the largest real one has 4 KiB */
	HEADER = 44,
	NAME_MAX_LEN = 100,
	ABBR_MAX = 10,
	/* Where a rule has no form as RRULE, its dates are listed up to here.
	 */
	LISTED_YEAR = 2100
};

struct regime {
	int offset; /* seconds east of UTC */
	bool dst;
	char abbr[ABBR_MAX + 1];
};

/* When a regime begins each year: Mm.w.d of a POSIX TZ string, the Julian
 * day Jn (month 0, leap days not counted), or the day n (month -1). */
struct change {
	int month, week, weekday, day;
	int seconds; /* of local time; may be negative or more than a day */
};

struct transition {
	int64_t at; /* UTC */
	struct regime to;
};

struct zone {
	char *name;
	struct regime first;
	struct transition *list;
	size_t n;
	/* For all times behind the list. Without dst, standard for ever. */
	struct regime standard, summer;
	struct change to_summer, to_standard;
	bool has_rule, has_summer;
};

/* --- the rule at the end of the file, a POSIX TZ string --- */

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
	if (n == 0 || n > ABBR_MAX)
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
rule_change(const char **s, struct change *c)
{
	*c = (struct change){ .month = -1, .seconds = 7200 };
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

static bool
parse_rule(struct zone *z, const char *s)
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
static int64_t
change_local(const struct change *c, int year)
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
	return day * DAY + c->seconds;
}

static int64_t
to_summer_utc(const struct zone *z, int year)
{
	return change_local(&z->to_summer, year) - z->standard.offset;
}

static int64_t
to_standard_utc(const struct zone *z, int year)
{
	return change_local(&z->to_standard, year) - z->summer.offset;
}

static int
year_of(int64_t seconds)
{
	struct civil c = { 0 };

	return civil_from(seconds, &c) ? c.year : seconds < 0 ? 0 : 9999;
}

static const struct regime *
rule_regime(const struct zone *z, int64_t utc)
{
	int year = year_of(utc + z->standard.offset);
	int64_t on, off;

	if (!z->has_summer)
		return &z->standard;
	on = to_summer_utc(z, year);
	off = to_standard_utc(z, year);
	if (on < off)
		return utc >= on && utc < off ? &z->summer : &z->standard;
	return utc >= off && utc < on ? &z->standard : &z->summer;
}

/* --- the file --- */

static int64_t
big_endian(const char *p, int bytes)
{
	uint64_t v = (unsigned char)*p >= 0x80 ? UINT64_MAX : 0;

	for (; bytes > 0; bytes--)
		v = v << 8 | (unsigned char)*p++;
	return (int64_t)v;
}

struct counts {
	size_t utc, std, leap, times, types, chars;
};

/* The header at p; false if it is none. */
static bool
read_counts(const char *p, size_t left, struct counts *c)
{
	size_t *to[] = { &c->utc, &c->std, &c->leap, &c->times, &c->types,
		&c->chars };

	if (left < HEADER || memcmp(p, "TZif", 4) != 0 || p[4] < '2')
		return false;
	for (size_t i = 0; i < 6; i++) {
		int64_t n = big_endian(p + 20 + 4 * i, 4);

		if (n < 0 || n > FILE_MAX)
			return false;
		*to[i] = (size_t)n;
	}
	return true;
}

static size_t
block_size(const struct counts *c, size_t time_size)
{
	return c->times * (time_size + 1) + c->types * 6 + c->chars +
	       c->leap * (time_size + 4) + c->std + c->utc;
}

static bool
read_type(const char *types, const char *chars, const struct counts *c,
    size_t i, struct regime *r)
{
	const char *p = types + 6 * i;
	size_t at = (unsigned char)p[5], n;

	if (i >= c->types || at >= c->chars)
		return false;
	n = strnlen(chars + at, c->chars - at);
	if (n > ABBR_MAX)
		return false;
	r->offset = (int)big_endian(p, 4);
	r->dst = p[4] != 0;
	memcpy(r->abbr, chars + at, n);
	r->abbr[n] = '\0';
	return r->offset > -2 * DAY && r->offset < 2 * DAY;
}

/* The 64-bit block and what follows it. */
static bool
read_block(struct zone *z, const char *p, size_t left)
{
	struct counts c = { 0 };
	const char *index, *types, *chars, *rule;
	size_t size;

	if (!read_counts(p, left, &c))
		return false;
	size = block_size(&c, 8);
	p += HEADER;
	left -= HEADER;
	if (size > left || c.types == 0)
		return false;
	index = p + 8 * c.times;
	types = index + c.times;
	chars = types + 6 * c.types;
	if (!read_type(types, chars, &c, 0, &z->first))
		return false;
	z->list = xcalloc(c.times + 1, sizeof *z->list);
	for (size_t i = 0; i < c.times; i++) {
		struct transition *t = &z->list[z->n];

		t->at = big_endian(p + 8 * i, 8);
		if (!read_type(
			types, chars, &c, (unsigned char)index[i], &t->to))
			return false;
		/* What is before the year 0 says nothing. */
		if (t->at > -INT64_C(62167219200) &&
		    t->at < INT64_C(253370764800))
			z->n++;
		else
			z->first = t->to;
	}
	rule = p + size;
	left -= size;
	if (left < 2 || *rule != '\n' || rule[left - 1] != '\n')
		return left == 0;
	if (left > 2) {
		char *text = xmemdup(rule + 1, left - 2);
		bool ok = parse_rule(z, text);

		free(text);
		return ok;
	}
	return true;
}

static bool
read_zone(struct zone *z, const struct buf *file)
{
	struct counts c = { 0 };
	size_t skip;

	if (!read_counts(buf_str(file), file->len, &c))
		return false;
	skip = HEADER + block_size(&c, 4);
	return skip < file->len &&
	       read_block(z, file->data + skip, file->len - skip);
}

/* A name that stays inside the folder. */
static bool
is_zone_name(const char *s)
{
	size_t n =
	    strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		      "0123456789_+-/");

	return n > 0 && n <= NAME_MAX_LEN && s[n] == '\0' && s[0] != '/' &&
	       s[n - 1] != '/';
}

struct zone *
zone_open(const char *name)
{
	struct buf file = { 0 };
	struct zone *z = NULL;
	struct why why = { 0 };
	char *path;

	if (!is_zone_name(name))
		return NULL;
	path = xasprintf("%s/%s", ZONE_FOLDER, name);
	buf_init(&file, FILE_MAX);
	if (read_file(path, &file, &why) == 0) {
		z = xcalloc(1, sizeof *z);
		z->name = xstrdup(name);
		if (!read_zone(z, &file)) {
			zone_free(z);
			z = NULL;
		}
	}
	free(path);
	buf_free(&file);
	return z;
}

void
zone_free(struct zone *z)
{
	if (z == NULL)
		return;
	free(z->name);
	free(z->list);
	free(z);
}

const char *
zone_name(const struct zone *z)
{
	return z->name;
}

/* --- times --- */

static const struct regime *
regime_at(const struct zone *z, int64_t utc)
{
	size_t low = 0, high = z->n;

	if (z->n == 0)
		return z->has_rule ? rule_regime(z, utc) : &z->first;
	if (z->has_rule && utc >= z->list[z->n - 1].at)
		return rule_regime(z, utc);
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (z->list[mid].at <= utc)
			low = mid + 1;
		else
			high = mid;
	}
	return low == 0 ? &z->first : &z->list[low - 1].to;
}

int64_t
zone_to_local(const struct zone *z, int64_t utc)
{
	return utc + regime_at(z, utc)->offset;
}

int64_t
zone_to_utc(const struct zone *z, int64_t local)
{
	/* The offset some time before: right for the first of two, and for a
	 * time in a gap. Where that leads behind a change to an offset that
	 * gives the same local time, it is the other one. */
	int before = regime_at(z, local - 2 * DAY)->offset;
	int after = regime_at(z, local + 2 * DAY)->offset;
	int64_t utc = local - before;

	if (regime_at(z, utc)->offset == before)
		return utc;
	if (regime_at(z, local - after)->offset == after)
		return local - after;
	return utc;
}

/* --- VTIMEZONE --- */

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
		if (n < z->n && t[1].at - t->at > 366 * (int64_t)DAY)
			break;
		if (!same_regime(rule_regime(z, t->at), &t->to) ||
		    !same_regime(rule_regime(z, t->at - 1), before(z, n - 1)))
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
write_rrule(const struct change *c, struct contentline *l)
{
	static const char *const names[] = { "SU", "MO", "TU", "WE", "TH", "FR",
		"SA" };
	static const int shortest[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };
	int shift = c->seconds >= 0 ? c->seconds / DAY
				    : -((DAY - 1 - c->seconds) / DAY);
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
write_change(const struct change *c, int from, const struct regime *to,
    int64_t since, int year, struct contentline *l)
{
	while (change_local(c, year) - from < since)
		year++;
	begin_observance(l, change_local(c, year), from, to);
	if (!write_rrule(c, l)) {
		cl_begin(l, NULL, "RDATE");
		cl_colon(l);
		for (int y = year + 1; y <= LISTED_YEAR || y == year + 1; y++) {
			char text[CIVIL_TEXT];

			local_text(change_local(c, y), text);
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
	int64_t utc = from - 2 * DAY;
	int year = year_of(from) - 1;
	/* Since when the rule is in force. */
	int64_t since = end < z->n ? z->list[end].at
			: end > 0  ? z->list[end - 1].at + 1
				   : INT64_MIN;

	if (year < 1)
		year = 1;
	cl_line(l, "BEGIN", "VTIMEZONE");
	cl_text_line(l, "TZID", z->name);
	if (!z->has_summer || year_of(since) >= year) {
		while (begin < end && z->list[begin].at <= utc)
			begin++;
		if (begin == 0)
			write_first(z, l);
		write_listed(z, begin == 0 ? 0 : begin - 1, end, l);
		year = year_of(since) < 1 ? 1 : year_of(since) - 1;
	}
	if (z->has_summer) {
		write_change(&z->to_summer, z->standard.offset, &z->summer,
		    since, year, l);
		write_change(&z->to_standard, z->summer.offset, &z->standard,
		    since, year, l);
	}
	cl_line(l, "END", "VTIMEZONE");
}
