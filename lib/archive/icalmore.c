/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Places, links, relations, categories and alarms of an event or a task. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "archive/icalpart.h"
#include "core/alloc.h"
#include "core/str.h"

/* --- places --- */

/* "geo:48.2,16.37" as GEO has it; false for other forms. */
static bool
geo_line(struct contentline *l, const char *uri)
{
	static const char number[] = "0123456789.-+";
	const char *lat = uri + 4, *lon;
	size_t n;

	if (!str_starts(uri, "geo:"))
		return false;
	n = strspn(lat, number);
	if (n == 0 || lat[n] != ',')
		return false;
	lon = lat + n + 1;
	if (*lon == '\0' || lon[strspn(lon, number)] != '\0')
		return false;
	buf_reset(&l->text);
	cl_begin(l, NULL, "GEO");
	cl_colon(l);
	buf_add(&l->text, lat, n);
	cl_raw(l, ";");
	cl_raw(l, lon);
	cl_end(l);
	return true;
}

static json_t *
main_location(struct object *o, const char **id)
{
	json_t *all = js_object(o->t.root, "locations"), *location;
	const char *main_id = js_peek_str(o->t.root, "mainLocationId");

	if (main_id != NULL && js_object(all, main_id) != NULL) {
		*id = js_take_str(&o->t, o->t.root, "mainLocationId");
		return js_object(all, *id);
	}
	json_object_foreach (all, *id, location) {
		const char *relative = js_peek_str(location, "relativeTo");

		if (json_is_object(location) &&
		    (relative == NULL || strcmp(relative, "end") != 0))
			return location;
	}
	return NULL;
}

void
ical_places(struct object *o)
{
	static const char *const skip[] = { "language", NULL };
	static const char *const features[] = { "audio", "chat", "feed",
		"moderator", "phone", "screen", "video", NULL };
	struct contentline *l = &o->w->line;
	json_t *all = js_object(o->t.root, "virtualLocations"), *v;
	const char *id = NULL, *s;
	json_t *location = main_location(o, &id);

	s = js_take_str(&o->t, location, "name");
	if (s != NULL) {
		char *pointer = xasprintf("locations/%s/name", id);

		cl_begin(l, NULL, "LOCATION");
		if (o->language != NULL)
			cl_param(l, "LANGUAGE", o->language);
		ical_converted(o, pointer, skip);
		cl_colon(l);
		cl_text(l, s);
		cl_end(l);
		free(pointer);
	}
	s = js_peek_str(location, "coordinates");
	if (s != NULL && geo_line(l, s))
		(void)js_take_str(&o->t, location, "coordinates");
	json_object_foreach (all, id, v) {
		json_t *map = js_object(v, "features");
		bool first = true;

		s = js_take_str(&o->t, v, "uri");
		if (s == NULL)
			continue;
		cl_begin(l, NULL, "CONFERENCE");
		cl_param(l, "VALUE", "URI");
		for (size_t i = 0; features[i] != NULL; i++) {
			char upper[16] = "";

			if (!json_is_true(json_object_get(map, features[i])))
				continue;
			for (size_t k = 0; features[i][k] != '\0'; k++)
				upper[k] = (char)(features[i][k] - 'a' + 'A');
			if (first)
				cl_param(l, "FEATURE", upper);
			else
				cl_param_more(l, upper);
			first = false;
			(void)json_object_del(map, features[i]);
		}
		if (js_peek_str(v, "name") != NULL)
			cl_param(l, "LABEL", js_take_str(&o->t, v, "name"));
		cl_colon(l);
		cl_raw(l, s);
		cl_end(l);
	}
}

/* --- links --- */

/* A text that can be a URI: a scheme, and no byte that a URI cannot hold. An
 * ATTACH that was given inline comes as its bare text. */
static bool
is_uri(const char *s)
{
	size_t n =
	    strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		      "0123456789+.-");

	if (n < 2 || s[n] != ':')
		return false;
	for (; *s != '\0'; s++)
		if ((unsigned char)*s <= 0x20 || *s == 0x7f || *s == '"' ||
		    *s == '<' || *s == '>')
			return false;
	return true;
}

/* The bytes of a link that is not a URI elsewhere; false if it is one. */
static bool
inline_bytes(struct object *o, json_t *link, const char *href,
    struct buf *bytes, struct buf *type)
{
	const struct convert *c = o->w->convert;
	json_t *id = json_object_get(link, "@blob");
	struct why why = { 0 };

	if (json_is_integer(id)) {
		if (c == NULL || c->blob == NULL ||
		    c->blob(c->arg, json_integer_value(id), bytes, &why) == -1)
			return false;
		(void)js_take(&o->t, link, "@blob", JSON_INTEGER);
		return true;
	}
	if (href == NULL || js_data_uri(href, bytes, type))
		return href != NULL;
	if (is_uri(href))
		return false;
	buf_adds(bytes, href);
	return true;
}

static void
link_params(struct object *o, json_t *link, const char *name,
    const struct buf *type, bool binary)
{
	static const char *const displays[] = { "badge", "graphic", "fullsize",
		"thumbnail", NULL };
	struct contentline *l = &o->w->line;
	const char *content_type = js_take_str(&o->t, link, "contentType");
	const char *title = js_take_str(&o->t, link, "title");
	json_t *display = js_object(link, "display");
	json_int_t size;

	if (binary || strcmp(name, "IMAGE") == 0)
		cl_param(l, "VALUE", binary ? "BINARY" : "URI");
	if (binary)
		cl_param(l, "ENCODING", "BASE64");
	if (content_type == NULL && type->len > 0)
		content_type = buf_str(type);
	if (content_type != NULL)
		cl_param(l, "FMTTYPE", content_type);
	if (strcmp(name, "IMAGE") == 0) {
		ical_word_param(o, link, "display", "DISPLAY", displays);
		for (size_t i = 0; displays[i] != NULL; i++) {
			if (!json_is_true(
				json_object_get(display, displays[i])))
				continue;
			/* One is all that fits. */
			(void)json_object_del(display, displays[i]);
			(void)json_object_set_new(
			    link, "display", json_string(displays[i]));
			ical_word_param(
			    o, link, "display", "DISPLAY", displays);
			break;
		}
	}
	if (title != NULL)
		cl_param(l, "FILENAME", title);
	if (js_take_int(&o->t, link, "size", &size) && size >= 0) {
		char *text = xasprintf("%" JSON_INTEGER_FORMAT, size);

		cl_param(l, "SIZE", text);
		free(text);
	}
}

static void
write_link(struct object *o, json_t *link, const char *id, bool *has_url)
{
	static const char *const skip[] = { "fmttype", "filename", "size",
		"value", "encoding", "display", NULL };
	struct contentline *l = &o->w->line;
	const char *href = json_object_get(link, "@blob") != NULL
			       ? NULL
			       : js_peek_str(link, "href");
	struct buf bytes = { 0 }, type = { 0 };
	const char *name = "ATTACH";
	char *pointer = xasprintf("links/%s/href", id);
	bool binary = inline_bytes(o, link, href, &bytes, &type);

	if (!binary && href == NULL)
		goto out;
	if (js_take_word(&o->t, link, "rel", "icon"))
		name = "IMAGE";
	else if (!binary && !*has_url &&
		 js_take_word(&o->t, link, "rel", "describedby"))
		name = "URL";
	else
		(void)js_take_word(&o->t, link, "rel", "enclosure");
	cl_begin(l, NULL, name);
	if (strcmp(name, "URL") == 0)
		*has_url = true;
	else
		link_params(o, link, name, &type, binary);
	ical_converted(o, pointer, skip);
	cl_colon(l);
	if (binary)
		cl_base64(l, buf_str(&bytes), bytes.len);
	else
		cl_raw(l, href);
	cl_end(l);
	if (href != NULL)
		(void)js_take(&o->t, link, "href", JSON_STRING);
out:
	free(pointer);
	buf_free(&bytes);
	buf_free(&type);
}

void
ical_links(struct object *o)
{
	json_t *all = js_object(o->t.root, "links"), *link;
	bool has_url = false;
	const char *id;

	json_object_foreach (all, id, link)
		if (json_is_object(link))
			write_link(o, link, id, &has_url);
}

/* --- relations and categories --- */

static void
relations(struct object *o, json_t *all)
{
	static const char *const types[] = { "parent", "child", "sibling",
		"next", "first", "snooze", "finishtostart", "finishtofinish",
		"starttofinish", "starttostart", "depends-on", "refid",
		"concept", NULL };
	struct contentline *l = &o->w->line;
	json_t *value;
	const char *uid;
	void *next;

	json_object_foreach_safe(all, next, uid, value)
	{
		json_t *kinds = js_object(value, "relation");
		bool any = false;

		if (!json_is_object(value) || !cl_clean(uid))
			continue;
		for (size_t i = 0; types[i] != NULL; i++) {
			char upper[16] = "";

			if (!json_is_true(json_object_get(kinds, types[i])))
				continue;
			for (size_t k = 0; types[i][k] != '\0'; k++)
				upper[k] =
				    types[i][k] == '-'
					? '-'
					: (char)(types[i][k] - 'a' + 'A');
			cl_begin(l, NULL, "RELATED-TO");
			cl_param(l, "RELTYPE", upper);
			cl_colon(l);
			cl_text(l, uid);
			cl_end(l);
			any = true;
			(void)json_object_del(kinds, types[i]);
		}
		if (!any && json_object_size(kinds) == 0) {
			cl_text_line(l, "RELATED-TO", uid);
			any = true;
		}
		if (any && json_object_size(kinds) == 0)
			(void)json_object_del(value, "relation");
		/* Without a relation of its own, the whole entry is said. */
		if (any && (json_object_size(value) == 0 ||
			       (json_object_size(value) == 1 &&
				   json_object_get(value, "@type") != NULL)))
			(void)js_take(&o->t, all, uid, JSON_OBJECT);
	}
}

void
ical_relations(struct object *o)
{
	relations(o, js_object(o->t.root, "relatedTo"));
}

void
ical_keywords(struct object *o)
{
	json_t *all = js_object(o->t.root, "keywords"), *value;
	struct contentline *l = &o->w->line;
	bool first = true;
	const char *word;
	void *next;

	json_object_foreach_safe(all, next, word, value)
	{
		if (!json_is_true(value) || !cl_clean(word))
			continue;
		if (first) {
			cl_begin(l, NULL, "CATEGORIES");
			cl_colon(l);
		} else {
			cl_raw(l, ",");
		}
		cl_text(l, word);
		first = false;
		(void)json_object_del(all, word);
	}
	if (!first)
		cl_end(l);
}

/* --- alarms --- */

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
	if (js_take_word(&o->t, alert, "action", "email")) {
		cl_line(l, "ACTION", "EMAIL");
		cl_text_line(l, "SUMMARY", title);
	} else {
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
