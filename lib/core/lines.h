/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Input line by line. */
#ifndef FERRY_LINES_H
#define FERRY_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lines of a file: each is one NUL-terminated string with its length, in a
 * buffer of the reader's that the caller may change until the next call. */
struct lines {
	int fd;
	size_t max;     /* longest line, without its end */
	size_t number;  /* of the line that was returned last, from 1 */
	uint64_t at;    /* where it begins, in bytes from where fd was */
	bool truncated; /* the last line had no newline */
	char *data;
	size_t start, end, cap;
	uint64_t done; /* bytes before start */
	bool eof;
	bool marked; /* the file begins with a byte order mark */
};
enum line {
	LINE_END,
	LINE_OK,
	LINE_LONG,
	LINE_ERROR
};

/* Reads from fd, which stays the caller's. max: the longest line accepted. Ends
 * with lines_free. */
void lines_init(struct lines *l, int fd, size_t max);
/*
 * LINE_OK: *line and *len hold the next line without its "\n". A "\r" before
 * it stays. LINE_LONG: the line was longer than max and is skipped. LINE_ERROR:
 * errno says why. A byte order mark before the first line is skipped.
 */
enum line lines_next(struct lines *l, char **line, size_t *len);
/* Whether the line that was returned last had the mark before it: to a server that
 * reads its files byte by byte that is a part of the line. */
bool lines_had_mark(const struct lines *l);
/* Gives the storage back, overwritten: lines hold password hashes. */
void lines_free(struct lines *l);

#endif
