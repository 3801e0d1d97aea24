/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "core/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	b->overflow = false;
	if (b->data != NULL)
		b->data[0] = '\0';
}

void
buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ .max = b->max };
}

void
buf_wipe(struct buf *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->cap);
	buf_free(b);
}

char *
buf_grow(struct buf *b, size_t len)
{
	size_t want, cap = b->cap < 64 ? 64 : b->cap;

	if (b->overflow)
		return NULL;
	if (len > SIZE_MAX / 2 - b->len ||
	    (b->max != 0 && b->len + len > b->max)) {
		b->overflow = true;
		return NULL;
	}
	want = b->len + len + 1;
	while (cap < want)
		cap *= 2;
	if (b->max != 0 && cap - 1 > b->max)
		cap = b->max + 1;
	b->data = xreallocarray(b->data, cap, 1);
	b->cap = cap;
	return b->data + b->len;
}

void
buf_add(struct buf *b, const void *p, size_t len)
{
	char *to = buf_room(b, len);

	if (to == NULL)
		return;
	if (len != 0)
		memcpy(to, p, len);
	to[len] = '\0';
	b->len += len;
}

void
buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	char *s = NULL;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n == -1)
		b->overflow = true;
	else
		buf_add(b, s, (size_t)n);
	free(s);
}

const char *
buf_str(const struct buf *b)
{
	return b->data == NULL ? "" : b->data;
}
