/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/ical/series.h"

#include <string.h>

#include "convert/ical/object.h"
#include "convert/ical/recurrence.h"
#include "convert/ical/time.h"

/* One rule, or a list of them; the texts are kept in *rules, a NUL after
 * each. */
void
ical_rules(struct object *o, const char *member, const char *property,
    struct buf *rules)
{
	json_t *value = json_object_get(o->t.root, member), *rule;
	size_t n = json_is_array(value) ? json_array_size(value) : 1, done = 0;

	for (size_t i = 0; i < n; i++) {
		struct buf text = { 0 };

		rule = json_is_array(value) ? json_array_get(value, i) : value;
		if (json_is_object(rule) && recurrence_text(o, rule, &text)) {
			cl_line(&o->w->line, property, buf_str(&text));
			buf_add(rules, buf_str(&text), text.len + 1);
			if (json_object_size(rule) == 0 ||
			    (json_object_size(rule) == 1 &&
				json_object_get(rule, "@type") != NULL))
				done++;
		} else if (json_is_object(rule)) {
			convert_note(o->w->convert,
			    "a part of its %s is not valid: it does not recur "
			    "by "
			    "it now",
			    strcmp(property, "RRULE") == 0
				? "recurrence rule"
				: "rule of exceptions");
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
	enum civil_form form = civil_read(key, at);

	if ((form != CIVIL_LOCAL && form != CIVIL_DATE) ||
	    !json_is_object(patch))
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

void
ical_dates(struct object *o, const struct buf *rules, enum date_list list)
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
			ical_time_params(o, o->place, o->date);
			cl_colon(l);
		} else {
			cl_raw(l, ",");
		}
		first = false;
		ical_time_value(o, &at, o->place, o->date);
	}
	if (!first)
		cl_end(l);
}

void
ical_tell_excluded(const struct object *o, const struct buf *excluded)
{
	json_t *all = js_object(o->t.root, "recurrenceOverrides"), *patch;
	const char *key;

	json_object_foreach (all, key, patch) {
		struct civil at;
		enum kind kind = kind_of(key, patch, &at);

		if ((kind == KIND_ADDED || kind == KIND_CHANGED) &&
		    in_rules(o, excluded, &at))
			convert_note(o->w->convert,
			    "its rule of exceptions takes out the instance of "
			    "%.40s, which is there: iCalendar cannot say that",
			    key);
	}
}

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

/* A whole day that says nothing of its length does not last an hour because
 * the series does. */
static void
end_of_day(json_t *copy, const json_t *patch)
{
	const char *s = js_peek_str(copy, "duration");
	struct duration d;

	if (json_is_true(json_object_get(patch, "showWithoutTime")) &&
	    json_object_get(patch, "duration") == NULL && s != NULL &&
	    duration_parse(s, &d) && d.seconds % 86400 != 0)
		(void)json_object_del(copy, "duration");
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
	end_of_day(copy, patch);
	if (civil_read(key, &at) != CIVIL_NONE)
		ical_object(o->w, copy, uid, o, &at);
	json_decref(copy);
	return ok;
}

/* The instances that are different: an object of the same UID for each. */
void
ical_overrides(struct object *o, const char *uid)
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
