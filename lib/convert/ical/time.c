/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/ical/time.h"

#include <stdlib.h>
#include <string.h>

#include "convert/ical/customzone.h"
#include "convert/ical/property.h"
#include "convert/zone-windows.h"
#include "core/alloc.h"
#include "core/str.h"

enum {
	DAY = 86400
};

/* --- zones --- */

static bool
is_utc_name(const char *s)
{
	static const char *const names[] = { "Etc/UTC", "UTC", "Etc/UCT",
		"Etc/Zulu", "Etc/Universal", "Zulu", "Etc/GMT", "GMT" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(s, names[i]) == 0)
			return true;
	return false;
}

/* A zone of the system: by its name, by one of Windows, or by a name that ends
 * with one, as programs made them before zones had names of their own
 * ("/freeassociation.sourceforge.net/Europe/Berlin"). */
static struct zone *
open_zone(const char *name)
{
	const char *iana = zone_of_windows(name), *slash = name;
	struct zone *z = zone_open(iana != NULL ? iana : name);

	while (z == NULL && *name == '/' &&
	       (slash = strchr(slash + 1, '/')) != NULL)
		z = zone_open(slash + 1);
	return z;
}

/* Finds a zone by name, first among those that the object describes itself
 * (RFC 8984, 4.7.2). False if nobody knows it. */
static bool
find_place(struct object *o, const char *name, struct ical_place *place)
{
	struct ical *w = o->w;
	struct zone *z;
	size_t i;

	*place = (struct ical_place){ .utc = is_utc_name(name) };
	if (place->utc)
		return true;
	for (i = 0; i < w->n && strcmp(w->zones[i].name, name) != 0; i++)
		;
	if (i == w->n) {
		z = custom_zone(o, name);
		if (z == NULL)
			z = open_zone(name);
		if (z == NULL)
			return false;
		if (is_utc_name(zone_name(z))) {
			zone_free(z);
			place->utc = true;
			return true;
		}
		/* Under another name already? */
		for (i = 0; i < w->n; i++)
			if (strcmp(zone_name(w->zones[i].zone), zone_name(z)) ==
			    0)
				break;
		if (i == w->n) {
			w->zones =
			    xgrow(w->zones, w->n, &w->cap, sizeof *w->zones);
			w->zones[w->n++] =
			    (struct zone_use){ z, xstrdup(name), INT64_MAX };
		} else {
			zone_free(z);
		}
	}
	place->zone = i + 1;
	return true;
}

/* Says once that a zone is not known. */
static void
tell_unknown(struct ical *w, const char *name)
{
	char *entry = xasprintf("\n%s\n", name);

	if (strstr(buf_str(&w->unknown), entry) == NULL) {
		buf_adds(&w->unknown, entry);
		convert_note(w->convert,
		    "the time zone \"%.80s\" is not known here: its times have "
		    "no zone now",
		    name);
	}
	free(entry);
}

/* The place that a member names. Where nobody knows the zone, times float, and
 * the name stays in the tree. */
struct ical_place
ical_take_place(struct object *o, json_t *from, const char *member)
{
	struct ical_place place = { 0 };
	const char *name = js_peek_str(from, member);

	if (name == NULL || *name == '\0')
		return place;
	if (find_place(o, name, &place)) {
		(void)js_take_str(&o->t, from, member);
		(void)js_take(&o->t, js_object(o->t.root, "timeZones"), name,
		    JSON_OBJECT);
	} else {
		tell_unknown(o->w, name);
	}
	return place;
}

/* --- times --- */

void
ical_time_params(struct object *o, struct ical_place place, bool date)
{
	if (date)
		cl_param(&o->w->line, "VALUE", "DATE");
	else if (place.zone != 0)
		cl_param(&o->w->line, "TZID",
		    zone_name(o->w->zones[place.zone - 1].zone));
}

void
ical_time_value(
    struct object *o, const struct civil *c, struct ical_place place, bool date)
{
	char text[CIVIL_TEXT];

	civil_format(c, date, text);
	cl_raw(&o->w->line, text);
	if (!date && place.utc)
		cl_raw(&o->w->line, "Z");
	if (!date && place.zone != 0) {
		struct zone_use *use = &o->w->zones[place.zone - 1];
		int64_t at = civil_seconds(c);

		if (at < use->from)
			use->from = at;
	}
}

void
ical_time(struct object *o, const char *property, const char *pointer,
    const struct civil *c, struct ical_place place, bool date)
{
	static const char *const skip[] = { "tzid", "value", NULL };

	cl_begin(&o->w->line, NULL, property);
	ical_time_params(o, place, date);
	if (pointer != NULL)
		ical_converted(o, pointer, skip);
	cl_colon(&o->w->line);
	ical_time_value(o, c, place, date);
	cl_end(&o->w->line);
}

/* A local time; the member stays. */
static bool
peek_time(const json_t *from, const char *member, struct civil *c)
{
	const char *s = js_peek_str(from, member);

	return s != NULL && civil_parse(s, false, c);
}

enum civil_form
ical_read_start(struct object *o)
{
	const char *s = js_peek_str(o->t.root, "start");
	enum civil_form form =
	    s == NULL ? CIVIL_NONE : civil_read(s, &o->start);

	o->has_start = form != CIVIL_NONE;
	return form;
}

/* A time with "Z" or an offset is in UTC, whatever zone the object has: it is
 * moved there. */
void
ical_place_start(struct object *o, enum civil_form form)
{
	if (form != CIVIL_UTC)
		return;
	if (o->place.zone == 0)
		o->place.utc = true;
	else
		(void)civil_from(
		    zone_to_local(o->w->zones[o->place.zone - 1].zone,
			civil_seconds(&o->start)),
		    &o->start);
}

static bool
at_midnight(const json_t *from, const char *member)
{
	const char *s = js_peek_str(from, member);
	struct civil c;

	return s == NULL || civil_read(s, &c) == CIVIL_NONE ||
	       civil_is_midnight(&c);
}

/* Whole days can be dates only where nothing has a time of day (RFC 5545,
 * 3.8.2.2 and 3.8.4.4: all are of one kind). */
bool
ical_can_be_date(const json_t *root)
{
	json_t *overrides = json_object_get(root, "recurrenceOverrides");
	const char *duration = js_peek_str(root, "duration"), *key;
	struct duration d;
	struct civil c;
	json_t *patch;

	json_object_foreach (overrides, key, patch)
		if (civil_read(key, &c) != CIVIL_NONE && !civil_is_midnight(&c))
			return false;
	return at_midnight(root, "start") && at_midnight(root, "due") &&
	       at_midnight(root, "recurrenceId") &&
	       (duration == NULL || !duration_parse(duration, &d) ||
		   d.seconds % DAY == 0);
}

/* The end as a time in a zone of its own; RFC 8984 has it in a location. */
static bool
take_end_place(struct object *o, struct ical_place *place)
{
	json_t *all = js_object(o->t.root, "locations"), *location;
	const char *id;

	if (js_peek_str(o->t.root, "endTimeZone") != NULL) {
		*place = ical_take_place(o, o->t.root, "endTimeZone");
		return place->utc || place->zone != 0;
	}
	json_object_foreach (all, id, location) {
		const char *relative = js_peek_str(location, "relativeTo");

		if (relative == NULL || strcmp(relative, "end") != 0)
			continue;
		*place = ical_take_place(o, location, "timeZone");
		if (!place->utc && place->zone == 0)
			return false;
		(void)js_take_word(&o->t, location, "relativeTo", "end");
		return true;
	}
	return false;
}

int64_t
ical_utc(const struct object *o, const struct civil *local)
{
	int64_t seconds = civil_seconds(local);

	return o->place.zone == 0
		   ? seconds
		   : zone_to_utc(o->w->zones[o->place.zone - 1].zone, seconds);
}

/* The end of an event that begins at start: days are nominal. */
static bool
end_time(const struct object *o, const struct duration *d,
    struct ical_place place, struct civil *end)
{
	int64_t at;
	struct civil c = o->start;

	if (!civil_from(civil_seconds(&c) + d->days * DAY, &c))
		return false;
	at = ical_utc(o, &c) + d->seconds;
	if (place.zone != 0)
		at = zone_to_local(o->w->zones[place.zone - 1].zone, at);
	return civil_from(at, end);
}

/* DTEND where the end is in another zone, or was a DTEND; else DURATION. */
static void
write_duration(struct object *o, const char *member)
{
	const char *s = js_peek_str(o->t.root, member);
	const char *was = js_peek_str(js_object(o->converted, member), "name");
	char text[DURATION_TEXT];
	struct ical_place place = { 0 };
	struct duration d;
	struct civil end;
	bool elsewhere;

	if (s == NULL || !o->has_start || !duration_parse(s, &d))
		return;
	/* RFC 5545, 3.8.2.5: a positive duration, in days for whole days; the
	 * end of an event lies after its start (3.8.2.2). */
	if (d.negative && (d.days != 0 || d.seconds != 0)) {
		convert_note(o->w->convert,
		    "it ends before it begins (%s %.40s): it has no end now",
		    member, s);
		return;
	}
	if (o->date) {
		d.days += d.seconds / DAY;
		d.seconds = 0;
	}
	elsewhere = !o->task && !o->date &&
		    (o->place.utc || o->place.zone != 0) &&
		    take_end_place(o, &place);
	if (!elsewhere)
		place = o->place;
	(void)js_take_str(&o->t, o->t.root, member);
	/* One day without a word; a DTEND on the first day would be wrong. */
	if (o->date && d.days == 0)
		return;
	if ((elsewhere || (was != NULL && str_eq_nocase(was, "dtend"))) &&
	    !o->task && end_time(o, &d, place, &end)) {
		ical_time(o, "DTEND", member, &end, place, o->date);
		return;
	}
	duration_format(&d, text);
	cl_begin(&o->w->line, NULL, "DURATION");
	ical_converted(o, member, NULL);
	cl_colon(&o->w->line);
	cl_raw(&o->w->line, text);
	cl_end(&o->w->line);
}

void
ical_times(struct object *o)
{
	json_t *root = o->t.root;
	bool all_day = false;
	struct civil due;

	if (o->date || !json_is_true(json_object_get(root, "showWithoutTime")))
		(void)js_take_bool(&o->t, root, "showWithoutTime", &all_day);
	if (o->has_start) {
		ical_take_time(o, root, "start");
		ical_time(o, "DTSTART", "start", &o->start, o->place, o->date);
	}
	if (o->task && peek_time(root, "due", &due)) {
		ical_take_time(o, root, "due");
		ical_time(o, "DUE", "due", &due, o->place, o->date);
	} else {
		write_duration(o, "duration");
		if (o->task && json_object_get(root, "duration") == NULL)
			write_duration(o, "estimatedDuration");
	}
}
