/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/webapi.h"

#include <string.h>
#include <unistd.h>

#include "core/str.h"

enum {
	TRIES = 4,
	WAIT_MAX = 30 /* seconds */
};

void
webapi_free(struct webapi *w)
{
	http_reply_free(&w->reply);
	http_free(w->http);
	*w = (struct webapi){ 0 };
}

void
webapi_fail(struct webapi *w, struct emit *e, const struct why *why)
{
	tally_fail(e->tally, http_base(w->http), NULL, NULL, why);
}

/* What a status other than 200 means. */
static int
bad_status(long status, struct why *why)
{
	switch (status) {
	case 401:
		return why_set(why, FAIL_FATAL,
		    "the server does not accept these credentials");
	case 403:
		return why_set(why, FAIL_FATAL,
		    "these credentials may not read the directory");
	case 404:
		return why_set(why, FAIL_FATAL,
		    "the server has no such path: is it another release, or "
		    "another program?");
	case 408:
	case 429:
	case 500:
	case 502:
	case 503:
	case 504:
		return why_set(why, FAIL_TEMP, "HTTP status %ld", status);
	default:
		return why_set(why, FAIL_FATAL, "HTTP status %ld", status);
	}
}

static int
get_once(struct webapi *w, const char *path, struct why *why)
{
	const struct http_request request = {
		.method = "GET", .path = path, .headers = w->headers
	};
	const struct buf *body = &w->reply.body;
	bool unsure;

	if (http_request(w->http, &request, &w->reply, &unsure, why) == -1)
		return -1;
	if (w->reply.status != 200)
		return bad_status(w->reply.status, why);
	if (body->len == 0 || memchr(body->data, '\0', body->len) != NULL ||
	    !utf8_valid(body->data, body->len))
		return why_set(
		    why, FAIL_FATAL, "an answer that is empty or not UTF-8");
	return 0;
}

int
webapi_get(struct webapi *w, const char *path, struct why *why)
{
	unsigned int wait = 1;
	int r;

	for (int try = 1;; try++, wait *= 2) {
		r = get_once(w, path, why);
		/* A status: the server is there, and busy. */
		if (r == 0 || why->kind != FAIL_TEMP || try == TRIES ||
		    w->reply.status == 0 || w->reply.retry_after > WAIT_MAX)
			break;
		(void)sleep(w->reply.retry_after < 0
				? wait
				: (unsigned int)w->reply.retry_after);
	}
	if (r == -1 && w->answered)
		why->kind = FAIL_FATAL;
	w->answered = w->answered || r == 0;
	return r;
}
