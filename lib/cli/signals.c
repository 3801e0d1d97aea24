/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "cli/signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

#include "cli/tool.h"
#include "core/outfile.h"

static volatile sig_atomic_t signalled;
static struct timespec first;

/* Whether half a second has passed since the first signal. */
static bool
is_later(void)
{
	struct timespec now;
	long long ms;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return true;
	ms = (long long)(now.tv_sec - first.tv_sec) * 1000 +
	     (now.tv_nsec - first.tv_nsec) / 1000000;
	return ms >= 500;
}

static void
on_signal(int sig)
{
	int saved = errno;

	if (signalled == 0) {
		(void)clock_gettime(CLOCK_MONOTONIC, &first);
		signalled = sig;
	} else if (is_later()) {
		outfile_abandon();
		(void)signal(sig, SIG_DFL);
		(void)raise(sig);
	}
	errno = saved;
}

void
signals_catch(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction act = { .sa_handler = on_signal }, old;

	(void)sigfillset(&act.sa_mask);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		if (sigaction(signals[i], NULL, &old) == 0 &&
		    old.sa_handler != SIG_IGN)
			(void)sigaction(signals[i], &act, NULL);
	}
	(void)signal(SIGPIPE, SIG_IGN);
}

bool
signals_stopped(void)
{
	return signalled != 0;
}

int
signals_status(int status, const char *next)
{
	if (signalled == 0)
		return status;
	tool_say(NULL, "stopped; %s", next);
	return EXIT_BROKEN;
}
