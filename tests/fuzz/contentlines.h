/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* What holds for every iCalendar and vCard text, whatever it was made of. */
#ifndef FERRY_TEST_CONTENTLINES_H
#define FERRY_TEST_CONTENTLINES_H

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/str.h"

/* Lines of at most 75 octets that end in CRLF and are whole characters, no
 * other control characters, each BEGIN with its END. Aborts otherwise. */
static inline void
check_content_lines(const struct buf *text)
{
	const char *at = buf_str(text), *end;
	int depth = 0;

	for (; *at != '\0'; at = end + 2) {
		end = strstr(at, "\r\n");
		if (end == NULL || end - at > 75 || end == at ||
		    !utf8_valid(at, (size_t)(end - at)))
			abort();
		for (const char *s = at; s < end; s++)
			if (((unsigned char)*s < 0x20 && *s != '\t') ||
			    *s == 0x7f)
				abort();
		if (str_starts(at, "BEGIN:"))
			depth++;
		if (str_starts(at, "END:") && --depth < 0)
			abort();
	}
	if (depth != 0 || strlen(buf_str(text)) != text->len)
		abort();
}

#endif
