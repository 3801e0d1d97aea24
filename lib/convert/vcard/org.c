/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/vcard/org.h"

#include <stdio.h>
#include <string.h>

#include "convert/vcard/item.h"

/* Whether a title says that it belongs to the organization. */
static bool
has_title(const struct card *c, const char *id)
{
	const char *title;
	json_t *json;

	json_object_foreach (js_object(c->t.whole, "titles"), title, json) {
		const char *s = js_peek_str(json, "organizationId");

		if (s != NULL && strcmp(s, id) == 0)
			return true;
	}
	return false;
}

static bool
plain_units(const json_t *units)
{
	const json_t *v;
	size_t i;

	json_array_foreach (units, i, v) {
		const char *s = js_peek_str(v, "name");

		if (s == NULL || !cl_clean(s) ||
		    json_object_size(v) -
			    (json_object_get(v, "@type") != NULL) !=
			1)
			return false;
	}
	return true;
}

void
card_organizations(struct card *c)
{
	json_t *map = js_object(c->t.root, "organizations"), *json;
	struct vcard_item item = { .map = "organizations" };

	json_object_foreach (map, item.id, json) {
		const char *s = js_take_str(&c->t, json, "name");
		const json_t *units = json_object_get(json, "units"), *v;
		size_t i;

		card_next(&item, json);
		if (s == NULL && json_array_size(units) == 0)
			continue;
		if (strlen(item.id) < 15 && cl_is_name(item.id) &&
		    has_title(c, item.id))
			(void)snprintf(
			    item.group, sizeof item.group, "%s", item.id);
		card_begin(c, &item, "ORG", "name", false);
		if (c->version >= 4 && js_peek_str(json, "sortAs") != NULL)
			cl_param(&c->line, "SORT-AS",
			    js_take_str(&c->t, json, "sortAs"));
		card_params(c, &item, "name", NULL);
		cl_colon(&c->line);
		cl_text(&c->line, s == NULL ? "" : s);
		json_array_foreach (units, i, v) {
			cl_raw(&c->line, ";");
			cl_text(&c->line, js_peek_str(v, "name") == NULL
					      ? ""
					      : js_peek_str(v, "name"));
		}
		card_end(c, &item, "ORG", "name", false);
		if (plain_units(units))
			(void)js_take(&c->t, json, "units", JSON_ARRAY);
	}
}
