/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/ical/link.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "convert/datauri.h"
#include "convert/ical/property.h"
#include "convert/mediatype.h"
#include "core/alloc.h"

/* A text that begins with a scheme; one with blanks in it only where "//"
 * follows, as in the name of a file on a web server. An ATTACH that was given
 * inline comes as its bare text. */
static bool
has_scheme(const char *s)
{
	size_t n =
	    strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		      "0123456789+.-");

	if (n < 2 || s[n] != ':')
		return false;
	if (strpbrk(s, " \t\n\"<>") == NULL)
		return true;
	return s[n + 1] == '/' && s[n + 2] == '/';
}

/* How a link is written. */
enum form {
	FORM_NONE, /* not at all: it stays in the tree */
	FORM_INLINE,
	FORM_URI
};

/* The bytes of a link that holds them itself, or how else it is written. */
static enum form
find_form(struct object *o, json_t *link, const char *href, const char *rel,
    struct buf *bytes, struct buf *type)
{
	const struct convert *c = o->w->convert;
	json_t *id = json_object_get(link, "@blob");
	struct why why = { 0 };

	if (json_is_integer(id)) {
		if (c == NULL || c->blob == NULL ||
		    c->blob(c->arg, json_integer_value(id), bytes, &why) == -1)
			return FORM_NONE;
		(void)js_take(&o->t, link, "@blob", JSON_INTEGER);
		return FORM_INLINE;
	}
	if (href == NULL)
		return FORM_NONE;
	if (js_data_uri(href, bytes, type))
		return FORM_INLINE;
	if (has_scheme(href) ||
	    (rel != NULL && strcmp(rel, "describedby") == 0))
		return FORM_URI;
	if (rel == NULL || strcmp(rel, "enclosure") != 0)
		return FORM_NONE;
	buf_reset(bytes);
	buf_adds(bytes, href);
	return FORM_INLINE;
}

static void
link_params(struct object *o, json_t *link, const char *name, const char *type,
    bool binary)
{
	static const char *const displays[] = { "badge", "graphic", "fullsize",
		"thumbnail", NULL };
	struct contentline *l = &o->w->line;
	const char *content_type = js_take_str(&o->t, link, "contentType");
	const char *title = js_take_str(&o->t, link, "title");
	json_t *display = js_object(link, "display");
	json_int_t size;

	if (binary || strcmp(name, "IMAGE") == 0)
		cl_param(l, "VALUE", binary ? "BINARY" : "URI");
	if (binary)
		cl_param(l, "ENCODING", "BASE64");
	if (content_type == NULL)
		content_type = type;
	if (content_type != NULL)
		cl_param(l, "FMTTYPE", content_type);
	if (strcmp(name, "IMAGE") == 0) {
		ical_word_param(o, link, "display", "DISPLAY", displays);
		for (size_t i = 0; displays[i] != NULL; i++) {
			if (!json_is_true(
				json_object_get(display, displays[i])))
				continue;
			/* One is all that fits. */
			(void)json_object_del(display, displays[i]);
			(void)json_object_set_new(
			    link, "display", json_string(displays[i]));
			ical_word_param(
			    o, link, "display", "DISPLAY", displays);
			break;
		}
	}
	if (title != NULL)
		cl_param(l, "FILENAME", title);
	if (js_take_int(&o->t, link, "size", &size) && size >= 0) {
		char *text = xasprintf("%" JSON_INTEGER_FORMAT, size);

		cl_param(l, "SIZE", text);
		free(text);
	}
}

/* What a link becomes: IMAGE, URL (once) or ATTACH. Its rel is taken where that
 * says it; NULL if there is no property for it. */
static const char *
link_name(struct object *o, json_t *link, const char *href, enum form form,
    bool has_url)
{
	if (js_take_word(&o->t, link, "rel", "icon"))
		return "IMAGE";
	if (form == FORM_URI && !has_url &&
	    js_take_word(&o->t, link, "rel", "describedby"))
		return "URL";
	if (form == FORM_URI && (href == NULL || !has_scheme(href)))
		return NULL; /* a second URL, which is not a URI */
	(void)js_take_word(&o->t, link, "rel", "enclosure");
	return "ATTACH";
}

static void
write_link(struct object *o, json_t *link, const char *id, bool *has_url)
{
	static const char *const skip[] = { "fmttype", "filename", "size",
		"value", "encoding", "display", NULL };
	struct contentline *l = &o->w->line;
	const char *href = json_object_get(link, "@blob") != NULL
			       ? NULL
			       : js_peek_str(link, "href");
	struct buf bytes = { 0 }, type = { 0 };
	char *pointer = xasprintf("links/%s/href", id);
	enum form form =
	    find_form(o, link, href, js_peek_str(link, "rel"), &bytes, &type);
	const char *name =
	    form == FORM_NONE ? NULL : link_name(o, link, href, form, *has_url);

	if (name == NULL)
		goto out;
	cl_begin(l, NULL, name);
	if (strcmp(name, "URL") == 0)
		*has_url = true;
	else
		link_params(o, link, name,
		    type.len > 0 ? type.data
				 : mediatype_guess(buf_str(&bytes), bytes.len),
		    form == FORM_INLINE);
	ical_converted(o, pointer, skip);
	cl_colon(l);
	if (form == FORM_INLINE)
		cl_base64(l, buf_str(&bytes), bytes.len);
	else
		cl_uri(l, href);
	cl_end(l);
	if (href != NULL)
		(void)js_take(&o->t, link, "href", JSON_STRING);
out:
	free(pointer);
	buf_free(&bytes);
	buf_free(&type);
}

void
ical_links(struct object *o)
{
	json_t *all = js_object(o->t.root, "links"), *link;
	bool has_url = false;
	const char *id;

	json_object_foreach (all, id, link)
		if (json_is_object(link))
			write_link(o, link, id, &has_url);
}
