/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Recurrence rules of JSCalendar (RFC 8984, 4.3) as RECUR of RFC 5545. */
#include <inttypes.h>
#include <libical/ical.h>
#include <stdlib.h>
#include <string.h>

#include "archive/icalpart.h"
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

/* Numbers, or strings of a number and for leap months an "L". */
static bool
by_number(const json_t *list, struct buf *out)
{
	const json_t *v;
	size_t i;

	json_array_foreach (list, i, v) {
		const char *s = json_string_value(v);
		size_t n = s == NULL ? 0 : strspn(s, "0123456789");

		if (i > 0)
			buf_addc(out, ',');
		if (json_is_integer(v))
			buf_addf(out, "%" JSON_INTEGER_FORMAT,
			    json_integer_value(v));
		else if (n > 0 && n < 4 &&
			 (s[n] == '\0' || strcmp(s + n, "L") == 0))
			buf_adds(out, s);
		else
			return false;
	}
	return true;
}

/* A member that is a list, as a part of the rule; false if it is none. */
static bool
by_part(struct object *o, json_t *rule, const char *member, const char *part,
    struct buf *out)
{
	json_t *list = json_object_get(rule, member);
	struct buf text = { 0 };
	bool ok;

	if (!json_is_array(list) || json_array_size(list) == 0)
		return list == NULL;
	ok = strcmp(member, "byDay") == 0 ? by_day(list, &text)
					  : by_number(list, &text);
	if (ok) {
		buf_addf(out, ";%s=%s", part, buf_str(&text));
		(void)js_take(&o->t, rule, member, JSON_ARRAY);
	}
	buf_free(&text);
	return ok;
}

int64_t
ical_utc(const struct object *o, const struct civil *local)
{
	int64_t seconds = civil_seconds(local);

	return o->place.zone == 0
		   ? seconds
		   : zone_to_utc(o->w->zones[o->place.zone - 1].zone, seconds);
}

static void
until(struct object *o, json_t *rule, struct buf *out)
{
	const char *s = js_peek_str(rule, "until");
	char text[CIVIL_TEXT];
	struct civil c;
	bool utc = o->place.utc || o->place.zone != 0;

	/* RFC 8984 has a local time; UTC and a date were seen elsewhere. */
	if (s != NULL && civil_parse(s, true, &c)) {
		utc = true;
	} else if (s != NULL && civil_parse(s, false, &c)) {
		if (!o->date && !civil_from(ical_utc(o, &c), &c))
			return;
	} else {
		return;
	}
	civil_format(&c, o->date, text);
	buf_addf(out, ";UNTIL=%s%s", text, utc && !o->date ? "Z" : "");
	ical_take_time(o, rule, "until");
}

bool
recurrence_text(struct object *o, json_t *rule, struct buf *out)
{
	static const char *const parts[][2] = { { "bySecond", "BYSECOND" },
		{ "byMinute", "BYMINUTE" }, { "byHour", "BYHOUR" },
		{ "byDay", "BYDAY" }, { "byMonthDay", "BYMONTHDAY" },
		{ "byYearDay", "BYYEARDAY" }, { "byWeekNo", "BYWEEKNO" },
		{ "byMonth", "BYMONTH" }, { "bySetPosition", "BYSETPOS" } };
	const char *word = js_peek_str(rule, "frequency");
	json_int_t n;

	if (!in_list(frequencies, word))
		return false;
	word = js_take_str(&o->t, rule, "frequency");
	/* RFC 7529: RSCALE and SKIP belong together. */
	if (js_take_word(&o->t, rule, "rscale", "gregorian"))
		(void)js_take_word(&o->t, rule, "skip", "omit");
	word = word == NULL ? "" : word;
	if (js_peek_str(rule, "rscale") != NULL &&
	    cl_is_name(js_peek_str(rule, "rscale"))) {
		buf_adds(out, "RSCALE=");
		add_upper(out, js_take_str(&o->t, rule, "rscale"));
		buf_addc(out, ';');
	} else if (js_peek_str(rule, "skip") != NULL) {
		buf_adds(out, "RSCALE=GREGORIAN;");
	}
	buf_adds(out, "FREQ=");
	add_upper(out, word);
	if (js_take_int(&o->t, rule, "interval", &n) && n > 1)
		buf_addf(out, ";INTERVAL=%" JSON_INTEGER_FORMAT, n);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		(void)by_part(o, rule, parts[i][0], parts[i][1], out);
	if (js_take_int(&o->t, rule, "count", &n) && n > 0)
		buf_addf(out, ";COUNT=%" JSON_INTEGER_FORMAT, n);
	else
		until(o, rule, out);
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
	    (strcmp(word, "forward") == 0 || strcmp(word, "backward") == 0 ||
		strcmp(word, "omit") == 0)) {
		buf_adds(out, ";SKIP=");
		add_upper(out, js_take_str(&o->t, rule, "skip"));
	}
	return true;
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
	    is_past(o, &r.until, at))
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
