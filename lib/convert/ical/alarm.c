/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/ical/alarm.h"

#include <string.h>

#include "convert/ical/property.h"

/* The TRIGGER line; false, and nothing is written, if there is none. */
static bool
trigger_line(struct object *o, json_t *trigger)
{
	struct contentline *l = &o->w->line;
	const char *s = js_peek_str(trigger, "offset");
	char text[DURATION_TEXT];
	struct duration d;
	struct civil c;

	if (s != NULL && duration_parse(s, &d)) {
		(void)js_take_str(&o->t, trigger, "offset");
		cl_begin(l, NULL, "TRIGGER");
		(void)js_take_word(&o->t, trigger, "relativeTo", "start");
		if (js_take_word(&o->t, trigger, "relativeTo", "end"))
			cl_param(l, "RELATED", "END");
		duration_format(&d, text);
		cl_colon(l);
		cl_raw(l, text);
		cl_end(l);
		return true;
	}
	s = js_peek_str(trigger, "when");
	if (s != NULL && civil_parse(s, true, &c)) {
		ical_take_time(o, trigger, "when");
		civil_format(&c, false, text); /* the shorter of the two */
		cl_begin(l, NULL, "TRIGGER");
		cl_param(l, "VALUE", "DATE-TIME");
		cl_colon(l);
		cl_raw(l, text);
		cl_raw(l, "Z");
		cl_end(l);
		return true;
	}
	return false;
}

/* RFC 5545, 3.6.6: a mail needs somebody to whom it goes, and JSCalendar does
 * not say to whom. Where the owner's address is not known it is a message on the
 * screen. */
static bool
email_lines(struct object *o, json_t *alert, const char *title)
{
	struct contentline *l = &o->w->line;
	const struct convert *c = o->w->convert;

	if (c == NULL || c->owner == NULL ||
	    !js_take_word(&o->t, alert, "action", "email"))
		return false;
	cl_line(l, "ACTION", "EMAIL");
	cl_line(l, "ATTENDEE", c->owner);
	cl_text_line(l, "SUMMARY", title);
	return true;
}

static void
alarm_write(struct object *o, json_t *alert, const char *title)
{
	struct contentline *l = &o->w->line;
	size_t mark = o->w->body.len;
	const char *s;
	struct civil c;

	cl_line(l, "BEGIN", "VALARM");
	if (!trigger_line(o, js_object(alert, "trigger"))) {
		/* No alarm without a trigger: all of it is left over. */
		o->w->body.len = mark;
		o->w->body.data[mark] = '\0';
		return;
	}
	if (!email_lines(o, alert, title)) {
		(void)js_take_word(&o->t, alert, "action", "display");
		cl_line(l, "ACTION", "DISPLAY");
	}
	cl_text_line(l, "DESCRIPTION", title);
	s = js_peek_str(alert, "acknowledged");
	if (s != NULL && civil_parse(s, true, &c)) {
		char text[CIVIL_TEXT];

		ical_take_time(o, alert, "acknowledged");
		civil_format(&c, false, text);
		cl_begin(l, NULL, "ACKNOWLEDGED");
		cl_colon(l);
		cl_raw(l, text);
		cl_raw(l, "Z");
		cl_end(l);
	}
	cl_line(l, "END", "VALARM");
}

void
ical_alarms(struct object *o, const char *title)
{
	json_t *all = js_object(o->t.root, "alerts"), *alert;
	const char *id;

	json_object_foreach (all, id, alert)
		if (json_is_object(alert))
			alarm_write(o, alert, title != NULL ? title : "-");
}
