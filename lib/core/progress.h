/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* A line on standard error that shows how far long work has come; nothing
 * when standard error is no terminal. */
#ifndef FERRY_PROGRESS_H
#define FERRY_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

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

#endif
