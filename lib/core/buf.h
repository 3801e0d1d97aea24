/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * A growable run of bytes with a stated maximum. data is always
 * NUL-terminated when it is not NULL, and may hold NULs.
 */
#ifndef FERRY_BUF_H
#define FERRY_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data;
	size_t len;
	size_t cap;    /* never more than max and the NUL */
	size_t max;    /* 0: no maximum of its own */
	bool overflow; /* an append did not fit; sticky until buf_reset */
};

/*
 * The zero value is an empty buffer without a maximum. buf_init sets one:
 * appending past max bytes leaves the buffer as it was and sets overflow, so
 * that a caller may append many times and look once.
 */
void buf_init(struct buf *b, size_t max);

/* Empties, keeping the storage; and gives the storage back. buf_wipe
 * overwrites it first. */
void buf_reset(struct buf *b);
void buf_free(struct buf *b);
void buf_wipe(struct buf *b);

void buf_add(struct buf *b, const void *p, size_t len);
void buf_adds(struct buf *b, const char *s);
void buf_addf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

char *buf_grow(struct buf *b, size_t len); /* for buf_room */

/* Makes room for len bytes more and returns where they go; the caller then
 * adds to b->len and terminates. NULL and overflow when they do not fit. */
static inline char *
buf_room(struct buf *b, size_t len)
{
	return len < b->cap - b->len && !b->overflow ? b->data + b->len
						     : buf_grow(b, len);
}

static inline void
buf_addc(struct buf *b, char c)
{
	char *to = buf_room(b, 1);

	if (to == NULL)
		return;
	to[0] = c;
	to[1] = '\0';
	b->len++;
}

/* The text, never NULL; owned by the buffer, good until the next change. */
const char *buf_str(const struct buf *b);

#endif
