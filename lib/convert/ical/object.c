/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/ical/object.h"

#include <string.h>

#include "convert/ical/alarm.h"
#include "convert/ical/description.h"
#include "convert/ical/link.h"
#include "convert/ical/people.h"
#include "convert/ical/place.h"
#include "convert/ical/property.h"
#include "convert/ical/relation.h"
#include "convert/ical/series.h"
#include "convert/ical/time.h"

/* A word that nobody knows is as good as PRIVATE (RFC 5545, 3.8.1.3), and none as
 * good as PUBLIC. */
static void
write_class(struct object *o)
{
	static const char *const known[] = { "public", "private", NULL };
	struct contentline *l = &o->w->line;
	json_t *root = o->t.root;
	const char *s;

	if (js_take_word(&o->t, root, "privacy", "secret"))
		cl_line(l, "CLASS", "CONFIDENTIAL");
	else
		ical_word(o, root, "privacy", "CLASS", known);
	s = js_peek_str(root, "privacy");
	if (s == NULL)
		return;
	if (cl_is_name(s))
		cl_line(l, "CLASS", js_take_str(&o->t, root, "privacy"));
	else
		cl_line(l, "CLASS", "PRIVATE");
}

static void
write_state(struct object *o)
{
	static const char *const event[] = { "confirmed", "tentative",
		"cancelled", NULL };
	static const char *const task[] = { "needs-action", "in-process",
		"completed", "cancelled", NULL };
	struct contentline *l = &o->w->line;
	json_t *root = o->t.root;

	ical_int(o, "priority", "PRIORITY", 0, 9);
	ical_int(o, "sequence", "SEQUENCE", 0, INT32_MAX);
	ical_int(
	    o, "percentComplete", "PERCENT-COMPLETE", 0, o->task ? 100 : -1);
	write_class(o);
	if (o->task) {
		const char *s = js_peek_str(root, "progress");

		if (s != NULL && strcmp(s, "completed") == 0)
			(void)ical_utc_line(o, "progressUpdated", "COMPLETED");
		ical_word(o, root, "progress", "STATUS", task);
	} else {
		ical_word(o, root, "status", "STATUS", event);
		if (js_take_word(&o->t, root, "freeBusyStatus", "free"))
			cl_line(l, "TRANSP", "TRANSPARENT");
		else if (js_take_word(&o->t, root, "freeBusyStatus", "busy"))
			cl_line(l, "TRANSP", "OPAQUE");
	}
	ical_text(o, "color", "COLOR", false);
	(void)ical_utc_line(o, "created", "CREATED");
}

/* All lines between BEGIN and END. */
static void
write_properties(struct object *o, const char *uid, const struct object *series,
    const struct civil *instance, struct buf *rules)
{
	struct contentline *l = &o->w->line;
	json_t *root = o->t.root;
	const char *title = js_peek_str(root, "title");
	struct buf excluded = { 0 };

	cl_text_line(l, "UID", uid);
	if (!ical_utc_line(o, "updated", "DTSTAMP")) {
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
		ical_time(o, "RECURRENCE-ID", NULL, instance, series->place,
		    series->date);
	ical_times(o);
	ical_text(o, "title", "SUMMARY", true);
	ical_description(o);
	ical_places(o);
	ical_keywords(o);
	write_state(o);
	ical_rules(o, "recurrenceRule", "RRULE", rules);
	ical_rules(o, "recurrenceRules", "RRULE", rules);
	ical_rules(o, "excludedRecurrenceRules", "EXRULE", &excluded);
	ical_tell_excluded(o, &excluded);
	ical_dates(o, rules, LIST_EXCLUDED);
	ical_dates(o, rules, LIST_ADDED);
	ical_people(o);
	ical_links(o);
	ical_relations(o);
	ical_old_properties(o);
	ical_alarms(o, title);
	ical_old_components(o);
	(void)js_take(&o->t, js_object(root, "iCalendar"), "name", JSON_STRING);
	buf_free(&excluded);
}

/*
 * An event or a task, followed by its overrides. For an override: the series
 * that it belongs to, and which instance it is.
 */
void
ical_object(struct ical *w, const json_t *json, const char *uid,
    const struct object *series, const struct civil *instance)
{
	struct object o = { .w = w };
	const char *type = js_peek_str(json, "@type"), *name;
	struct buf rules = { 0 };
	enum civil_form start;
	size_t mark;

	js_copy(&o.t, json);
	o.task = type != NULL && strcmp(type, "Task") == 0;
	o.converted =
	    js_object(js_object(o.t.root, "iCalendar"), "convertedProperties");
	start = ical_read_start(&o);
	o.date = (start == CIVIL_DATE || json_is_true(json_object_get(
					     o.t.root, "showWithoutTime"))) &&
		 (o.has_start || o.task) && ical_can_be_date(o.t.root);
	if (o.date)
		/* A date is the same in every zone. */
		(void)js_take_str(&o.t, o.t.root, "timeZone");
	else
		o.place = ical_take_place(&o, o.t.root, "timeZone");
	ical_place_start(&o, start);
	o.language = js_take_str(&o.t, o.t.root, "locale");
	(void)js_take_str(&o.t, o.t.root, "uid");
	name = o.task ? "VTODO" : "VEVENT";
	o.mark = w->body.len;
	cl_line(&w->line, "BEGIN", name);
	write_properties(&o, uid, series, instance, &rules);
	/* What is left is known after the overrides, and goes before END. */
	mark = w->body.len;
	ical_overrides(&o, uid);
	{
		struct buf after = { 0 };

		buf_add(&after, w->body.data + mark, w->body.len - mark);
		w->body.len = mark;
		js_left(&o.t, ical_left, &w->line);
		cl_line(&w->line, "END", name);
		buf_add(&w->body, buf_str(&after), after.len);
		buf_free(&after);
	}
	js_free(&o.t);
	buf_free(&rules);
}
