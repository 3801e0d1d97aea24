/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/* The connection to a CalDAV and CardDAV server. */
#ifndef FERRY_DAV_CLIENT_H
#define FERRY_DAV_CLIENT_H

#include "dav/tree.h"
#include "http/http.h"
#include "http/retry.h"

struct dav {
	struct http *http;
	char *path;     /* of the URL that was given */
	char *homes[2]; /* by enum dav_kind; NULL: not looked for */
	struct http_retry
	    retry; /* its waiting and stop are the caller's to set */
	size_t requests;
	bool refused;   /* the last answer was that the password is wrong */
	bool too_large; /* the last answer was, and was not read to its end */
};

/* Connects to https://HOST[:PORT][/PATH]. 0, or -1 and why. budget: seconds
 * that may be spent waiting for a server that asks for it. */
int dav_open(struct dav *d, const char *url, const struct http_options *o,
    long budget, struct why *why);
void dav_close(struct dav *d);

#endif
