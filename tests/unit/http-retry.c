/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include <stdint.h>
#include <string.h>

#include "core/alloc.h"
#include "http/retry.h"
#include "http/status.h"
#include "unit/tap.h"

static const struct http_status own[] = {
	{ 404, HTTP_REFUSED, FAIL_DATA, "it is not there" },
	{ 0 },
};

static bool
means(long status, enum http_meaning meaning, enum fail kind)
{
	const struct http_status *s = http_status_find(NULL, status);

	return s->meaning == meaning && s->kind == kind;
}

static bool
says(long status, const char *location, const char *what, const char *text)
{
	struct http_reply reply = { .status = status };
	struct why why = { 0 };
	int r;

	if (location != NULL)
		reply.location = xstrdup(location);
	r = http_status_why(own, &reply, what, &why);
	http_reply_free(&reply);
	if (strcmp(why.text, text) != 0)
		printf("# %s\n", why.text);
	return r == -1 && strcmp(why.text, text) == 0;
}

static void
test_status(void)
{
	OK(means(200, HTTP_FINE, FAIL_NONE), "200 is fine");
	OK(means(207, HTTP_FINE, FAIL_NONE), "207 as all of its hundred");
	OK(means(302, HTTP_ELSEWHERE, FAIL_FATAL), "302 leads elsewhere");
	OK(means(401, HTTP_REFUSED, FAIL_FATAL), "401 ends a run");
	OK(means(404, HTTP_REFUSED, FAIL_FATAL), "404: a wrong URL");
	OK(means(418, HTTP_REFUSED, FAIL_FATAL), "an unknown 4xx ends a run");
	OK(means(408, HTTP_BROKEN, FAIL_TEMP), "408 may have been executed");
	OK(means(429, HTTP_WAIT, FAIL_TEMP), "429 asks to wait");
	OK(means(503, HTTP_WAIT, FAIL_TEMP), "503 asks to wait");
	OK(means(502, HTTP_BROKEN, FAIL_TEMP), "502 may have been executed");
	OK(means(599, HTTP_BROKEN, FAIL_TEMP), "an unknown 5xx may pass");
	OK(means(501, HTTP_REFUSED, FAIL_FATAL), "501 does not pass");
	OK(means(507, HTTP_REFUSED, FAIL_DATA), "507 is about one object");
	OK(means(0, HTTP_REFUSED, FAIL_FATAL) &&
		means(-1, HTTP_REFUSED, FAIL_FATAL) &&
		means(999, HTTP_REFUSED, FAIL_FATAL),
	    "what is not a status ends a run");
	OK(http_status_find(own, 404)->kind == FAIL_DATA,
	    "a protocol's own meaning goes first");
}

/* The kind of what http_status_why says. */
static enum fail
kind_of(long status)
{
	struct http_reply reply = { .status = status };
	struct why why = { 0 };

	(void)http_status_why(NULL, &reply, NULL, &why);
	return why.kind;
}

static void
test_words(void)
{
	OK(kind_of(204) == FAIL_FATAL && kind_of(200) == FAIL_FATAL &&
		kind_of(503) == FAIL_TEMP,
	    "why it failed always has a kind");
	OK(says(204, NULL, "/x",
	       "/x: an answer that this request does not have (204)"),
	    "a success that cannot be one");
	OK(says(404, NULL, "/x", "/x: it is not there (404)"),
	    "what, the words, and the status");
	OK(says(500, NULL, NULL, "the server failed (500)"), "without a what");
	OK(says(301, "https://mail.example.org/", NULL,
	       "the server redirects to https://mail.example.org/ (301)"),
	    "where a redirect leads");
	OK(says(302, "https://alice:s3cret@example.org/a@b", "/",
	       "/: the server redirects to https://example.org/a@b (302)"),
	    "without the user part of its URL");
	OK(says(302, "http://alice:p@s@example.org", NULL,
	       "the server redirects to http://example.org (302)"),
	    "the last @ of the authority ends the user part");
	OK(says(302, NULL, NULL, "the server redirects (302)"),
	    "a redirect to nowhere");
}

static size_t told;

static void
tell(double seconds, const struct why *why)
{
	(void)seconds;
	(void)why;
	told++;
}

static bool halted;

static bool
halt(void)
{
	return halted;
}

static bool
about(double seconds, double from)
{
	return seconds >= from && seconds <= from * 1.2;
}

static void
test_retry(void)
{
	struct why why = { FAIL_TEMP, "busy" };
	struct http_retry t = { .budget = 1e6, .waiting = tell, .stop = halt };
	double last = 0, at = 0.25;
	bool doubled = true;

	for (int i = 0; i < 8; i++, at *= 2)
		doubled = about(http_again(&t, &last, -1, &why), at) && doubled;
	OK(doubled, "each wait is twice as long, and a little longer");
	OK(about(http_again(&t, &last, -1, &why), 60), "up to a minute");
	last = 0;
	OK(about(http_again(&t, &last, 90, &why), 90),
	    "or as long as the server asks for");
	OK(told == 10, "each is told");
	halted = true;
	OK(http_again(&t, &last, -1, &why) < 0, "none when it is stopped");
	halted = false;
}

static void
test_budget(void)
{
	struct why why = { FAIL_TEMP, "busy" };
	struct http_retry t = { .budget = 10 }, other = { .budget = 10 };
	double last = 0, two = 0;

	OK(http_again(&t, &last, 11, &why) < 0 && t.budget == 10,
	    "a wait over the budget is refused, and costs nothing");
	OK(http_again(&t, &last, 6, &why) >= 6 && t.budget < 5,
	    "a wait is paid for");
	OK(http_again(&t, &two, 6, &why) >= 6 && t.budget > 3.9,
	    "one at the same time costs nothing more");
	OK(http_again(&t, &last, 60, &why) < 0, "the rest is too little");
	last = two = 0;
	OK(http_again(&other, &last, 5, &why) != http_again(&t, &two, 5, &why),
	    "two clients do not wait the same time");
}

int
main(void)
{
	test_status();
	test_words();
	test_retry();
	test_budget();
	TAP_DONE();
}
