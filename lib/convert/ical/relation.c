/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/ical/relation.h"

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
