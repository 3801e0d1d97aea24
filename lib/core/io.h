/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Bytes in and out of files: lines of bounded length, whole files, files
 * that appear under their name only when they are complete.
 */
#ifndef FERRY_IO_H
#define FERRY_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "core/buf.h"
#include "core/why.h"

/* Writes all of it, through EINTR and short writes. 0, or -1 and errno. */
int write_all(int fd, const void *p, size_t len);

/*
 * Reads a whole file, or what is left of a descriptor, into buf (appended).
 * More than buf->max bytes is FAIL_DATA. 0, or -1 and why, which names path.
 */
int read_file(const char *path, struct buf *out, struct why *why);
int read_fd(int fd, const char *path, struct buf *out, struct why *why);

/*
 * A file that is written beside its place and renamed into it by
 * outfile_commit, after fsync(2) of the file and of its directory. Mode 0600.
 * A file that exists already keeps its content until then. Unfinished files
 * are removed by outfile_abort, and by exit(3) and SIGINT, SIGTERM, SIGHUP.
 */
struct outfile {
	FILE *file; /* write here */
	char *path;
	char *tmp;
	struct outfile *next;
};
int outfile_open(struct outfile *o, const char *path, struct why *why);
int outfile_commit(struct outfile *o, struct why *why);
void outfile_abort(struct outfile *o);

/* Lines of a file: each is one NUL-terminated string with its length, in a
 * buffer of the reader's that the caller may change until the next call. */
struct lines {
	int fd;
	size_t max;     /* longest line, without its end */
	size_t number;  /* of the line that was returned last, from 1 */
	bool truncated; /* the last line had no newline */
	char *data;
	size_t start, end, cap;
	bool eof;
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
 * errno says why.
 */
enum line lines_next(struct lines *l, char **line, size_t *len);
/* Gives the storage back, overwritten: lines hold password hashes. */
void lines_free(struct lines *l);

#endif
