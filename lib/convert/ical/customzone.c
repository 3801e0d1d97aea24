/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/ical/customzone.h"

#include <stdlib.h>
#include <string.h>

#include "convert/ical/recurrence.h"

enum {
	LAST_YEAR = 2100
};

/* One TimeZoneRule while its changes are counted out. */
struct rule {
	struct zone **zone;
	const char *name;
	const char *abbr;
	int from, to;
	bool dst;
};

/* "-05:00", "+0530" or "+01:00:30" as seconds. */
static bool
read_offset(const json_t *rule, const char *member, int *seconds)
{
	const char *s = js_peek_str(rule, member);
	int sign, part[3] = { 0, 0, 0 };
	size_t n = 0;

	if (s == NULL || (*s != '+' && *s != '-'))
		return false;
	sign = *s++ == '-' ? -1 : 1;
	for (; n < 3 && *s >= '0' && *s <= '9' && s[1] >= '0' && s[1] <= '9';
	     n++) {
		part[n] = (s[0] - '0') * 10 + s[1] - '0';
		s += 2;
		s += *s == ':';
	}
	*seconds = sign * (part[0] * 3600 + part[1] * 60 + part[2]);
	return n > 0 && *s == '\0' && part[0] < 24 && part[1] < 60 &&
	       part[2] < 60;
}

static void
add_change(void *arg, const struct civil *at)
{
	struct rule *r = arg;

	if (*r->zone == NULL)
		*r->zone = zone_new(r->name, r->from);
	zone_add(*r->zone, civil_seconds(at) - r->from, r->to, r->dst, r->abbr);
}

/* The first key of a map {"CET": true}. */
static const char *
first_name(const json_t *map)
{
	void *i = json_object_iter((json_t *)(uintptr_t)map);

	return i == NULL ? NULL : json_object_iter_key(i);
}

/* A rule is the change at its start, those of its recurrence rules, and those
 * that its overrides add. */
static void
add_rule(const json_t *json, struct rule *r)
{
	json_t *list = json_object_get(json, "recurrenceRules"), *one, *value;
	json_t *overrides = json_object_get(json, "recurrenceOverrides");
	/* Times are local ones, as those of an event without a zone. */
	struct object plain = { .w = NULL };
	const char *s = js_peek_str(json, "start"), *key;
	struct civil start, at;
	size_t i;

	if (s == NULL || civil_read(s, &start) != CIVIL_LOCAL ||
	    !read_offset(json, "offsetFrom", &r->from) ||
	    !read_offset(json, "offsetTo", &r->to))
		return;
	r->abbr = first_name(json_object_get(json, "names"));
	add_change(r, &start);
	js_copy(&plain.t, json);
	json_array_foreach (list, i, one) {
		json_t *copy = json_deep_copy(one);
		struct buf text = { 0 };

		if (json_is_object(copy) &&
		    recurrence_text(&plain, copy, &text))
			recurrence_each(
			    buf_str(&text), &start, LAST_YEAR, add_change, r);
		buf_free(&text);
		json_decref(copy);
	}
	json_object_foreach (overrides, key, value)
		if (civil_read(key, &at) == CIVIL_LOCAL)
			add_change(r, &at);
	js_free(&plain.t);
}

struct zone *
custom_zone(struct object *o, const char *name)
{
	static const char *const kinds[] = { "standard", "daylight" };
	const json_t *json =
	    js_object(js_object(o->t.whole, "timeZones"), name);
	const char *id = js_peek_str(json, "tzId");
	struct zone *z = NULL;

	if (json == NULL)
		return NULL;
	if (id == NULL || *id == '\0' || !cl_clean(id))
		id = *name == '/' ? name + 1 : name;
	for (size_t k = 0; k < 2; k++) {
		const json_t *rules = json_object_get(json, kinds[k]), *rule;
		size_t i;

		json_array_foreach (rules, i, rule) {
			struct rule r = {
				.zone = &z, .name = id, .dst = k == 1
			};

			add_rule(rule, &r);
		}
	}
	return z;
}
