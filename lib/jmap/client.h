/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

/*
 * JMAP (RFC 8620) with a Stalwart server: the session and its limits, method
 * calls with retries, and what the server's errors mean.
 */
#ifndef FERRY_JMAP_CLIENT_H
#define FERRY_JMAP_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/why.h"
#include "http/http.h"

struct jmap {
	struct http *http; /* borrowed */
	char *username;
	char *api_path;
	size_t max_set;
	size_t max_get;
	size_t max_size; /* bytes of a request */
	size_t max_calls;
	long budget; /* seconds that may still be spent on waiting */
	bool quiet;
	/* Called before a wait; may be NULL. */
	void (*waiting)(long seconds, const struct why *why);
	/* True stops a wait (SIGINT); may be NULL. */
	bool (*stop)(void);
	size_t requests;
};

/*
 * Gets the session. budget: the seconds in all that may be spent on waiting for
 * the server (429, 503, no connection). A wrong password is tried once: the
 * server blocks an address after a hundred. 0, or -1 and why.
 */
int jmap_open(struct jmap *j, struct http *http, long budget, struct why *why);
void jmap_close(struct jmap *j);

/* What became of a call. */
enum jmap_status {
	/* *result is the arguments of the answer. */
	JMAP_OK,
	/* The request was too large: send less. */
	JMAP_TOO_LARGE,
	/* The server may have done it, nobody knows: ask, then decide. */
	JMAP_UNSURE,
	/* The server failed in the middle: a part may be done, and it may fail
	 * at the same place again. */
	JMAP_BROKEN,
	/* why says it; TEMP when the budget for retries is spent. */
	JMAP_FAILED
};

/*
 * Waits before a call is repeated: asked seconds, or where that is -1 twice as
 * long as the last time (*last begins as 0). False, at once, when that is more
 * than is left of the budget, or when it is stopped.
 */
bool jmap_wait(struct jmap *j, long asked, long *last, const struct why *why);

/*
 * One method call; args is the JSON text of its arguments. *result is new. A
 * failure that happened before the server could act, and any failure where
 * repeat is true (reads), is tried again within the budget.
 */
enum jmap_status jmap_call(struct jmap *j, const char *method, const char *args,
    bool repeat, json_t **result, struct why *why);

/*
 * Several method calls that only read, in one request: calls is the array of
 * them (RFC 8620, 3.2), at most j->max_calls. *answers is new, one for each
 * call; jmap_judge tells what each is. Tried again within the budget.
 */
enum jmap_status jmap_read(
    struct jmap *j, const json_t *calls, json_t **answers, struct why *why);
/* One answer; *result, new, is its arguments. */
enum jmap_status jmap_judge(
    const char *method, const json_t *answer, json_t **result, struct why *why);

/*
 * The readers behind jmap_open and jmap_call, for bytes of any origin: a
 * session object, and the answer to one method call.
 */
int jmap_read_session(struct jmap *j, const struct buf *body, struct why *why);
enum jmap_status jmap_read_response(const char *method, const struct buf *body,
    json_t **result, struct why *why);

/*
 * An error of one object (RFC 8620, 5.3; Stalwart) in words of ours: the kind,
 * and a text that repeats nothing of the request. The server's own description
 * is added only for types whose descriptions say why, and only if it holds none
 * of the secrets in body. body may be NULL.
 */
void jmap_set_error(const json_t *error, const json_t *body, struct why *why);

#endif
