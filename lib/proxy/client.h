/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * The management API of the migration proxy: where a login name is routed. The
 * proxy closes the connection after each answer, so that a client is one
 * connection at a time; the TLS session is taken up again.
 */
#ifndef FERRY_PROXY_CLIENT_H
#define FERRY_PROXY_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/why.h"
#include "http/http.h"
#include "http/retry.h"

/* The zero value with http set is ready for use. */
struct proxy {
	struct http *http; /* owned */
	struct http_reply reply;
	struct http_retry retry;
	struct buf path;
	bool stoppable; /* private: a signal ends the call */
};

/* Gives back what the client holds, http too. */
void proxy_close(struct proxy *p);

/* Where an identifier goes. The zero value is empty; free with route_free. */
struct route {
	struct buf destination;
	struct buf normalized; /* what the proxy looks for */
	/* It is the default destination: with or without a mapping, the proxy
	 * does not say which. */
	bool is_default;
};
void route_free(struct route *r);

/*
 * Whether a mapping of this identifier would leave the proxy's mapping file
 * loadable: the API takes each text and writes the file, and then cannot load
 * it. 0, or -1 and why (DATA) for an empty one, white space, control
 * characters and a leading "#".
 */
int identifier_check(const char *identifier, struct why *why);

/*
 * The calls. 0, or -1 and why:
 *	FATAL	the token is wrong, the store cannot be written, the
 *		destination is unknown, this is not such an API
 *	TEMP	no connection, a server error, or the proxy has locked this
 *		address out
 * A call is repeated when the connection breaks, because each may be done
 * twice; after 401 and 429 nothing is.
 */
int proxy_get(
    struct proxy *p, const char *identifier, struct route *r, struct why *why);
int proxy_put(struct proxy *p, const char *identifier, const char *destination,
    struct why *why);
int proxy_delete(struct proxy *p, const char *identifier, struct why *why);
/* *kicked: how many connections were ended. */
int proxy_kick(
    struct proxy *p, const char *identifier, int64_t *kicked, struct why *why);
int proxy_delay(
    struct proxy *p, const char *identifier, int64_t seconds, struct why *why);
/* Loads the mapping file again; TEMP where the proxy refuses it, *refused. */
int proxy_reload(struct proxy *p, bool *refused, struct why *why);
/* Forgets all that was looked up. */
int proxy_invalidate(struct proxy *p, struct why *why);
/* Whether the proxy has this destination; -1 and why (FATAL), with the names
 * of those that it has, where not. */
int proxy_destination(
    struct proxy *p, const char *destination, struct why *why);
/* Whether a name is looked for in lower case, whatever its owner types. */
int proxy_lowers(struct proxy *p, bool *lowers, struct why *why);

#endif
