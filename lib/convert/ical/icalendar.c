/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/ical/icalendar.h"

#include <stdlib.h>
#include <string.h>

#include "convert/ical/object.h"
#include "convert/ical/property.h"
#include "convert/zone-write.h"
#include "core/alloc.h"

enum {
	/* The longest calendar that is written, with all its overrides. */
	BODY_MAX = 256 << 20
};

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

/* RFC 5545, 3.6.1: an event must have a start, and no server takes one without.
 * calcard leaves it out in the hour that a clock change doubles or skips. */
static bool
lacks_start(const json_t *json)
{
	const char *type = js_peek_str(json, "@type");
	const char *s = js_peek_str(json, "start");
	struct civil c;

	return (type == NULL || strcmp(type, "Event") == 0) &&
	       (s == NULL || civil_read(s, &c) == CIVIL_NONE);
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
	if (lacks_start(json)) {
		free(made);
		return why_set(why, FAIL_DATA,
		    "an event without a start: the server that the archive was "
		    "read from did not give it");
	}
	series = lone_instance(json);
	ical_object(w, series != NULL ? series : json, uid, NULL, NULL);
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
	js_left(t, ical_left, &line);
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
	for (size_t i = 0; i < w.n; i++) {
		zone_free(w.zones[i].zone);
		free(w.zones[i].name);
	}
	free(w.zones);
	buf_free(&w.unknown);
	buf_free(&w.body);
	buf_free(&head);
	cl_free(&w.line);
	return r;
}
