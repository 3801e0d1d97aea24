/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The lines of NDJSON streams: files one after another, or standard input. */
#ifndef FERRY_NDJSON_H
#define FERRY_NDJSON_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/lines.h"
#include "core/why.h"

/* The longest record (mailferry-record(5)), and the longest line of a plan (a
 * snapshot of stalwart-cli has all objects of a type in one). */
enum {
	RECORD_LINE_MAX = 1 << 20,
	PLAN_LINE_MAX = 256 << 20
};

struct ndjson {
	char **files; /* NULL-terminated; what is left to open */
	char *line;   /* the current line, NUL-terminated; may be changed */
	size_t len;
	struct lines lines;
	const char *file; /* the current one's name */
	/* The first one that had no line but blank ones; NULL: none. */
	const char *blank;
	struct buf where;
	bool open;
	bool any; /* the current one has had a line */
};

/*
 * Reads the files in order, "-" and an empty list being standard input.
 * files is NULL-terminated and borrowed.
 */
void ndjson_init(struct ndjson *r, char **files, size_t max);

/*
 * 1: r->line and r->len are the next line that is not blank. 0: the end. -1 and
 * why: DATA for a line that is too long, not UTF-8, holds a NUL or has no
 * newline at its end (it was cut off); the next call goes on after it. FATAL
 * for a file that cannot be read.
 */
int ndjson_next(struct ndjson *r, struct why *why);

/* "FILE:LINE" of the current line; owned by the reader. */
const char *ndjson_where(struct ndjson *r);

void ndjson_free(struct ndjson *r);

#endif
