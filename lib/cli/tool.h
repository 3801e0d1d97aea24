/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What every program of the toolkit does in the same way: start, diagnostics
 * on standard error, counting, rejects, the exit status. Together with
 * progress.h the only part of the library that prints.
 */
#ifndef FERRY_CLI_TOOL_H
#define FERRY_CLI_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/why.h"

/* The exit statuses of all tools (mailferry(7)). */
enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_BROKEN = 2,
	EXIT_TEMP = 75
};

/*
 * First thing in main: the name for messages (borrowed), umask 077, and no
 * core dumps, because memory holds password hashes.
 */
void tool_init(const char *name);

/* The version, on standard output; returns the exit status. */
int tool_version(void);

/*
 * One line on standard error, "NAME: WHERE: TEXT", control bytes escaped.
 * where may be NULL.
 */
void tool_say(const char *where, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Counts what became of the records of a stream. */
struct tally {
	size_t ok;
	size_t failed; /* for good */
	size_t temp;   /* may work on the next run */
	bool fatal;
	bool strict;              /* -x: stop at the first failure */
	int verbose;              /* -v: the counts at the end */
	const char *rejects_path; /* -E; NULL: none */
	int rejects;              /* its descriptor, once it is open */
	int lost;                 /* errno of a reject that was not written */
};

/* -E: opens the file with output_append. 0, or -1 and why. */
int tally_rejects(struct tally *t, const char *path, struct why *why);

/*
 * A record failed: one line "NAME: WHERE: ID: WHY" on standard error, the
 * counts, and, where line is given and a rejects file is open, the record as it
 * was read with an "error" member (a line that is not a JSON object as it is).
 * id and line may be NULL.
 */
void tally_fail(struct tally *t, const char *where, const char *id,
    const char *line, const struct why *why);

/* Appends a line, without its newline, to the rejects as it is; nothing where no
 * file is open. It is overwritten, and is the caller's to free. */
void tally_reject(struct tally *t, char *line);

/* True when there is no point in going on. */
bool tally_stop(const struct tally *t);

/* Calls one for each operand in turn, and reports what fails. Then the same as
 * tally_finish. */
int tally_each(struct tally *t, char **operands,
    int (*one)(const char *operand, struct why *why));

/*
 * Last thing of a run: prints the counts if asked, flushes and closes standard
 * output and the rejects file, and returns the exit status: 2 if the run did
 * not finish or output was lost, 1 if a record failed for good, 75 if only
 * temporary failures happened, otherwise 0.
 */
int tally_finish(struct tally *t);

/* Writes to standard output; false if that failed, now or before. Why is said by
 * tool_close_stdout. */
bool tool_write(const void *p, size_t len);
/* Sends what was written on its way; false if that failed. */
bool tool_flush(void);

/* Flushes and closes standard output: EXIT_DONE, or says why not and returns
 * EXIT_BROKEN. */
int tool_close_stdout(void);

#endif
