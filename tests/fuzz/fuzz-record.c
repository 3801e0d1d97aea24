/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The record reader: what it takes is written in one form, which it reads
 * again as the same.
 */
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "fuzz/fuzz.h"
#include "record/record.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct record r = { 0 };
	struct buf line = { 0 }, once = { 0 }, twice = { 0 };
	struct why why = { 0 };

	buf_add(&line, data, len);
	/* core/ndjson.h hands over nothing else. */
	if (memchr(line.data, '\0', len) != NULL || !utf8_valid(line.data, len))
		goto out;
	if (record_parse(&r, line.data, len, &why) == -1) {
		if (why.kind != FAIL_DATA || *why.text == '\0')
			abort();
		goto out;
	}
	if (r.type == REC_OTHER)
		goto out;
	record_write(&r, &once);
	if (record_parse(&r, once.data, once.len, NULL) == -1)
		abort();
	record_write(&r, &twice);
	if (strcmp(once.data, twice.data) != 0)
		abort();
out:
	record_free(&r);
	buf_free(&line);
	buf_free(&once);
	buf_free(&twice);
	return 0;
}
