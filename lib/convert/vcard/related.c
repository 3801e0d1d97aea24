/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/vcard/related.h"

#include <string.h>

#include "convert/vcard/item.h"

void
card_related(struct card *c)
{
	json_t *map = js_object(c->t.root, "relatedTo"), *json;
	const char *name = c->version >= 4 ? "RELATED" : "X-RELATED";
	struct contentline *l = &c->line;
	const char *uid;
	void *next;

	json_object_foreach_safe(map, next, uid, json)
	{
		json_t *types = js_object(json, "relation"), *v;
		const char *type, *colon = strchr(uid, ':');
		bool first = true;
		void *after;

		if (!json_is_object(json) || !cl_clean(uid))
			continue;
		cl_begin(l, NULL, name);
		json_object_foreach_safe(types, after, type, v)
		{
			if (!json_is_true(v) || !cl_is_name(type))
				continue;
			if (first)
				cl_param(l, "TYPE", type);
			else
				cl_param_more(l, type);
			first = false;
			(void)json_object_del(types, type);
		}
		if (colon == NULL || strchr(uid, ' ') != NULL)
			cl_param(l, "VALUE", "text");
		cl_colon(l);
		if (colon == NULL || strchr(uid, ' ') != NULL)
			cl_text(l, uid);
		else
			cl_raw(l, uid);
		cl_end(l);
		if (json_object_size(types) == 0)
			(void)json_object_del(json, "relation");
		if (json_object_size(json) == 0 ||
		    (json_object_size(json) == 1 &&
			json_object_get(json, "@type") != NULL))
			(void)json_object_del(map, uid);
	}
}
