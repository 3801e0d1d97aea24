/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/vcard/date.h"

#include "convert/civil.h"
#include "convert/vcard/item.h"

enum {
	NO_YEAR = 1604
};

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
	/* What Apple and others write where there is no year, with a parameter
	 * that says so and that calcard drops. Nobody of that year is in an
	 * address book. */
	if (y == NO_YEAR && m != 0 && d != 0)
		y = 0;
	*no_year = y == 0;
	if (c->version < 4) {
		if (m == 0 || d == 0)
			return false;
		buf_addf(out, "%04d-%02d-%02d", y == 0 ? NO_YEAR : (int)y,
		    (int)m, (int)d);
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
write_anniversary(struct card *c, struct vcard_item *item)
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
	struct vcard_item item = { .map = "anniversaries" };

	json_object_foreach (map, item.id, json) {
		card_next(&item, json);
		write_anniversary(c, &item);
	}
}
