/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Rows of JSON, and settings files: each row has the values of its own members
 * alone, and a setting's value is in the text. */
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"
#include "fuzz/fuzz.h"
#include "source/assignments.h"
#include "source/suite/webrows.h"

static void
look(void *ctx, const struct web_field *f)
{
	size_t *rows = ctx;

	(*rows)++;
	for (int i = 0; i < 3; i++) {
		if (f[i].number < -1 && f[i].text != NULL)
			abort();
		if (f[i].text != NULL &&
		    !utf8_valid(f[i].text, strlen(f[i].text)))
			abort();
	}
}

static void
rows(const char *text)
{
	struct web_field f[] = { { .name = "name" }, { .name = "n" },
		{ .name = "n", .in = "in" } };
	struct why why = { 0 };
	size_t n = 0;
	char *copy = xstrdup(text);

	if (web_rows(copy, f, 3, look, &n, &why) == -1 &&
	    (why.kind != FAIL_FATAL || *why.text == '\0'))
		abort();
	free(copy);
}

static void
settings(const char *text)
{
	struct assignment a[] = { { .key = "KEY" }, { .key = "n" } };
	char *copy = xstrdup(text);

	assignments_parse(copy, a, 2);
	for (int i = 0; i < 2; i++)
		if (a[i].value != NULL && strstr(text, a[i].value) == NULL)
			abort();
	assignments_free(a, 2);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text;

	/* The callers have looked for these (source/suite/webapi.h). */
	if (memchr(data, '\0', len) != NULL ||
	    !utf8_valid((const char *)data, len))
		return 0;
	text = xmemdup(data, len);
	rows(text);
	settings(text);
	free(text);
	return 0;
}
