/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* Sieve scripts that mailferry writes: RFC 5228, with a few extensions. */
#ifndef FERRY_SIEVE_COMPOSE_H
#define FERRY_SIEVE_COMPOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "core/buf.h"

/* Appends a script that forwards to one address. Without keep, nothing that
 * follows in a script that includes it sees the mail. */
void sieve_forward(struct buf *out, const char *target, bool keep);

struct sieve_vacation {
	const char *subject; /* NULL: the server's own */
	const char *text;    /* one of them may be NULL */
	const char *html;
	time_t from, until;           /* -1: no such limit */
	const char *const *addresses; /* the owner's; NULL-terminated */
};

/* Appends a script that answers (RFC 5230), between two moments (RFC 5260). */
void sieve_vacation(struct buf *out, const struct sieve_vacation *v);

/* Appends a script that runs others of the same owner, one after another (RFC
 * 6609); one that is not there is passed over. */
void sieve_wrapper(struct buf *out, const char *const *names, size_t n);
/* Whether a script that sieve_wrapper wrote runs this one. */
bool sieve_wraps(const char *text, const char *name);

#endif
