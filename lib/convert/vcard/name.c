/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/vcard/name.h"

#include <stdio.h>
#include <string.h>

#include "convert/vcard/components.h"

/* The whole name, from its components where it is not given. RFC 9553, 2.2.1:
 * in order, a separator is put where the default one would. */
static void
full_name(const json_t *name, struct buf *out)
{
	static const char *const order[] = { "title", "given", "given2",
		"surname", "surname2", "generation", "credential" };
	const json_t *list = json_object_get(name, "components"), *v;
	const char *blank = js_peek_str(name, "defaultSeparator");
	bool ordered = json_is_true(json_object_get(name, "isOrdered"));
	bool separated = true;
	size_t i;

	for (size_t k = 0; k < (ordered ? 1 : sizeof order / sizeof *order);
	     k++) {
		json_array_foreach (list, i, v) {
			const char *kind = js_peek_str(v, "kind");
			const char *value = js_peek_str(v, "value");
			bool separator;

			if (value == NULL || kind == NULL ||
			    (!ordered && strcmp(kind, order[k]) != 0))
				continue;
			separator = strcmp(kind, "separator") == 0;
			if (!separated && !separator)
				buf_adds(out, blank == NULL ? " " : blank);
			separated = separator;
			buf_adds(out, value);
		}
	}
}

/* A text for FN, which must be there, of a card without a name. */
static const char *
other_name(const struct card *c)
{
	static const char *const places[][2] = { { "organizations", "name" },
		{ "nicknames", "name" }, { "emails", "address" },
		{ "phones", "number" } };
	const char *id, *s;
	json_t *item;

	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		json_object_foreach (
		    js_object(c->t.root, places[i][0]), id, item) {
			s = js_peek_str(item, places[i][1]);
			if (s != NULL && *s != '\0')
				return s;
		}
	}
	return "-";
}

static void
write_full(struct card *c, json_t *name)
{
	const char *s = js_take_str(&c->t, name, "full"), *language;
	struct buf made = { 0 };
	json_t *patch;
	bool translated = false;

	if (s == NULL) {
		full_name(name, &made);
		s = made.len > 0 ? made.data : other_name(c);
	}
	if (c->version >= 4)
		json_object_foreach (c->localized, language, patch)
			translated =
			    translated ||
			    json_is_string(json_object_get(patch, "name/full"));
	cl_begin(&c->line, NULL, "FN");
	if (translated) {
		char text[16];

		(void)snprintf(text, sizeof text, "%d", ++c->altids);
		cl_param(&c->line, "ALTID", text);
		if (c->language != NULL)
			cl_param(&c->line, "LANGUAGE", c->language);
	}
	cl_colon(&c->line);
	cl_text(&c->line, s);
	cl_end(&c->line);
	if (translated) {
		json_object_foreach (c->localized, language, patch) {
			char text[16];

			s = js_take_str(&c->t, patch, "name/full");
			if (s == NULL)
				continue;
			(void)snprintf(text, sizeof text, "%d", c->altids);
			cl_begin(&c->line, NULL, "FN");
			cl_param(&c->line, "ALTID", text);
			cl_param(&c->line, "LANGUAGE", language);
			cl_colon(&c->line);
			cl_text(&c->line, s);
			cl_end(&c->line);
		}
	}
	buf_free(&made);
}

/* N, by RFC 9554 with the second surname and the generation also where older
 * readers look for them. */
static void
write_parts(struct card *c, json_t *name)
{
	static const char *const kinds[][3] = { { "surname", "surname2" },
		{ "given" }, { "given2" }, { "title" },
		{ "credential", "generation" }, { "surname2" },
		{ "generation" } };
	const json_t *list = json_object_get(name, "components");
	size_t known = 0, again = 0, n = 5;
	json_t *sort = js_object(name, "sortAs");

	for (size_t i = 0; c->version >= 4 && i < json_array_size(list); i++) {
		const char *kind = js_peek_str(json_array_get(list, i), "kind");

		if (kind != NULL && (strcmp(kind, "surname2") == 0 ||
					strcmp(kind, "generation") == 0))
			n = 7;
	}
	if (json_array_size(list) == 0 && c->version >= 4)
		return;
	cl_begin(&c->line, NULL, "N");
	if (c->version >= 4 && js_peek_str(sort, "surname") != NULL) {
		cl_param(
		    &c->line, "SORT-AS", js_take_str(&c->t, sort, "surname"));
		if (js_peek_str(sort, "given") != NULL)
			cl_param_more(
			    &c->line, js_take_str(&c->t, sort, "given"));
	}
	cl_colon(&c->line);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			cl_raw(&c->line, ";");
		card_components(
		    c, list, kinds[i], false, i < 5 ? &known : &again);
	}
	cl_end(&c->line);
	if (known == json_array_size(list)) {
		bool ordered;

		(void)js_take(&c->t, name, "components", JSON_ARRAY);
		(void)js_take_bool(&c->t, name, "isOrdered", &ordered);
	}
}

void
card_names(struct card *c)
{
	json_t *name = js_object(c->t.root, "name");
	const char *sort =
	    c->version >= 4
		? NULL
		: js_take_str(&c->t, js_object(name, "sortAs"), "surname");

	write_full(c, name);
	write_parts(c, name);
	if (sort != NULL)
		cl_text_line(&c->line, "SORT-STRING", sort);
}
