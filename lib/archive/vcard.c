/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "archive/vcard.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/civil.h"
#include "archive/vcardpart.h"
#include "core/alloc.h"
#include "core/str.h"

/* --- the parts of a property --- */

static char *
pointer_to(const struct item *item, const char *value)
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

static void
begin_name(struct card *c, const char *group, const char *name, bool only4)
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
		begin_name(c, group, name, only4);
		altid(c);
		cl_param(&c->line, "LANGUAGE", language);
		cl_colon(&c->line);
		cl_text(&c->line, s);
		cl_end(&c->line);
	}
}

/* A label is a property of its own, in the same group. */
static void
label_group(struct card *c, struct item *item)
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
card_begin(struct card *c, struct item *item, const char *name,
    const char *value, bool only4)
{
	char *pointer = pointer_to(item, value);

	if (*item->group == '\0')
		label_group(c, item);
	begin_name(c, *item->group == '\0' ? NULL : item->group, name, only4);
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
add_types(struct card *c, struct item *item, const char *member,
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
card_params(struct card *c, struct item *item, const char *value,
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
card_end(struct card *c, struct item *item, const char *name, const char *value,
    bool only4)
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
card_next(struct item *item, json_t *json)
{
	item->n++;
	item->json = json;
	*item->group = '\0';
}

bool
card_is_kind(const struct item *item, const char *kind)
{
	const char *s = js_peek_str(item->json, "kind");

	return s == NULL ? kind == NULL : kind != NULL && strcmp(s, kind) == 0;
}

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
level_param(struct card *c, struct item *item, const char *kind)
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
	struct item item = { .map = s->map };

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
	begin_name(c, NULL, property, only4);
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
	struct item item = { .map = "speakToAs/pronouns" };

	for (size_t i = 0; i < sizeof genders / sizeof *genders; i++) {
		if (!js_take_word(
			&c->t, speak, "grammaticalGender", genders[i]))
			continue;
		begin_name(c, NULL, "GRAMGENDER", true);
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

/* Properties that had no place in JSContact: "vCard" of calcard, "vCardProps"
 * of RFC 9555. */
static void
write_leftovers(struct card *c, json_t *from, const char *member)
{
	json_t *list = json_object_get(from, member);

	for (size_t i = 0; i < json_array_size(list);) {
		if (js_jcal_property(&c->line, json_array_get(list, i)))
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
	begin_name(c, NULL, "JSPROP", true);
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
