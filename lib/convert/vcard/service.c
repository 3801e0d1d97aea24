/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/vcard/service.h"

#include <string.h>

#include "convert/vcard/item.h"
#include "core/str.h"

void
card_phones(struct card *c)
{
	static const char *const features[][2] = { { "mobile", "cell" },
		{ NULL, NULL } };
	json_t *map = js_object(c->t.root, "phones"), *json;
	struct vcard_item item = { .map = "phones" };

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
write_service(struct card *c, struct vcard_item *item)
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
	struct vcard_item item = { .map = "onlineServices" };

	json_object_foreach (map, item.id, json) {
		card_next(&item, json);
		write_service(c, &item);
	}
}
