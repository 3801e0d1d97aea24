/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/vcard/vcard.h"

#include <string.h>

#include "convert/civil.h"
#include "convert/jcal.h"
#include "convert/vcard/address.h"
#include "convert/vcard/date.h"
#include "convert/vcard/item.h"
#include "convert/vcard/media.h"
#include "convert/vcard/name.h"
#include "convert/vcard/org.h"
#include "convert/vcard/related.h"
#include "convert/vcard/service.h"

/* --- properties of one value --- */

struct simple {
	const char *map, *value;
	const char *kind; /* NULL: of none */
	bool implied;     /* an item without a kind is of this one, too */
	const char *property;
	bool only4;
	bool uri;
};

static const struct simple simple[] = {
	{ "nicknames", "name", NULL, false, "NICKNAME", false, false },
	{ "emails", "address", NULL, false, "EMAIL", false, false },
	{ "titles", "name", "title", true, "TITLE", false, false },
	{ "titles", "name", "role", false, "ROLE", false, false },
	{ "links", "uri", NULL, false, "URL", false, true },
	{ "links", "uri", "contact", false, "CONTACT-URI", true, true },
	{ "calendars", "uri", "calendar", false, "CALURI", false, true },
	{ "calendars", "uri", "freeBusy", false, "FBURL", false, true },
	{ "schedulingAddresses", "uri", NULL, false, "CALADRURI", false, true },
	{ "directories", "uri", "directory", false, "ORG-DIRECTORY", true,
	    true },
	{ "directories", "uri", "entry", false, "SOURCE", false, true },
	{ "preferredLanguages", "language", NULL, false, "LANG", true, false },
	{ "personalInfo", "value", "expertise", false, "EXPERTISE", true,
	    false },
	{ "personalInfo", "value", "hobby", false, "HOBBY", true, false },
	{ "personalInfo", "value", "interest", false, "INTEREST", true, false },
	{ "notes", "note", NULL, false, "NOTE", false, false },
};

/* RFC 6715: the words for expertise are others. */
static void
level_param(struct card *c, struct vcard_item *item, const char *kind)
{
	static const char *const levels[][2] = { { "low", "beginner" },
		{ "medium", "average" }, { "high", "expert" } };

	for (size_t i = 0; i < 3; i++)
		if (js_take_word(&c->t, item->json, "level", levels[i][0]))
			cl_param(&c->line, "LEVEL",
			    strcmp(kind, "expertise") == 0 ? levels[i][1]
							   : levels[i][0]);
}

static void
write_simple(struct card *c, const struct simple *s)
{
	json_t *map = js_object(c->t.root, s->map), *json;
	struct vcard_item item = { .map = s->map };

	json_object_foreach (map, item.id, json) {
		const char *value;

		card_next(&item, json);
		if (!card_is_kind(&item, s->kind) &&
		    !(s->implied && card_is_kind(&item, NULL)))
			continue;
		value = js_take_str(&c->t, json, s->value);
		if (value == NULL)
			continue;
		card_begin(c, &item, s->property, s->value, s->only4);
		if (s->kind != NULL && strcmp(s->map, "personalInfo") == 0)
			level_param(c, &item, s->kind);
		card_params(c, &item, s->value, NULL);
		cl_colon(&c->line);
		if (s->uri)
			cl_raw(&c->line, value);
		else
			cl_text(&c->line, value);
		card_end(c, &item, s->property, s->value, s->only4);
		if (s->kind != NULL)
			(void)js_take_word(&c->t, json, "kind", s->kind);
	}
}

/* --- the rest of the card --- */

static void
write_kind(struct card *c)
{
	struct contentline *l = &c->line;
	const char *kind = js_peek_str(c->t.root, "kind");

	if (kind == NULL)
		return;
	if (c->version >= 4 && cl_is_name(kind))
		cl_line(l, "KIND", js_take_str(&c->t, c->t.root, "kind"));
	else if (js_take_word(&c->t, c->t.root, "kind", "group"))
		cl_line(l, "X-ADDRESSBOOKSERVER-KIND", "group");
	else if (js_take_word(&c->t, c->t.root, "kind", "org"))
		cl_line(l, "X-ABSHOWAS", "COMPANY");
	else
		(void)js_take_word(&c->t, c->t.root, "kind", "individual");
}

static void
write_members(struct card *c)
{
	json_t *map = js_object(c->t.root, "members"), *value;
	const char *uid;
	void *next;

	json_object_foreach_safe(map, next, uid, value)
	{
		if (!json_is_true(value) || !cl_clean(uid))
			continue;
		cl_line(&c->line,
		    c->version >= 4 ? "MEMBER" : "X-ADDRESSBOOKSERVER-MEMBER",
		    uid);
		(void)json_object_del(map, uid);
	}
}

static void
write_keywords(struct card *c)
{
	json_t *map = js_object(c->t.root, "keywords"), *value;
	bool first = true;
	const char *word;
	void *next;

	json_object_foreach_safe(map, next, word, value)
	{
		if (!json_is_true(value) || !cl_clean(word))
			continue;
		if (first) {
			cl_begin(&c->line, NULL, "CATEGORIES");
			cl_colon(&c->line);
		} else {
			cl_raw(&c->line, ",");
		}
		cl_text(&c->line, word);
		first = false;
		(void)json_object_del(map, word);
	}
	if (!first)
		cl_end(&c->line);
}

static void
write_time(struct card *c, const char *member, const char *property, bool only4)
{
	const char *s = js_peek_str(c->t.root, member);
	char text[CIVIL_TEXT];
	struct civil at;

	if (s == NULL || !civil_parse(s, true, &at))
		return;
	if (civil_is_exact(s))
		(void)js_take_str(&c->t, c->t.root, member);
	civil_format(&at, false, text);
	card_begin_name(c, NULL, property, only4);
	cl_colon(&c->line);
	cl_raw(&c->line, text);
	cl_raw(&c->line, "Z");
	cl_end(&c->line);
}

static void
write_speak(struct card *c)
{
	static const char *const genders[] = { "animate", "common", "feminine",
		"inanimate", "masculine", "neuter" };
	json_t *speak = js_object(c->t.root, "speakToAs");
	json_t *map = js_object(speak, "pronouns"), *json;
	struct vcard_item item = { .map = "speakToAs/pronouns" };

	for (size_t i = 0; i < sizeof genders / sizeof *genders; i++) {
		if (!js_take_word(
			&c->t, speak, "grammaticalGender", genders[i]))
			continue;
		card_begin_name(c, NULL, "GRAMGENDER", true);
		cl_colon(&c->line);
		cl_raw(&c->line, genders[i]);
		cl_end(&c->line);
	}
	json_object_foreach (map, item.id, json) {
		const char *s = js_take_str(&c->t, json, "pronouns");

		card_next(&item, json);
		if (s == NULL)
			continue;
		card_begin(c, &item, "PRONOUNS", "pronouns", true);
		card_params(c, &item, "pronouns", NULL);
		cl_colon(&c->line);
		cl_text(&c->line, s);
		card_end(c, &item, "PRONOUNS", "pronouns", true);
	}
}

/* What the writer says itself, or what may be there once (RFC 6350, 6) and is
 * already. */
static bool
is_taken(const struct card *c, const json_t *property)
{
	static const char *const frame[] = { "version", "uid", NULL };
	static const char *const once[] = { "kind", "n", "bday", "anniversary",
		"gender", "rev", "prodid", NULL };
	const char *name = json_string_value(json_array_get(property, 0));

	return js_jcal_is_named(property, frame) ||
	       (js_jcal_is_named(property, once) &&
		   cl_has(&c->line, c->mark, name));
}

/* Properties that had no place in JSContact: "vCard" of calcard, "vCardProps"
 * of RFC 9555. What would break the card stays in the tree. */
static void
write_leftovers(struct card *c, json_t *from, const char *member)
{
	json_t *list = json_object_get(from, member);

	for (size_t i = 0; i < json_array_size(list);) {
		const json_t *property = json_array_get(list, i);

		if (!is_taken(c, property) &&
		    js_jcal_property(&c->line, property))
			(void)json_array_remove(list, i);
		else
			i++;
	}
	if (json_is_array(list) && json_array_size(list) == 0)
		(void)js_take(&c->t, from, member, JSON_ARRAY);
}

static void
write_left(void *arg, const char *pointer, const json_t *value)
{
	struct card *c = arg;
	struct buf text = { 0 };

	js_text(&text, value);
	card_begin_name(c, NULL, "JSPROP", true);
	cl_param(&c->line, c->version >= 4 ? "JSPTR" : "X-JSPTR", pointer);
	cl_colon(&c->line);
	cl_text(&c->line, buf_str(&text));
	cl_end(&c->line);
	buf_free(&text);
}

static void
write_card(struct card *c, const char *uid)
{
	struct contentline *l = &c->line;
	json_t *root = c->t.root;

	c->mark = l->out->len;
	cl_line(l, "BEGIN", "VCARD");
	cl_line(l, "VERSION", c->version >= 4 ? "4.0" : "3.0");
	(void)js_take_word(&c->t, root, "version", "1.0");
	cl_begin(l, NULL, "UID");
	cl_colon(l);
	cl_text(l, uid);
	cl_end(l);
	(void)js_take_str(&c->t, root, "uid");
	write_kind(c);
	card_names(c);
	card_organizations(c);
	card_anniversaries(c);
	card_phones(c);
	card_addresses(c);
	card_services(c);
	for (size_t i = 0; i < sizeof simple / sizeof *simple; i++)
		write_simple(c, &simple[i]);
	card_media(c);
	write_keywords(c);
	write_members(c);
	card_related(c);
	write_speak(c);
	if (c->language != NULL && c->version >= 4)
		cl_line(l, "LANGUAGE", js_take_str(&c->t, root, "language"));
	write_time(c, "created", "CREATED", true);
	write_time(c, "updated", "REV", false);
	write_leftovers(c, js_object(root, "vCard"), "properties");
	write_leftovers(c, root, "vCardProps");
	js_left(&c->t, write_left, c);
	cl_line(l, "END", "VCARD");
}

int
vcard_write(struct buf *out, const char *json, size_t len, int version,
    const struct convert *convert, struct why *why)
{
	struct card c = { .version = version, .convert = convert };
	const char *type, *uid;
	int r = CONVERT_WRITTEN;

	if (js_parse(&c.t, json, len, why) == -1)
		return -1;
	type = js_peek_str(c.t.root, "@type");
	uid = js_peek_str(c.t.root, "uid");
	if ((uid == NULL || *uid == '\0') && convert != NULL)
		uid = convert->uid;
	if (type != NULL && strcmp(type, "Card") != 0)
		r = why_set(why, FAIL_DATA, "not a Card");
	else if (uid == NULL || *uid == '\0')
		r = why_set(why, FAIL_DATA, "it has no uid");
	if (r == -1) {
		js_free(&c.t);
		return -1;
	}
	c.line.out = out;
	c.line.no_caret = version < 4;
	c.converted =
	    js_object(js_object(c.t.root, "vCard"), "convertedProperties");
	c.localized = js_object(c.t.root, "localizations");
	c.language = js_peek_str(c.t.root, "language");
	write_card(&c, uid);
	js_free(&c.t);
	cl_free(&c.line);
	return r;
}
