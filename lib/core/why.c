/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "core/why.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/mask.h"
#include "core/str.h"

/* Takes off a character that was cut: what holds the text is UTF-8. */
static void
cut(char *text)
{
	size_t len = strlen(text), start = len;

	while (start > 0 && len - start < 4 && (text[start - 1] & 0xc0) == 0x80)
		start--;
	if (start > 0 && (text[start - 1] & 0xc0) == 0xc0 &&
	    utf8_prefix(text + start - 1, len - start + 1) == 0)
		text[start - 1] = '\0';
}

__attribute__((format(printf, 2, 0))) static void
put(struct why *why, const char *fmt, va_list ap)
{
	int n = vsnprintf(why->text, sizeof why->text, fmt, ap);
	bool short_of = n < 0 || (size_t)n >= sizeof why->text;

	mask_text(why->text, short_of);
	if (short_of)
		cut(why->text);
}

int
why_set(struct why *why, enum fail kind, const char *fmt, ...)
{
	va_list ap;

	if (why == NULL)
		return -1;
	why->kind = kind;
	va_start(ap, fmt);
	put(why, fmt, ap);
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
	put(why, fmt, ap);
	va_end(ap);
	len = strlen(why->text);
	(void)snprintf(
	    why->text + len, sizeof why->text - len, ": %s", strerror(saved));
	errno = saved;
	return -1;
}

enum fail
fail_of_errno(int error)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case EINTR:
	case EAGAIN:
		return FAIL_TEMP;
	default:
		return FAIL_DATA;
	}
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
