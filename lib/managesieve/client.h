/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* One session with a ManageSieve server (RFC 5804): a login, and the scripts by
 * name. */
#ifndef FERRY_MANAGESIEVE_CLIENT_H
#define FERRY_MANAGESIEVE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/why.h"
#include "imap/sasl.h"
#include "imap/wire.h"
#include "managesieve/response.h"

struct managesieve {
	struct wire wire;
	struct managesieve_response response;
	bool can_plain, can_start_tls; /* by its last greeting */
};

/*
 * Connects to a "sieve://" or "sieves://" URL that stream_check has passed,
 * reads the greeting, and does STARTTLS where it is wanted. 0, or -1 and why, as
 * stream_open has it. To be closed in either case.
 */
int managesieve_open(struct managesieve *m, const char *url,
    const struct stream_options *o, struct why *why);
/* The zero value may be closed too. */
void managesieve_close(struct managesieve *m);

/* Once a session. 0; -1 and why: DATA where the login is refused, else TEMP. */
int managesieve_login(
    struct managesieve *m, const struct sasl_login *l, struct why *why);

/* How many scripts the owner has; the name of the active one, or nothing, goes
 * to active. 0, or -1 and why (DATA where the server refuses). */
int managesieve_scripts(
    struct managesieve *m, size_t *n, struct buf *active, struct why *why);

#endif
