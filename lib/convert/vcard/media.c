/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/vcard/media.h"

#include <string.h>

#include "convert/datauri.h"
#include "convert/mediatype.h"
#include "convert/vcard/item.h"

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

/* The bytes of an item that holds them itself. */
static bool
item_bytes(struct card *c, json_t *json, const char *uri, struct buf *bytes,
    struct buf *type)
{
	json_t *id = json_object_get(json, "@blob");
	struct why why = { 0 };

	if (json_is_integer(id)) {
		if (c->convert == NULL || c->convert->blob == NULL ||
		    c->convert->blob(c->convert->arg, json_integer_value(id),
			bytes, &why) == -1)
			return false;
		(void)js_take(&c->t, json, "@blob", JSON_INTEGER);
		return true;
	}
	return uri != NULL && js_data_uri(uri, bytes, type);
}

/* The value of version 4: a URI, its bytes as a data: URI (RFC 2397). One that
 * says its type is kept as it is. */
static void
uri_value(
    struct card *c, const char *uri, const char *type, const struct buf *bytes)
{
	cl_colon(&c->line);
	if (uri != NULL) {
		cl_raw(&c->line, uri);
		return;
	}
	cl_raw(&c->line, "data:");
	cl_raw(&c->line, type == NULL ? "application/octet-stream" : type);
	cl_raw(&c->line, ";base64,");
	cl_base64(&c->line, buf_str(bytes), bytes->len);
}

static void
write_media(struct card *c, struct vcard_item *item, const char *name)
{
	json_t *json = item->json;
	struct buf bytes = { 0 }, found = { 0 };
	const char *uri = js_take_str(&c->t, json, "uri");
	const char *type, *said;
	bool inside = item_bytes(c, json, uri, &bytes, &found);

	if (!inside && uri == NULL)
		goto out;
	said = js_take_str(&c->t, json, "mediaType");
	type = said != NULL    ? said
	       : found.len > 0 ? found.data
			       : mediatype_guess(buf_str(&bytes), bytes.len);
	if (inside && found.len == 0)
		uri = NULL;
	card_begin(c, item, name, "uri", false);
	if (c->version >= 4) {
		if (uri != NULL && said != NULL)
			cl_param(&c->line, "MEDIATYPE", said);
	} else if (inside) {
		cl_param(&c->line, "ENCODING", "b");
		add_image_type(c, type);
	} else {
		cl_param(&c->line, "VALUE", "uri");
		add_image_type(c, type);
	}
	card_params(c, item, "uri", NULL);
	if (c->version >= 4) {
		uri_value(c, uri, type, &bytes);
	} else {
		cl_colon(&c->line);
		if (inside)
			cl_base64(&c->line, buf_str(&bytes), bytes.len);
		else
			cl_raw(&c->line, uri);
	}
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
	struct vcard_item item = { .map = "media" };

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
	item = (struct vcard_item){ .map = "cryptoKeys" };
	json_object_foreach (
	    js_object(c->t.root, "cryptoKeys"), item.id, json) {
		card_next(&item, json);
		write_media(c, &item, "KEY");
	}
}
