/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/vcard/address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert/vcard/components.h"
#include "convert/vcard/item.h"
#include "core/alloc.h"
#include "core/str.h"

/* "48.2,16.37" of "geo:48.2,16.37" or of the "48.2;16.37" of version 3; empty
 * for other forms, such as one with an altitude. */
static void
read_place(const char *s, struct buf *out)
{
	static const char number[] = "0123456789.-+";
	size_t lat, lon;

	if (s == NULL)
		return;
	s += str_starts_nocase(s, "geo:") ? 4 : 0;
	lat = strspn(s, number);
	if (lat == 0 || (s[lat] != ',' && s[lat] != ';'))
		return;
	lon = strspn(s + lat + 1, number);
	if (lon == 0 || s[lat + 1 + lon] != '\0')
		return;
	buf_add(out, s, lat);
	buf_addc(out, ',');
	buf_add(out, s + lat + 1, lon);
}

/* GEO of the whole card: a URI in version 4 (RFC 6350, 6.5.2), two numbers in
 * version 3. */
static bool
geo_line(struct card *c, const char *coordinates)
{
	struct buf place = { 0 };
	char *comma;

	read_place(coordinates, &place);
	if (place.len == 0) {
		buf_free(&place);
		return false;
	}
	cl_begin(&c->line, NULL, "GEO");
	cl_colon(&c->line);
	comma = strchr(place.data, ',');
	if (c->version < 4)
		*comma = ';';
	else
		cl_raw(&c->line, "geo:");
	cl_raw(&c->line, place.data);
	cl_end(&c->line);
	buf_free(&place);
	return true;
}

/* TZ of the whole card. Version 3 wants an offset (RFC 2426, 3.4.1), which the
 * zones "Etc/GMT-1" are; their sign is the other way round. */
static void
zone_line(struct card *c, const char *zone)
{
	int hours = 0;
	char sign = 0;
	char text[16];

	if (c->version < 4 && str_starts(zone, "Etc/GMT") &&
	    (zone[7] == '+' || zone[7] == '-') && strlen(zone) <= 10) {
		sign = zone[7] == '-' ? '+' : '-';
		for (const char *s = zone + 8; *s != '\0' && sign != 0; s++) {
			if (*s < '0' || *s > '9')
				sign = 0;
			else
				hours = hours * 10 + (*s - '0');
		}
	}
	if (sign != 0 && hours <= 14) {
		(void)snprintf(text, sizeof text, "%c%02d:00", sign, hours);
		cl_line(&c->line, "TZ", text);
		return;
	}
	cl_begin(&c->line, NULL, "TZ");
	if (c->version < 4)
		cl_param(&c->line, "VALUE", "TEXT");
	cl_colon(&c->line);
	cl_text(&c->line, zone);
	cl_end(&c->line);
}

/* What the card has one of at most. */
struct place {
	bool has_geo, has_zone;
};

/* The place of an address for the whole card: all that version 3 knows, and in
 * both what an address is that says nothing else. */
static void
card_place(struct card *c, json_t *address, struct place *place)
{
	const char *s = js_peek_str(address, "coordinates");

	if (!place->has_geo && geo_line(c, s)) {
		place->has_geo = true;
		(void)js_take_str(&c->t, address, "coordinates");
	}
	s = place->has_zone ? NULL : js_take_str(&c->t, address, "timeZone");
	if (s != NULL) {
		place->has_zone = true;
		zone_line(c, s);
	}
}

/* Whether an address is a GEO or TZ that had a card without one. */
static bool
is_only_place(json_t *address, const struct place *place)
{
	const char *key;
	json_t *v;

	json_object_foreach (address, key, v) {
		bool geo = strcmp(key, "coordinates") == 0 && !place->has_geo;
		bool zone = strcmp(key, "timeZone") == 0 && !place->has_zone;

		if (!geo && !zone && strcmp(key, "@type") != 0)
			return false;
	}
	return json_object_get(address, "coordinates") != NULL ||
	       json_object_get(address, "timeZone") != NULL;
}

static void
address_label(struct card *c, struct vcard_item *item)
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

/* RFC 6350, 5.10: a URI. */
static void
geo_param(struct card *c, json_t *address)
{
	const char *s = js_peek_str(address, "coordinates");
	struct buf place = { 0 };
	char *uri;

	if (s == NULL)
		return;
	read_place(s, &place);
	if (place.len == 0 && !str_starts_nocase(s, "geo:"))
		return;
	uri = place.len == 0 ? xstrdup(s) : xasprintf("geo:%s", place.data);
	cl_param(&c->line, "GEO", uri);
	(void)js_take_str(&c->t, address, "coordinates");
	free(uri);
	buf_free(&place);
}

static void
write_address(struct card *c, struct vcard_item *item)
{
	/* The classic seven; what RFC 9554 divides further is joined. */
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
		geo_param(c, json);
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
		card_components(c, list, kinds[i], i == 2, &known);
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
	/* The exact parts are kept where they are not in one place. */
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
	struct vcard_item item = { .map = "addresses" };
	struct place place = { false, false };

	json_object_foreach (map, item.id, json) {
		card_next(&item, json);
		if (!json_is_object(json))
			continue;
		if (is_only_place(json, &place)) {
			card_place(c, json, &place);
			if (json_object_get(json, "coordinates") == NULL)
				continue;
		}
		write_address(c, &item);
		if (c->version < 4)
			card_place(c, json, &place);
	}
}
