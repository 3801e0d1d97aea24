/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What an IMAP server says: each response is measured and read; what is read
 * holds no NUL but between prefixes, and no name is longer than its response.
 */
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "fuzz/fuzz.h"
#include "imap/response.h"
#include "imap/token.h"

static void
check(const struct imap_response *r, size_t len)
{
	const struct buf *texts[] = { &r->tag, &r->name };
	const struct buf *lists[] = { &r->personal, &r->foreign };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i]->len > len ||
		    strlen(buf_str(texts[i])) != texts[i]->len)
			abort();
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		if (lists[i]->len > 0 &&
		    lists[i]->data[lists[i]->len - 1] != '\0')
			abort();
	if (r->messages < -1 || r->messages > UINT32_MAX)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct imap_response r = { 0 };
	size_t at = 0;
	ssize_t n;

	while ((n = imap_complete((const char *)data + at, len - at)) > 0) {
		/* Of its own size, so that a byte too far is seen. */
		char *copy;

		if ((size_t)n > len - at)
			abort();
		copy = xmalloc((size_t)n);
		memcpy(copy, data + at, (size_t)n);
		if (imap_parse(&r, copy, (size_t)n))
			check(&r, (size_t)n);
		free(copy);
		at += (size_t)n;
	}
	imap_response_free(&r);
	return 0;
}
