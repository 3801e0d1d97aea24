/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "convert/convert.h"

#include <stdarg.h>
#include <stdio.h>

void
convert_note(const struct convert *c, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	if (c == NULL || c->note == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	c->note(c->arg, text);
}
