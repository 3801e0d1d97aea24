/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/ical/property.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "convert/jcal.h"
#include "core/alloc.h"

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

void
ical_text(
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

void
ical_int(struct object *o, const char *member, const char *property,
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
bool
ical_utc_line(struct object *o, const char *member, const char *property)
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

/* What the writer says itself: the frame of the object, which a second line would
 * break; and what may be there once (RFC 5545, 3.6.1) and is already. */
static bool
is_taken(const struct object *o, const json_t *property)
{
	static const char *const frame[] = { "uid", "dtstamp", "dtstart",
		"dtend", "due", "duration", "recurrence-id", "version",
		"prodid", "calscale", "method", NULL };
	static const char *const once[] = { "class", "created", "description",
		"geo", "last-modified", "location", "organizer", "priority",
		"sequence", "status", "summary", "transp", "url", "color",
		"completed", "percent-complete", NULL };
	const char *name = json_string_value(json_array_get(property, 0));

	return js_jcal_is_named(property, frame) ||
	       (js_jcal_is_named(property, once) &&
		   cl_has(&o->w->line, o->mark, name));
}

static bool
write_property(struct object *o, const json_t *property)
{
	return !is_taken(o, property) && !js_jcal_has_group(property) &&
	       js_jcal_property(&o->w->line, property);
}

static bool
write_component(struct object *o, const json_t *component)
{
	return js_jcal_component(&o->w->line, component);
}

/* Writes each element of a list of the member iCalendar that can be written. */
static void
write_list(struct object *o, const char *member,
    bool (*write)(struct object *, const json_t *))
{
	json_t *from = js_object(o->t.root, "iCalendar");
	json_t *list = json_object_get(from, member);

	for (size_t i = 0; i < json_array_size(list);) {
		if (write(o, json_array_get(list, i)))
			(void)json_array_remove(list, i);
		else
			i++;
	}
	if (json_is_array(list) && json_array_size(list) == 0)
		(void)js_take(&o->t, from, member, JSON_ARRAY);
}

void
ical_old_properties(struct object *o)
{
	write_list(o, "properties", write_property);
}

void
ical_old_components(struct object *o)
{
	write_list(o, "components", write_component);
}

void
ical_left(void *arg, const char *pointer, const json_t *value)
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
