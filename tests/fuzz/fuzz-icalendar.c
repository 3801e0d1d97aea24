/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* JSCalendar as iCalendar: whatever the JSON, a well-formed text that libical
 * can parse, and the same one each time. */
#include <libical/ical.h>

#include "convert/ical/icalendar.h"
#include "fuzz/contentlines.h"
#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct convert c = { .uid = "fallback" };
	struct buf out = { 0 }, again = { 0 };
	struct why why = { 0 };
	icalcomponent *parsed;
	int r = ical_write(&out, (const char *)data, len, &c, &why);

	if (r != ical_write(&again, (const char *)data, len, &c, &why) ||
	    strcmp(buf_str(&out), buf_str(&again)) != 0 ||
	    (r != CONVERT_WRITTEN && out.len != 0))
		abort();
	check_content_lines(&out);
	if (r == CONVERT_WRITTEN && out.len < 1 << 16) {
		parsed = icalparser_parse_string(buf_str(&out));
		if (parsed == NULL)
			abort();
		icalcomponent_free(parsed);
	}
	buf_free(&out);
	buf_free(&again);
	return 0;
}
