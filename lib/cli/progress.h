/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* A line on standard error that shows how far long work has come; nothing when
 * standard error is not a terminal. */
#ifndef FERRY_CLI_PROGRESS_H
#define FERRY_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/why.h"

struct progress {
	const char *what; /* "accounts" */
	size_t total;     /* 0: unknown */
	size_t done;
	double started; /* seconds, monotonic */
	double shown;
	bool on;
};

/* quiet (-q) silences it. what is borrowed. */
void progress_start(
    struct progress *p, const char *what, size_t total, bool quiet);
void progress_add(struct progress *p, size_t n);
/* Takes the line away. */
void progress_end(struct progress *p);

/*
 * What is waited for, so many seconds, on a line of its own: with -v each wait;
 * otherwise on a terminal, unless quiet, those of a second and more, one at a
 * time.
 */
void progress_waiting(
    double seconds, const struct why *why, int verbose, bool quiet);

#endif
