/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/vcard/components.h"

#include <string.h>

/* Whether a component says more than its kind and its value. */
static bool
is_plain(const json_t *component)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)(uintptr_t)component, key, v)
		if (strcmp(key, "kind") != 0 && strcmp(key, "value") != 0 &&
		    strcmp(key, "@type") != 0)
			return false;
	return json_is_object(component);
}

/* The values of all components of the kinds, divided by a comma, or where
 * blanks is set by a blank. Counts the plain ones. */
void
card_components(struct card *c, const json_t *list, const char *const *kinds,
    bool blanks, size_t *known)
{
	const json_t *v;
	bool first = true;
	size_t i;

	json_array_foreach (list, i, v) {
		const char *kind = js_peek_str(v, "kind");
		const char *value = js_peek_str(v, "value");
		bool wanted = false;

		for (const char *const *k = kinds; *k != NULL; k++)
			wanted =
			    wanted || (kind != NULL && strcmp(*k, kind) == 0);
		if (!wanted || value == NULL)
			continue;
		if (!first)
			cl_raw(&c->line, blanks ? " " : ",");
		first = false;
		cl_text(&c->line, value);
		if (is_plain(v) && cl_clean(value))
			++*known;
	}
}
