/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The configuration language of rspamd: what is read can be written, and is the
 * same when it is read again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "fuzz/fuzz.h"
#include "source/dkim/ucl.h"

static void
put_quoted(struct buf *out, const char *text)
{
	buf_addc(out, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_addc(out, '\\');
		buf_addc(out, *text);
	}
	buf_addc(out, '"');
}

/* The last of each key must be what is found under it. */
static void
look(const struct ucl *object)
{
	for (const struct ucl *u = object->first; u != NULL; u = u->next) {
		if (u->key == NULL || (u->next == NULL && u != object->last))
			abort();
		if (u->value != NULL && ucl_value(object, u->key) == NULL)
			abort();
		if (u->value == NULL && ucl_object(object, u->key) == NULL)
			abort();
	}
}

/* An array has no keys, and an object has one for each member. */
static void
put(struct buf *out, const struct ucl *object, bool array)
{
	look(object);
	for (const struct ucl *u = object->first; u != NULL; u = u->next) {
		bool list = u->first != NULL && *u->first->key == '\0';

		if (!array) {
			put_quoted(out, u->key);
			buf_adds(out, " = ");
		}
		if (u->value != NULL) {
			put_quoted(out, u->value);
		} else {
			buf_addc(out, list ? '[' : '{');
			put(out, u, list);
			buf_addc(out, list ? ']' : '}');
		}
		buf_addc(out, ',');
	}
}

static bool
written(const uint8_t *data, size_t len, struct buf *out)
{
	char *text = xmemdup(data, len);
	struct arena arena = { 0 };
	struct ucl top = { 0 };
	struct why why = { 0 };
	bool good = ucl_parse(&top, &arena, text, &why) == 0;

	if (good)
		put(out, &top, false);
	else if (why.kind != FAIL_DATA)
		abort();
	arena_free(&arena);
	free(text);
	return good;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf once = { 0 }, twice = { 0 };

	/* The caller has looked for these. */
	if (memchr(data, '\0', len) != NULL)
		return 0;
	if (written(data, len, &once) && once.len > 0 &&
	    (!written((const uint8_t *)once.data, once.len, &twice) ||
		strcmp(buf_str(&once), buf_str(&twice)) != 0))
		abort();
	buf_free(&once);
	buf_free(&twice);
	return 0;
}
