/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "core/why.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
why_set(struct why *why, enum fail kind, const char *fmt, ...)
{
	va_list ap;

	if (why == NULL)
		return -1;
	why->kind = kind;
	va_start(ap, fmt);
	(void)vsnprintf(why->text, sizeof why->text, fmt, ap);
	va_end(ap);
	return -1;
}

int
why_errno(struct why *why, enum fail kind, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;
	size_t len;

	if (why == NULL)
		return -1;
	why->kind = kind;
	va_start(ap, fmt);
	(void)vsnprintf(why->text, sizeof why->text, fmt, ap);
	va_end(ap);
	len = strlen(why->text);
	(void)snprintf(
	    why->text + len, sizeof why->text - len, ": %s", strerror(saved));
	errno = saved;
	return -1;
}

const char *
fail_name(enum fail kind)
{
	switch (kind) {
	case FAIL_NONE:
		return "none";
	case FAIL_DATA:
		return "data";
	case FAIL_TEMP:
		return "temporary";
	case FAIL_FATAL:
		return "fatal";
	}
	return "unknown";
}
