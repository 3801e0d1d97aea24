/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * When a request is sent again: the one rule of every client. A wait is twice
 * as long as the one before, up to a minute, or as long as the server asks for;
 * all waits together stay within a budget. A little is added at random, so that
 * clients that were refused together do not come back together.
 */
#ifndef FERRY_HTTP_RETRY_H
#define FERRY_HTTP_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "http/http.h"
#include "http/status.h"

/* A client's. The zero value never waits. */
struct http_retry {
	double budget; /* seconds that may still be spent on waiting */
	/* How often http_exchange sends one request; 0: as often as the budget
	 * allows. */
	unsigned int tries;
	/* The protocol's own meanings of statuses; NULL: none. */
	const struct http_status *own;
	/* Called before a wait; may be NULL. */
	void (*waiting)(double seconds, const struct why *why);
	/* True ends a wait (SIGINT); may be NULL. */
	bool (*stop)(void);
	/* The server has answered before: it is worth waiting for. */
	bool answered;
	/* Private. */
	double paid;     /* the time up to which waits were paid for */
	uint64_t random; /* 0: not seeded yet */
};

/* Seconds on the monotonic clock, for when a wait is over. */
double http_now(void);

/*
 * Decides on another attempt, and pays for the wait: waits of several requests
 * at a time count once. last: the last wait of this request, 0 at first; it is
 * updated. asked: the server's Retry-After in seconds, -1 for none. why: of the
 * failure. The seconds to wait; or -1 when it is stopped or what is left of the
 * budget is too little.
 */
double http_again(
    struct http_retry *t, double *last, long asked, const struct why *why);

/*
 * Sends a request, and again while the server asks to wait or, when repeat says
 * that it may arrive twice, while it fails in another way that may pass. 0 for
 * a reply of any status that is not retried; -1 and why (TEMP: the budget is
 * spent, or it was stopped; FATAL as of http_request). *unsure: an attempt that
 * got no answer may have been executed. *sent counts attempts; may be NULL.
 */
int http_exchange(struct http *h, struct http_retry *t,
    const struct http_request *r, bool repeat, struct http_reply *reply,
    bool *unsure, size_t *sent, struct why *why);

#endif
