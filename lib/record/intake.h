/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * Whether the records that came in are all that the directory has. A reader
 * that died looks like the end of its pipe: only an end record proves that a
 * dump is complete.
 */
#ifndef FERRY_RECORD_INTAKE_H
#define FERRY_RECORD_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/ndjson.h"
#include "core/why.h"
#include "record/record.h"

struct intake {
	const char *file; /* of the last line; NULL: there was none */
	bool names;       /* there were names, which need no end record */
	bool ended;       /* the last line was an end record */
	bool cut;         /* a file did not end with one */
	const char *cut_file;
	const char *blank;  /* a file beside others that had no line at all */
	uint64_t records;   /* lines since the last end record */
	bool filtered;      /* an end record counts more lines than came */
	uint64_t uncounted; /* lines that no end record counts */
	size_t unread;      /* lines that are not records */
	uint64_t failed;    /* what the readers could not read: end.failed */
	char *part;         /* what a filter left, NULL: all of it */
	/* May be NULL: told of a line that is no record, what could be read of
	 * it. */
	void (*unread_record)(void *arg, const struct record *r);
	void *arg;
};

/* A line of a file: a record, or NULL for one that could not be read. The name
 * of the file is borrowed until intake_free. */
void intake_line(struct intake *in, const char *file, const struct record *r);

/*
 * Reads the next line, and takes it in: a record, or a bare name, which is a line
 * that is not a JSON object; *name is its text without blanks around it (in the
 * line), or NULL. 1; 0 at the end; -1 and why.
 */
int intake_next(struct intake *in, struct ndjson *lines, struct record *r,
    const char **name, struct why *why);

/* After the last line; lines: where they came from. */
void intake_end(struct intake *in, const struct ndjson *lines);

/* True if the input came to its end, its readers could read everything, and end
 * records count all that came: a part of a dump may have. Otherwise why says what
 * is missing, and what to do. */
bool intake_is_complete(const struct intake *in, struct why *why);

/* True if every account of the directory was seen. Otherwise why says what is
 * missing, and what to do. */
bool intake_is_whole(const struct intake *in, struct why *why);

void intake_free(struct intake *in);

#endif
