/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The lines of a directory's text files, with what every reader reports. */
#ifndef FERRY_SOURCE_LINES_H
#define FERRY_SOURCE_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/lines.h"
#include "source/emit.h"

struct source_lines {
	struct emit *emit;
	struct lines lines;
	bool utf8;     /* the current line is UTF-8 */
	bool exported; /* set it where the file is no server's own: a byte order
			* mark counts for nothing then */
};

/*
 * Opens a file and makes it the emitter's current one; "-" is standard input.
 * False if it cannot be opened, which is reported, unless the file does not
 * exist and is not required.
 */
bool source_lines_open(
    struct source_lines *in, struct emit *e, const char *path, bool required);

/* The same for a file that is open. */
void source_lines_of(
    struct source_lines *in, struct emit *e, const char *path, int fd);

/* What is wrong with a name that a byte order mark stands before. */
extern const char source_lines_mark[];

/*
 * The next line, without its end and one carriage return before that; it may
 * be changed. Reports and skips lines that are too long or hold a NUL, and a
 * first one with a byte order mark, unless it is a comment. Sets
 * the emitter's place. False at the end, and where the file cannot be read on,
 * which is reported, and when the run is to stop.
 */
bool source_lines_next(struct source_lines *in, char **line, size_t *len);

/* The same, passing over empty lines and comments (a "#" after any blanks),
 * and reporting lines that are not UTF-8. */
bool source_lines_content(struct source_lines *in, char **line);

/* The same for a list that an alias of Postfix includes: there only a "#" that is
 * the first byte makes a comment (src/local/token.c). */
bool source_lines_included(struct source_lines *in, char **line);

void source_lines_close(struct source_lines *in);

#endif
