/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "core/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"

enum {
	FIRST_READ = 65536
};

void
lines_init(struct lines *l, int fd, size_t max)
{
	*l = (struct lines){ .fd = fd,
		.max = max,
		.data = xmalloc(FIRST_READ),
		.cap = FIRST_READ };
}

void
lines_free(struct lines *l)
{
	if (l->data != NULL)
		explicit_bzero(l->data, l->cap);
	free(l->data);
	l->data = NULL;
	l->start = l->end = l->cap = 0;
}

/* Reads more bytes after those that are there. 1, 0 at the end, -1. */
static int
fill(struct lines *l)
{
	ssize_t n;

	if (l->start > 0) {
		memmove(l->data, l->data + l->start, l->end - l->start);
		l->end -= l->start;
		l->start = 0;
	}
	if (l->cap - l->end < 2) {
		char *bigger;

		l->cap *= 2;
		bigger = xmalloc(l->cap);
		memcpy(bigger, l->data, l->end);
		explicit_bzero(l->data, l->end);
		free(l->data);
		l->data = bigger;
	}
	do
		n = read(l->fd, l->data + l->end, l->cap - l->end - 1);
	while (n == -1 && errno == EINTR);
	if (n <= 0)
		return (int)n;
	l->end += (size_t)n;
	return 1;
}

/* What editors of Windows put before the first line is none of it. False: the
 * line, of n bytes, does not begin with that. */
static bool
skip_mark(struct lines *l, size_t n)
{
	static const char mark[] = { '\357', '\273', '\277' };

	if (l->done != 0 || n < sizeof mark ||
	    memcmp(l->data + l->start, mark, sizeof mark) != 0)
		return false;
	l->start += sizeof mark;
	l->done += sizeof mark;
	l->marked = true;
	return true;
}

bool
lines_had_mark(const struct lines *l)
{
	return l->marked && l->number == 1;
}

enum line
lines_next(struct lines *l, char **line, size_t *len)
{
	size_t seen = 0; /* bytes of this line that were searched already */
	bool too_long = false;

	for (;;) {
		char *at = l->data + l->start;
		size_t have = l->end - l->start;
		char *nl = NULL;
		int r;

		if (have > seen)
			nl = memchr(at + seen, '\n', have - seen);
		if (nl != NULL || (l->eof && (have > 0 || too_long))) {
			size_t n = nl != NULL ? (size_t)(nl - at) : have;

			if (skip_mark(l, n)) {
				seen = 0;
				continue;
			}
			l->number++;
			l->truncated = nl == NULL;
			l->at = l->done;
			l->start += n + (nl != NULL);
			l->done += n + (nl != NULL);
			if (too_long || n > l->max)
				return LINE_LONG;
			at[n] = '\0';
			*line = at;
			*len = n;
			return LINE_OK;
		}
		if (l->eof)
			return LINE_END;
		if (have > l->max) {
			too_long = true;
			l->start = l->end;
			l->done += have;
			have = 0;
		}
		seen = have;
		r = fill(l);
		if (r == -1)
			return LINE_ERROR;
		if (r == 0)
			l->eof = true;
	}
}
