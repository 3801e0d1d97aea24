/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Names, addresses, phones, online services, organizations, anniversaries,
 * media and relations of a card. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/civil.h"
#include "archive/vcardpart.h"
#include "core/alloc.h"
#include "core/str.h"

/* --- lists of components --- */

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
static void
add_components(struct card *c, const json_t *list, const char *const *kinds,
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

/* --- names --- */

/* The whole name, from its components where it is not given. RFC 9553, 2.2.1:
 * in order, a separator stands where the default one would. */
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
		add_components(
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

/* --- addresses --- */

static bool
is_geo(const char *s)
{
	return s != NULL && str_starts(s, "geo:");
}

/* Version 3 knows one place, of the whole card. */
static void
card_place(struct card *c, json_t *address, bool *has_geo, bool *has_zone)
{
	const char *s = js_peek_str(address, "coordinates"), *comma;

	if (!*has_geo && is_geo(s) && (comma = strchr(s, ',')) != NULL &&
	    strpbrk(s, ";") == NULL && strchr(comma + 1, ',') == NULL) {
		*has_geo = true;
		s = js_take_str(&c->t, address, "coordinates");
		cl_begin(&c->line, NULL, "GEO");
		cl_colon(&c->line);
		for (s += 4; *s != '\0'; s++) {
			char text[2] = { *s == ',' ? ';' : *s, '\0' };

			cl_raw(&c->line, text);
		}
		cl_end(&c->line);
	}
	s = *has_zone ? NULL : js_take_str(&c->t, address, "timeZone");
	if (s != NULL) {
		*has_zone = true;
		cl_begin(&c->line, NULL, "TZ");
		cl_param(&c->line, "VALUE", "TEXT");
		cl_colon(&c->line);
		cl_text(&c->line, s);
		cl_end(&c->line);
	}
}

static void
address_label(struct card *c, struct item *item)
{
	const char *s = js_take_str(&c->t, item->json, "full");

	if (s == NULL)
		return;
	cl_begin(&c->line, *item->group == '\0' ? NULL : item->group, "LABEL");
	if (json_is_true(json_object_get(
		js_object(json_object_get(
			      js_object(c->t.whole, "addresses"), item->id),
		    "contexts"),
		"work")))
		cl_param(&c->line, "TYPE", "work");
	else if (json_is_true(json_object_get(
		     js_object(
			 json_object_get(
			     js_object(c->t.whole, "addresses"), item->id),
			 "contexts"),
		     "private")))
		cl_param(&c->line, "TYPE", "home");
	cl_colon(&c->line);
	cl_text(&c->line, s);
	cl_end(&c->line);
}

static void
write_address(struct card *c, struct item *item)
{
	/* The classic seven; what RFC 9554 divides further stands together. */
	static const char *const kinds[7][12] = { { "postOfficeBox" },
		{ "apartment", "room", "floor", "building", "block" },
		{ "name", "number", "direction", "landmark", "subdistrict" },
		{ "locality", "district" }, { "region" }, { "postcode" },
		{ "country" } };
	static const char *const exact[] = { "postOfficeBox", "apartment",
		"name", "locality", "region", "postcode", "country" };
	json_t *json = item->json;
	const json_t *list = json_object_get(json, "components"), *v;
	size_t known = 0, divided = 0, i;

	card_begin(c, item, "ADR", "full", false);
	if (c->version >= 4) {
		const char *s = js_take_str(&c->t, json, "full");

		if (s != NULL)
			cl_param(&c->line, "LABEL", s);
		s = js_take_str(&c->t, json, "coordinates");
		if (s != NULL)
			cl_param(&c->line, "GEO", s);
		s = js_take_str(&c->t, json, "timeZone");
		if (s != NULL)
			cl_param(&c->line, "TZ", s);
		s = js_take_str(&c->t, json, "countryCode");
		if (s != NULL)
			cl_param(&c->line, "CC", s);
	}
	card_params(c, item, "full", NULL);
	cl_colon(&c->line);
	for (i = 0; i < 7; i++) {
		if (i > 0)
			cl_raw(&c->line, ";");
		add_components(c, list, kinds[i], i == 2, &known);
	}
	card_end(c, item, "ADR", "full", false);
	json_array_foreach (list, i, v) {
		bool found = false;

		for (size_t k = 0; k < 7; k++)
			found = found || (js_peek_str(v, "kind") != NULL &&
					     strcmp(js_peek_str(v, "kind"),
						 exact[k]) == 0);
		divided += !found;
	}
	/* The exact parts are kept where they do not stand in one place. */
	if (known == json_array_size(list) && divided == 0) {
		bool ordered;

		(void)js_take(&c->t, json, "components", JSON_ARRAY);
		(void)js_take_bool(&c->t, json, "isOrdered", &ordered);
	}
	if (c->version < 4)
		address_label(c, item);
}

void
card_addresses(struct card *c)
{
	json_t *map = js_object(c->t.root, "addresses"), *json;
	struct item item = { .map = "addresses" };
	bool has_geo = false, has_zone = false;

	json_object_foreach (map, item.id, json) {
		card_next(&item, json);
		if (!json_is_object(json))
			continue;
		write_address(c, &item);
		if (c->version < 4)
			card_place(c, json, &has_geo, &has_zone);
	}
}

/* --- phones and services --- */

void
card_phones(struct card *c)
{
	static const char *const features[][2] = { { "mobile", "cell" },
		{ NULL, NULL } };
	json_t *map = js_object(c->t.root, "phones"), *json;
	struct item item = { .map = "phones" };

	json_object_foreach (map, item.id, json) {
		const char *s = js_take_str(&c->t, json, "number");
		bool uri = s != NULL && str_starts_nocase(s, "tel:");

		card_next(&item, json);
		if (s == NULL)
			continue;
		card_begin(c, &item, "TEL", "number", false);
		if (uri && c->version >= 4)
			cl_param(&c->line, "VALUE", "uri");
		card_params(c, &item, "number", features);
		cl_colon(&c->line);
		if (uri && c->version >= 4)
			cl_raw(&c->line, s);
		else
			cl_text(&c->line, uri ? s + 4 : s);
		card_end(c, &item, "TEL", "number", false);
	}
}

/* IMPP is a bare URI of a chat; what has a service or a user's name is
 * SOCIALPROFILE (RFC 9554), which in version 3 is what Apple made of it. */
static void
write_service(struct card *c, struct item *item)
{
	json_t *json = item->json;
	const char *was = js_peek_str(json, "vCardName");
	const char *uri = js_take_str(&c->t, json, "uri"), *user, *service;
	bool impp = js_peek_str(json, "service") == NULL && uri != NULL &&
		    !str_starts_nocase(uri, "http");
	const char *name = "IMPP";

	if (was != NULL)
		impp = str_eq_nocase(was, "impp") && uri != NULL;
	user = impp && c->version < 4 ? NULL : js_take_str(&c->t, json, "user");
	if (uri == NULL && user == NULL)
		return;
	if (!impp)
		name = c->version >= 4 ? "SOCIALPROFILE" : "X-SOCIALPROFILE";
	card_begin(c, item, name, uri != NULL ? "uri" : "user", false);
	service =
	    c->version < 4 && impp ? NULL : js_take_str(&c->t, json, "service");
	if (service != NULL)
		cl_param(&c->line, c->version >= 4 ? "SERVICE-TYPE" : "TYPE",
		    service);
	if (user != NULL && uri != NULL)
		cl_param(
		    &c->line, c->version >= 4 ? "USERNAME" : "X-USER", user);
	if (uri == NULL)
		cl_param(&c->line, "VALUE", "text");
	card_params(c, item, uri != NULL ? "uri" : "user", NULL);
	cl_colon(&c->line);
	if (uri != NULL)
		cl_raw(&c->line, uri);
	else
		cl_text(&c->line, user);
	card_end(c, item, name, uri != NULL ? "uri" : "user", false);
	(void)js_take_word(&c->t, json, "vCardName", "impp");
	(void)js_take_word(&c->t, json, "vCardName", "socialprofile");
}

void
card_services(struct card *c)
{
	json_t *map = js_object(c->t.root, "onlineServices"), *json;
	struct item item = { .map = "onlineServices" };

	json_object_foreach (map, item.id, json) {
		card_next(&item, json);
		write_service(c, &item);
	}
}

/* --- organizations --- */

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
	struct item item = { .map = "organizations" };

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

/* --- anniversaries --- */

/* A PartialDate in the form of RFC 6350, 4.3.1, or for version 3 a whole date;
 * without a year Apple's way. False if there is no such form. */
static bool
partial_date(struct card *c, const json_t *date, struct buf *out, bool *no_year)
{
	json_int_t y = json_integer_value(json_object_get(date, "year")),
		   m = json_integer_value(json_object_get(date, "month")),
		   d = json_integer_value(json_object_get(date, "day"));

	if (y < 0 || y > 9999 || m < 0 || m > 12 || d < 0 || d > 31)
		return false;
	*no_year = y == 0;
	if (c->version < 4) {
		if (m == 0 || d == 0)
			return false;
		buf_addf(out, "%04d-%02d-%02d", y == 0 ? 1604 : (int)y, (int)m,
		    (int)d);
		return true;
	}
	if (y != 0 && d != 0 && m == 0)
		return false;
	if (y != 0)
		buf_addf(out, "%04d", (int)y);
	else if (m == 0 && d == 0)
		return false;
	if (y != 0 && m != 0 && d == 0)
		buf_addf(out, "-%02d", (int)m);
	else if (m != 0)
		buf_addf(out, "%s%02d", y == 0 ? "--" : "", (int)m);
	if (d != 0)
		buf_addf(out, "%s%02d", y == 0 && m == 0 ? "---" : "", (int)d);
	return true;
}

static bool
timestamp(const json_t *date, struct buf *out)
{
	const char *s = js_peek_str(date, "utc");
	char text[CIVIL_TEXT];
	struct civil at;

	if (s == NULL || !civil_parse(s, true, &at))
		return false;
	civil_format(&at, false, text);
	buf_addf(out, "%sZ", text);
	return true;
}

static void
write_anniversary(struct card *c, struct item *item)
{
	static const char *const kinds[][3] = { { "birth", "BDAY",
						    "BIRTHPLACE" },
		{ "wedding", "ANNIVERSARY", NULL },
		{ "death", "DEATHDATE", "DEATHPLACE" } };
	json_t *date = js_object(item->json, "date");
	json_t *place = js_object(item->json, "place");
	struct buf text = { 0 };
	bool no_year = false;
	const char *s;
	size_t k = 0;

	while (k < 3 && !card_is_kind(item, kinds[k][0]))
		k++;
	if (k == 3)
		return;
	if (timestamp(date, &text) || partial_date(c, date, &text, &no_year)) {
		card_begin(c, item, kinds[k][1], "date", k > 0);
		s = js_peek_str(date, "calendarScale");
		if (s != NULL && cl_is_name(s) && c->version >= 4)
			cl_param(&c->line, "CALSCALE", s);
		if (no_year && c->version < 4)
			cl_param(&c->line, "X-APPLE-OMIT-YEAR", "1604");
		card_params(c, item, "date", NULL);
		cl_colon(&c->line);
		cl_raw(&c->line, buf_str(&text));
		card_end(c, item, kinds[k][1], "date", k > 0);
		if (s == NULL || c->version >= 4)
			(void)js_take(&c->t, item->json, "date", JSON_OBJECT);
		(void)js_take_word(&c->t, item->json, "kind", kinds[k][0]);
	}
	s = kinds[k][2] == NULL ? NULL : js_take_str(&c->t, place, "full");
	if (s != NULL) {
		cl_text_line(&c->line,
		    c->version >= 4 ? kinds[k][2]
		    : k == 0        ? "X-BIRTHPLACE"
				    : "X-DEATHPLACE",
		    s);
		(void)js_take_word(&c->t, item->json, "kind", kinds[k][0]);
	}
	buf_free(&text);
}

void
card_anniversaries(struct card *c)
{
	json_t *map = js_object(c->t.root, "anniversaries"), *json;
	struct item item = { .map = "anniversaries" };

	json_object_foreach (map, item.id, json) {
		card_next(&item, json);
		write_anniversary(c, &item);
	}
}

/* --- media and keys --- */

/* The name that version 3 has for a media type: what follows the slash. */
static void
add_image_type(struct card *c, const char *type)
{
	const char *slash = type == NULL ? NULL : strchr(type, '/');
	char upper[32];
	size_t i;

	if (slash == NULL || !cl_is_name(slash + 1))
		return;
	for (i = 0; i < sizeof upper - 1 && slash[i + 1] != '\0'; i++)
		upper[i] = slash[i + 1] >= 'a' && slash[i + 1] <= 'z'
			       ? (char)(slash[i + 1] - 'a' + 'A')
			       : slash[i + 1];
	upper[i] = '\0';
	cl_param(&c->line, "TYPE", upper);
}

/* The bytes of an item that is not elsewhere. */
static bool
item_bytes(struct card *c, json_t *json, const char *uri, struct buf *bytes,
    struct buf *type, bool *blob)
{
	json_t *id = json_object_get(json, "@blob");
	struct why why = { 0 };

	*blob = false;
	if (json_is_integer(id)) {
		if (c->convert == NULL || c->convert->blob == NULL ||
		    c->convert->blob(c->convert->arg, json_integer_value(id),
			bytes, &why) == -1)
			return false;
		(void)js_take(&c->t, json, "@blob", JSON_INTEGER);
		*blob = true;
		return true;
	}
	/* Version 4 keeps the URI as it is. */
	return uri != NULL && c->version < 4 && js_data_uri(uri, bytes, type);
}

static void
write_media(struct card *c, struct item *item, const char *name)
{
	json_t *json = item->json;
	struct buf bytes = { 0 }, found = { 0 };
	const char *uri = js_take_str(&c->t, json, "uri");
	const char *type;
	bool blob;
	bool inside = item_bytes(c, json, uri, &bytes, &found, &blob);

	if (!inside && uri == NULL)
		goto out;
	type = js_take_str(&c->t, json, "mediaType");
	if (type == NULL && found.len > 0)
		type = found.data;
	card_begin(c, item, name, "uri", false);
	if (c->version >= 4) {
		if (type != NULL && !blob)
			cl_param(&c->line, "MEDIATYPE", type);
	} else if (inside) {
		cl_param(&c->line, "ENCODING", "b");
		add_image_type(c, type);
	} else {
		cl_param(&c->line, "VALUE", "uri");
		add_image_type(c, type);
	}
	card_params(c, item, "uri", NULL);
	cl_colon(&c->line);
	if (inside && c->version >= 4) {
		cl_raw(&c->line, "data:");
		cl_raw(
		    &c->line, type == NULL ? "application/octet-stream" : type);
		cl_raw(&c->line, ";base64,");
	}
	if (inside)
		cl_base64(&c->line, buf_str(&bytes), bytes.len);
	else
		cl_raw(&c->line, uri);
	card_end(c, item, name, "uri", false);
out:
	buf_free(&bytes);
	buf_free(&found);
}

void
card_media(struct card *c)
{
	static const char *const kinds[][2] = { { "photo", "PHOTO" },
		{ "logo", "LOGO" }, { "sound", "SOUND" } };
	json_t *json;
	struct item item = { .map = "media" };

	json_object_foreach (js_object(c->t.root, "media"), item.id, json) {
		card_next(&item, json);
		for (size_t k = 0; k < 3; k++) {
			if (!card_is_kind(&item, kinds[k][0]))
				continue;
			write_media(c, &item, kinds[k][1]);
			(void)js_take_word(&c->t, json, "kind", kinds[k][0]);
			break;
		}
	}
	item = (struct item){ .map = "cryptoKeys" };
	json_object_foreach (
	    js_object(c->t.root, "cryptoKeys"), item.id, json) {
		card_next(&item, json);
		write_media(c, &item, "KEY");
	}
}

/* --- relations --- */

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
