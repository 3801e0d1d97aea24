/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "cli/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli/tool.h"

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void
progress_start(struct progress *p, const char *what, size_t total, bool quiet)
{
	*p = (struct progress){ .what = what, .total = total };
	p->on = !quiet && isatty(STDERR_FILENO) == 1;
	if (p->on)
		p->started = p->shown = now();
}

static void
show(struct progress *p, double t)
{
	double seconds = t - p->started;
	double rate = seconds > 0 ? (double)p->done / seconds : 0;

	(void)fprintf(stderr, "\r%zu", p->done);
	if (p->total != 0)
		(void)fprintf(stderr, " of %zu", p->total);
	(void)fprintf(stderr, " %s, %.0f/s", p->what, rate);
	if (p->total > p->done && rate > 0)
		(void)fprintf(stderr, ", %.0f s left",
		    (double)(p->total - p->done) / rate);
	(void)fputs("\033[K", stderr);
	p->shown = t;
}

void
progress_add(struct progress *p, size_t n)
{
	double t;

	p->done += n;
	if (!p->on)
		return;
	t = now();
	if (t - p->shown >= 0.2)
		show(p, t);
}

void
progress_end(struct progress *p)
{
	if (p->on)
		(void)fputs("\r\033[K", stderr);
	p->on = false;
}

void
progress_waiting(double seconds, const struct why *why, int verbose, bool quiet)
{
	static double said_until;
	double t = now();

	if (verbose == 0) {
		if (quiet || seconds < 1 || t < said_until ||
		    isatty(STDERR_FILENO) != 1)
			return;
		(void)fputs("\r\033[K", stderr);
	}
	said_until = t + seconds;
	tool_say(NULL, "%s; waiting %.2f s", why->text, seconds);
}
