/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * What every program of the toolkit does in the same way: start, diagnostics
 * on standard error, counting, rejects, the exit status. Together with
 * progress.h the only part of the library that prints.
 */
#ifndef FERRY_TOOL_H
#define FERRY_TOOL_H

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
const char *tool_name(void);

/* Wrong call: prints the usage line on standard error, returns EXIT_BROKEN. */
int tool_usage(const char *usage);
/* Asked-for texts, on standard output; return the exit status. */
int tool_help(const char *usage, const char *help);
int tool_version(void);

/*
 * One line on standard error, "NAME: WHERE: TEXT", control bytes escaped.
 * where may be NULL.
 */
void tool_say(const char *where, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Replaces *secret by what get (cred_file, cred_command) reads from what an
 * option says; says why not, and returns false. */
bool tool_secret(
    char **secret, char *(*get)(const char *, struct why *), const char *from);

/* SIGINT, SIGTERM and SIGHUP go to the handler; a write into a connection that
 * is gone fails instead of SIGPIPE. */
void tool_signals(void (*handler)(int sig));

/* Counts what became of the records of a stream. */
struct tally {
	size_t ok;
	size_t failed; /* for good */
	size_t temp;   /* may work on the next run */
	bool fatal;
	bool strict; /* -x: stop at the first failure */
	int verbose; /* -v: the counts at the end */
	FILE *rejects;
	const char *rejects_path;
};

/* -E: opens the file for appending, created with mode 0600. 0 or -1. */
int tally_rejects(struct tally *t, const char *path, struct why *why);

/*
 * A record failed: one line "NAME: WHERE: ID: WHY" on standard error, the
 * counts, and, where line is given and a rejects file is open, the record as it
 * was read with an "error" member (a line that is no JSON object as it is).
 * id and line may be NULL.
 */
void tally_fail(struct tally *t, const char *where, const char *id,
    const char *line, const struct why *why);

/* True when there is no point in going on. */
bool tally_stop(const struct tally *t);

/*
 * Last thing in main: prints the counts if asked, flushes and closes standard
 * output and the rejects file, and returns the exit status: 2 if the run did
 * not finish or output was lost, 1 if a record failed for good, 75 if only
 * temporary failures happened, otherwise 0.
 */
int tally_finish(struct tally *t);

/* Flushes and closes standard output: EXIT_DONE, or says why not and returns
 * EXIT_BROKEN. */
int tool_close_stdout(void);

#endif
