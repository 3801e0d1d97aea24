/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "secret/crypt64.h"

#include <stdbool.h>

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
	static const bool digit[256] = {
		['.' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true
	};
	const char *p = s;

	while (digit[(unsigned char)*p])
		p++;
	return (size_t)(p - s);
}
