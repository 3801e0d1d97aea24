/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/datauri.h"

#include <string.h>

#include "core/base64.h"
#include "core/str.h"

/* Takes %XX apart; a % that no two hex digits follow is itself. */
static void
decode_percent(const char *s, struct buf *out)
{
	for (; *s != '\0'; s++) {
		if (*s == '%' && s[1] != '\0' && hex_decode(s + 1, 2, out))
			s += 2;
		else
			buf_addc(out, *s);
	}
}

/* Both alphabets of RFC 4648, with any padding. */
static bool
decode_base64(const char *s, struct buf *out)
{
	struct buf text = { 0 };
	size_t n;
	bool ok;

	decode_percent(s, &text);
	for (n = text.len; n > 0 && text.data[n - 1] == '='; n--)
		;
	for (size_t i = 0; i < n; i++) {
		if (text.data[i] == '-')
			text.data[i] = '+';
		else if (text.data[i] == '_')
			text.data[i] = '/';
	}
	ok = base64_decode(buf_str(&text), n, "+/", out);
	buf_free(&text);
	return ok;
}

bool
js_data_uri(const char *uri, struct buf *bytes, struct buf *type)
{
	const char *comma, *end;
	bool base64;

	if (!str_starts_nocase(uri, "data:"))
		return false;
	uri += 5;
	comma = strchr(uri, ',');
	if (comma == NULL)
		return false;
	end = uri + strcspn(uri, ";,");
	base64 = comma - uri >= 7 && str_starts_nocase(comma - 7, ";base64");
	if (end == comma && str_starts_nocase(uri, "base64,")) {
		/* In the place of a type; no type is called so. */
		base64 = true;
		end = uri;
	}
	if (base64) {
		if (!decode_base64(comma + 1, bytes))
			return false;
	} else {
		decode_percent(comma + 1, bytes);
	}
	buf_add(type, uri, (size_t)(end - uri));
	return true;
}
