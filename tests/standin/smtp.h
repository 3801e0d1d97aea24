/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * SMTP of the stand-in: mail comes in, and each recipient's goes where the
 * routes say: into an account, to the old server, or out into the world.
 */
#ifndef STANDIN_SMTP_H
#define STANDIN_SMTP_H

#include <stdbool.h>

struct smtp_options {
	const char *listen; /* "ADDRESS:PORT", port 0 for any; NULL: none */
	/* A line of JSON for each recipient when it is queued, and when it is
	 * delivered, relayed, deferred or bounced; NULL: none. */
	const char *log;
	const char *world; /* "ADDRESS:PORT" of the MX of all others */
	/* "HOST:PORT=ADDRESS:PORT": where a relay really is. The server itself
	 * never relays to loopback, where the servers of tests are. */
	const char *reach;
	long max_size; /* bytes of a message */
};

/* Starts it, with threads of its own. Its URL, "smtp://127.0.0.1:PORT"; NULL and
 * a message where it cannot listen. */
const char *smtp_start(const struct smtp_options *o);

#endif
