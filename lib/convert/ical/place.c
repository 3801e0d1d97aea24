/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/ical/place.h"

#include <stdlib.h>
#include <string.h>

#include "convert/ical/property.h"
#include "core/alloc.h"
#include "core/str.h"

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
		cl_uri(l, s);
		cl_end(l);
	}
}
