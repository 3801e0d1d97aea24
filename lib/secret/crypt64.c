/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "secret/crypt64.h"

#include <string.h>

int
crypt64_value(char c)
{
	if (c == '.' || c == '/')
		return c - '.';
	if (c >= '0' && c <= '9')
		return c - '0' + 2;
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 12;
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 38;
	return -1;
}

size_t
crypt64_span(const char *s)
{
	const char *p = s;

	/* "." to "9" is one range of ASCII, and bit 5 folds the case. */
	while ((*p >= '.' && *p <= '9') ||
	       ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z'))
		p++;
	return (size_t)(p - s);
}
