/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/jcal.h"

#include <stdlib.h>
#include <string.h>

#include "convert/civil.h"
#include "convert/jstree.h"
#include "core/alloc.h"
#include "core/str.h"

enum {
	/* How deep components and values may nest. */
	DEPTH_MAX = 32
};

static void
scalar_text(const json_t *value, struct buf *out)
{
	if (json_is_string(value))
		buf_adds(out, json_string_value(value));
	else
		js_text(out, value);
}

void
js_jcal_params(
    struct contentline *l, const json_t *params, const char *const *skip)
{
	void *i = json_object_iter((json_t *)(uintptr_t)params);

	for (; i != NULL;
	     i = json_object_iter_next((json_t *)(uintptr_t)params, i)) {
		const char *name = json_object_iter_key(i);
		json_t *value = json_object_iter_value(i);
		bool wanted = cl_is_name(name) && !json_is_object(value);

		for (const char *const *s = skip; s != NULL && *s != NULL; s++)
			if (str_eq_nocase(*s, name))
				wanted = false;
		if (!wanted)
			continue;
		for (size_t k = 0;
		     k < (json_is_array(value) ? json_array_size(value) : 1);
		     k++) {
			struct buf text = { 0 };

			scalar_text(json_is_array(value)
					? json_array_get(value, k)
					: value,
			    &text);
			if (k == 0)
				cl_param(l, name, buf_str(&text));
			else
				cl_param_more(l, buf_str(&text));
			buf_free(&text);
		}
	}
}

/* RFC 7265, 3.6: dates and times have the extended form there. */
static void
compact_time(const char *s, struct buf *out)
{
	for (; *s != '\0'; s++)
		if (*s != ':' && (*s != '-' || s[1] == '-'))
			buf_addc(out, *s);
}

/* RECUR is an object: {"freq": "DAILY", "byday": ["MO"]}. */
static void
recur_text(const json_t *value, struct buf *out)
{
	void *i = json_object_iter((json_t *)(uintptr_t)value);

	for (; i != NULL;
	     i = json_object_iter_next((json_t *)(uintptr_t)value, i)) {
		json_t *v = json_object_iter_value(i);
		size_t n = json_is_array(v) ? json_array_size(v) : 1;

		if (out->len > 0)
			buf_addc(out, ';');
		for (const char *s = json_object_iter_key(i); *s != '\0'; s++)
			buf_addc(out, *s >= 'a' && *s <= 'z'
					  ? (char)(*s - 'a' + 'A')
					  : *s);
		buf_addc(out, '=');
		for (size_t k = 0; k < n; k++) {
			struct buf part = { 0 };

			scalar_text(
			    json_is_array(v) ? json_array_get(v, k) : v, &part);
			if (k > 0)
				buf_addc(out, ',');
			if (str_eq_nocase(json_object_iter_key(i), "until"))
				compact_time(buf_str(&part), out);
			else
				buf_adds(out, buf_str(&part));
			buf_free(&part);
		}
	}
}

/* Whether values of the type are TEXT, in which separators are escaped. */
static bool
is_text_type(const char *type)
{
	static const char *const others[] = { "binary", "boolean",
		"cal-address", "date", "date-time", "date-and-or-time",
		"duration", "float", "integer", "language-tag", "period",
		"recur", "time", "timestamp", "uri", "utc-offset" };

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (strcmp(type, others[i]) == 0)
			return false;
	return true;
}

/* Properties that are dates unless VALUE says text. */
static bool
is_date_name(const char *name)
{
	return str_eq_nocase(name, "bday") ||
	       str_eq_nocase(name, "anniversary") ||
	       str_eq_nocase(name, "deathdate");
}

static void
jcal_value(struct contentline *l, const char *type, const json_t *value)
{
	struct buf text = { 0 };

	if (json_is_object(value) && strcmp(type, "recur") == 0) {
		recur_text(value, &text);
	} else if (json_is_array(value)) {
		/* A structured value: N, ADR, ORG, GEO, REQUEST-STATUS; or a
		 * period, ["start", "end"]. */
		for (size_t i = 0; i < json_array_size(value); i++) {
			if (i > 0)
				cl_raw(
				    l, strcmp(type, "period") == 0 ? "/" : ";");
			jcal_value(l,
			    strcmp(type, "period") == 0 ? "date-time" : type,
			    json_array_get(value, i));
		}
		return;
	} else if (strcmp(type, "date") == 0 ||
		   strcmp(type, "date-time") == 0 ||
		   strcmp(type, "timestamp") == 0 ||
		   strcmp(type, "time") == 0) {
		struct buf time = { 0 };

		scalar_text(value, &time);
		compact_time(buf_str(&time), &text);
		buf_free(&time);
	} else {
		scalar_text(value, &text);
	}
	if (is_text_type(type))
		cl_text(l, buf_str(&text));
	else
		cl_raw(l, buf_str(&text));
	buf_free(&text);
}

/* How deep arrays and objects nest in a value. */
static int
nesting(const json_t *value, int limit)
{
	int deepest = 0;
	const char *name;
	json_t *v;
	size_t i;

	if (limit == 0)
		return 1;
	if (json_is_array(value)) {
		json_array_foreach (value, i, v) {
			int n = nesting(v, limit - 1);

			deepest = n > deepest ? n : deepest;
		}
		return deepest + 1;
	}
	if (!json_is_object(value))
		return 0;
	json_object_foreach ((json_t *)(uintptr_t)value, name, v) {
		int n = nesting(v, limit - 1);

		deepest = n > deepest ? n : deepest;
	}
	return deepest + 1;
}

bool
js_jcal_is_named(const json_t *p, const char *const *names)
{
	const char *name = json_string_value(json_array_get(p, 0));

	for (; name != NULL && *names != NULL; names++)
		if (str_eq_nocase(*names, name))
			return true;
	return false;
}

/* Whether a value is what its type says. */
static bool
is_of_type(const char *type, const json_t *value)
{
	struct civil at;

	if (strcmp(type, "integer") == 0)
		return json_is_integer(value);
	if (strcmp(type, "recur") == 0)
		return js_peek_str(value, "freq") != NULL;
	if (strcmp(type, "date") == 0 || strcmp(type, "date-time") == 0)
		return json_is_string(value) &&
		       civil_read(json_string_value(value), &at) != CIVIL_NONE;
	return true;
}

/* Properties without which nobody is worse off than with a value that is not valid:
 * for the sake of one such line servers refuse the whole object. */
static bool
is_sound(const json_t *p)
{
	static const char *const known[][4] = { { "rrule", "recur" },
		{ "exrule", "recur" },
		{ "rdate", "date", "date-time", "period" },
		{ "exdate", "date", "date-time" }, { "created", "date-time" },
		{ "completed", "date-time" }, { "last-modified", "date-time" },
		{ "priority", "integer" }, { "sequence", "integer" },
		{ "percent-complete", "integer" },
		{ "bday", "date", "date-and-or-time", "text" },
		{ "anniversary", "date", "date-and-or-time", "text" },
		{ "deathdate", "date", "date-and-or-time", "text" } };
	const char *name = json_string_value(json_array_get(p, 0));
	const char *type = json_string_value(json_array_get(p, 2));

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (!str_eq_nocase(known[i][0], name))
			continue;
		for (size_t k = 1; k < 4 && known[i][k] != NULL; k++)
			if (strcmp(known[i][k], type) == 0)
				return is_date_name(name) ||
				       is_of_type(type, json_array_get(p, 3));
		return false;
	}
	return true;
}

/* A line "END:VEVENT" would end the object, and "BEGIN" begin another. */
static bool
is_property(const json_t *p)
{
	static const char *const frame[] = { "begin", "end", NULL };
	const char *name = json_string_value(json_array_get(p, 0));

	return name != NULL && cl_is_name(name) &&
	       json_is_string(json_array_get(p, 2)) &&
	       json_is_object(json_array_get(p, 1)) &&
	       json_array_size(p) >= 4 && nesting(p, DEPTH_MAX) < DEPTH_MAX &&
	       !js_jcal_is_named(p, frame) && is_sound(p);
}

bool
js_jcal_has_group(const json_t *p)
{
	return json_object_get(json_array_get(p, 1), "group") != NULL;
}

bool
js_jcal_property(struct contentline *l, const json_t *p)
{
	/* The type says the last two. */
	static const char *const skip[] = { "group", "value", "encoding",
		NULL };
	const char *name = json_string_value(json_array_get(p, 0));
	const char *type = json_string_value(json_array_get(p, 2));
	const json_t *params = json_array_get(p, 1);
	const char *group = js_peek_str(params, "group");

	if (!is_property(p))
		return false;
	cl_begin(l, group != NULL && cl_is_name(group) ? group : NULL, name);
	js_jcal_params(l, params, skip);
	/* jCal leaves VALUE out, because the type says it. */
	if (strcmp(type, "unknown") != 0 &&
	    (!is_text_type(type) || is_date_name(name)))
		cl_param(l, "VALUE", type);
	if (strcmp(type, "binary") == 0)
		cl_param(l, "ENCODING", "BASE64");
	cl_colon(l);
	for (size_t i = 3; i < json_array_size(p); i++) {
		if (i > 3)
			cl_raw(l, ",");
		/* The raw text of a property that nobody knows. */
		if (strcmp(type, "unknown") == 0 &&
		    json_is_string(json_array_get(p, i)))
			cl_raw(l, json_string_value(json_array_get(p, i)));
		else
			jcal_value(l, type, json_array_get(p, i));
	}
	cl_end(l);
	return true;
}

/* One that holds nothing that would be lost, and is not an object of its own. */
static bool
is_component(const json_t *c, int depth)
{
	static const char *const whole[] = { "vcalendar", "vevent", "vtodo",
		"vjournal", "vfreebusy", "vtimezone", "vcard", NULL };
	const char *name = json_string_value(json_array_get(c, 0));
	const json_t *inner = json_array_get(c, 2);
	const json_t *v;
	size_t i;

	if (depth == 0 || name == NULL || !cl_is_name(name) ||
	    !json_is_array(json_array_get(c, 1)) || !json_is_array(inner) ||
	    js_jcal_is_named(c, whole))
		return false;
	json_array_foreach (json_array_get(c, 1), i, v)
		if (!is_property(v) || js_jcal_has_group(v))
			return false;
	json_array_foreach (inner, i, v)
		if (!is_component(v, depth - 1))
			return false;
	return true;
}

static void
write_component(struct contentline *l, const json_t *c)
{
	char *name = xstrdup(json_string_value(json_array_get(c, 0)));
	const json_t *v;
	size_t i;

	for (char *s = name; *s != '\0'; s++)
		if (*s >= 'a' && *s <= 'z')
			*s = (char)(*s - 'a' + 'A');
	cl_line(l, "BEGIN", name);
	json_array_foreach (json_array_get(c, 1), i, v)
		(void)js_jcal_property(l, v);
	json_array_foreach (json_array_get(c, 2), i, v)
		write_component(l, v);
	cl_line(l, "END", name);
	free(name);
}

bool
js_jcal_component(struct contentline *l, const json_t *c)
{
	if (!is_component(c, DEPTH_MAX))
		return false;
	write_component(l, c);
	return true;
}
