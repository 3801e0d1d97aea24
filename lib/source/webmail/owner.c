/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/webmail/owner.h"

#include <string.h>
#include <strings.h>

#include "core/str.h"

const char *
webmail_text(
    struct emit *e, struct sql *db, const char *column, struct arena *arena)
{
	const char *text;
	size_t len;

	for (size_t i = 0; i < sql_columns(db); i++) {
		if (!str_eq_nocase(sql_column(db, i), column))
			continue;
		text = sql_value(db, i, &len);
		if (text == NULL || len == 0)
			return NULL;
		if (utf8_text(text, len))
			return arena_add(arena, text, len);
		emit_bad(e, NULL, "a column is not UTF-8 text");
		return NULL;
	}
	return NULL;
}

bool
webmail_is_local_part(const char *address, const char *login)
{
	size_t len = strlen(login);

	return strncasecmp(address, login, len) == 0 && address[len] == '@';
}

int
webmail_address(struct emit *e, const struct webmail_options *o,
    const char *login, const char *candidate, struct buf *out)
{
	struct buf full = { 0 };
	struct why why = { 0 };
	int r = 0;

	if (strchr(login, '@') != NULL)
		buf_adds(&full, login);
	else if (o->domain != NULL)
		buf_addf(&full, "%s@%s", login, o->domain);
	else if (candidate != NULL && webmail_is_local_part(candidate, login))
		buf_adds(&full, candidate);
	else
		r = why_set(&why, FAIL_DATA,
		    "a login name without a domain (--domain)");
	if (r == 0)
		r = emit_address(full.data, false, out, &why);
	if (r == -1)
		emit_fail(e, login, &why);
	buf_free(&full);
	return r;
}

void
webmail_owner(
    const struct webmail_options *o, const char *login, struct buf *out)
{
	struct buf full = { 0 }, address = { 0 };
	struct why why = { 0 };

	buf_adds(&full, login);
	if (strchr(login, '@') == NULL && o->domain != NULL)
		buf_addf(&full, "@%s", o->domain);
	if (emit_address(buf_str(&full), false, &address, &why) == 0)
		buf_adds(out, address.data);
	else
		buf_adds(out, login);
	buf_free(&full);
	buf_free(&address);
}

const char *
webmail_language(const char *text, struct arena *arena)
{
	char *copy;

	if (text == NULL || text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
					      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					      "0123456789-_")] != '\0')
		return NULL;
	copy = arena_adds(arena, text);
	for (char *p = copy; *p != '\0'; p++)
		if (*p == '_')
			*p = '-';
	return copy;
}
