/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What a ManageSieve server says: each response is measured and read; what is
 * read holds no NUL, and is no longer than its response. */
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "fuzz/fuzz.h"
#include "imap/token.h"
#include "managesieve/response.h"

static void
check(const struct managesieve_response *r, size_t len)
{
	const struct buf *texts[] = { &r->name, &r->value, &r->code, &r->text };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i]->len > len ||
		    strlen(buf_str(texts[i])) != texts[i]->len)
			abort();
	if (r->active && r->kind != MANAGESIEVE_ITEM)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct managesieve_response r = { 0 };
	size_t at = 0;
	ssize_t n;

	while ((n = imap_complete((const char *)data + at, len - at)) > 0) {
		/* Of its own size, so that a byte too far is seen. */
		char *copy = xmemdup((const char *)data + at, (size_t)n);

		if (managesieve_parse(&r, copy, (size_t)n))
			check(&r, (size_t)n);
		free(copy);
		at += (size_t)n;
	}
	managesieve_response_free(&r);
	return 0;
}
