/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The Sieve scripts of accounts on a server that is asked over IMAP, counted
 * over ManageSieve. */
#ifndef FERRY_ACCT_SCRIPTS_H
#define FERRY_ACCT_SCRIPTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/why.h"
#include "http/stream.h"
#include "imap/sasl.h"

/* What the threads share about one server. */
struct scripts_server {
	const char *url;
	char *guess; /* url, where nobody said it */
	pthread_mutex_t lock;
	bool there;      /* it answered once; under lock, as the next */
	struct why none; /* why there is none; kind NONE: not known */
};

/* url as it was given, or NULL: a server beside that of imap, which may have
 * none. */
void scripts_server_init(
    struct scripts_server *s, const char *url, const char *imap);
void scripts_server_free(struct scripts_server *s);

enum scripts_answer {
	SCRIPTS_COUNTED,
	SCRIPTS_NONE,    /* there is no such server: why */
	SCRIPTS_REFUSED, /* it does not tell of this account: why */
	SCRIPTS_FAILED   /* why, TEMP or FATAL */
};

/* Counts those of who logs in so; the name of the active one goes to active. */
enum scripts_answer scripts_count(struct scripts_server *s,
    const struct stream_options *o, const struct sasl_login *l, int64_t *n,
    struct buf *active, struct why *why);

#endif
