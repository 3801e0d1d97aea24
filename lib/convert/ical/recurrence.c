/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/ical/recurrence.h"

#include <inttypes.h>
#include <libical/ical.h>
#include <stdlib.h>
#include <string.h>

#include "convert/ical/property.h"
#include "convert/ical/time.h"
#include "core/str.h"

enum {
	/* How many instances are looked at to find one, and in all. */
	STEPS_MAX = 5000,
	ALL_STEPS_MAX = 1000000
};

static const char *const days[] = { "mo", "tu", "we", "th", "fr", "sa", "su",
	NULL };
static const char *const frequencies[] = { "yearly", "monthly", "weekly",
	"daily", "hourly", "minutely", "secondly", NULL };

static bool
in_list(const char *const *list, const char *s)
{
	if (s == NULL)
		return false;
	while (*list != NULL && strcmp(*list, s) != 0)
		list++;
	return *list != NULL;
}

static void
add_upper(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++)
		buf_addc(
		    out, *s >= 'a' && *s <= 'z' ? (char)(*s - 'a' + 'A') : *s);
}

/* [{"day": "mo", "nthOfPeriod": -1}] */
static bool
by_day(const json_t *list, struct buf *out)
{
	const json_t *v;
	size_t i;

	json_array_foreach (list, i, v) {
		const char *day = js_peek_str(v, "day");
		json_int_t n =
		    json_integer_value(json_object_get(v, "nthOfPeriod"));

		if (!in_list(days, day) || n < -53 || n > 53)
			return false;
		if (i > 0)
			buf_addc(out, ',');
		if (n != 0)
			buf_addf(out, "%" JSON_INTEGER_FORMAT, n);
		add_upper(out, day);
	}
	return true;
}

/* A part that is a list: its values (RFC 5545, 3.3.10). */
struct part {
	const char *member, *name;
	int min, max;  /* of its absolute value */
	bool negative; /* may count from the end */
};

static const struct part parts[] = {
	{ "bySecond", "BYSECOND", 0, 60, false },
	{ "byMinute", "BYMINUTE", 0, 59, false },
	{ "byHour", "BYHOUR", 0, 23, false },
	{ "byDay", "BYDAY", 0, 0, false },
	{ "byMonthDay", "BYMONTHDAY", 1, 31, true },
	{ "byYearDay", "BYYEARDAY", 1, 366, true },
	{ "byWeekNo", "BYWEEKNO", 1, 53, true },
	/* Some calendars have 13 months (RFC 7529). */
	{ "byMonth", "BYMONTH", 1, 13, false },
	{ "bySetPosition", "BYSETPOS", 1, 366, true },
};

/* Numbers, or strings of a number and for leap months an "L". */
static bool
by_number(const json_t *list, const struct part *part, struct buf *out)
{
	const json_t *v;
	size_t i;

	json_array_foreach (list, i, v) {
		const char *s = json_string_value(v), *leap = "";
		json_int_t n = json_integer_value(v), size;

		if (s != NULL) {
			char *end;

			n = strtol(s, &end, 10);
			if (end == s || (*end != '\0' && strcmp(end, "L") != 0))
				return false;
			leap = *end == '\0' ? "" : "L";
		} else if (!json_is_integer(v)) {
			return false;
		}
		size = n < 0 ? -n : n;
		if (size < part->min || size > part->max ||
		    (n < 0 && !part->negative))
			return false;
		if (i > 0)
			buf_addc(out, ',');
		buf_addf(out, "%" JSON_INTEGER_FORMAT "%s", n, leap);
	}
	return true;
}

/* A member that is not there, or null, says nothing. */
static bool
has(const json_t *rule, const char *member)
{
	const json_t *value = json_object_get(rule, member);

	return value != NULL && !json_is_null(value);
}

static bool
by_part(
    struct object *o, json_t *rule, const struct part *part, struct buf *out)
{
	json_t *list = json_object_get(rule, part->member);
	struct buf text = { 0 };
	bool ok;

	if (!has(rule, part->member))
		return true;
	if (!json_is_array(list))
		return false;
	if (json_array_size(list) == 0)
		return true;
	ok =
	    part->max == 0 ? by_day(list, &text) : by_number(list, part, &text);
	if (ok) {
		buf_addf(out, ";%s=%s", part->name, buf_str(&text));
		(void)js_take(&o->t, rule, part->member, JSON_ARRAY);
	}
	buf_free(&text);
	return ok;
}

/* RFC 8984 has a local time; UTC, an offset and a date are met, too. A date ends
 * a series of times with that day. */
static bool
until(struct object *o, json_t *rule, struct buf *out)
{
	const char *s = js_peek_str(rule, "until");
	bool utc = o->place.utc || o->place.zone != 0;
	char text[CIVIL_TEXT];
	struct civil c;
	enum civil_form form = s == NULL ? CIVIL_NONE : civil_read(s, &c);

	if (!has(rule, "until"))
		return true;
	if (form == CIVIL_NONE)
		return false;
	if (form == CIVIL_DATE && !o->date)
		c.hour = 23, c.minute = 59, c.second = 59;
	if (form != CIVIL_UTC && utc && !o->date &&
	    !civil_from(ical_utc(o, &c), &c))
		return false;
	civil_format(&c, o->date, text);
	buf_addf(out, ";UNTIL=%s%s", text, utc && !o->date ? "Z" : "");
	ical_take_time(o, rule, "until");
	return true;
}

/* A number from 1 to max; *n is 0 where there is none. */
static bool
count_of(struct object *o, json_t *rule, const char *member, json_int_t max,
    json_int_t *n)
{
	*n = 0;
	if (!has(rule, member))
		return true;
	return js_take_int(&o->t, rule, member, n) && *n >= 1 && *n <= max;
}

/*
 * RSCALE and SKIP belong together (RFC 7529). The Gregorian calendar that
 * leaves out what does not exist is what a rule without them means, and what
 * readers that do not know them take.
 */
static void
calendar(struct object *o, json_t *rule, struct buf *out)
{
	const char *scale = js_peek_str(rule, "rscale");
	const char *skip = js_peek_str(rule, "skip");
	bool skips = skip != NULL && (strcmp(skip, "forward") == 0 ||
					 strcmp(skip, "backward") == 0);

	if (skip != NULL && strcmp(skip, "omit") == 0)
		(void)js_take_word(&o->t, rule, "skip", "omit");
	if (scale != NULL && str_eq_nocase(scale, "gregorian")) {
		(void)js_take_str(&o->t, rule, "rscale");
		scale = NULL;
	}
	if (scale != NULL && cl_is_name(scale)) {
		buf_adds(out, "RSCALE=");
		add_upper(out, js_take_str(&o->t, rule, "rscale"));
		buf_addc(out, ';');
	} else if (skips) {
		buf_adds(out, "RSCALE=GREGORIAN;");
	}
}

/* Appends the rule and takes it apart on the way; false if something in it
 * cannot be said, for without it the rule would mean something else. */
static bool
rule_text(struct object *o, json_t *rule, struct buf *out)
{
	const char *word = js_peek_str(rule, "frequency");
	json_int_t interval, count;

	if (!in_list(frequencies, word))
		return false;
	calendar(o, rule, out);
	buf_adds(out, "FREQ=");
	add_upper(out, js_take_str(&o->t, rule, "frequency"));
	/* libical and others count in 16 bits. */
	if (!count_of(o, rule, "interval", INT16_MAX, &interval) ||
	    !count_of(o, rule, "count", INT32_MAX, &count))
		return false;
	if (interval > 1)
		buf_addf(out, ";INTERVAL=%" JSON_INTEGER_FORMAT, interval);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (!by_part(o, rule, &parts[i], out))
			return false;
	/* One or the other (RFC 5545, 3.3.10). */
	if (count > 0)
		buf_addf(out, ";COUNT=%" JSON_INTEGER_FORMAT, count);
	else if (!until(o, rule, out))
		return false;
	word = js_peek_str(rule, "firstDayOfWeek");
	if (in_list(days, word)) {
		word = js_take_str(&o->t, rule, "firstDayOfWeek");
		if (strcmp(word, "mo") != 0) {
			buf_adds(out, ";WKST=");
			add_upper(out, word);
		}
	}
	word = js_peek_str(rule, "skip");
	if (word != NULL &&
	    (strcmp(word, "forward") == 0 || strcmp(word, "backward") == 0)) {
		buf_adds(out, ";SKIP=");
		add_upper(out, js_take_str(&o->t, rule, "skip"));
	}
	return true;
}

bool
recurrence_text(struct object *o, json_t *rule, struct buf *out)
{
	json_t *before = json_copy(rule);
	size_t len = out->len;
	bool ok = rule_text(o, rule, out);

	if (!ok) {
		(void)json_object_clear(rule);
		(void)json_object_update(rule, before);
		out->len = len;
	}
	json_decref(before);
	return ok;
}

/* An UNTIL lies in UTC, or is a local time or a date. */
static bool
is_past(const struct object *o, const struct icaltimetype *until,
    const struct civil *at)
{
	struct civil c = { until->year, until->month, until->day, until->hour,
		until->minute, until->second };

	if (icaltime_is_null_time(*until))
		return false;
	return (icaltime_is_utc(*until) ? ical_utc(o, at) : civil_seconds(at)) >
	       civil_seconds(&c);
}

static struct icaltimetype
to_icaltime(const struct civil *c)
{
	char text[CIVIL_TEXT];

	civil_format(c, false, text);
	return icaltime_from_string(text);
}

/* libical begins to count in another week than the start's where weeks do not
 * begin on a Monday. */
static bool
miscounts_weeks(const struct icalrecurrencetype *r)
{
	return r->freq == ICAL_WEEKLY_RECURRENCE && r->interval > 1 &&
	       r->week_start != ICAL_MONDAY_WEEKDAY;
}

bool
recurrence_has(const struct object *o, const char *rule, const struct civil *at)
{
	struct icalrecurrencetype r;
	struct icaltimetype wanted = to_icaltime(at), next;
	icalrecur_iterator *i;
	bool found = false;

	if (str_starts(rule, "RSCALE"))
		return false;
	r = icalrecurrencetype_from_string(rule);
	/* The shorter ones may count long between two instances. */
	if (r.freq < ICAL_DAILY_RECURRENCE || r.freq > ICAL_YEARLY_RECURRENCE ||
	    miscounts_weeks(&r) || is_past(o, &r.until, at))
		return false;
	/* Local times are compared from here on. */
	r.until = icaltime_null_time();
	i = icalrecur_iterator_new(r, to_icaltime(&o->start));
	if (i == NULL)
		return false;
	for (int step = 0;
	     step < STEPS_MAX && o->w->steps < ALL_STEPS_MAX && !found;
	     step++) {
		o->w->steps++;
		next = icalrecur_iterator_next(i);
		if (icaltime_is_null_time(next) ||
		    icaltime_compare(next, wanted) > 0)
			break;
		found = icaltime_compare(next, wanted) == 0;
	}
	icalrecur_iterator_free(i);
	return found;
}

void
recurrence_each(const char *rule, const struct civil *start, int last_year,
    void (*each)(void *arg, const struct civil *at), void *arg)
{
	struct icalrecurrencetype r = icalrecurrencetype_from_string(rule);
	icalrecur_iterator *i;

	if (r.freq < ICAL_DAILY_RECURRENCE || r.freq > ICAL_YEARLY_RECURRENCE)
		return;
	i = icalrecur_iterator_new(r, to_icaltime(start));
	for (int step = 0; i != NULL && step < STEPS_MAX; step++) {
		struct icaltimetype t = icalrecur_iterator_next(i);
		struct civil c = { t.year, t.month, t.day, t.hour, t.minute,
			t.second };

		if (icaltime_is_null_time(t) || t.year > last_year)
			break;
		each(arg, &c);
	}
	icalrecur_iterator_free(i);
}
