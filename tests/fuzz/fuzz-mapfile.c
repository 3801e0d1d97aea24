/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The reader of the proxy's mapping file: what it takes is written so that it
 * reads the same again, also after a change.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "proxy/client.h"
#include "proxy/mapfile.h"

/* Each identifier of a has the same destination in b, but for one that was
 * changed. */
static void
same(const struct mapfile *a, const struct mapfile *b, const char *changed)
{
	for (size_t i = 0; i < a->n; i++) {
		const char *id = a->lines[i].identifier, *to;

		if (id == NULL || (changed != NULL && strcmp(id, changed) == 0))
			continue;
		to = mapfile_get(b, id);
		if (to == NULL || strcmp(to, mapfile_get(a, id)) != 0 ||
		    identifier_check(id, NULL) == -1)
			abort();
	}
}

/* The same text read again; closed by the caller. */
static void
reread(const struct mapfile *m, struct mapfile *again)
{
	struct buf text = { 0 };

	mapfile_text(m, &text);
	*again = (struct mapfile){ .file.fd = -1 };
	if (mapfile_parse(again, buf_str(&text), text.len, NULL) == -1)
		abort();
	buf_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct mapfile m = { .file.fd = -1 }, other;
	struct why why = { 0 };

	if (mapfile_parse(&m, (const char *)data, len, &why) == -1) {
		if (why.kind != FAIL_DATA || *why.text == '\0')
			abort();
	} else {
		reread(&m, &other);
		same(&m, &other, NULL);
		same(&other, &m, NULL);
		mapfile_set(&other, "x@one.test", "stalwart");
		for (size_t i = 0; i < m.n; i++)
			if (m.lines[i].identifier != NULL) {
				mapfile_set(
				    &other, m.lines[i].identifier, NULL);
				if (mapfile_get(
					&other, m.lines[i].identifier) != NULL)
					abort();
				same(&other, &other, m.lines[i].identifier);
				break;
			}
		mapfile_close(&other);
	}
	mapfile_close(&m);
	return 0;
}
