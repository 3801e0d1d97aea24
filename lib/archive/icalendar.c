/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "archive/icalendar.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "archive/icalpart.h"
#include "core/alloc.h"
#include "core/str.h"

enum {
	/* The longest calendar that is written, with all its overrides. */
	BODY_MAX = 256 << 20
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

/* Finds a zone by name; false if nobody knows it. */
static bool
find_place(struct ical *w, const char *name, struct place *place)
{
	struct zone *z;

	*place = (struct place){ .utc = is_utc_name(name) };
	if (place->utc)
		return true;
	for (size_t i = 0; i < w->n; i++) {
		if (strcmp(zone_name(w->zones[i].zone), name) == 0) {
			place->zone = i + 1;
			return true;
		}
	}
	z = zone_open(name);
	if (z == NULL)
		return false;
	w->zones = grow(w->zones, w->n, &w->cap, sizeof *w->zones);
	w->zones[w->n++] = (struct zone_use){ z, INT64_MAX };
	place->zone = w->n;
	return true;
}

/* The place that a member names. Where nobody knows the zone, times float, and
 * the name stays in the tree. */
static struct place
take_place(struct object *o, json_t *from, const char *member)
{
	struct place place = { 0 };
	const char *name = js_peek_str(from, member);

	if (name != NULL && find_place(o->w, name, &place))
		(void)js_take_str(&o->t, from, member);
	return place;
}

/* --- properties --- */

void
ical_converted(struct object *o, const char *pointer, const char *const *skip)
{
	json_t *entry = js_object(o->converted, pointer);
	json_t *params = js_take(&o->t, entry, "parameters", JSON_OBJECT);

	if (params != NULL)
		js_jcal_params(&o->w->line, params, skip);
	/* What a name says, the writer knows from the object itself. */
	(void)js_take(&o->t, entry, "name", JSON_STRING);
}

/* A word of the list in capitals; NULL if it is none, and then it stays. */
static const char *
take_word(struct object *o, json_t *from, const char *member,
    const char *const *words, char upper[32])
{
	const char *s = js_peek_str(from, member);
	size_t i;

	if (s == NULL)
		return NULL;
	while (*words != NULL && strcmp(*words, s) != 0)
		words++;
	if (*words == NULL)
		return NULL;
	for (i = 0; i < 31 && s[i] != '\0'; i++)
		upper[i] = s[i] >= 'a' && s[i] <= 'z' ? (char)(s[i] - 'a' + 'A')
						      : s[i];
	upper[i] = '\0';
	(void)js_take_str(&o->t, from, member);
	return upper;
}

void
ical_word(struct object *o, json_t *from, const char *member,
    const char *property, const char *const *words)
{
	char upper[32];

	if (take_word(o, from, member, words, upper) != NULL)
		cl_line(&o->w->line, property, upper);
}

void
ical_word_param(struct object *o, json_t *from, const char *member,
    const char *param, const char *const *words)
{
	char upper[32];

	if (take_word(o, from, member, words, upper) != NULL)
		cl_param(&o->w->line, param, upper);
}

static void
text_property(
    struct object *o, const char *member, const char *property, bool language)
{
	static const char *const skip[] = { "language", NULL };
	struct contentline *l = &o->w->line;
	const char *s = js_take_str(&o->t, o->t.root, member);

	if (s == NULL)
		return;
	cl_begin(l, NULL, property);
	if (language && o->language != NULL)
		cl_param(l, "LANGUAGE", o->language);
	ical_converted(
	    o, member, language && o->language != NULL ? skip : NULL);
	cl_colon(l);
	cl_text(l, s);
	cl_end(l);
}

static void
int_property(struct object *o, const char *member, const char *property,
    json_int_t min, json_int_t max)
{
	json_int_t n = json_integer_value(json_object_get(o->t.root, member));
	char *text;

	if (n < min || n > max || !js_take_int(&o->t, o->t.root, member, &n))
		return;
	text = xasprintf("%" JSON_INTEGER_FORMAT, n);
	cl_line(&o->w->line, property, text);
	free(text);
}

void
ical_take_time(struct object *o, json_t *from, const char *member)
{
	const char *s = js_peek_str(from, member);

	if (s != NULL && civil_is_exact(s))
		(void)js_take_str(&o->t, from, member);
}

/* A UTC time; false if there is none. */
static bool
utc_property(struct object *o, const char *member, const char *property)
{
	const char *s = js_peek_str(o->t.root, member);
	char text[CIVIL_TEXT];
	struct civil c;

	if (s == NULL || !civil_parse(s, true, &c))
		return false;
	ical_take_time(o, o->t.root, member);
	civil_format(&c, false, text);
	cl_begin(&o->w->line, NULL, property);
	cl_colon(&o->w->line);
	cl_raw(&o->w->line, text);
	cl_raw(&o->w->line, "Z");
	cl_end(&o->w->line);
	return true;
}

/* --- times --- */

static void
time_params(struct object *o, struct place place, bool date)
{
	if (date)
		cl_param(&o->w->line, "VALUE", "DATE");
	else if (place.zone != 0)
		cl_param(&o->w->line, "TZID",
		    zone_name(o->w->zones[place.zone - 1].zone));
}

static void
time_value(
    struct object *o, const struct civil *c, struct place place, bool date)
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

static void
time_property(struct object *o, const char *property, const char *pointer,
    const struct civil *c, struct place place, bool date)
{
	static const char *const skip[] = { "tzid", "value", NULL };

	cl_begin(&o->w->line, NULL, property);
	time_params(o, place, date);
	if (pointer != NULL)
		ical_converted(o, pointer, skip);
	cl_colon(&o->w->line);
	time_value(o, c, place, date);
	cl_end(&o->w->line);
}

/* A local time; the member stays. */
static bool
peek_time(const json_t *from, const char *member, struct civil *c)
{
	const char *s = js_peek_str(from, member);

	return s != NULL && civil_parse(s, false, c);
}

static bool
at_midnight(const json_t *from, const char *member)
{
	struct civil c;

	return !peek_time(from, member, &c) || civil_is_midnight(&c);
}

/* Whole days can be dates only where nothing has a time of day (RFC 5545,
 * 3.8.2.2 and 3.8.4.4: all are of one kind). */
static bool
can_be_date(const json_t *root)
{
	json_t *overrides = json_object_get(root, "recurrenceOverrides");
	const char *duration = js_peek_str(root, "duration"), *key;
	struct duration d;
	struct civil c;
	json_t *patch;

	json_object_foreach (overrides, key, patch)
		if (civil_parse(key, false, &c) && !civil_is_midnight(&c))
			return false;
	return at_midnight(root, "start") && at_midnight(root, "due") &&
	       at_midnight(root, "recurrenceId") &&
	       (duration == NULL || !duration_parse(duration, &d) ||
		   d.seconds == 0);
}

/* The end as a time in a zone of its own; RFC 8984 has it in a location. */
static bool
take_end_place(struct object *o, struct place *place)
{
	json_t *all = js_object(o->t.root, "locations"), *location;
	const char *id;

	if (js_peek_str(o->t.root, "endTimeZone") != NULL) {
		*place = take_place(o, o->t.root, "endTimeZone");
		return place->utc || place->zone != 0;
	}
	json_object_foreach (all, id, location) {
		const char *relative = js_peek_str(location, "relativeTo");

		if (relative == NULL || strcmp(relative, "end") != 0)
			continue;
		*place = take_place(o, location, "timeZone");
		if (!place->utc && place->zone == 0)
			return false;
		(void)js_take_word(&o->t, location, "relativeTo", "end");
		return true;
	}
	return false;
}

/* The end of an event that begins at start: days are nominal. */
static bool
end_time(const struct object *o, const struct duration *d, struct place place,
    struct civil *end)
{
	int64_t sign = d->negative ? -1 : 1, at;
	struct civil c = o->start;

	if (!civil_from(civil_seconds(&c) + sign * d->days * 86400, &c))
		return false;
	at = ical_utc(o, &c) + sign * d->seconds;
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
	struct place place = { 0 };
	struct duration d;
	struct civil end;
	bool elsewhere;

	if (s == NULL || !o->has_start || !duration_parse(s, &d))
		return;
	elsewhere = !o->task && !o->date &&
		    (o->place.utc || o->place.zone != 0) &&
		    take_end_place(o, &place);
	if (!elsewhere)
		place = o->place;
	(void)js_take_str(&o->t, o->t.root, member);
	if ((elsewhere || (was != NULL && str_eq_nocase(was, "dtend"))) &&
	    !o->task && end_time(o, &d, place, &end)) {
		time_property(o, "DTEND", member, &end, place, o->date);
		return;
	}
	duration_format(&d, text);
	cl_begin(&o->w->line, NULL, "DURATION");
	ical_converted(o, member, NULL);
	cl_colon(&o->w->line);
	cl_raw(&o->w->line, text);
	cl_end(&o->w->line);
}

static void
write_times(struct object *o)
{
	json_t *root = o->t.root;
	bool all_day = false;
	struct civil due;

	if (o->date || !json_is_true(json_object_get(root, "showWithoutTime")))
		(void)js_take_bool(&o->t, root, "showWithoutTime", &all_day);
	if (o->has_start) {
		ical_take_time(o, root, "start");
		time_property(
		    o, "DTSTART", "start", &o->start, o->place, o->date);
	}
	if (o->task && peek_time(root, "due", &due)) {
		ical_take_time(o, root, "due");
		time_property(o, "DUE", "due", &due, o->place, o->date);
	} else {
		write_duration(o, "duration");
		if (o->task && json_object_get(root, "duration") == NULL)
			write_duration(o, "estimatedDuration");
	}
}

/* --- recurrence --- */

/* One rule, or a list of them; the texts are kept in *rules, a NUL behind
 * each. */
static void
write_rules(struct object *o, const char *member, const char *property,
    struct buf *rules)
{
	json_t *value = json_object_get(o->t.root, member), *rule;
	size_t n = json_is_array(value) ? json_array_size(value) : 1, done = 0;

	for (size_t i = 0; i < n; i++) {
		struct buf text = { 0 };

		rule = json_is_array(value) ? json_array_get(value, i) : value;
		if (json_is_object(rule) && recurrence_text(o, rule, &text)) {
			cl_line(&o->w->line, property, buf_str(&text));
			if (rules != NULL)
				buf_add(rules, buf_str(&text), text.len + 1);
			if (json_object_size(rule) == 0 ||
			    (json_object_size(rule) == 1 &&
				json_object_get(rule, "@type") != NULL))
				done++;
		}
		buf_free(&text);
	}
	if (json_is_array(value) && done == n)
		(void)js_take(&o->t, o->t.root, member, JSON_ARRAY);
}

static bool
in_rules(
    const struct object *o, const struct buf *rules, const struct civil *at)
{
	const char *s = rules->data;

	for (; s != NULL && s < rules->data + rules->len; s += strlen(s) + 1)
		if (recurrence_has(o, s, at))
			return true;
	return false;
}

enum date_list {
	LIST_EXCLUDED,
	LIST_ADDED
};

/* What an entry of recurrenceOverrides is. */
enum kind {
	KIND_NONE, /* no date; it stays */
	KIND_EXCLUDED,
	KIND_ADDED,
	KIND_CHANGED
};

static enum kind
kind_of(const char *key, const json_t *patch, struct civil *at)
{
	if (!civil_parse(key, false, at) || !json_is_object(patch))
		return KIND_NONE;
	if (json_is_true(json_object_get(patch, "excluded")))
		return KIND_EXCLUDED;
	return json_object_size(patch) == 0 ? KIND_ADDED : KIND_CHANGED;
}

/* Whether the set of instances has that time without an RDATE. */
static bool
is_instance(
    const struct object *o, const struct buf *rules, const struct civil *at)
{
	return o->has_start && (civil_seconds(&o->start) == civil_seconds(at) ||
				   in_rules(o, rules, at));
}

static void
write_list(struct object *o, const struct buf *rules, enum date_list list)
{
	json_t *all = js_object(o->t.root, "recurrenceOverrides"), *patch;
	struct contentline *l = &o->w->line;
	bool first = true;
	const char *key;

	json_object_foreach (all, key, patch) {
		struct civil at;
		enum kind kind = kind_of(key, patch, &at);
		bool wanted = list == LIST_EXCLUDED
				  ? kind == KIND_EXCLUDED
				  : kind == KIND_ADDED ||
					(kind == KIND_CHANGED &&
					    !is_instance(o, rules, &at));

		if (!wanted)
			continue;
		if (first) {
			cl_begin(l, NULL,
			    list == LIST_EXCLUDED ? "EXDATE" : "RDATE");
			time_params(o, o->place, o->date);
			cl_colon(l);
		} else {
			cl_raw(l, ",");
		}
		first = false;
		time_value(o, &at, o->place, o->date);
	}
	if (!first)
		cl_end(l);
}

static void write_object(struct ical *w, const json_t *json, const char *uid,
    const struct object *series, const struct civil *instance);

/* The series as one of its instances inherits it. Shares what it holds. */
static json_t *
instance_base(const struct object *o)
{
	json_t *base = json_copy(o->t.whole);

	(void)json_object_del(base, "recurrenceRule");
	(void)json_object_del(base, "recurrenceRules");
	(void)json_object_del(base, "excludedRecurrenceRules");
	(void)json_object_del(base, "recurrenceOverrides");
	return base;
}

/* An instance that is different, as an object of its own; false if part of the
 * patch led nowhere. */
static bool
write_override(struct object *o, const json_t *base, const char *key,
    const json_t *patch, const char *uid)
{
	json_t *copy = json_deep_copy(base);
	struct civil at;
	bool ok;

	(void)json_object_set_new(copy, "start", json_string(key));
	ok = js_patch(copy, patch);
	if (civil_parse(key, false, &at))
		write_object(o->w, copy, uid, o, &at);
	json_decref(copy);
	return ok;
}

/* The instances that are different: an object of the same UID for each. */
static void
write_overrides(struct object *o, const char *uid)
{
	json_t *all = js_object(o->t.root, "recurrenceOverrides"), *patch;
	json_t *base = instance_base(o);
	const char *key;
	void *next;

	json_object_foreach_safe(all, next, key, patch)
	{
		struct civil at;
		enum kind kind = kind_of(key, patch, &at);

		if (kind == KIND_NONE || o->w->body.overflow)
			continue;
		/* What led nowhere is kept as it was. */
		if (kind != KIND_CHANGED ||
		    write_override(o, base, key, patch, uid))
			(void)js_take(&o->t, all, key, JSON_OBJECT);
	}
	json_decref(base);
}

/* --- what was iCalendar before, and what is left --- */

/* iCalendar.properties: jCal that had no place in JSCalendar. */
static void
write_leftovers(struct object *o, const char *member,
    bool (*write)(struct contentline *, const json_t *))
{
	json_t *list =
	    json_object_get(js_object(o->t.root, "iCalendar"), member);

	for (size_t i = 0; i < json_array_size(list);) {
		if (write(&o->w->line, json_array_get(list, i)))
			(void)json_array_remove(list, i);
		else
			i++;
	}
	if (json_is_array(list) && json_array_size(list) == 0)
		(void)js_take(&o->t, js_object(o->t.root, "iCalendar"), member,
		    JSON_ARRAY);
}

static void
write_left(void *arg, const char *pointer, const json_t *value)
{
	struct contentline *l = arg;
	struct buf text = { 0 };

	js_text(&text, value);
	cl_begin(l, NULL, "X-JSPROP");
	cl_param(l, "X-JSPTR", pointer);
	cl_colon(l);
	cl_text(l, buf_str(&text));
	cl_end(l);
	buf_free(&text);
}

/* --- objects --- */

static void
write_state(struct object *o)
{
	static const char *const privacies[] = { "public", "private", NULL };
	static const char *const event[] = { "confirmed", "tentative",
		"cancelled", NULL };
	static const char *const task[] = { "needs-action", "in-process",
		"completed", "cancelled", NULL };
	struct contentline *l = &o->w->line;
	json_t *root = o->t.root;

	int_property(o, "priority", "PRIORITY", 0, 9);
	int_property(o, "sequence", "SEQUENCE", 0, INT32_MAX);
	int_property(
	    o, "percentComplete", "PERCENT-COMPLETE", 0, o->task ? 100 : -1);
	if (js_take_word(&o->t, root, "privacy", "secret"))
		cl_line(l, "CLASS", "CONFIDENTIAL");
	else
		ical_word(o, root, "privacy", "CLASS", privacies);
	if (o->task) {
		const char *s = js_peek_str(root, "progress");

		if (s != NULL && strcmp(s, "completed") == 0)
			(void)utc_property(o, "progressUpdated", "COMPLETED");
		ical_word(o, root, "progress", "STATUS", task);
	} else {
		ical_word(o, root, "status", "STATUS", event);
		if (js_take_word(&o->t, root, "freeBusyStatus", "free"))
			cl_line(l, "TRANSP", "TRANSPARENT");
		else if (js_take_word(&o->t, root, "freeBusyStatus", "busy"))
			cl_line(l, "TRANSP", "OPAQUE");
	}
	text_property(o, "color", "COLOR", false);
	(void)js_take_word(&o->t, root, "descriptionContentType", "text/plain");
	(void)utc_property(o, "created", "CREATED");
}

/* All lines between BEGIN and END. */
static void
write_properties(struct object *o, const char *uid, const struct object *series,
    const struct civil *instance, struct buf *rules)
{
	struct contentline *l = &o->w->line;
	json_t *root = o->t.root;
	const char *title = js_peek_str(root, "title");

	cl_text_line(l, "UID", uid);
	if (!utc_property(o, "updated", "DTSTAMP")) {
		const char *s = js_peek_str(root, "created");
		char text[CIVIL_TEXT];
		struct civil c = { 1970, 1, 1, 0, 0, 0 };

		/* It must be there, and be the same each time. */
		if (s == NULL || !civil_parse(s, true, &c))
			c = (struct civil){ 1970, 1, 1, 0, 0, 0 };
		civil_format(&c, false, text);
		cl_begin(l, NULL, "DTSTAMP");
		cl_colon(l);
		cl_raw(l, text);
		cl_raw(l, "Z");
		cl_end(l);
	}
	/* Of the same kind as the DTSTART of the series. */
	if (instance != NULL)
		time_property(o, "RECURRENCE-ID", NULL, instance, series->place,
		    series->date);
	write_times(o);
	text_property(o, "title", "SUMMARY", true);
	text_property(o, "description", "DESCRIPTION", true);
	ical_places(o);
	ical_keywords(o);
	write_state(o);
	write_rules(o, "recurrenceRule", "RRULE", rules);
	write_rules(o, "recurrenceRules", "RRULE", rules);
	write_rules(o, "excludedRecurrenceRules", "EXRULE", NULL);
	write_list(o, rules, LIST_EXCLUDED);
	write_list(o, rules, LIST_ADDED);
	ical_people(o);
	ical_links(o);
	ical_relations(o);
	write_leftovers(o, "properties", js_jcal_property);
	ical_alarms(o, title);
	write_leftovers(o, "components", js_jcal_component);
	(void)js_take(&o->t, js_object(root, "iCalendar"), "name", JSON_STRING);
}

/*
 * An event or a task, and its overrides behind it. For an override: the series
 * that it belongs to, and which instance it is.
 */
static void
write_object(struct ical *w, const json_t *json, const char *uid,
    const struct object *series, const struct civil *instance)
{
	struct object o = { .w = w };
	const char *type = js_peek_str(json, "@type"), *name;
	struct buf rules = { 0 };
	size_t mark;

	js_copy(&o.t, json);
	o.task = type != NULL && strcmp(type, "Task") == 0;
	o.converted =
	    js_object(js_object(o.t.root, "iCalendar"), "convertedProperties");
	o.has_start = peek_time(o.t.root, "start", &o.start);
	o.date = json_is_true(json_object_get(o.t.root, "showWithoutTime")) &&
		 (o.has_start || o.task) && can_be_date(o.t.root);
	if (!o.date)
		o.place = take_place(&o, o.t.root, "timeZone");
	o.language = js_take_str(&o.t, o.t.root, "locale");
	(void)js_take_str(&o.t, o.t.root, "uid");
	name = o.task ? "VTODO" : "VEVENT";
	cl_line(&w->line, "BEGIN", name);
	write_properties(&o, uid, series, instance, &rules);
	/* What is left is known after the overrides, and stands before END. */
	mark = w->body.len;
	write_overrides(&o, uid);
	{
		struct buf after = { 0 };

		buf_add(&after, w->body.data + mark, w->body.len - mark);
		w->body.len = mark;
		js_left(&o.t, write_left, &w->line);
		cl_line(&w->line, "END", name);
		buf_add(&w->body, buf_str(&after), after.len);
		buf_free(&after);
	}
	js_free(&o.t);
	buf_free(&rules);
}

static bool
is_entry(const json_t *json)
{
	const char *type = js_peek_str(json, "@type");

	return json_is_object(json) &&
	       (type == NULL || strcmp(type, "Event") == 0 ||
		   strcmp(type, "Task") == 0);
}

/*
 * One instance of a series that is not there (RFC 8984, 4.3.1), as a series of
 * that one instance: servers refuse an object that has a RECURRENCE-ID and
 * nothing that it belongs to. NULL if json is none; otherwise a new object.
 */
static json_t *
lone_instance(const json_t *json)
{
	const char *key = js_peek_str(json, "recurrenceId");
	const char *zone = js_peek_str(json, "recurrenceIdTimeZone");
	json_t *start = json_object_get(json, "start"), *copy, *patch;
	struct civil at;

	if (key == NULL || !civil_parse(key, false, &at) || start == NULL ||
	    json_object_get(json, "recurrenceOverrides") != NULL)
		return NULL;
	copy = json_deep_copy(json);
	patch = json_object();
	(void)json_object_set(patch, "start", start);
	if (zone != NULL) {
		json_t *own = json_object_get(json, "timeZone");

		(void)json_object_set_new(patch, "timeZone",
		    own == NULL ? json_null() : json_deep_copy(own));
		(void)json_object_set_new(copy, "timeZone", json_string(zone));
	}
	(void)json_object_set_new(copy, "start", json_string(key));
	(void)json_object_set_new(
	    copy, "recurrenceOverrides", json_pack("{s:o}", key, patch));
	(void)json_object_del(copy, "recurrenceId");
	(void)json_object_del(copy, "recurrenceIdTimeZone");
	return copy;
}

/* An entry; fallback is its UID where it says none, and n makes it unlike
 * those of others. */
static int
write_entry(struct ical *w, const json_t *json, size_t n, struct why *why)
{
	const char *uid = js_peek_str(json, "uid");
	char *made = NULL;
	json_t *series;

	if ((uid == NULL || *uid == '\0') && w->convert != NULL &&
	    w->convert->uid != NULL) {
		made = n == 0 ? xstrdup(w->convert->uid)
			      : xasprintf("%s-%zu", w->convert->uid, n);
		uid = made;
	}
	if (uid == NULL || *uid == '\0')
		return why_set(why, FAIL_DATA, "it has no uid");
	series = lone_instance(json);
	write_object(w, series != NULL ? series : json, uid, NULL, NULL);
	json_decref(series);
	free(made);
	return 0;
}

/* The entries of a Group; what else it says goes to head. */
static int
write_group(struct ical *w, struct jstree *t, struct buf *head, struct why *why)
{
	json_t *entries = js_take(t, t->root, "entries", JSON_ARRAY), *entry;
	struct contentline line = { .out = head };
	const char *s;
	size_t i, n = 0;
	int r = 0;

	json_array_foreach (entries, i, entry)
		if (r == 0 && is_entry(entry))
			r = write_entry(w, entry, n++, why);
	if (r == 0 && n == 0) {
		(void)why_set(
		    why, FAIL_DATA, "a group without an event or a task");
		r = CONVERT_NOTHING;
	}
	s = js_take_str(t, t->root, "title");
	if (s != NULL)
		cl_text_line(&line, "NAME", s);
	js_left(t, write_left, &line);
	cl_free(&line);
	return r;
}

static int
write_root(struct ical *w, const char *json, size_t len, struct buf *head,
    struct why *why)
{
	struct jstree t = { 0 };
	int r;

	if (js_parse(&t, json, len, why) == -1)
		return -1;
	if (is_entry(t.root))
		r = write_entry(w, t.root, 0, why);
	else if (strcmp(js_peek_str(t.root, "@type"), "Group") == 0)
		r = write_group(w, &t, head, why);
	else
		r = why_set(why, FAIL_DATA,
		    "neither an Event, a Task nor a Group: @type %.60s",
		    js_peek_str(t.root, "@type"));
	js_free(&t);
	return r;
}

int
ical_write(struct buf *out, const char *json, size_t len,
    const struct convert *c, struct why *why)
{
	struct ical w = { .convert = c };
	struct buf head = { 0 };
	int r;

	buf_init(&w.body, BODY_MAX);
	w.line.out = &w.body;
	r = write_root(&w, json, len, &head, why);
	if (r == 0 && w.body.overflow)
		r = why_set(why, FAIL_DATA,
		    "its recurrences make a calendar of more than %d bytes",
		    BODY_MAX);
	if (r == 0) {
		struct contentline line = { .out = out };

		cl_line(&line, "BEGIN", "VCALENDAR");
		cl_line(&line, "VERSION", "2.0");
		cl_line(&line, "PRODID", "-//mailferry//" FERRY_VERSION "//EN");
		buf_add(out, buf_str(&head), head.len);
		for (size_t i = 0; i < w.n; i++)
			if (w.zones[i].from != INT64_MAX)
				zone_write(
				    w.zones[i].zone, w.zones[i].from, &line);
		buf_add(out, buf_str(&w.body), w.body.len);
		cl_line(&line, "END", "VCALENDAR");
		cl_free(&line);
	}
	for (size_t i = 0; i < w.n; i++)
		zone_free(w.zones[i].zone);
	free(w.zones);
	buf_free(&w.body);
	buf_free(&head);
	cl_free(&w.line);
	return r;
}
