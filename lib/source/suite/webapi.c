/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/suite/webapi.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/str.h"

enum {
	TRIES = 4
};

/* Seconds in all for a server that asks to wait. */
static const double BUDGET = 60;

void
webapi_free(struct webapi *w)
{
	http_reply_free(&w->reply);
	http_free(w->http);
	*w = (struct webapi){ 0 };
}

void
webapi_fail(
    struct webapi *w, struct emit *e, const char *path, const struct why *why)
{
	char *where = xasprintf("%s%s", http_base(w->http), path);

	emit_fail_at(e, where, NULL, why);
	free(where);
}

/* Whether the answer is what a reader can go on with. */
static int
judge(const struct http_reply *reply, struct why *why)
{
	const struct buf *body = &reply->body;

	if (reply->status / 100 != 2)
		return http_status_why(NULL, reply, NULL, why);
	if (reply->status != 200 || body->len == 0 ||
	    !utf8_text(body->data, body->len))
		return why_set(
		    why, FAIL_FATAL, "an answer that is empty or not UTF-8");
	return 0;
}

int
webapi_get(struct webapi *w, const char *path, struct why *why)
{
	const struct http_request request = {
		.method = "GET", .path = path, .headers = w->headers
	};
	bool unsure;
	int r;

	if (w->retry.tries == 0)
		w->retry =
		    (struct http_retry){ .budget = BUDGET, .tries = TRIES };
	r = http_exchange(
	    w->http, &w->retry, &request, true, &w->reply, &unsure, NULL, why);
	if (r == 0)
		r = judge(&w->reply, why);
	/* Nothing is about one record here. */
	if (r == -1 && (w->answered || why->kind == FAIL_DATA))
		why->kind = FAIL_FATAL;
	w->answered = w->answered || r == 0;
	return r;
}
