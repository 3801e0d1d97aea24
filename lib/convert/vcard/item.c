/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/vcard/item.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert/jcal.h"
#include "core/alloc.h"
#include "core/str.h"

static char *
pointer_to(const struct vcard_item *item, const char *value)
{
	return xasprintf("%s/%s/%s", item->map, item->id, value);
}

/* Whether a language has another text for what the pointer names. */
static bool
has_translation(const struct card *c, const char *pointer)
{
	const char *language;
	json_t *patch;

	if (c->version < 4)
		return false;
	json_object_foreach (c->localized, language, patch)
		if (json_is_string(json_object_get(patch, pointer)))
			return true;
	return false;
}

void
card_begin_name(struct card *c, const char *group, const char *name, bool only4)
{
	char *x = c->version < 4 && only4 ? xasprintf("X-%s", name) : NULL;

	cl_begin(&c->line, group, x != NULL ? x : name);
	free(x);
}

static void
altid(struct card *c)
{
	char text[16];

	(void)snprintf(text, sizeof text, "%d", c->altids);
	cl_param(&c->line, "ALTID", text);
}

/* The translations of a text, as properties of the same ALTID. */
static void
translations(struct card *c, const char *pointer, const char *group,
    const char *name, bool only4)
{
	const char *language;
	json_t *patch;

	json_object_foreach (c->localized, language, patch) {
		const char *s = c->version < 4 || !json_is_object(patch)
				    ? NULL
				    : js_take_str(&c->t, patch, pointer);

		if (s == NULL)
			continue;
		card_begin_name(c, group, name, only4);
		altid(c);
		cl_param(&c->line, "LANGUAGE", language);
		cl_colon(&c->line);
		cl_text(&c->line, s);
		cl_end(&c->line);
	}
}

/* A label is a property of its own, in the same group. */
static void
label_group(struct card *c, struct vcard_item *item)
{
	const char *organization = js_peek_str(item->json, "organizationId");

	*item->group = '\0';
	/* RFC 9555, 2.8.4: a title and its organization share a group. */
	if (organization != NULL && strlen(organization) < 15 &&
	    cl_is_name(organization) &&
	    js_object(js_object(c->t.root, "organizations"), organization) !=
		NULL) {
		(void)snprintf(
		    item->group, sizeof item->group, "%s", organization);
		(void)js_take_str(&c->t, item->json, "organizationId");
	} else if (js_peek_str(item->json, "label") != NULL) {
		(void)snprintf(
		    item->group, sizeof item->group, "item%d", ++c->groups);
	}
}

void
card_begin(struct card *c, struct vcard_item *item, const char *name,
    const char *value, bool only4)
{
	char *pointer = pointer_to(item, value);

	if (*item->group == '\0')
		label_group(c, item);
	card_begin_name(
	    c, *item->group == '\0' ? NULL : item->group, name, only4);
	if (has_translation(c, pointer)) {
		c->altids++;
		altid(c);
		if (c->language != NULL)
			cl_param(&c->line, "LANGUAGE", c->language);
	}
	free(pointer);
}

static void
add_type(struct card *c, bool *first, const char *type)
{
	if (*first)
		cl_param(&c->line, "TYPE", type);
	else
		cl_param_more(&c->line, type);
	*first = false;
}

/* The keys of a map {"key": true} that the writer knows a type for, or that
 * can be a type themselves. "pref" is PREF in version 4. */
static void
add_types(struct card *c, struct vcard_item *item, const char *member,
    const char *const (*names)[2], bool *first, bool *pref)
{
	json_t *map = js_object(item->json, member), *value;
	const char *key;
	void *next;

	json_object_foreach_safe(map, next, key, value)
	{
		const char *type = key;

		if (!json_is_true(value) || !cl_is_name(key))
			continue;
		for (size_t i = 0; names != NULL && names[i][0] != NULL; i++)
			if (strcmp(names[i][0], key) == 0)
				type = names[i][1];
		if (strcmp(key, "pref") == 0 && c->version >= 4)
			*pref = true;
		else
			add_type(c, first, type);
		(void)json_object_del(map, key);
	}
}

void
card_params(struct card *c, struct vcard_item *item, const char *value,
    const char *const (*features)[2])
{
	static const char *const contexts[][2] = { { "private", "home" },
		{ NULL, NULL } };
	/* What the writer says itself. */
	static const char *const skip[] = { "type", "pref", "altid", "language",
		"prop-id", "value", "encoding", "group", "x-ablabel", NULL };
	char *pointer = pointer_to(item, value), text[32];
	bool first = true, pref = false;
	json_int_t n = json_integer_value(json_object_get(item->json, "pref"));
	json_t *entry = js_object(c->converted, pointer), *params;

	add_types(c, item, "contexts", contexts, &first, &pref);
	if (features != NULL)
		add_types(c, item, "features", features, &first, &pref);
	if (c->version < 4 && n == 1) {
		add_type(c, &first, "pref");
		(void)js_take(&c->t, item->json, "pref", JSON_INTEGER);
	} else if (c->version >= 4 && (pref || (n >= 1 && n <= 100))) {
		(void)snprintf(
		    text, sizeof text, "%d", n >= 1 && n <= 100 ? (int)n : 1);
		cl_param(&c->line, "PREF", text);
		(void)js_take(&c->t, item->json, "pref", JSON_INTEGER);
	}
	/* References by id must find the item again. */
	(void)snprintf(text, sizeof text, "k%zu", item->n);
	if (c->version >= 4 && strcmp(text, item->id) != 0 &&
	    cl_is_name(item->id))
		cl_param(&c->line, "PROP-ID", item->id);
	if (c->version >= 4 && js_take_int(&c->t, item->json, "listAs", &n)) {
		(void)snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, n);
		cl_param(&c->line, "INDEX", text);
	}
	params = js_take(&c->t, entry, "parameters", JSON_OBJECT);
	if (params != NULL)
		js_jcal_params(&c->line, params, skip);
	(void)js_take(&c->t, entry, "name", JSON_STRING);
	params = js_take(&c->t, item->json, "vCardParams", JSON_OBJECT);
	if (params != NULL)
		js_jcal_params(&c->line, params, skip);
	free(pointer);
}

void
card_end(struct card *c, struct vcard_item *item, const char *name,
    const char *value, bool only4)
{
	char *pointer = pointer_to(item, value);
	const char *group = *item->group == '\0' ? NULL : item->group;
	const char *label = group == NULL || !str_starts(group, "item")
				? NULL
				: js_take_str(&c->t, item->json, "label");

	cl_end(&c->line);
	translations(c, pointer, group, name, only4);
	if (label != NULL) {
		cl_begin(&c->line, group, "X-ABLABEL");
		cl_colon(&c->line);
		cl_text(&c->line, label);
		cl_end(&c->line);
	}
	free(pointer);
}

void
card_next(struct vcard_item *item, json_t *json)
{
	item->n++;
	item->json = json;
	*item->group = '\0';
}

bool
card_is_kind(const struct vcard_item *item, const char *kind)
{
	const char *s = js_peek_str(item->json, "kind");

	return s == NULL ? kind == NULL : kind != NULL && strcmp(s, kind) == 0;
}
