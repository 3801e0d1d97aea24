/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "http/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/mask.h"

/* What is not listed is an entry for its hundred. */
static const struct http_status statuses[] = {
	{ 200, HTTP_FINE, FAIL_NONE, "done" },
	{ 300, HTTP_ELSEWHERE, FAIL_FATAL, "the server redirects" },
	{ 400, HTTP_REFUSED, FAIL_FATAL, "the server refuses the request" },
	{ 401, HTTP_REFUSED, FAIL_FATAL, "wrong user or password, or token" },
	{ 403, HTTP_REFUSED, FAIL_FATAL,
	    "the server does not allow it for this account or address" },
	{ 404, HTTP_REFUSED, FAIL_FATAL,
	    "the server has no such path; check the URL" },
	{ 405, HTTP_REFUSED, FAIL_FATAL,
	    "the server does not know the method there; check the URL" },
	{ 408, HTTP_BROKEN, FAIL_TEMP, "the server gave up waiting" },
	{ 413, HTTP_REFUSED, FAIL_DATA, "too large for the server" },
	{ 425, HTTP_WAIT, FAIL_TEMP, "the server asks to wait" },
	{ 429, HTTP_WAIT, FAIL_TEMP, "the server asks to wait" },
	{ 500, HTTP_BROKEN, FAIL_TEMP, "the server failed" },
	/* Neither passes by waiting. */
	{ 501, HTTP_REFUSED, FAIL_FATAL, "the server cannot do that" },
	{ 505, HTTP_REFUSED, FAIL_FATAL,
	    "the server does not speak this version of HTTP" },
	{ 503, HTTP_WAIT, FAIL_TEMP, "the server asks to wait" },
	{ 507, HTTP_REFUSED, FAIL_DATA, "no room left on the server" },
};

static const struct http_status unknown = { 0, HTTP_REFUSED, FAIL_FATAL,
	"not a status of HTTP" };

/* A caller that asks why knows what is done by another status. */
static const struct http_status unexpected = { 0, HTTP_FINE, FAIL_FATAL,
	"an answer that this request does not have" };

static const struct http_status *
find(long status)
{
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
		if (statuses[i].status == status)
			return &statuses[i];
	return NULL;
}

const struct http_status *
http_status_find(const struct http_status *own, long status)
{
	const struct http_status *s;

	for (s = own; s != NULL && s->status != 0; s++)
		if (s->status == status)
			return s;
	s = find(status);
	if (s == NULL)
		s = find(status / 100 * 100);
	return s == NULL ? &unknown : s;
}

/* "SCHEME://" and what follows "USER:PASSWORD@" in a URL. */
static void
split_userinfo(const char *url, int *scheme, const char **rest)
{
	const char *host = strstr(url, "://"), *at = NULL;

	*scheme = 0;
	*rest = url;
	if (host == NULL)
		return;
	host += strlen("://");
	for (const char *s = host; *s != '\0' && strchr("/?#\\", *s) == NULL;
	     s++)
		if (*s == '@')
			at = s;
	*scheme = (int)(host - url);
	*rest = at == NULL ? host : at + 1;
}

int
http_status_why(const struct http_status *own, const struct http_reply *reply,
    const char *what, struct why *why)
{
	const struct http_status *s = http_status_find(own, reply->status);
	const char *colon = what == NULL ? "" : ": ", *text, *rest;
	char *location;
	int scheme;

	if (what == NULL)
		what = "";
	if (s->kind == FAIL_NONE)
		s = &unexpected;
	text = s->text != NULL ? s->text
			       : http_status_find(NULL, reply->status)->text;
	if (s->meaning != HTTP_ELSEWHERE || reply->location == NULL)
		return why_set(why, s->kind, "%s%s%s (%ld)", what, colon, text,
		    reply->status);
	location = xstrdup(reply->location);
	split_userinfo(location, &scheme, &rest);
	mask_said(location + (rest - location));
	(void)why_set(why, s->kind, "%s%s%s to %.*s%.200s (%ld)", what, colon,
	    text, scheme, location, rest, reply->status);
	free(location);
	return -1;
}
