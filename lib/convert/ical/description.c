/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/ical/description.h"

#include <string.h>
#include <strings.h>

#include "convert/ical/property.h"
#include "core/str.h"

/* Whether the tag at s, after its "<" and "/", is one that ends a line. */
static bool
breaks_line(const char *s)
{
	static const char *const tags[] = { "p", "br", "div", "li", "tr", "h1",
		"h2", "h3", "h4", "h5", "h6", "ul", "ol", "table" };
	size_t n = strcspn(s, " \t\n/>");

	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
		if (strlen(tags[i]) == n && strncasecmp(tags[i], s, n) == 0)
			return true;
	return false;
}

static size_t
add_entity(const char *s, struct buf *out)
{
	static const char *const names[][2] = { { "&amp;", "&" },
		{ "&lt;", "<" }, { "&gt;", ">" }, { "&quot;", "\"" },
		{ "&apos;", "'" }, { "&#39;", "'" }, { "&nbsp;", " " } };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (!str_starts(s, names[i][0]))
			continue;
		buf_adds(out, names[i][1]);
		return strlen(names[i][0]);
	}
	buf_addc(out, *s);
	return 1;
}

/* The text of HTML: good enough to be read, for the HTML is there as well. */
static void
plain_text(const char *s, struct buf *out)
{
	while (*s != '\0') {
		if (*s == '<') {
			const char *tag = s + 1 + (s[1] == '/');
			const char *end = strchr(s, '>');

			if (end == NULL)
				break;
			if (breaks_line(tag) && out->len > 0 &&
			    out->data[out->len - 1] != '\n')
				buf_addc(out, '\n');
			s = end + 1;
		} else if (*s == '&') {
			s += add_entity(s, out);
		} else {
			buf_addc(out, *s == '\n' || *s == '\r' ? ' ' : *s);
			s++;
		}
	}
	while (out->len > 0 && strchr(" \n", out->data[out->len - 1]) != NULL)
		out->data[--out->len] = '\0';
}

void
ical_description(struct object *o)
{
	struct contentline *l = &o->w->line;
	const char *type = js_peek_str(o->t.root, "descriptionContentType");
	struct buf text = { 0 };
	const char *s;

	(void)js_take_word(
	    &o->t, o->t.root, "descriptionContentType", "text/plain");
	if (type == NULL || !str_starts_nocase(type, "text/html")) {
		ical_text(o, "description", "DESCRIPTION", true);
		return;
	}
	s = js_take_str(&o->t, o->t.root, "description");
	if (s == NULL)
		return;
	type = js_take_str(&o->t, o->t.root, "descriptionContentType");
	plain_text(s, &text);
	if (text.len > 0)
		cl_text_line(l, "DESCRIPTION", text.data);
	cl_begin(l, NULL, "STYLED-DESCRIPTION");
	cl_param(l, "VALUE", "TEXT");
	cl_param(l, "FMTTYPE", type);
	cl_colon(l);
	cl_text(l, s);
	cl_end(l);
	buf_free(&text);
}
