/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* JSContact as vCard: whatever the JSON, a well-formed text in both versions.
 */

#include "convert/vcard/vcard.h"
#include "fuzz/contentlines.h"
#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct convert c = { .uid = "fallback" };
	int results[2];

	for (int version = 3; version <= 4; version++) {
		struct buf out = { 0 };
		struct why why = { 0 };
		int r = vcard_write(
		    &out, (const char *)data, len, version, &c, &why);

		if (r == -1 && out.len != 0)
			abort();
		check_content_lines(&out);
		results[version - 3] = r;
		buf_free(&out);
	}
	if (results[0] != results[1])
		abort();
	return 0;
}
